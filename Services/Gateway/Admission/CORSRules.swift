import HTTP
import HTTPTypes
import NIOHTTP1

/// Decides which web pages of other origins may use the gateway.
struct CORSRules: Sendable {
    /// Exact origins, or `*` for all origins, without credentials.
    let origins: [String]

    /// The response to a preflight request; `nil` for other requests.
    func preflight(_ head: HTTPRequestHead) -> Response? {
        guard head.method == .OPTIONS, let origin = head.headers.first(name: "origin"),
            head.headers.contains(name: "access-control-request-method")
        else { return nil }
        guard allows(origin) else {
            var response = Response.text("Disallowed CORS origin", status: .badRequest)
            response.headers[.vary] = "Origin"
            return response
        }
        var response = Response.text("OK")
        response.headers[.accessControlMaxAge] = "600"
        response.headers[.accessControlAllowMethods] = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
        response.headers[.accessControlAllowHeaders] =
            head.headers.first(name: "access-control-request-headers").map { String($0.prefix(1000)) }
            ?? "authorization, content-type"
        return response
    }

    /// Writes the headers by which a browser decides whether a page may read the response.
    func apply(to headers: inout HTTPHeaders, origin: String?) {
        // Caches must store one response per origin.
        if !origins.isEmpty, !origins.contains("*") { headers[.vary] = "Origin" }
        guard let origin, allows(origin) else { return }
        write(origin, to: &headers)
        headers[.accessControlExposeHeaders] =
            "x-request-id, x-correlation-id, x-parley-run, x-parley-conversation, x-parley-ignored-options, "
            + "server-timing, retry-after"
    }

    private func allows(_ origin: String) -> Bool {
        origins.contains("*") || origins.contains(origin)
    }

    private func write(_ origin: String, to headers: inout HTTPHeaders) {
        guard !origins.contains("*") else {
            headers[.accessControlAllowOrigin] = "*"
            return
        }
        headers[.accessControlAllowOrigin] = origin
        headers[.accessControlAllowCredentials] = "true"
    }
}
