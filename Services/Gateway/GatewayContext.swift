import Bus
import Contracts
import HTTP
import NIOCore
import NIOHTTP1

/// What the gateway knows of a request.
struct GatewayContext: RequestContext {
    let head: HTTPRequestHead
    let resolution: Resolution
    let ids: RequestIDs
    let start = ContinuousClock.now
    private let peer: SocketAddress?
    private let traceparent: String?
    /// The caller, once identified.
    var principal: Principal?
    /// The API key that the caller used.
    var key: APIKey?
    var keyLease: KeyLease?

    init(_ request: ServerRequest, _ resolution: Resolution) {
        head = request.head
        self.resolution = resolution
        peer = request.channel.remoteAddress
        ids = RequestIDs(head.headers)
        traceparent = head.headers.first(name: BusHeaders.traceparent).flatMap(TraceParent.read)
    }

    var parameters: PathParameters { resolution.parameters }

    /// The request's identifier in all logs.
    var requestID: String { ids.requestID }

    /// The path without its query.
    var path: String {
        head.uri.utf8.firstIndex(of: UInt8(ascii: "?")).map { String(head.uri[..<$0]) } ?? head.uri
    }

    /// The caller in rate limits: the user, or the client's address before the user is known.
    var caller: String {
        principal.map { "user:\($0.user)" } ?? address
    }

    /// The client's address in rate limits.
    var address: String { "address:\(peer?.ipAddress ?? "unknown")" }

    /// Whether the request comes from this machine.
    var isLoopback: Bool { peer?.isLoopback == true }

    /// The context of the bus calls that answer the request.
    func call(as principal: Principal? = nil) -> CallContext {
        guard let traceparent else { return CallContext(principal: principal, requestID: requestID) }
        return CallContext(principal: principal, requestID: requestID, traceparent: traceparent)
    }
}
