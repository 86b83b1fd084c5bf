package import Contracts
package import HTTP
import NIOCore
package import NIOHTTP1

extension HTTPBus {
    package func bytes<Request: ByteEndpoint>(
        _ request: Request,
        _ bytes: ByteRequest,
        _ context: CallContext
    ) async throws -> ByteResponse<Request.Response> {
        var call = try OutgoingCall(
            path: Request.path,
            body: ByteBuffer(),
            context: context,
            limit: limit(of: context),
            sendsDeadline: context.deadline != nil
        )
        call.stream = bytes.body
        call.headers = bytes.headers
        call.headers.add(name: EndpointHeader.name, value: try EndpointHeader.encode(request))
        // Never repeated after the peer may have received it: the body can be read once.
        var attempts = attempts(of: call, isIdempotent: false)
        let (response, target) = try await send(call, &attempts)
        guard let value = response.headers.first(name: EndpointHeader.name) else { throw await fault(of: response) }
        let (body, peer, sent) = (response.bytes, peer, call)
        return ByteResponse(
            try EndpointHeader.decode(Request.Response.self, from: value),
            status: response.status,
            headers: response.headers,
            body: ByteStream(
                length: body.length,
                next: {
                    do {
                        return try await body.next()
                    } catch let error as HTTPClientError {
                        self.log(error, target, sent)
                        throw Fault(.cut, "The response of \(peer) ended early: \(error.summary).")
                    }
                },
                close: { body.close() }
            )
        )
    }

    package func tunnel<Request: TunnelEndpoint>(
        _ request: Request,
        to protocolName: String,
        headers: HTTPHeaders,
        _ context: CallContext
    ) async throws -> (headers: HTTPHeaders, tunnel: ByteTunnel) {
        var call = try OutgoingCall(
            path: Request.path,
            body: ByteBuffer(),
            context: context,
            limit: limit(of: context),
            sendsDeadline: context.deadline != nil
        )
        call.headers = ByteHeaders.tunnel(headers)
        call.headers.add(name: EndpointHeader.name, value: try EndpointHeader.encode(request))
        var attempts = attempts(of: call, isIdempotent: false)
        let (upgrade, _) = try await attempt(call, &attempts) { try await self.client.upgrade($0, to: protocolName) }
        switch upgrade {
        case .accepted(let headers, let tunnel): return (ByteHeaders.tunnel(headers), tunnel)
        case .refused(let response): throw await fault(of: response)
        }
    }
}
