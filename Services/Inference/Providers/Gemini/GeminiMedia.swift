import Contracts
import Foundation

/// Makes Gemini's parts of images and sound, and says why where it cannot.
struct GeminiMedia {
    private static let imageTypes = ["image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"]

    /// Where Gemini is asked, without any credential: files that it keeps are named there.
    let address: String

    /// An image by its `data:` URL, or by the name of a file that Gemini itself has or can get.
    ///
    /// Throws a ``ProviderError``; another model may take what this one does not.
    func image(_ image: Inference.Image) throws -> GeminiPart {
        let url = image.url
        if url.prefix(5).lowercased() == "data:" { return try data(url) }
        let isOwn = ["https://generativelanguage.googleapis.com/", "gs://", address + "/"].contains {
            url.hasPrefix($0)
        }
        guard isOwn else {
            throw Self.refused(
                "Gemini does not fetch images from the web. Send the image itself, as a data: URL with base64."
            )
        }
        return .file(url, type: Self.type(ofFile: url))
    }

    /// Sound by the name of its format.
    ///
    /// Throws a ``ProviderError``; another model may take what this one does not.
    func audio(_ audio: Inference.Audio) throws -> GeminiPart {
        let format = audio.format.lowercased()
        guard let type = Self.audioType(format) else {
            throw Self.refused(
                "Gemini does not take sound of the format \(format.prefix(20)). "
                    + "It takes wav, mp3, aiff, aac, ogg and flac: convert the file, or choose another model."
            )
        }
        guard let base64 = Self.base64(audio.data) else {
            throw Self.refused("The sound in the messages is not base64.")
        }
        return .data(base64, type: type)
    }

    private static func audioType(_ format: String) -> String? {
        switch format {
        case "wav", "x-wav", "wave": "audio/wav"
        case "mp3", "mpeg", "mpga": "audio/mp3"
        case "aiff", "aif": "audio/aiff"
        case "aac": "audio/aac"
        case "ogg", "oga": "audio/ogg"
        case "flac": "audio/flac"
        default: nil
        }
    }

    private func data(_ url: String) throws -> GeminiPart {
        guard let comma = url.firstIndex(of: ",") else {
            throw Self.refused("An image in the messages has a data: URL without data.")
        }
        let words = url[..<comma].dropFirst(5).lowercased().split(separator: ";", omittingEmptySubsequences: false)
        let type = words.first.map { $0 == "image/jpg" ? "image/jpeg" : String($0) } ?? ""
        guard Self.imageTypes.contains(type) else {
            throw Self.refused(
                "Gemini does not take images of the type \(type.isEmpty ? "unknown" : String(type.prefix(40))). "
                    + "It takes \(Self.imageTypes.joined(separator: ", "))."
            )
        }
        guard words.last == "base64", let base64 = Self.base64(String(url[url.index(after: comma)...])) else {
            throw Self.refused("An image in the messages is not base64.")
        }
        return .data(base64, type: type)
    }

    /// Base64 with the letters and the padding of RFC 4648, section 4; `nil` when it is none.
    ///
    /// The letters of section 5, a missing padding and the escapes of URLs are mended.
    static func base64(_ text: String) -> String? {
        var text = text
        if text.utf8.contains(UInt8(ascii: "%")) { text = text.removingPercentEncoding ?? text }
        var (length, padding, hasOther) = (0, 0, false)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "="): padding += 1
            case _ where padding > 0: return nil
            case UInt8(ascii: "-"), UInt8(ascii: "_"): hasOther = true
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                break
            default: return nil
            }
            length += 1
        }
        let letters = length - padding
        guard letters > 0, letters % 4 != 1, padding <= 2, padding == 0 || length % 4 == 0 else { return nil }
        if hasOther { text = text.replacing("-", with: "+").replacing("_", with: "/") }
        return padding == 0 ? text + String(repeating: "=", count: (4 - letters % 4) % 4) : text
    }

    /// By the end of its name; Gemini knows the type of the files that it keeps itself.
    private static func type(ofFile url: String) -> String? {
        let types = [
            "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp", "heic": "image/heic",
            "heif": "image/heif",
        ]
        return url.split(separator: ".").last.flatMap { types[$0.lowercased()] }
    }

    private static func refused(_ sentence: String) -> ProviderError {
        ProviderError(Fault(.invalid, sentence), .tryAnotherModel)
    }
}
