import NIOHTTP1

/// A request as the handler of a route gets it.
struct Request: Sendable {
    let head: HTTPRequestHead
    let body: RequestBody

    var headers: HTTPHeaders { head.headers }

    var query: RequestQuery { RequestQuery(target: head.uri) }
}

/// The query of a request's target.
struct RequestQuery: Sendable {
    private let text: Substring

    init(target: String) {
        text = target.utf8.firstIndex(of: UInt8(ascii: "?")).map { target[$0...].dropFirst() } ?? ""
    }

    /// The decoded values of a parameter, in order; a parameter without `=` has an empty value.
    func values(_ name: String) -> [String] {
        text.split(separator: "&").compactMap { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = parts.first, Self.decode(key) == name else { return nil }
            return parts.count > 1 ? Self.decode(parts[1]) : ""
        }
    }

    /// Bytes that are not UTF-8 are replaced.
    private static func decode(_ text: Substring) -> String {
        PercentEncoding.decode(text, plusIsSpace: true) ?? "\u{FFFD}"
    }
}

/// What every route's handler knows of its request, apart from the request itself.
protocol RequestContext: Sendable {
    /// The values of the route's path parameters.
    var parameters: PathParameters { get }
}
