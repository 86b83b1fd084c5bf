import Contracts

/// What is kept of a message's content: its text, and the addresses of its images.
///
/// Pure.
enum ImportedContent {
    /// The longest address, in bytes, and how many there are, as of a message that is sent.
    private static let addressLimit = 2048
    private static let mediaLimit = 10

    static func content(of message: Inference.Message) -> Message.Content {
        guard case .parts(let parts) = message.content else {
            return Message.Content(text: text(message.text))
        }
        let urls = parts.compactMap(\.image?.url)
        let media = Array(urls.filter(isAddress).prefix(mediaLimit))
        let lost = [
            count(urls.count - media.count, "image"), count(parts.count { $0.type == .audio }, "recording"),
        ].compactMap(\.self)
        let said = parts.compactMap { $0.text ?? $0.refusal }
        let note = lost.isEmpty ? [] : ["(Sent along, and not kept: \(lost.joined(separator: ", ")).)"]
        let text = text((said + note).joined(separator: "\n"))
        let kind: Message.Kind = media.isEmpty ? .text : text.isEmpty ? .image : .multimodal
        return Message.Content(kind: kind, text: text, mediaURLs: media)
    }

    /// A text as it can be stored: without the character U+0000, at which it would end.
    static func text(_ text: String) -> String {
        text.utf8.contains(0) ? text.replacing("\0", with: "\u{FFFD}") : text
    }

    /// Whether it says where an image is, and is none itself.
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
