package import Contracts
import Foundation
package import HTTP
package import NIOCore
package import NIOHTTP1

/// All that a service answers, endpoint by endpoint.
package struct EndpointTable: Sendable {
    /// What runs for one path.
    typealias Handler = @Sendable (ByteBuffer, CallContext) async throws -> ServerResponse

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
            return .json(try BusCoding.encode(answer))
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
            return ServerResponse(
                status: .ok,
                headers: ["content-type": "application/x-ndjson"],
                body: StreamBody.body(of: stream, requestID: context.requestID)
            )
        }
    }

    /// Answers requests: endpoints, which stand behind the bus secret, and `GET /endpoints`, which lists them.
    ///
    /// `other`: answers whatever is none of them.
    package func responder(token: String, other: @escaping ServerChannel.Respond) -> ServerChannel.Respond {
        let (guardian, handlers) = (BusGuard(token: token), handlers)
        let listing = Listing(service: service, endpoints: paths)
        return { request in
            let path = request.head.uri
            switch request.head.method {
            case .POST:
                guard let handler = handlers[path] else { break }
                return await guardian.answer(request, path: path, with: handler)
            case .GET where path == "/endpoints":
                do { return .json(try BusCoding.encode(listing)) } catch { break }
            default: break
            }
            return await other(request)
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

extension ServerResponse {
    /// A JSON value as the whole answer.
    package static func json(_ bytes: ByteBuffer, status: HTTPResponseStatus = .ok) -> ServerResponse {
        ServerResponse(status: status, headers: ["content-type": "application/json"], body: .whole(bytes))
    }
}
