package import Contracts
import Foundation
package import Hummingbird
import NIOCore

/// All that a service answers, endpoint by endpoint.
package struct EndpointTable: Sendable {
    /// What runs for one path.
    private typealias Handler = @Sendable (ByteBuffer, CallContext) async throws -> Response

    package let service: String
    /// The endpoints that answer once.
    package private(set) var endpoints: [any Endpoint.Type] = []
    /// The endpoints that answer with many values.
    package private(set) var streamingEndpoints: [any StreamingEndpoint.Type] = []
    private var handlers: [String: Handler] = [:]

    package init(service: String) {
        self.service = service
    }

    /// The paths that are served, in alphabetical order.
    package var paths: [String] { handlers.keys.sorted() }

    /// Adds an endpoint that answers once.
    package mutating func serve<Request: Endpoint>(
        _ type: Request.Type,
        _ handler: @escaping @Sendable (Request, CallContext) async throws -> Request.Response
    ) {
        serveEncoded(type) { try await handler(BusCoding.decode(type, from: $0), $1) }
    }

    /// Adds an endpoint that answers once and reads its request itself.
    package mutating func serveEncoded<Request: Endpoint>(
        _ type: Request.Type,
        _ handler: @escaping @Sendable (ByteBuffer, CallContext) async throws -> Request.Response
    ) {
        endpoints.append(type)
        handlers[type.path] = { body, context in
            let answer = try await handler(body, context)
            return Response(
                status: .ok,
                headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: try BusCoding.encode(answer))
            )
        }
    }

    /// Adds an endpoint that answers with many values.
    ///
    /// What the handler throws becomes the answer's status; what its stream throws later, the stream's last line.
    package mutating func serve<Request: StreamingEndpoint>(
        _ type: Request.Type,
        _ handler: @escaping @Sendable (Request, CallContext) async throws -> ElementStream<Request.Element>
    ) {
        serveEncoded(type) { try await handler(BusCoding.decode(type, from: $0), $1) }
    }

    /// Adds an endpoint that answers with many values and reads its request itself.
    package mutating func serveEncoded<Request: StreamingEndpoint>(
        _ type: Request.Type,
        _ handler: @escaping @Sendable (ByteBuffer, CallContext) async throws -> ElementStream<Request.Element>
    ) {
        streamingEndpoints.append(type)
        handlers[type.path] = { body, context in
            let stream = try await handler(body, context)
            return Response(
                status: .ok,
                headers: [.contentType: "application/x-ndjson"],
                body: StreamBody.body(of: stream, requestID: context.requestID)
            )
        }
    }

    /// Puts the table's endpoints on a router, behind the bus secret, and `GET /endpoints`, which lists them.
    package func add(to router: Router<BusContext>, token: String) {
        let guardian = BusGuard(token: token)
        for (path, handler) in handlers {
            router.post(RouterPath(path)) { request, context in
                await guardian.answer(request, path: path, limit: context.maxUploadSize, with: handler)
            }
        }
        router.get("/endpoints") { _, _ in
            let answer = Listing(service: service, endpoints: paths)
            let body = ResponseBody(byteBuffer: try BusCoding.encode(answer))
            return Response(status: .ok, headers: [.contentType: "application/json"], body: body)
        }
    }

    /// What `GET /endpoints` answers.
    private struct Listing: Encodable {
        var service: String
        var endpoints: [String]
        var note: String?

        init(service: String, endpoints: [String]) {
            self.service = service
            self.endpoints = endpoints
            note = endpoints.isEmpty ? "\(service) serves no endpoints yet." : nil
        }
    }
}
