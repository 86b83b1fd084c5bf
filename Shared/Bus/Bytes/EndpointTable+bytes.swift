package import Contracts
import HTTP
import NIOCore
import NIOHTTP1
import Synchronization

extension EndpointTable {
    /// Adds an endpoint that takes and returns bytes.
    ///
    /// The handler reads the request's body before it returns; later reads fail, because a client stops sending when the
    /// response begins. An error of the handler determines the status; an error of the
    /// response's body closes the connection.
    package mutating func serveBytes<Request: ByteEndpoint>(
        _ type: Request.Type,
        _ handler:
            @escaping @Sendable (Request, ByteRequest, CallContext) async throws -> ByteResponse<Request.Response>
    ) {
        rawHandlers[type.path] = { request, context in
            let value = try EndpointHeader.decode(type, from: request.head.headers.first(name: EndpointHeader.name))
            let (body, hasResponse) = (request.body.bytes, Flag())
            let stream = ByteStream(length: body.length) {
                guard !hasResponse.isSet else {
                    throw Fault(.internal, "The body of the request must be read before the response begins.")
                }
                return try await body.next()
            }
            let bytes = ByteRequest(headers: request.head.headers, body: stream)
            let response = try await handler(value, bytes, context)
            hasResponse.set()
            guard ByteResponse<Request.Response>.statuses.contains(response.status) else {
                throw Fault(.internal, "A byte endpoint cannot respond with status \(response.status).")
            }
            var result = response.serverResponse
            result.headers.add(name: EndpointHeader.name, value: try EndpointHeader.encode(response.value))
            return result
        }
    }

    /// Adds an endpoint that turns its connection into a tunnel.
    ///
    /// The handler receives the protocol that the client asks for and the headers of its handshake; it returns the
    /// headers of the `101` and the tunnel's handler. An error determines the status of an ordinary response.
    package mutating func serveTunnel<Request: TunnelEndpoint>(
        _ type: Request.Type,
        _ handler: @escaping @Sendable (Request, TunnelRequest, CallContext) async throws -> TunnelResponse
    ) {
        rawHandlers[type.path] = { request, context in
            let headers = request.head.headers
            guard let name = headers.first(name: "upgrade") else {
                throw Fault(.invalid, "This endpoint is a tunnel: send the headers connection: upgrade and upgrade.")
            }
            let value = try EndpointHeader.decode(type, from: headers.first(name: EndpointHeader.name))
            let tunnel = TunnelRequest(protocolName: name, headers: ByteHeaders.tunnel(headers))
            let response = try await handler(value, tunnel, context)
            return .upgrade(to: name, headers: ByteHeaders.tunnel(response.headers), response.run)
        }
    }
}

/// A flag that is set once.
private final class Flag: Sendable {
    private let state = Mutex(false)

    var isSet: Bool { state.withLock(\.self) }

    func set() {
        state.withLock { $0 = true }
    }
}
