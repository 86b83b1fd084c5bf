import HTTP
import NIOCore
import NIOHTTP1
import Synchronization

/// `GET /openapi.json`: the document, encoded by the first request for it.
final class OpenAPIController: Sendable {
    private let surfaces: [Surface]
    private let mode: AuthenticationMode
    private let file = Mutex<CachedFile?>(nil)

    /// `surfaces` are all but that of the documentation, which is added.
    init(_ surfaces: [Surface], _ mode: AuthenticationMode) {
        self.surfaces = surfaces
        self.mode = mode
    }

    func document(_ request: Request, _ context: GatewayContext) async throws -> Response {
        try file.withLock { file in
            if let file { return file }
            let all = surfaces + [.documentation(of: surfaces, mode)]
            let encoded = CachedFile(try OpenAPIDocument(all, mode: mode).encoded(), type: "application/json")
            file = encoded
            return encoded
        }
        .response(to: request)
    }
}
