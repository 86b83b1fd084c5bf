import Contracts
import NIOHTTP1

extension Surface {
    /// The native interface, in the shape of seed 003.
    static func v1(_ services: GatewayServices) -> Surface {
        Surface(
            name: "v1",
            description:
                "The native interface: conversations that are never lost, runs that can be resumed, keys and usage.",
            errors: ErrorFormat(
                schema: .v1Error,
                response: { V1Response.error($0) },
                rateLimited: V1Response.rateLimited
            ),
            prefixes: ["/api/v1", "/auth"],
            routes: publicRoutes(services) + conversationRoutes(services) + accountRoutes(services)
                + memoryRoutes(services) + modelRoutes(services)
        )
    }

    private static func publicRoutes(_ services: GatewayServices) -> [Route] {
        let health = HealthController(
            conversations: services.conversations,
            peers: services.peers,
            mode: services.anonymous.mode
        )
        let influencers = InfluencersController(conversations: services.conversations)
        let token = TokenController(verifier: services.verifier, anonymous: services.anonymous)
        return [
            Route(.GET, "/status", access: .anyone, health.status)
                .documented(V1Documentation.status),
            Route(.GET, "/api/v1/influencers", access: .anyone, influencers.list)
                .documented(V1Documentation.influencers),
            Route(.GET, "/api/v1/influencers/{id}", access: .anyone, influencers.find)
                .documented(V1Documentation.influencerByID),
            Route(.POST, "/api/v1/influencers", access: .admin, influencers.create)
                .documented(V1Documentation.createInfluencer),
            Route(.PATCH, "/api/v1/influencers/{id}", access: .admin, influencers.change)
                .documented(V1Documentation.changeInfluencer),
            Route(.DELETE, "/api/v1/influencers/{id}", access: .admin, influencers.delete)
                .documented(V1Documentation.deleteInfluencer),
        ]
            + (services.anonymous.mode == .open
                ? [
                    Route(.POST, "/auth/token", access: .anyone, token.issue)
                        .documented(V1Documentation.token)
                ] : [])
    }

    private static func conversationRoutes(_ services: GatewayServices) -> [Route] {
        let all = "/api/v1/chat/conversations"
        let conversations = ConversationsController(conversations: services.conversations)
        let messages = MessagesController(conversations: services.conversations)
        let turns = TurnsController(conversations: services.conversations)
        let runs = RunsController(conversations: services.conversations)
        let tools = ToolsController(conversations: services.conversations)
        return [
            Route(.GET, "/api/v1/tools", tools.list)
                .documented(V1Documentation.tools),
            Route(.POST, all, conversations.create)
                .documented(V1Documentation.createConversation),
            Route(.GET, all, conversations.list)
                .documented(V1Documentation.conversations),
            Route(.DELETE, "\(all)/{id}", conversations.delete)
                .documented(V1Documentation.deleteConversation),
            Route(.POST, "\(all)/{id}/read", conversations.markRead)
                .documented(V1Documentation.markRead),
            Route(.GET, "\(all)/{id}/messages", messages.list)
                .documented(V1Documentation.messages),
            Route(.POST, "\(all)/{id}/messages", turns.send)
                .documented(V1Documentation.send),
            Route(.POST, "\(all)/{id}/messages/{message}/edit", turns.edit)
                .documented(V1Documentation.edit),
            Route(.POST, "\(all)/{id}/messages/{message}/regenerate", turns.regenerate)
                .documented(V1Documentation.regenerate),
            Route(.GET, "\(all)/{id}/messages/{message}/siblings", messages.siblings)
                .documented(V1Documentation.siblings),
            Route(.POST, "\(all)/{id}/messages/{message}/select", messages.select)
                .documented(V1Documentation.select),
            Route(.GET, "\(all)/{id}/runs/{run}", runs.find)
                .documented(V1Documentation.run),
            Route(.GET, "\(all)/{id}/runs/{run}/events", runs.events)
                .documented(V1Documentation.runEvents),
            Route(.POST, "\(all)/{id}/runs/{run}/cancel", runs.cancel)
                .documented(V1Documentation.cancelRun),
        ]
    }

    private static func accountRoutes(_ services: GatewayServices) -> [Route] {
        let keys = KeysController(conversations: services.conversations)
        let quotas = QuotasController(conversations: services.conversations)
        return [
            Route(.POST, "/api/v1/keys", keys.create)
                .documented(V1Documentation.createKey),
            Route(.GET, "/api/v1/keys", keys.list)
                .documented(V1Documentation.keys),
            Route(.PATCH, "/api/v1/keys/{id}", keys.change)
                .documented(V1Documentation.changeKey),
            Route(.DELETE, "/api/v1/keys/{id}", keys.revoke)
                .documented(V1Documentation.revokeKey),
            Route(.GET, "/api/v1/usage", UsageController(conversations: services.conversations).report)
                .documented(V1Documentation.usage),
            Route(.GET, "/api/v1/quotas/{principal}", quotas.find)
                .documented(V1Documentation.quota),
            Route(.PUT, "/api/v1/quotas/{principal}", quotas.set)
                .documented(V1Documentation.setQuota),
        ]
    }

    private static func memoryRoutes(_ services: GatewayServices) -> [Route] {
        let all = "/api/v1/memories"
        let memories = MemoriesController(conversations: services.conversations)
        return [
            Route(.GET, all, memories.list).documented(MemoriesDocumentation.list),
            Route(.POST, all, memories.create).documented(MemoriesDocumentation.create),
            Route(.DELETE, all, memories.clear).documented(MemoriesDocumentation.clear),
            Route(.GET, "\(all)/{id}", memories.find).documented(MemoriesDocumentation.find),
            Route(.PATCH, "\(all)/{id}", memories.change).documented(MemoriesDocumentation.change),
            Route(.DELETE, "\(all)/{id}", memories.delete).documented(MemoriesDocumentation.delete),
        ]
    }

    private static func modelRoutes(_ services: GatewayServices) -> [Route] {
        let models = ModelsController(inference: services.inference, mode: services.anonymous.mode)
        return [
            Route(.GET, "/api/v1/models", models.list)
                .documented(V1Documentation.models),
            Route(.POST, "/api/v1/models", models.create)
                .documented(V1Documentation.createModel),
            Route(.GET, "/api/v1/models/pulls", models.jobs)
                .documented(V1Documentation.pulls),
            Route(.POST, "/api/v1/models/pulls", models.pull)
                .documented(V1Documentation.pullModel),
            Route(.GET, "/api/v1/models/pulls/{job}/events", models.events)
                .documented(V1Documentation.pullEvents),
            Route(.DELETE, "/api/v1/models/pulls/{job}", models.cancel)
                .documented(V1Documentation.cancelPull),
            Route(.GET, "/api/v1/models/{model...}", models.show)
                .documented(V1Documentation.showModel),
            Route(.DELETE, "/api/v1/models/{model...}", models.delete)
                .documented(V1Documentation.deleteModel),
        ]
    }
}
