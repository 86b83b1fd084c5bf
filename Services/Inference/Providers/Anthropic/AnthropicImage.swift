import Contracts
import JSON

/// The source of an image.
enum AnthropicImage: Equatable, Sendable {
    case data(String, type: String)
    case address(String)

    private static let types = ["image/jpeg", "image/png", "image/gif", "image/webp"]
    /// Maximum length of an address, in bytes.
    private static let addressLimit = 2048

    /// Converts an image from a `data:` URL, or an address that the server may fetch.
    ///
    /// Throws a ``ProviderError`` that permits another model.
    init(_ image: Inference.Image, mayFetch: (String) -> Bool) throws {
        let url = image.url
        if url.prefix(bytes: 5).lowercased() != "data:", url.utf8.count <= Self.addressLimit, mayFetch(url) {
            self = .address(url)
            return
        }
        let inline: InlineImage
        do { inline = try InlineImage(url) } catch { throw ProviderError(.unsupported, error) }
        let type = inline.mediaType == "image/jpg" ? "image/jpeg" : inline.mediaType
        guard Self.types.contains(type) else {
            throw ProviderError(
                .unsupported,
                Fault(
                    .invalid,
                    "Anthropic does not support images of the type \(type.prefix(bytes: 40)). "
                        + "It supports \(Self.types.joined(separator: ", "))."
                )
            )
        }
        self = .data(inline.base64, type: type)
    }

    /// Writes the members of the source.
    func write(to json: inout JSONWriter) {
        switch self {
        case .data(let data, let type):
            json.field("type", "base64")
            json.field("media_type", type)
            json.field("data", data)
        case .address(let url):
            json.field("type", "url")
            json.field("url", url)
        }
    }
}
