import Contracts
import JSON
import NIOCore

/// The signature of a model's thoughts, which Gemini wants to see again where it gave it.
///
/// It travels as `{"google":{"thought_signature":"…"}}`, the form in which Google's own OpenAI-compatible interface gives
/// it, so that a client of either finds what it knows.
enum GeminiSignature {
    /// What Gemini's documentation says to put where a call of a tool was made by another model.
    static let none = "skip_thought_signature_validator"

    static func metadata(_ signature: String) -> RawJSON {
        var json = JSONWriter()
        json.object { json in json.object("google") { $0.field("thought_signature", signature) } }
        return RawJSON(String(buffer: json.buffer))
    }

    /// The signature in what was kept; `nil` when another provider's is there, or none.
    static func read(_ metadata: RawJSON?) -> String? {
        guard var text = metadata?.text else { return nil }
        return text.withUTF8 { bytes in
            var json = JSONScanner(UnsafeRawBufferPointer(bytes))
            var signature: String?
            do {
                try json.objectOrSkip { name, json in
                    guard case "google" = name else { return try json.skip() }
                    try json.objectOrSkip { name, json in
                        switch name {
                        case "thought_signature", "thoughtSignature": signature = try json.optionalString()
                        default: try json.skip()
                        }
                    }
                }
            } catch {
                return nil
            }
            return signature.flatMap { $0.isEmpty ? nil : $0 }
        }
    }
}
