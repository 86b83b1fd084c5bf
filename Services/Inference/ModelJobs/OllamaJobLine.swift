import Contracts
import JSON
import NIOCore

/// A line of Ollama's response while it pulls or creates a model.
struct OllamaJobLine: Equatable {
    /// Larger sizes are ignored.
    private static let sizeLimit = 1 << 50

    /// Ollama's description; only `success` has a defined meaning.
    var status: String?
    var digest: String?
    var total: Int?
    /// `nil` before the first byte.
    var completed: Int?
    var error: String?

    /// Throws ``JSONScanner/Malformed``.
    init(_ line: ByteBuffer) throws {
        self = try line.withUnsafeReadableBytes { bytes in
            var json = JSONScanner(bytes)
            var line = OllamaJobLine()
            try json.object { name, json in
                switch name {
                case "status": line.status = try json.optionalString().map(Self.plain)
                case "digest": line.digest = try json.optionalString().map { String($0.prefix(128)) }
                case "total": line.total = try Self.size(&json)
                case "completed": line.completed = try Self.size(&json)
                case "error": line.error = try json.stringOrEmpty()
                default: try json.skip()
                }
            }
            try json.end()
            return line
        }
    }

    private init() {}

    var isSuccess: Bool { status == "success" }

    private static func size(_ json: inout JSONScanner) throws -> Int? {
        try json.optionalInt().flatMap { (0...sizeLimit).contains($0) ? $0 : nil }
    }

    /// A text from Ollama, shortened and without control characters.
    private static func plain(_ words: String) -> String {
        words.unicodeScalars.prefix(200).map { $0.properties.generalCategory == .control ? " " : String($0) }.joined()
    }
}
