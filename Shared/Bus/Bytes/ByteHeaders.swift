import NIOHTTP1

/// The headers that byte endpoints and tunnels pass on.
enum ByteHeaders {
    private static let content: Set<String> = [
        "content-disposition", "content-encoding", "content-language", "content-range", "content-type",
    ]
    private static let conditions: Set<String> = [
        "accept", "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "range",
    ]
    private static let validators: Set<String> = ["accept-ranges", "cache-control", "etag", "last-modified", "vary"]

    static func request(_ headers: HTTPHeaders) -> HTTPHeaders {
        headers.filtered { content.contains($0) || conditions.contains($0) }
    }

    static func response(_ headers: HTTPHeaders) -> HTTPHeaders {
        headers.filtered { content.contains($0) || validators.contains($0) }
    }

    /// The headers of a WebSocket handshake, which the service that ends the tunnel completes.
    static func tunnel(_ headers: HTTPHeaders) -> HTTPHeaders {
        headers.filtered { $0.hasPrefix("sec-websocket-") }
    }
}

extension HTTPHeaders {
    /// The headers whose lower-case names satisfy a condition.
    fileprivate func filtered(_ isIncluded: (String) -> Bool) -> HTTPHeaders {
        HTTPHeaders(filter { isIncluded($0.name.lowercased()) })
    }
}
