import NIOCore
import NIOHTTP1

extension Surface {
    /// The interface of seed 004: sessions of a user name, with answers as Server-Sent Events.
    ///
    /// `pingInterval` is the time between two comments that keep an answer's stream alive.
    static func sessionChat(_ services: GatewayServices, pingInterval: TimeAmount = .seconds(15)) -> Surface {
        let sessions = SessionsController(conversations: services.conversations)
        let chat = SessionChatController(
            conversations: services.conversations,
            events: SessionEventStream(pingInterval: pingInterval)
        )
        return Surface(
            name: "session-chat",
            description: "Sessions of a user name, with answers as Server-Sent Events (seed 004).",
            errors: FastAPIResponse.errors,
            defaults: Surface.Defaults(access: .localInOpenMode, slash: .redirect),
            routes: [
                Route(.GET, "/", when: .hasQuery("username"), metricName: "/?username", sessions.open)
                    .changingState()
                    .documented(SessionChatDocumentation.open),
                Route(.GET, "/sessions", sessions.list).documented(SessionChatDocumentation.list),
                Route(.PUT, "/chat/{session_id}", chat.send).documented(SessionChatDocumentation.chat),
                Route(.GET, "/chat_history/{session_id}", chat.history).documented(SessionChatDocumentation.history),
                Route(.GET, "/stream-example", chat.example).documented(SessionChatDocumentation.example),
            ]
        )
    }
}
