import Bus
import Contracts
import HTTP
import NIOCore
import NIOHTTP1
import ServiceKit

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
    /// Whether the caller has no credential, and the principal is the user `local`.
    var isAnonymous = false
    /// The API key that the caller used.
    var key: APIKey?
    var keyLease: KeyLease?
    /// The fault for routes that require a principal when there is none.
    var missingCredential = Fault(.unauthorized, "Missing authorization header")
    /// The client's address behind trusted proxies.
    private var forwardedAddress: IPAddress?

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

    /// The client's address as a caller in rate limits; an IPv6 client is counted by its `/64` network.
    var address: String { "address:\((forwardedAddress ?? peerAddress)?.clientNetwork ?? "unknown")" }

    /// Whether the request was sent directly from this machine, not through a proxy.
    var isLoopback: Bool {
        peerAddress?.isLoopback == true && !ForwardingHeaders.arePresent(in: head.headers)
    }

    private var peerAddress: IPAddress? { peer?.ipAddress.flatMap { IPAddress($0) } }

    /// Finds the client's address behind trusted proxies.
    mutating func resolveClientAddress(behind trusted: [IPNetwork]) {
        forwardedAddress = ClientAddress.resolve(peer: peerAddress, headers: head.headers, trusted: trusted)
    }

    /// The context of the bus calls that answer the request.
    func call(as principal: Principal? = nil) -> CallContext {
        guard let traceparent else { return CallContext(principal: principal, requestID: requestID) }
        return CallContext(principal: principal, requestID: requestID, traceparent: traceparent)
    }
}
