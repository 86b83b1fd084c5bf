import Contracts

/// What the demo model makes of images and sound: it reads what kind of file it is, and says that it can do no more.
enum DemoAttachments {
    /// A sentence for each of a message's attachments; `nil` when there are none.
    static func describe(_ message: Inference.Message?) -> String? {
        let attachments = message?.attachments ?? []
        guard !attachments.isEmpty else { return nil }
        let images = attachments.filter { $0.type == .image }
        var sentences = images.map { describe(image: $0.image?.url ?? "") }
        if !images.isEmpty {
            sentences.append("That is all I can tell: I read the first bytes of a file, I do not see what it shows.")
        }
        for audio in attachments where audio.type == .audio {
            let format = audio.audio?.format.prefix(16) ?? "unknown"
            sentences.append("You sent me sound (\(format)). I cannot hear: please write it to me.")
        }
        return sentences.joined(separator: " ")
    }

    private static func describe(image url: String) -> String {
        let image: InlineImage
        do {
            image = try InlineImage(url)
        } catch {
            return url.lowercased().hasPrefix("data:")
                ? "You sent me an image that cannot be read: its bytes are not base64."
                : "You sent me the address of an image. I open no addresses: send me the image itself."
        }
        let bytes = image.bytes
        guard let header = ImageHeader(bytes) else {
            return "You sent me \(count(bytes.count)) that call themselves \(image.mediaType.prefix(40)), "
                + "but they begin like no PNG, JPEG, GIF or WebP."
        }
        return "You sent me a \(header.kind.rawValue) image of \(header.width) × \(header.height) pixels, "
            + "\(count(bytes.count))."
    }

    private static func count(_ bytes: Int) -> String {
        bytes == 1 ? "1 byte" : "\(bytes) bytes"
    }
}
