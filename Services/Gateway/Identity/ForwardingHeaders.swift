import NIOHTTP1

/// Detects requests that a proxy forwarded.
enum ForwardingHeaders {
    private static let names: Set<String> = [
        "forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "x-original-forwarded-for",
        "x-original-host", "x-original-url", "x-proxyuser-ip", "x-envoy-external-address", "x-azure-clientip",
        "true-client-ip", "client-ip", "fastly-client-ip", "fly-client-ip", "forwarded-for", "cdn-loop",
    ]
    private static let prefixes = ["x-forwarded", "cf-", "tailscale-"]

    /// Whether a header is present that proxies add to the requests they forward, and clients do not.
    static func arePresent(in headers: HTTPHeaders) -> Bool {
        headers.contains { header in
            let name = header.name.lowercased()
            return names.contains(name) || prefixes.contains { name.hasPrefix($0) }
        }
    }
}
