import Contracts
import Foundation

/// An image that came within its message, as a `data:` URL.
struct InlineImage: Equatable {
    /// What it says it is: `image/png`.
    let mediaType: String
    /// Its bytes as base64 of the plain alphabet, padded.
    let base64: String

    /// Reads `data:image/png;base64,…`.
    ///
    /// Throws `invalid` for an address of another kind, which nobody of ours fetches, and for bytes that are none.
    init(_ url: String) throws(Fault) {
        guard url.prefix(5).lowercased() == "data:" else {
            throw Fault(
                .invalid,
                "An image is given by the address \(url.prefix(80)), which this model cannot fetch. "
                    + "Send the image itself, as a URL that begins with data:image/png;base64, for example."
            )
        }
        guard let comma = url.utf8.firstIndex(of: UInt8(ascii: ",")) else { throw Self.unreadable }
        let parts = url[url.index(url.startIndex, offsetBy: 5)..<comma].lowercased()
            .split(separator: ";", omittingEmptySubsequences: false)
        guard parts.dropFirst().contains("base64") else { throw Self.unreadable }
        mediaType = parts.first.flatMap { $0.isEmpty ? nil : String($0) } ?? "image"
        base64 = try Self.plain(url[url.index(after: comma)...])
    }

    /// The image's bytes; empty when they are not base64 after all.
    var bytes: [UInt8] { Data(base64Encoded: base64).map { [UInt8]($0) } ?? [] }

    private static let unreadable = Fault(
        .invalid,
        "An image cannot be read: its URL must be of the form data:image/png;base64, followed by the image as base64."
    )

    /// The other alphabet, white space and missing padding are forgiven; nothing else is.
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
