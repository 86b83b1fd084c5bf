import Bus
import Contracts
import HTTP
import ServiceKit

/// The bus of a house that runs, for whoever holds its secret: an admin.
struct ConversationClient: Sendable {
    private let bus: HTTPBus

    /// Leads to conversation-svc, where the settings say that it is.
    init(settings: Settings) throws {
        let service = ServiceKind.conversation
        let host = service.host(settings)
        let name = host.contains(":") ? "[\(host)]" : host
        let urls = try settings.urls("CONVERSATION_URL", default: "http://\(name):\(try service.port(settings))")
        bus = try HTTPBus(peer: service.executable, urls: urls, token: try settings.busToken(), client: HTTPClient())
    }

    func call<Request: Endpoint>(_ request: Request) async throws -> Request.Response {
        let admin = Principal(user: "operator", role: .admin)
        return try await bus.call(request, CallContext(principal: admin, deadline: .now + .seconds(10)))
    }
}
