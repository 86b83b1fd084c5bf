import Contracts

/// Describes the attachments of a message by their format; the demo model cannot see or hear.
enum DemoAttachments {
    /// Maximum number of attachments that are described.
    private static let countLimit = 16
    /// How much of an image is decoded to find its dimensions, in characters of base64.
    private static let headerLength = 262_144

    /// One sentence for each attachment of a message; `nil` if there are none.
    static func describe(_ message: Inference.Message?) -> String? {
        let attachments = message?.attachments ?? []
        guard !attachments.isEmpty else { return nil }
        let described = attachments.prefix(countLimit)
        let images = described.filter { $0.type == .image }
        var sentences = images.map { describe(image: $0.image?.url ?? "") }
        if !images.isEmpty {
            sentences.append("That is all I can tell: I read the first bytes of a file, I do not see what it shows.")
        }
        for audio in described where audio.type == .audio {
            let format = audio.audio?.format.prefix(bytes: 16) ?? "unknown"
            sentences.append("You sent me sound (\(format)). I cannot hear: please write it to me.")
        }
        let others = attachments.count - described.count
        if others > 0 { sentences.append("I did not look at the other \(others) attachments.") }
        return sentences.joined(separator: " ")
    }

    private static func describe(image url: String) -> String {
        let image: InlineImage
        do {
            image = try InlineImage(url)
        } catch {
            return url.prefix(bytes: 5).lowercased() == "data:"
                ? "You sent me an image that cannot be read: its bytes are not base64."
                : "You sent me the address of an image. I open no addresses: send me the image itself."
        }
        guard let header = ImageHeader(image.bytes(upTo: headerLength)) else {
            return "You sent me \(count(image.byteCount)) that call themselves \(image.mediaType.prefix(bytes: 40)), "
                + "but they begin like no PNG, JPEG, GIF or WebP."
        }
        return "You sent me a \(header.kind.rawValue) image of \(header.width) × \(header.height) pixels, "
            + "\(count(image.byteCount))."
    }

    private static func count(_ bytes: Int) -> String {
        bytes == 1 ? "1 byte" : "\(bytes) bytes"
    }
}
