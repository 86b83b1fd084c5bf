import Contracts

/// The body of a message; lenient about types, strict about values.
struct MessageRequest: Decodable {
    /// Maximum length of the text, in characters.
    static let textLimit = 4000
    private static let mediaLimit = 10

    private var content: LenientString?
    private var message_type: String?
    private var media_urls: OneOrMany?
    private var audio_url: String?
    private var audio_duration_seconds: LenientInteger?
    /// An idempotency key, as an alternative to the header `Idempotency-Key`.
    var client_message_id: LenientString?
    /// Whether to stream the response, as an alternative to the `Accept` header.
    var stream: Bool?

    /// Returns the content of the message.
    ///
    /// Throws `invalid` with the name of an invalid member.
    func validated() throws -> Message.Content {
        guard let kind = Message.Kind(rawValue: Self.trimmed(message_type ?? "text").lowercased()) else {
            throw Fault(.invalid, "`message_type` must be one of: text, multimodal, image, audio.")
        }
        let text = Self.trimmed(content?.text ?? "")
        let media = (media_urls?.items ?? []).map(Self.trimmed).filter { !$0.isEmpty }
        let audio = audio_url.map(Self.trimmed).flatMap { $0.isEmpty ? nil : $0 }
        guard text.unicodeScalars.count <= Self.textLimit else {
            throw Fault(.invalid, "`content` must have at most \(Self.textLimit) characters.")
        }
        guard media.count <= Self.mediaLimit else {
            throw Fault(.invalid, "`media_urls` must have at most \(Self.mediaLimit) entries.")
        }
        guard (media + [audio ?? ""]).allSatisfy({ $0.utf8.count <= 2048 }) else {
            throw Fault(.invalid, "The entries of `media_urls`, and `audio_url`, must have at most 2048 bytes.")
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
        case .text where text.isEmpty:
            throw Fault(.invalid, "`content` must not be blank in a text message.")
        case .multimodal where media.isEmpty, .image where media.isEmpty:
            throw Fault(.invalid, "`media_urls` must contain at least one image in a message of type \(kind.rawValue).")
        case .audio where audio == nil:
            throw Fault(.invalid, "`audio_url` is required in a message of type audio.")
        default: break
        }
    }

    private func seconds() throws -> Int? {
        guard let value = audio_duration_seconds?.value else { return nil }
        guard (0...300).contains(value) else {
            throw Fault(.invalid, "`audio_duration_seconds` must be an integer from 0 to 300.")
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

/// A string that may be sent as a number.
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

    /// Formats a number as text; rejects numbers too large to be exact, because the text may be an identifier.
    private static func digits(in container: any SingleValueDecodingContainer) throws -> String {
        if let number = try? container.decode(Int64.self) { return "\(number)" }
        if let number = try? container.decode(UInt64.self) { return "\(number)" }
        guard let number = try? container.decode(Double.self), abs(number) < 1e15 else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "It must be a string.")
        }
        return number == number.rounded() ? "\(Int64(number))" : "\(number)"
    }
}

/// A list of strings that may be sent as one string.
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

/// An integer that may be sent as a string.
struct LenientInteger: Decodable {
    /// -1 for text that is not a number, which no rule allows.
    var value: Int

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            value = try container.decode(Int.self)
        } catch DecodingError.typeMismatch {
            value = Int(try container.decode(String.self)) ?? -1
        } catch {
            // Decoding fails differently for fractions and for large numbers.
            value = -1
        }
    }
}
