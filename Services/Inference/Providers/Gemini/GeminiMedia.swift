import Contracts
import Foundation

/// Converts images and audio to Gemini's parts, or reports why that is not possible.
struct GeminiMedia: Sendable {
    /// Maximum size of what precedes the data in a `data:` URL, in bytes.
    private static let headerLimit = 256
    /// Maximum length of the address of a file, in bytes.
    private static let addressLimit = 2048
    private static let imageTypes = ["image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"]

    /// Whether files are passed by address.
    ///
    /// Only Google's own server may receive addresses: a server in our network could be made to fetch something there.
    let passesAddresses: Bool

    /// Converts an image from a `data:` URL, or from the address of a file in Google's storage.
    ///
    /// Throws a ``ProviderError`` that permits another model.
    func image(_ image: Inference.Image) throws -> GeminiPart {
        let url = image.url
        if url.prefix(bytes: 5).lowercased() == "data:" { return try data(url) }
        guard passesAddresses, url.utf8.count <= Self.addressLimit,
            ["https://generativelanguage.googleapis.com/", "gs://"].contains(where: url.hasPrefix)
        else {
            throw Self.unsupported(
                "Gemini does not fetch images from the web. Send the image itself, as a data: URL with base64."
            )
        }
        return .file(url, type: Self.type(ofFile: url))
    }

    /// Converts audio by the name of its format.
    ///
    /// Throws a ``ProviderError`` that permits another model.
    func audio(_ audio: Inference.Audio) throws -> GeminiPart {
        let format = audio.format.prefix(bytes: 64).lowercased()
        guard let type = Self.audioType(format) else {
            throw Self.unsupported(
                "Gemini does not support audio of the format \(format.prefix(bytes: 20)). "
                    + "It supports wav, mp3, aiff, aac, ogg and flac: convert the file, or choose another model."
            )
        }
        guard let base64 = Self.base64(audio.data) else {
            throw Self.unsupported("Audio in the messages is not base64.")
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
        let header = url.prefix(bytes: Self.headerLimit)
        guard let comma = header.utf8.firstIndex(of: UInt8(ascii: ",")) else {
            throw Self.unsupported("An image in the messages has a data: URL without data.")
        }
        let words = header[..<comma].dropFirst(5).lowercased().split(separator: ";", omittingEmptySubsequences: false)
        let type = words.first.map { $0 == "image/jpg" ? "image/jpeg" : String($0) } ?? ""
        guard Self.imageTypes.contains(type) else {
            throw Self.unsupported(
                "Gemini does not support images of the type \(type.isEmpty ? "unknown" : String(type.prefix(bytes: 40))). "
                    + "It supports \(Self.imageTypes.joined(separator: ", "))."
            )
        }
        guard words.last == "base64", let base64 = Self.base64(String(url[url.utf8.index(after: comma)...])) else {
            throw Self.unsupported("An image in the messages is not base64.")
        }
        return .data(base64, type: type)
    }

    /// Base64 with the alphabet and the padding of RFC 4648, section 4; `nil` if the text is not base64.
    ///
    /// The URL-safe alphabet, missing padding and percent-encoding are converted.
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

    /// The media type by the extension; optional for files that Gemini stores.
    private static func type(ofFile url: String) -> String? {
        let types = [
            "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp", "heic": "image/heic",
            "heif": "image/heif",
        ]
        return url.split(separator: ".").last.flatMap { types[$0.lowercased()] }
    }

    private static func unsupported(_ message: String) -> ProviderError {
        ProviderError(.unsupported, Fault(.invalid, message))
    }
}
