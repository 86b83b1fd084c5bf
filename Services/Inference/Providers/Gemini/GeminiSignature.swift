import Contracts
import JSON
import NIOCore

/// The thought signature of a model, which Gemini requires in later requests.
///
/// Its format is `{"google":{"thought_signature":"…"}}`, the same as in Google's OpenAI-compatible API.
enum GeminiSignature {
    /// The documented placeholder for tool calls of other models.
    static let none = "skip_thought_signature_validator"

    static func metadata(_ signature: String) -> RawJSON {
        var json = JSONWriter()
        json.object { json in json.object("google") { $0.field("thought_signature", signature) } }
        return RawJSON(String(buffer: json.buffer))
    }

    /// The signature in stored metadata; `nil` if there is none.
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
