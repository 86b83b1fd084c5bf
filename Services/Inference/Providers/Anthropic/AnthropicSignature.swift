import Contracts
import JSON
import NIOCore

/// What Anthropic requires of a thinking block in later requests: the signature of its text, or encrypted data in place
/// of the text.
///
/// As metadata it is `{"anthropic":{"signature":"…"}}` or `{"anthropic":{"redacted_thinking":"…"}}`.
enum AnthropicSignature: Equatable, Sendable {
    case signature(String)
    case redacted(String)

    var metadata: RawJSON {
        var json = JSONWriter()
        json.object { json in
            json.object("anthropic") { json in
                switch self {
                case .signature(let text): json.field("signature", text)
                case .redacted(let data): json.field("redacted_thinking", data)
                }
            }
        }
        return RawJSON(String(buffer: json.buffer))
    }

    /// Reads stored metadata; `nil` if it has neither.
    init?(_ metadata: RawJSON?) {
        guard var text = metadata?.text else { return nil }
        let found: AnthropicSignature? = text.withUTF8 { bytes in
            var json = JSONScanner(UnsafeRawBufferPointer(bytes))
            var found: AnthropicSignature?
            do {
                try json.objectOrSkip { name, json in
                    guard case "anthropic" = name else { return try json.skip() }
                    try json.objectOrSkip { name, json in
                        switch name {
                        case "signature": found = try json.optionalString().map(Self.signature)
                        case "redacted_thinking": found = try json.optionalString().map(Self.redacted)
                        default: try json.skip()
                        }
                    }
                }
            } catch {
                return nil
            }
            return found
        }
        guard let found else { return nil }
        self = found
    }
}
