import JSON
import NIOCore

extension JobStep {
    /// Larger sizes are ignored.
    private static let sizeLimit = 1 << 50

    /// Reads a line of Ollama's response while it pulls or creates a model.
    ///
    /// Throws ``JSONScanner/Malformed``.
    init(ollama line: ByteBuffer) throws {
        self = try line.withUnsafeReadableBytes { bytes in
            var json = JSONScanner(bytes)
            var step = JobStep()
            try json.object { name, json in
                switch name {
                case "status": step.status = try json.optionalString().map(Self.plain)
                case "digest": step.digest = try json.optionalString().map { String($0.prefix(128)) }
                case "total": step.total = try Self.size(&json)
                case "completed": step.completed = try Self.size(&json)
                case "error": step.error = try json.stringOrEmpty()
                default: try json.skip()
                }
            }
            try json.end()
            // The only status with a defined meaning.
            step.isSuccess = step.status == "success"
            return step
        }
    }

    private static func size(_ json: inout JSONScanner) throws -> Int? {
        try json.optionalInt().flatMap { (0...sizeLimit).contains($0) ? $0 : nil }
    }

    /// A text from Ollama, shortened and without control characters.
    private static func plain(_ words: String) -> String {
        words.unicodeScalars.prefix(200).map { $0.properties.generalCategory == .control ? " " : String($0) }.joined()
    }
}
