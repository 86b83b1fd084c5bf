package import Contracts
package import HTTP
import Logging
package import NIOCore
import NIOHTTP1
import ServiceLifecycle

/// The bus over HTTP/1.1 and JSON: a POST request with the endpoint value as its body.
///
/// Calls one peer, which may have several replicas. As a `Service` it resolves their names and checks their health.
package final class HTTPBus: Bus, Service {
    /// Maximum size of a response, in bytes.
    private static let responseLimit = 64 * 1024 * 1024
    /// Time limit for a call, or for the start of a stream, without a deadline in its context.
    private static let defaultLimit = Duration.seconds(30)
    /// Time limit for a call with a deadline in its context.
    private static let longestLimit = Duration.seconds(86_400)
    /// Maximum silence within a stream; heartbeats are more frequent.
    private static let silenceLimit = Duration.seconds(30)
    /// How long after its deadline a stream is closed: a peer that keeps the deadline says first what it could not do.
    private static let streamGrace = Duration.seconds(1)

    let peer: String
    private let authorization: String
    let client: HTTPClient
    private let group: Replicas
    /// The only replica that receives calls; `nil` for all.
    private let only: HTTPTarget?

    /// `peer`: the service's name, for messages and metrics.
    ///
    /// `urls`: the addresses of its replicas, or names that stand for several.
    ///
    /// `token`: the bus secret.
    ///
    /// Throws ``HTTPClientError`` for an invalid URL.
    package init(
        peer: String,
        urls: [String],
        token: String,
        client: HTTPClient,
        limits: ReplicaLimits = ReplicaLimits()
    ) throws {
        self.peer = peer
        authorization = "Bearer \(token)"
        self.client = client
        group = try Replicas(peer: peer, urls: urls, client: client, limits: limits)
        only = nil
    }

    private init(_ bus: HTTPBus, only target: HTTPTarget) {
        peer = bus.peer
        authorization = bus.authorization
        client = bus.client
        group = bus.group
        only = target
    }

    package var replicas: [any Bus] {
        only == nil ? group.targets.map { HTTPBus(self, only: $0) } : [self]
    }

    package func run() async throws {
        try await group.run()
    }

    package func call<Request: Endpoint>(_ request: Request, _ context: CallContext) async throws -> Request.Response {
        try await call(Request.self, encoded: BusCoding.encode(request), context)
    }

    package func call<Request: Endpoint>(
        _ type: Request.Type,
        encoded body: ByteBuffer,
        _ context: CallContext
    ) async throws -> Request.Response {
        let limit = try limit(of: context)
        let call = OutgoingCall(
            path: Request.path,
            body: body,
            context: context,
            limit: limit,
            sendsDeadline: true,
            grace: .zero
        )
        var attempts = attempts(of: call, isIdempotent: Request.isIdempotent)
        while true {
            let (response, target) = try await send(call, &attempts)
            do {
                let bytes = try await response.body.collect(upTo: Self.responseLimit)
                guard response.status == 200 else { throw fault(status: response.status, bytes) }
                return try decode(Request.Response.self, from: bytes)
            } catch let error as HTTPClientError {
                guard error.kind != .totalTimeout else { throw fault(error) }
                guard attempts.retries(after: error, on: target) else {
                    log(error, target, call)
                    throw Fault(.cut, "The response of \(peer) ended early: \(error.summary).")
                }
            }
        }
    }

    package func stream<Request: StreamingEndpoint>(
        _ request: Request,
        _ context: CallContext
    ) async throws -> ElementStream<Request.Element> {
        try await stream(Request.self, encoded: BusCoding.encode(request), context)
    }

    package func stream<Request: StreamingEndpoint>(
        _ type: Request.Type,
        encoded body: ByteBuffer,
        _ context: CallContext
    ) async throws -> ElementStream<Request.Element> {
        let heartbeats = Request.self as? any HeartbeatEndpoint.Type
        var call = OutgoingCall(
            path: Request.path,
            body: body,
            context: context,
            limit: try limit(of: context),
            sendsDeadline: context.deadline != nil,
            grace: context.deadline.map { _ in Self.streamGrace }
        )
        call.silenceLimit = heartbeats?.silenceLimit
        var attempts = attempts(of: call, isIdempotent: Request.isIdempotent)
        let (response, target) = try await send(call, &attempts)
        guard response.status == 200 else { throw await fault(of: response) }
        let reader = BusStreamReader(
            peer: peer,
            body: response.body,
            preliminaryPrefix: heartbeats?.preliminaryPrefix,
            reopen: { [call, attempts] in try await self.reopen(call, attempts, after: $0, on: target) },
            log: { [call] in self.log($0, target, call) }
        )
        return ElementStream(encoded: { try await reader.next() }, close: { reader.close() })
    }

    /// Opens a stream again, on another replica, after the first one was lost before it began; `nil` if it may not be.
    private func reopen(
        _ call: OutgoingCall,
        _ attempts: CallAttempts,
        after error: HTTPClientError,
        on target: HTTPTarget
    ) async throws -> HTTPClient.Body? {
        var attempts = attempts
        guard attempts.retries(after: error, on: target) else { return nil }
        let (response, _) = try await send(call, &attempts)
        guard response.status == 200 else { throw await fault(of: response) }
        return response.body
    }

    func limit(of context: CallContext) throws -> Duration {
        try context.remaining(atMost: context.deadline == nil ? Self.defaultLimit : Self.longestLimit)
    }

    func attempts(of call: OutgoingCall, isIdempotent: Bool) -> CallAttempts {
        CallAttempts(
            group,
            only: only,
            limit: call.deadline - .now,
            isFixed: call.context.requiresSameReplica,
            isIdempotent: isIdempotent,
            opensAtOnce: call.silenceLimit != nil
        )
    }

    /// Sends a call and returns the response once its head has arrived.
    func send(_ call: OutgoingCall, _ attempts: inout CallAttempts) async throws -> (HTTPClient.Response, HTTPTarget) {
        try await attempt(call, &attempts) { try await client.send($0) }
    }

    /// Sends a call by `perform`, to one replica after another while it may be repeated.
    func attempt<Result>(
        _ call: OutgoingCall,
        _ attempts: inout CallAttempts,
        _ perform: (HTTPClient.Request) async throws -> Result
    ) async throws -> (Result, HTTPTarget) {
        var failure: HTTPClientError?
        while true {
            let replica = try await attempts.next()
            let remaining = call.deadline - .now
            guard remaining > .zero else {
                throw fault(failure ?? HTTPClientError(.headTimeout, "The deadline has passed."))
            }
            do {
                let request = request(for: call, to: replica.target, remaining, attempts)
                let response = try await perform(request)
                if replica.isTrial { group.admit(replica.target) }
                return (response, replica.target)
            } catch let error as HTTPClientError {
                failure = error
                log(error, replica.target, call)
                guard attempts.retries(after: error, on: replica.target) else { throw fault(error) }
            }
        }
    }

    private func request(
        for call: OutgoingCall,
        to target: HTTPTarget,
        _ remaining: Duration,
        _ attempts: CallAttempts
    ) -> HTTPClient.Request {
        var request = HTTPClient.Request(
            method: .POST,
            target: target,
            path: call.path,
            headers: BusHeaders.write(
                call.context,
                authorization: authorization,
                remaining: call.sendsDeadline ? remaining : nil
            ),
            body: call.body,
            headTimeout: min(remaining, call.silenceLimit ?? remaining),
            readTimeout: call.silenceLimit ?? Self.silenceLimit
        )
        request.totalTimeout = call.end.map { max(.zero, $0 - .now) }
        if let stream = call.stream { request.body = .stream(stream) }
        if !call.headers.isEmpty {
            request.headers.remove(name: "content-type")
            request.headers.add(contentsOf: call.headers)
        }
        request.connectTimeout = min(attempts.connectTimeout, remaining)
        request.canceller = call.context.canceller
        return request
    }

    private func decode<Value: Decodable>(_ type: Value.Type, from bytes: ByteBuffer) throws -> Value {
        do {
            return try BusCoding.decode(type, from: bytes)
        } catch let error as Fault {
            throw Fault(.internal, "The response of \(peer) is invalid: \(error.message)")
        }
    }
}

