import Contracts
import Foundation

/// An image in a `data:` URL.
struct InlineImage: Equatable {
    /// Maximum size of what precedes the data, such as `data:image/png;base64`, in bytes.
    private static let headerLimit = 256

    /// The media type in the URL: `image/png`.
    let mediaType: String
    /// The image as padded base64 in the standard alphabet.
    let base64: String

    /// Reads a URL of the form `data:image/png;base64,…`.
    ///
    /// Throws `invalid` for other URLs, and for data that is not base64.
    init(_ url: String) throws(Fault) {
        guard url.prefix(bytes: 5).lowercased() == "data:" else {
            throw Fault(
                .invalid,
                "An image in the messages is an address, which this model cannot fetch. "
                    + "Send the image itself, as a URL that begins with data:image/png;base64, for example."
            )
        }
        let header = url.prefix(bytes: Self.headerLimit)
        guard let comma = header.utf8.firstIndex(of: UInt8(ascii: ",")) else { throw Self.unreadable }
        let parts = header[..<comma].dropFirst(5).lowercased().split(separator: ";", omittingEmptySubsequences: false)
        guard parts.dropFirst().contains("base64") else { throw Self.unreadable }
        mediaType = parts.first.flatMap { $0.isEmpty ? nil : String($0) } ?? "image"
        base64 = try Self.plain(url[url.utf8.index(after: comma)...])
    }

    /// The size of the image, in bytes.
    var byteCount: Int { base64.utf8.count / 4 * 3 - base64.utf8.suffix(2).count { $0 == UInt8(ascii: "=") } }

    /// The image's first bytes.
    ///
    /// At most `limit` characters of base64 are decoded; it must be a multiple of 4.
    func bytes(upTo limit: Int) -> [UInt8] {
        Data(base64Encoded: String(base64.prefix(bytes: limit))).map { [UInt8]($0) } ?? []
    }

    private static let unreadable = Fault(
        .invalid,
        "An image cannot be read: its URL must be of the form data:image/png;base64, followed by the image as base64."
    )

    /// Converts the URL-safe alphabet, removes white space and adds missing padding; other deviations are errors.
    private static func plain(_ text: Substring) throws(Fault) -> String {
        var plain: [UInt8] = []
        plain.reserveCapacity(text.utf8.count + 3)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
                plain.append(byte)
            case UInt8(ascii: "-"): plain.append(UInt8(ascii: "+"))
            case UInt8(ascii: "_"): plain.append(UInt8(ascii: "/"))
            case UInt8(ascii: "="), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: " "): continue
            default: throw unreadable
            }
        }
        guard !plain.isEmpty, plain.count % 4 != 1 else { throw unreadable }
        plain += Array(repeating: UInt8(ascii: "="), count: (4 - plain.count % 4) % 4)
        return String(decoding: plain, as: UTF8.self)
    }
}
