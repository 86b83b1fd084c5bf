package import HTTP
import HTTPTypes
package import Hummingbird
package import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1

/// Answers requests of the HTTP server with a Hummingbird router.
package struct RouterResponder<Responder: HTTPResponder>: Sendable
where Responder.Context: RequestContext, Responder.Context.Source == ApplicationRequestContextSource {
    private let responder: Responder
    private let logger: Logger

    package init(_ responder: Responder, logger: Logger) {
        self.responder = responder
        self.logger = logger
    }

    package func answer(_ request: ServerRequest) async -> ServerResponse {
        let context = Responder.Context(
            source: ApplicationRequestContextSource(channel: request.channel, logger: logger)
        )
        do {
            let response = try await responder.respond(to: Request(request), context: context)
            return try await ServerResponse(response)
        } catch {
            logger.error("Request failed", metadata: ["request.path": "\(request.head.uri)", "error": "\(error)"])
            return ServerResponse(status: .internalServerError, body: .whole(ByteBuffer()))
        }
    }
}

extension Request {
    /// Creates Hummingbird's form of a request.
    ///
    /// Throws `HTTP1TypeConversionError` for an invalid method.
    package init(_ request: ServerRequest) throws {
        let head = request.head
        let body: RequestBody =
            switch request.body {
            case .whole(let bytes): RequestBody(buffer: bytes)
            case .stream(let body): RequestBody(asyncSequence: body)
            }
        self.init(
            head: HTTPRequest(
                method: try HTTPRequest.Method(head.method),
                scheme: "http",
                authority: head.headers.first(name: "host"),
                path: head.uri,
                headerFields: HTTPFields(head.headers, splitCookie: false)
            ),
            body: body
        )
    }
}

extension ServerResponse {
    /// Maximum size of a body that is written at once; longer bodies are streamed.
    private static let wholeLimit = 65_536

    /// Creates a response of the HTTP server from Hummingbird's.
    ///
    /// Throws the error of a body that is written at once.
    package init(_ response: Response) async throws {
        let body = response.body
        var answer = ServerResponse(
            status: HTTPResponseStatus(
                statusCode: response.status.code,
                reasonPhrase: response.status.reasonPhrase
            ),
            headers: HTTPHeaders(response.headers),
            body: .stream { try await body.write(RouterBodyWriter(writer: $0)) }
        )
        if let length = body.contentLength, length <= Self.wholeLimit {
            let whole = WholeBody()
            try await body.write(whole)
            answer.body = .whole(whole.bytes)
        }
        self = answer
    }
}

/// Writes Hummingbird's bodies to the HTTP server.
private struct RouterBodyWriter: ResponseBodyWriter {
    let writer: ResponseWriter

    func write(_ buffer: ByteBuffer) async throws {
        try await writer.write(buffer)
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        try await writer.finish(trailingHeaders.map { HTTPHeaders($0) })
    }
}

/// Collects a body that is written at once.
private final class WholeBody: ResponseBodyWriter {
    var bytes = ByteBuffer()

    func write(_ buffer: ByteBuffer) async throws {
        if bytes.readableBytes == 0 { bytes = buffer } else { bytes.writeImmutableBuffer(buffer) }
    }

    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