/// What a peer's failures look like to callers; addresses are logged and never part of a message.
extension HTTPBus {
    private func fault(_ error: HTTPClientError) -> Fault {
        if error.isBeforeRequest {
            return Fault(.unreachable, "\(peer) is unreachable. Try again in a moment.", retryAfter: 1)
        }
        switch error.kind {
        case .headTimeout: return Fault(.timeout, "\(peer) did not respond in time. Try again.")
        case .totalTimeout: return .unfinished(peer: peer)
        default:
            return Fault(.cut, "The connection to \(peer) was lost before it responded: \(error.summary). Try again.")
        }
    }

    /// The fault in a response that is no stream.
    func fault(of response: HTTPClient.Response) async -> Fault {
        do {
            return fault(status: response.status, try await response.body.collect(upTo: Self.responseLimit))
        } catch {
            // Without a body the status has to do.
            return fault(status: response.status, ByteBuffer())
        }
    }

    private func fault(status: Int, _ body: ByteBuffer) -> Fault {
        do {
            return try BusCoding.decode(FaultEnvelope.self, from: body).fault
        } catch {
            return Fault(.internal, "\(peer) responded with status \(status) and no fault.")
        }
    }

    func log(_ error: HTTPClientError, _ target: HTTPTarget, _ call: OutgoingCall) {
        Logger.current.debug(
            "Bus call failed",
            metadata: [
                "peer": "\(peer)", "address": "\(target.authority)", "endpoint.path": "\(call.path)",
                "request.id": "\(call.context.requestID)", "error": "\(error.message)",
            ]
        )
    }
}

/// A call as it is sent, whichever replica receives it.
struct OutgoingCall: Sendable {
    let path: String
    let body: ByteBuffer
    /// A body that is sent as it is read, instead of `body`.
    var stream: ByteStream?
    /// Headers beside those of every call.
    var headers: HTTPHeaders = [:]
    let context: CallContext
    /// The time by which the response must have started.
    let deadline: ContinuousClock.Instant
    let sendsDeadline: Bool
    /// Maximum silence of the peer; `nil` for the general one, which begins with the response.
    var silenceLimit: Duration?
    /// The time by which the response must have ended; `nil` for no limit.
    let end: ContinuousClock.Instant?

    /// `grace`: how long after its deadline the response must have ended; `nil` for no limit.
    init(
        path: String,
        body: ByteBuffer,
        context: CallContext,
        limit: Duration,
        sendsDeadline: Bool,
        grace: Duration? = nil
    ) {
        self.path = path
        self.body = body
        self.context = context
        deadline = .now + limit
        end = grace.map { [deadline] in deadline + $0 }
        self.sendsDeadline = sendsDeadline
    }
}
