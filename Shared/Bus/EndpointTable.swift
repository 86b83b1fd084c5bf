package import Contracts
import Foundation
package import HTTP
package import NIOCore
package import NIOHTTP1

/// The endpoints of a service and their handlers.
package struct EndpointTable: Sendable {
    /// The handler of a path.
    typealias Handler = @Sendable (ByteBuffer, CallContext) async throws -> ServerResponse

    /// The handler of a path that reads the request's body itself.
    typealias RawHandler = @Sendable (ServerRequest, CallContext) async throws -> ServerResponse

    package let service: String
    /// The endpoints that return one value.
    package private(set) var endpoints: [any Endpoint.Type] = []
    /// The endpoints that return a stream.
    package private(set) var streamingEndpoints: [any StreamingEndpoint.Type] = []
    private var handlers: [String: Handler] = [:]
    /// The handlers of endpoints that exchange bytes.
    var rawHandlers: [String: RawHandler] = [:]

    package init(service: String) {
        self.service = service
    }

    /// The paths of all endpoints, sorted.
    package var paths: [String] { (Array(handlers.keys) + Array(rawHandlers.keys)).sorted() }

    /// Adds an endpoint that returns one value.
    package mutating func serve<Request: Endpoint>(
        _ type: Request.Type,
        _ handler: @escaping @Sendable (Request, CallContext) async throws -> Request.Response
    ) {
        serveEncoded(type) { try await handler(BusCoding.decode(type, from: $0), $1) }
    }

    /// Adds an endpoint that returns one value and decodes its request itself.
    package mutating func serveEncoded<Request: Endpoint>(
        _ type: Request.Type,
        _ handler: @escaping @Sendable (ByteBuffer, CallContext) async throws -> Request.Response
    ) {
        endpoints.append(type)
        handlers[type.path] = { body, context in
            let response = try await handler(body, context)
            return .json(try BusCoding.encode(response))
        }
    }

    /// Adds an endpoint that returns a stream.
    ///
    /// An error of the handler determines the status; an error of its stream becomes the last line.
    package mutating func serve<Request: StreamingEndpoint>(
        _ type: Request.Type,
        _ handler: @escaping @Sendable (Request, CallContext) async throws -> ElementStream<Request.Element>
    ) {
        serveEncoded(type) { try await handler(BusCoding.decode(type, from: $0), $1) }
    }

    /// Adds an endpoint that returns a stream and decodes its request itself.
    package mutating func serveEncoded<Request: StreamingEndpoint>(
        _ type: Request.Type,
        _ handler: @escaping @Sendable (ByteBuffer, CallContext) async throws -> ElementStream<Request.Element>
    ) {
        streamingEndpoints.append(type)
        let heartbeat = (type as? any HeartbeatEndpoint.Type)?.heartbeat
        handlers[type.path] = { body, context in
            let stream = try await handler(body, context)
            var response = ServerResponse(
                status: .ok,
                headers: ["content-type": "application/x-ndjson"],
                body: StreamBody.body(of: stream, requestID: context.requestID)
            )
            response.heartbeat = heartbeat
            return response
        }
    }

    /// Returns a handler for requests to the endpoints, which require the bus secret, and for `GET /endpoints`, which
    /// lists them.
    ///
    /// `other`: the handler for all other requests.
    package func responder(token: String, other: @escaping ServerChannel.Respond) -> ServerChannel.Respond {
        let (invoker, handlers, rawHandlers) = (EndpointInvoker(token: token), handlers, rawHandlers)
        let listing = Listing(service: service, endpoints: paths)
        return { request in
            let path = request.head.uri
            switch request.head.method {
            case .POST:
                if let handler = handlers[path] {
                    return await invoker.respond(to: request, path: path, with: handler)
                }
                guard let handler = rawHandlers[path] else { break }
                return await invoker.respond(to: request, path: path, withRaw: handler)
            case .GET where path == "/endpoints":
                do { return .json(try BusCoding.encode(listing)) } catch { break }
            default: break
            }
            return await other(request)
        }
    }

    /// The response to `GET /endpoints`.
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
    /// A response with a JSON body.
    package static func json(_ bytes: ByteBuffer, status: HTTPResponseStatus = .ok) -> ServerResponse {
        ServerResponse(status: status, headers: ["content-type": "application/json"], body: .whole(bytes))
    }
}
