import Contracts

/// What a client sends as a message; forgiving in form, strict in what it means.
struct MessageRequest: Decodable {
    /// The longest text, in characters.
    static let textLimit = 4000
    private static let mediaLimit = 10

    private var content: LenientString?
    private var message_type: String?
    private var media_urls: OneOrMany?
    private var audio_url: String?
    private var audio_duration_seconds: LenientInteger?
    /// The client's own name for the message, as an alternative to the header `Idempotency-Key`.
    var client_message_id: LenientString?
    /// Whether the answer is wanted as a stream, beside what the `Accept` header says.
    var stream: Bool?

    /// The message's content by the documented rules.
    ///
    /// Throws `invalid` with the field that breaks one.
    func validated() throws -> Message.Content {
        guard let kind = Message.Kind(rawValue: Self.trimmed(message_type ?? "text").lowercased()) else {
            throw Fault(.invalid, "`message_type` must be one of: text, multimodal, image, audio.")
        }
        let text = content?.text ?? ""
        let media = (media_urls?.items ?? []).map(Self.trimmed).filter { !$0.isEmpty }
        let audio = audio_url.map(Self.trimmed).flatMap { $0.isEmpty ? nil : $0 }
        guard text.unicodeScalars.count <= Self.textLimit else {
            throw Fault(.invalid, "`content` is longer than \(Self.textLimit) characters.")
        }
        guard media.count <= Self.mediaLimit else {
            throw Fault(.invalid, "`media_urls` holds more than \(Self.mediaLimit) entries.")
        }
        guard (media + [audio ?? ""]).allSatisfy({ $0.utf8.count <= 2048 }) else {
            throw Fault(.invalid, "An entry of `media_urls`, or `audio_url`, is longer than 2048 bytes.")
        }
        try check(kind, text: text, media: media, audio: audio)
        return Message.Content(
            kind: kind,
            text: text,
            mediaURLs: media,
            audioURL: audio,
            audioSeconds: try seconds()
        )
    }

    private func check(_ kind: Message.Kind, text: String, media: [String], audio: String?) throws {
        switch kind {
        case .text where Self.trimmed(text).isEmpty:
            throw Fault(.invalid, "`content` must not be blank in a text message.")
        case .multimodal where media.isEmpty, .image where media.isEmpty:
            throw Fault(.invalid, "`media_urls` must name at least one image in a message of type \(kind.rawValue).")
        case .audio where audio == nil:
            throw Fault(.invalid, "`audio_url` must be there in a message of type audio.")
        default: break
        }
    }

    private func seconds() throws -> Int? {
        guard let value = audio_duration_seconds?.value else { return nil }
        guard (0...300).contains(value) else {
            throw Fault(.invalid, "`audio_duration_seconds` must be a whole number from 0 to 300.")
        }
        return value
    }

    private static func trimmed(_ text: String) -> String {
        var text = text[...]
        while text.first?.isWhitespace == true { text = text.dropFirst() }
        while text.last?.isWhitespace == true { text = text.dropLast() }
        return String(text)
    }
}

/// A text, also where a client sends a number.
struct LenientString: Decodable {
    var text: String

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            text = try container.decode(String.self)
        } catch DecodingError.typeMismatch {
            text = try Self.digits(in: container)
        }
    }

    /// A number as text; only such as are told apart from their neighbours, since it may be a name.
    private static func digits(in container: any SingleValueDecodingContainer) throws -> String {
        if let number = try? container.decode(Int64.self) { return "\(number)" }
        if let number = try? container.decode(UInt64.self) { return "\(number)" }
        guard let number = try? container.decode(Double.self), abs(number) < 1e15 else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "It must be a text.")
        }
        return number == number.rounded() ? "\(Int64(number))" : "\(number)"
    }
}

/// A list, also where a client sends its only entry.
private struct OneOrMany: Decodable {
    var items: [String]

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            items = [try container.decode(String.self)]
        } catch DecodingError.typeMismatch {
            items = try container.decode([String].self)
        }
    }
}

/// A whole number, also where a client sends it as a text.
private struct LenientInteger: Decodable {
    /// -1 for a text that is no number, which no rule allows.
    var value: Int

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            value = try container.decode(Int.self)
        } catch DecodingError.typeMismatch {
            value = Int(try container.decode(String.self)) ?? -1
        } catch {
            // A number that is no whole one, or too large; the library has an error of its own for it.
            value = -1
        }
    }
}
