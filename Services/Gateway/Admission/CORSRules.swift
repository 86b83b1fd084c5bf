import HTTPTypes
import Hummingbird
import NIOHTTP1

/// Which web pages of other origins may ask.
struct CORSRules: Sendable {
    /// Exact origins, or `*` for all, then without credentials.
    let origins: [String]

    /// The answer to a preflight; `nil` when the request is none.
    func preflight(_ head: HTTPRequestHead) -> Response? {
        guard head.method == .OPTIONS, let origin = head.headers.first(name: "origin"),
            head.headers.contains(name: "access-control-request-method")
        else { return nil }
        guard allows(origin) else {
            return Response(
                status: .badRequest,
                headers: [.contentType: "text/plain; charset=utf-8", .vary: "Origin"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: "Disallowed CORS origin"))
            )
        }
        var headers: HTTPFields = [
            .contentType: "text/plain; charset=utf-8", .accessControlMaxAge: "600",
            .accessControlAllowMethods: "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
        ]
        headers[.accessControlAllowHeaders] =
            head.headers.first(name: "access-control-request-headers").map { String($0.prefix(1000)) }
            ?? "authorization, content-type"
        write(origin, to: &headers)
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: "OK")))
    }

    /// Says on an answer who may read it.
    func apply(to headers: inout HTTPFields, origin: String?) {
        // Whoever caches an answer must know that another origin gets another one, or none.
        if !origins.isEmpty, !origins.contains("*") { headers[.vary] = "Origin" }
        guard let origin, allows(origin) else { return }
        write(origin, to: &headers)
        headers[.accessControlExposeHeaders] =
            "x-request-id, x-correlation-id, x-parley-run, x-parley-conversation, server-timing, retry-after"
    }

    private func allows(_ origin: String) -> Bool {
        origins.contains("*") || origins.contains(origin)
    }

    private func write(_ origin: String, to headers: inout HTTPFields) {
        guard !origins.contains("*") else {
            headers[.accessControlAllowOrigin] = "*"
            return
        }
        headers[.accessControlAllowOrigin] = origin
        headers[.accessControlAllowCredentials] = "true"
    }
}
