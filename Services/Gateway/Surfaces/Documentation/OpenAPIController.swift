import HTTP
import HTTPTypes
import NIOCore
import NIOHTTP1

/// `GET /openapi.json`: the document, encoded once at startup.
struct OpenAPIController: Sendable {
    private let file: CachedFile

    init(_ document: ByteBuffer) {
        file = CachedFile(document, type: "application/json")
    }

    func document(_ request: Request, _ context: GatewayContext) async throws -> Response {
        file.response(to: request)
    }
}
