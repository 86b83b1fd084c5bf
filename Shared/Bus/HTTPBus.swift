package import Contracts
package import HTTP
package import NIOCore
import NIOHTTP1
import ServiceLifecycle

/// The bus over HTTP/1.1 and JSON: POST with the endpoint value as the body.
///
/// Leads to one peer, which may have several replicas. As a `Service` it keeps their addresses fresh.
package final class HTTPBus: Bus, Service {
    /// The longest answer that is taken, in bytes.
    private static let answerLimit = 64 * 1024 * 1024
    /// How long a call, or the beginning of a stream, may take when its context sets no deadline.
    private static let defaultLimit = Duration.seconds(30)
    /// A stream is never silent for longer, thanks to its heartbeats.
    private static let silenceLimit = Duration.seconds(30)

    /// How long a peer that accepts no connection is waited for; a restart takes less.
    private static let patience = Duration.seconds(2)
    private static let pause = Duration.milliseconds(50)

    private let peer: String
    private let authorization: String
    private let client: HTTPClient
    private let replicas: Replicas

    /// `peer`: the service's name, for messages.
    ///
    /// `urls`: where it is: each is one replica, or a name that stands for several.
    ///
    /// `token`: the bus secret.
    /// Throws ``HTTPClientError`` when a URL cannot be read.
    package init(peer: String, urls: [String], token: String, client: HTTPClient) throws {
        self.peer = peer
        authorization = "Bearer \(token)"
        self.client = client
        replicas = try Replicas(urls: urls)
    }

    package func run() async throws {
        try await replicas.run()
    }

    package func call<Request: Endpoint>(_ request: Request, _ context: CallContext) async throws -> Request.Response {
        try await call(Request.self, encoded: BusCoding.encode(request), context)
    }

    package func call<Request: Endpoint>(
        _ type: Request.Type,
        encoded body: ByteBuffer,
        _ context: CallContext
    ) async throws -> Request.Response {
        let limit = try context.remaining(atMost: context.deadline == nil ? Self.defaultLimit : .seconds(86_400))
        let response = try await send(body, path: Request.path, context: context, limit: limit, announced: limit)
        do {
            let answer = try await response.body.collect(upTo: Self.answerLimit)
            guard response.status == 200 else { throw fault(status: response.status, answer) }
            return try decode(Request.Response.self, from: answer)
        } catch let error as HTTPClientError {
            throw Fault(.cut, "The answer of \(peer) broke off: \(error.message)")
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
        let limit = try context.remaining(atMost: context.deadline == nil ? Self.defaultLimit : .seconds(86_400))
        let response = try await send(
            body,
            path: Request.path,
            context: context,
            limit: limit,
            announced: context.deadline == nil ? nil : limit
        )
        guard response.status == 200 else {
            throw await refusal(response)
        }
        let reader = BusStreamReader(peer: peer, body: response.body)
        return ElementStream(encoded: { try await reader.next() }, close: { reader.close() })
    }

    private func send(
        _ body: ByteBuffer,
        path: String,
        context: CallContext,
        limit: Duration,
        announced: Duration?
    ) async throws -> HTTPClient.Response {
        var request = HTTPClient.Request(
            method: .POST,
            target: replicas.choose(always: context.wantsSameReplica),
            path: path,
            headers: BusHeaders.write(context, authorization: authorization, remaining: announced),
            body: body,
            headTimeout: limit,
            readTimeout: Self.silenceLimit
        )
        request.canceller = context.canceller
        let patienceEnds = ContinuousClock.now + min(limit, Self.patience)
        while true {
            do {
                return try await client.send(request)
            } catch let error as HTTPClientError where error.isBeforeRequest {
                // The request never left, so sending it again does nothing twice: a peer that restarts is waited for.
                replicas.eject(request.target)
                guard error.kind == .connect, .now < patienceEnds else { throw fault(error) }
                try await Task.sleep(for: Self.pause)
                request.target = replicas.choose(always: context.wantsSameReplica)
            } catch let error as HTTPClientError {
                throw fault(error)
            }
        }
    }

    private func fault(_ error: HTTPClientError) -> Fault {
        if error.isBeforeRequest {
            return Fault(.unreachable, "\(peer) cannot be reached: \(error.message)", retryAfter: 1)
        }
        return error.kind == .headTimeout
            ? Fault(.timeout, "\(peer) did not answer in time: \(error.message)")
            : Fault(.cut, "\(peer) broke off before it answered: \(error.message)")
    }

    /// What an answer says that is no stream.
    private func refusal(_ response: HTTPClient.Response) async -> Fault {
        do {
            return fault(status: response.status, try await response.body.collect(upTo: Self.answerLimit))
        } catch {
            // The status has come; the words behind it have not.
            return fault(status: response.status, ByteBuffer())
        }
    }

    private func fault(status: Int, _ answer: ByteBuffer) -> Fault {
        do {
            return try BusCoding.decode(FaultEnvelope.self, from: answer).fault
        } catch {
            return Fault(.internal, "\(peer) answered with status \(status) and no fault.")
        }
    }

    private func decode<Value: Decodable>(_ type: Value.Type, from bytes: ByteBuffer) throws -> Value {
        do {
            return try BusCoding.decode(type, from: bytes)
        } catch let error as Fault {
            throw Fault(.internal, "The answer of \(peer) cannot be read: \(error.message)")
        }
    }
}
