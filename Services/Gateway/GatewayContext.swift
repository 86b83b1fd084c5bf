import Bus
import Contracts
import HTTP
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import ServiceKit

/// What the gateway knows of a request.
struct GatewayContext: RequestContext {
    /// Where a context comes from.
    struct Source: RequestContextSource {
        let request: ServerRequest
        let logger: Logger
    }

    var coreContext: CoreRequestContextStorage
    let head: HTTPRequestHead
    private let peer: SocketAddress?
    let start: ContinuousClock.Instant
    /// The request's name in every log on its way.
    let requestID: String
    let correlationID: String
    private let traceparent: String?
    /// Who is asking, once that is known.
    var principal: Principal?
    /// The key that they came with.
    var key: APIKey?
    var keyLease: KeyLease?
    /// The fault for routes that require a principal when there is none.
    var missingCredential = Fault(.unauthorized, "Missing authorization header")
    /// The client's address behind trusted proxies.
    private var forwardedAddress: IPAddress?

    init(source: Source) {
        start = .now
        coreContext = CoreRequestContextStorage(source: source)
        head = source.request.head
        peer = source.request.channel.remoteAddress
        let correlation = head.headers.first(name: "x-correlation-id").flatMap(BusHeaders.token)
        requestID =
            head.headers.first(name: BusHeaders.requestID).flatMap(BusHeaders.token) ?? correlation
            ?? .randomHex(words: 1)
        correlationID = correlation ?? requestID
        traceparent = head.headers.first(name: BusHeaders.traceparent).flatMap(TraceParent.read)
    }

    /// The path without its query.
    var path: String {
        head.uri.utf8.firstIndex(of: UInt8(ascii: "?")).map { String(head.uri[..<$0]) } ?? head.uri
    }

    /// The longest body that is taken, in bytes.
    var maxUploadSize: Int { RequestGuard.largestBody }

    /// Whose allowance the request is counted against: the user's, or the address's when nobody is known.
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

    /// The call on the bus that answers the request.
    func call(as principal: Principal? = nil) -> CallContext {
        guard let traceparent else { return CallContext(principal: principal, requestID: requestID) }
        return CallContext(principal: principal, requestID: requestID, traceparent: traceparent)
    }
}
