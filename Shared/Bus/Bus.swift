package import Contracts
package import NIOCore

/// How one service asks another: endpoint values go in, answers come out, wherever the other runs.
///
/// A bus leads to one peer. Both methods throw a ``Fault`` or a `CancellationError` and nothing else. The connection is
/// the call: whoever leaves, cancels the work on the far side.
package protocol Bus: Sendable {
    /// Asks once. Without a deadline in the context the answer must come within 30 s.
    func call<Request: Endpoint>(_ request: Request, _ context: CallContext) async throws -> Request.Response

    /// Like ``call(_:_:)`` with a request that is JSON already, put together from parts that were encoded before.
    func call<Request: Endpoint>(
        _ type: Request.Type,
        encoded request: ByteBuffer,
        _ context: CallContext
    ) async throws -> Request.Response

    /// Asks for many values; returns when the far side has begun to answer.
    func stream<Request: StreamingEndpoint>(
        _ request: Request,
        _ context: CallContext
    ) async throws -> ElementStream<Request.Element>

    /// Like ``stream(_:_:)`` with a request that is JSON already, put together from parts that were encoded before.
    func stream<Request: StreamingEndpoint>(
        _ type: Request.Type,
        encoded request: ByteBuffer,
        _ context: CallContext
    ) async throws -> ElementStream<Request.Element>
}
