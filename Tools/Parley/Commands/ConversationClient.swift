import Bus
import Contracts
import HTTP
import ServiceKit

/// A client of the running conversation-svc, with the rights of an administrator.
struct ConversationClient: Sendable {
    private let bus: HTTPBus

    /// Creates a client for the address in the settings.
    init(settings: Settings) throws {
        let service = ServiceKind.conversation
        let target = HTTPTarget(host: service.host(settings), port: try service.port(settings))
        let urls = try settings.urls("CONVERSATION_URL", default: "http://\(target.authority)")
        bus = try HTTPBus(peer: service.executable, urls: urls, token: try settings.busToken(), client: HTTPClient())
    }

    func call<Request: Endpoint>(_ request: Request) async throws -> Request.Response {
        let administrator = Principal(user: "operator", role: .admin)
        return try await bus.call(request, CallContext(principal: administrator, deadline: .now + .seconds(10)))
    }
}
