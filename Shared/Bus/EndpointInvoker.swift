import Contracts
import HTTP
import Logging
import NIOCore
import NIOHTTP1

/// Handles a request to an endpoint: verifies the bus secret, reads the body, and converts errors to responses.
struct EndpointInvoker: Sendable {
    /// Maximum size of a request body, in bytes.
    private static let bodyLimit = 64 * 1024 * 1024

    private let token: [UInt8]

    init(token: String) {
        self.token = Array("Bearer \(token)".utf8)
    }

    func respond(
        to request: ServerRequest,
        path: String,
        with handler: EndpointTable.Handler
    ) async -> ServerResponse {
        var requestID = ""
        do {
            try admit(request.head.headers)
            let context = try BusHeaders.readContext(request.head.headers)
            requestID = context.requestID
            _ = try context.remaining(atMost: .seconds(1))
            let body = try await read(request.body)
            return try await handler(body, context)
        } catch {
            return response(to: error, path: path, requestID: requestID)
        }
    }

    /// Handles a request whose handler reads the body itself.
    func respond(
        to request: ServerRequest,
        path: String,
        withRaw handler: EndpointTable.RawHandler
    ) async -> ServerResponse {
        var requestID = ""
        do {
            try admit(request.head.headers)
            let context = try BusHeaders.readContext(request.head.headers)
            requestID = context.requestID
            _ = try context.remaining(atMost: .seconds(1))
            return try await handler(request, context)
        } catch {
            return response(to: error, path: path, requestID: requestID)
        }
    }

    private func admit(_ headers: HTTPHeaders) throws {
        guard let given = headers.first(name: "authorization"), isEqual(given.utf8, token) else {
            throw Fault(
                .unauthorized,
                "The bus secret is missing or invalid: send the header authorization: Bearer <BUS_TOKEN>."
            )
        }
    }

    /// Compares in constant time.
    private func isEqual(_ given: String.UTF8View, _ wanted: [UInt8]) -> Bool {
        var difference = UInt(given.count ^ wanted.count)
        for (left, right) in zip(given, wanted) { difference |= UInt(left ^ right) }
        return difference == 0
    }

    private func read(_ body: ServerRequestBody) async throws -> ByteBuffer {
        do {
            return try await body.collect(upTo: Self.bodyLimit)
        } catch is NIOTooManyBytesError {
            throw Fault(.tooLarge, "The body is larger than \(Self.bodyLimit) bytes.")
        }
    }

    private func response(to error: any Error, path: String, requestID: String) -> ServerResponse {
        let fault: Fault
        switch error {
        case let error as Fault: fault = error
        case is CancellationError: fault = Fault(.cut, "The client disconnected before the response.")
        default:
            Logger.current.error(
                "Endpoint failed",
                metadata: ["endpoint.path": "\(path)", "request.id": "\(requestID)", "error": "\(error)"]
            )
            fault = .unexpected(requestID: requestID)
        }
        do {
            return try fault.response()
        } catch {
            return ServerResponse(status: .internalServerError, body: .whole(ByteBuffer()))
        }
    }
}
