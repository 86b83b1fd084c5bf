import Foundation
import JSON

/// An image in the response of OpenAI's interface: its address, or the image itself.
struct GeneratedImage {
    /// Maximum length of an address, in bytes; signed addresses are long.
    private static let addressLimit = 4096
    /// How much of an encoded image is decoded to recognise its type, in bytes.
    private static let headLength = 64

    var address: String?
    /// The beginning of an encoded image, and the size of the whole image, in bytes.
    private var embedded: (head: [UInt8], size: Int)?

    /// The result for the model; `nil` if there is no image.
    var text: String? {
        if let address { return "Image created at path: \(address)" }
        guard let embedded else { return nil }
        return
            "The image service created an image (\(Self.type(of: embedded.head)), \(embedded.size) bytes), but returned "
            + "the image itself and not an address. Parley has no storage for images yet, so the image was not kept "
            + "and cannot be shown."
    }

    /// Reads the whole response; the first image counts.
    mutating func read(_ json: inout JSONScanner) throws {
        try json.object { key, json in
            guard case "data" = key else { return try json.skip() }
            try json.array { json in
                try json.objectOrSkip { key, json in
                    switch key {
                    case "url":
                        let url = try json.optionalString() ?? ""
                        if address == nil, ExternalAddress.isValid(url, limit: Self.addressLimit) { address = url }
                    case "b64_json": if embedded == nil { embedded = try Self.image(&json) } else { try json.skip() }
                    default: try json.skip()
                    }
                }
            }
        }
    }

    /// Reads a base64 text without copying it.
    private static func image(_ json: inout JSONScanner) throws -> (head: [UInt8], size: Int)? {
        let quoted = try json.raw()
        let text = quoted.dropFirst().dropLast()
        guard quoted.first == UInt8(ascii: "\""), !text.isEmpty else { return nil }
        let padding = text.suffix(2).count { $0 == UInt8(ascii: "=") }
        let head = Data(base64Encoded: Data(text.prefix(headLength))) ?? Data()
        return (Array(head), text.count / 4 * 3 - padding)
    }

    /// The type of an image by its first bytes.
    private static func type(of head: [UInt8]) -> String {
        if head.starts(with: [0x89, 0x50, 0x4E, 0x47]) { return "PNG" }
        if head.starts(with: [0xFF, 0xD8, 0xFF]) { return "JPEG" }
        if head.starts(with: Array("RIFF".utf8)), head.dropFirst(8).starts(with: Array("WEBP".utf8)) { return "WebP" }
        return head.starts(with: Array("GIF8".utf8)) ? "GIF" : "of an unknown type"
    }
}
