package import Contracts
package import HTTP
package import NIOCore
package import NIOHTTP1

/// A client of one service, the peer: sends endpoint values and returns responses.
///
/// All methods throw only ``Fault`` and `CancellationError`, unless they say otherwise. Each call uses a connection of its own for its duration:
/// cancelling the call closes the connection, which cancels the work in the peer.
package protocol Bus: Sendable {
    /// The replicas of the peer, each as a peer of its own, for what only one of them knows.
    ///
    /// A call to one of them goes to no other, and is not repeated.
    var replicas: [any Bus] { get }

    /// Calls an endpoint. The time limit is the deadline of the context (default: 30 s).
    func call<Request: Endpoint>(_ request: Request, _ context: CallContext) async throws -> Request.Response

    /// Calls an endpoint with an encoded request.
    func call<Request: Endpoint>(
        _ type: Request.Type,
        encoded request: ByteBuffer,
        _ context: CallContext
    ) async throws -> Request.Response

    /// Calls a streaming endpoint; returns when the response has started.
    ///
    /// The response must start within 30 s. If the context has a deadline, the stream must start and end by then;
    /// otherwise it throws `timeout`, even if the peer keeps sending.
    func stream<Request: StreamingEndpoint>(
        _ request: Request,
        _ context: CallContext
    ) async throws -> ElementStream<Request.Element>

    /// Calls a streaming endpoint with an encoded request.
    func stream<Request: StreamingEndpoint>(
        _ type: Request.Type,
        encoded request: ByteBuffer,
        _ context: CallContext
    ) async throws -> ElementStream<Request.Element>

    /// Calls a byte endpoint; returns when the response has started, which ends the sending of the request's body.
    ///
    /// The time limit holds from the end of the request's body. Also throws the error of that body.
    func bytes<Request: ByteEndpoint>(
        _ request: Request,
        _ bytes: ByteRequest,
        _ context: CallContext
    ) async throws -> ByteResponse<Request.Response>

    /// Calls a tunnel endpoint; returns the headers of the handshake and the tunnel.
    ///
    /// Of the request's headers, those of a WebSocket handshake are sent.
    func tunnel<Request: TunnelEndpoint>(
        _ request: Request,
        to protocolName: String,
        headers: HTTPHeaders,
        _ context: CallContext
    ) async throws -> (headers: HTTPHeaders, tunnel: ByteTunnel)
}

extension Bus {
    package var replicas: [any Bus] { [self] }
}
