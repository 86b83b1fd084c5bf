package import NIOHTTP1

/// The content encoding that the headers of a body name.
package enum ContentEncoding: Sendable, Equatable {
    case identity
    case gzip
    case deflate
    /// An unsupported encoding, or several encodings, as the header names them.
    case other(String)

    /// Reads `content-encoding`; an encoding that is named twice is one encoding.
    package init(_ headers: HTTPHeaders) {
        var names: [String] = []
        for name in headers[canonicalForm: "content-encoding"].map({ $0.lowercased() })
        where !Self.identities.contains(name) && !names.contains(name) {
            names.append(name)
        }
        switch names {
        case []: self = .identity
        case ["gzip"], ["x-gzip"], ["gzip", "x-gzip"], ["x-gzip", "gzip"]: self = .gzip
        case ["deflate"]: self = .deflate
        default: self = .other(String(names.joined(separator: ", ").prefix(64)))
        }
    }

    /// Names that stand for no encoding; the last ones are errors that are in use.
    private static let identities: Set<String> = ["", "identity", "none", "utf-8", "utf8"]
}
