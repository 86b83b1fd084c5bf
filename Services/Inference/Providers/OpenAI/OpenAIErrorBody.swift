import JSON
import NIOCore

/// An error of a server that is compatible with OpenAI's API: `{"error":{"message","type","param","code"}}`, or one of the
/// variants `[{"error":…}]`, `{"error":"…"}`, `{"message":"…"}` and `{"detail":"…"}`.
struct OpenAIErrorBody: Equatable {
    var message: String?
    var type: String?
    var code: String?

    /// Reads the body of an error response; `nil` if it contains no error.
    init?(body: ByteBuffer) {
        let found: OpenAIErrorBody? = body.withUnsafeReadableBytes { bytes in
            do {
                var json = JSONScanner(bytes)
                var found = OpenAIErrorBody()
                if json.isArray() {
                    try json.array { json in try found.readBody(&json) }
                } else {
                    try found.readBody(&json)
                }
                return found
            } catch {
                return nil
            }
        }
        guard let found, found.message != nil || found.code != nil else { return nil }
        self = found
    }

    /// Reads the value of `error`: an object or a text.
    init(from json: inout JSONScanner) throws {
        try readError(&json)
        if message == nil, code == nil, type == nil { message = "" }
    }

    private init() {}

    var report: ErrorReport { ErrorReport(message: message, codes: [code, type]) }

    private mutating func readBody(_ json: inout JSONScanner) throws {
        try json.objectOrSkip { name, json in
            switch name {
            case "error": try readError(&json)
            case "message", "detail": message = try json.optionalString() ?? message
            case "code": code = try Self.word(&json) ?? code
            default: try json.skip()
            }
        }
    }

    private mutating func readError(_ json: inout JSONScanner) throws {
        guard json.isObject() else {
            message = try json.optionalString()
            return
        }
        try json.object { name, json in
            switch name {
            case "message": message = try json.optionalString()
            case "type": type = try json.optionalString()
            case "code": code = try Self.word(&json)
            default: try json.skip()
            }
        }
    }

    /// Reads a text or a number; `null` is `nil`.
    private static func word(_ json: inout JSONScanner) throws -> String? {
        if let text = try json.stringOrScalar(), text != "null" { return text }
        return nil
    }
}
