import Contracts
import JSON
import NIOCore

/// Converts log probabilities from Ollama's to OpenAI's format, which differ in optional members.
struct OllamaLogprobs {
    private var token: String?
    private var logprob: Double?
    private var bytes: [Int]?
    private var others: [OllamaLogprobs] = []

    private init() {}

    /// Reads an array; `nil` if it has no valid element.
    static func read(_ json: inout JSONScanner) throws -> RawJSON? {
        let entries = try list(&json, depth: 0)
        guard !entries.isEmpty else { return nil }
        let texts = entries.map { entry in
            var json = JSONWriter()
            entry.write(to: &json, withOthers: true)
            return String(buffer: json.buffer)
        }
        return RawJSON("[\(texts.joined(separator: ","))]")
    }

    private static func list(_ json: inout JSONScanner, depth: Int) throws -> [OllamaLogprobs] {
        guard json.isArray() else {
            try json.skip()
            return []
        }
        var entries: [OllamaLogprobs] = []
        try json.array { json in
            var entry = OllamaLogprobs()
            try json.objectOrSkip { name, json in
                switch name {
                case "token": entry.token = try json.optionalString()
                case "logprob": entry.logprob = try json.stringOrScalar().flatMap(Double.init)
                case "bytes": entry.bytes = try numbers(&json)
                case "top_logprobs" where depth == 0: entry.others = try list(&json, depth: 1)
                default: try json.skip()
                }
            }
            if entry.token != nil, entry.logprob?.isFinite == true { entries.append(entry) }
        }
        return entries
    }

    private static func numbers(_ json: inout JSONScanner) throws -> [Int]? {
        guard json.isArray() else {
            try json.skip()
            return nil
        }
        var numbers: [Int] = []
        try json.array { numbers.append(try $0.optionalInt() ?? 0) }
        return numbers
    }

    private func write(to json: inout JSONWriter, withOthers: Bool) {
        json.object { json in
            json.field("token", token)
            json.field("logprob", logprob)
            if let bytes {
                json.raw("bytes", "[\(bytes.map(String.init).joined(separator: ","))]")
            } else {
                json.null("bytes")
            }
            if withOthers { json.array("top_logprobs", others) { $1.write(to: &$0, withOthers: false) } }
        }
    }
}
