import Contracts

/// Converts the content of an inference message to the content that is stored: text and image URLs.
///
/// Pure function.
enum ImportedContent {
    /// Maximum length of a URL, in bytes, and maximum number of URLs, as for a sent message.
    private static let addressLimit = 2048
    private static let mediaLimit = 10

    static func content(of message: Inference.Message) -> Message.Content {
        guard case .parts(let parts) = message.content else {
            return Message.Content(text: text(message.text))
        }
        let urls = parts.compactMap(\.image?.url)
        let media = Array(urls.filter(isAddress).prefix(mediaLimit))
        let omitted = [
            count(urls.count - media.count, "image"), count(parts.count { $0.type == .audio }, "recording"),
        ].compactMap(\.self)
        let texts = parts.compactMap { $0.text ?? $0.refusal }
        let note = omitted.isEmpty ? [] : ["(Attachments not stored: \(omitted.joined(separator: ", ")).)"]
        let text = text((texts + note).joined(separator: "\n"))
        let kind: Message.Kind = media.isEmpty ? .text : text.isEmpty ? .image : .multimodal
        return Message.Content(kind: kind, text: text, mediaURLs: media)
    }

    /// Replaces U+0000, at which SQLite text functions stop, by U+FFFD.
    static func text(_ text: String) -> String {
        text.utf8.contains(0) ? text.replacing("\0", with: "\u{FFFD}") : text
    }

    /// Returns whether the URL is a web address and not a `data:` URL.
    private static func isAddress(_ url: String) -> Bool {
        (url.hasPrefix("https://") || url.hasPrefix("http://")) && (1...addressLimit).contains(url.utf8.count)
            && !url.utf8.contains(0)
    }

    private static func count(_ number: Int, _ noun: String) -> String? {
        switch number {
        case 0: nil
        case 1: "1 \(noun)"
        default: "\(number) \(noun)s"
        }
    }
}
