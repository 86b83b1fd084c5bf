import Contracts
import NIOHTTP1

extension Surface {
    /// The native interface, in the shape of seed 003.
    static func v1(_ services: GatewayServices) -> Surface {
        Surface(
            name: "v1",
            errors: ErrorFormat(
                response: { V1Response.error($0) },
                rateLimited: V1Response.rateLimited
            ),
            prefixes: ["/api/v1", "/auth"],
            routes: publicRoutes(services) + conversationRoutes(services) + accountRoutes(services)
                + modelRoutes(services)
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
            Route(.GET, "/", access: .anyone, health.root),
            Route(.GET, "/status", access: .anyone, health.status),
            Route(.GET, "/api/v1/influencers", access: .anyone, influencers.list),
            Route(.GET, "/api/v1/influencers/{id}", access: .anyone, influencers.find),
            Route(.POST, "/api/v1/influencers", access: .admin, influencers.create)
                .documented(InfluencerDocumentation.create),
            Route(.PATCH, "/api/v1/influencers/{id}", access: .admin, influencers.change)
                .documented(InfluencerDocumentation.change),
            Route(.DELETE, "/api/v1/influencers/{id}", access: .admin, influencers.delete)
                .documented(InfluencerDocumentation.delete),
        ] + (services.anonymous.mode == .open ? [Route(.POST, "/auth/token", access: .anyone, token.issue)] : [])
    }

    private static func conversationRoutes(_ services: GatewayServices) -> [Route] {
        let all = "/api/v1/chat/conversations"
        let conversations = ConversationsController(conversations: services.conversations)
        let messages = MessagesController(conversations: services.conversations)
        let turns = TurnsController(conversations: services.conversations)
        let runs = RunsController(conversations: services.conversations)
        return [
            Route(.POST, all, conversations.create),
            Route(.GET, all, conversations.list),
            Route(.DELETE, "\(all)/{id}", conversations.delete),
            Route(.POST, "\(all)/{id}/read", conversations.markRead)
                .documented(InfluencerDocumentation.markRead),
            Route(.GET, "\(all)/{id}/messages", messages.list),
            Route(.POST, "\(all)/{id}/messages", turns.send),
            Route(.POST, "\(all)/{id}/messages/{message}/edit", turns.edit),
            Route(.POST, "\(all)/{id}/messages/{message}/regenerate", turns.regenerate),
            Route(.GET, "\(all)/{id}/messages/{message}/siblings", messages.siblings),
            Route(.POST, "\(all)/{id}/messages/{message}/select", messages.select),
            Route(.GET, "\(all)/{id}/runs/{run}", runs.find),
            Route(.GET, "\(all)/{id}/runs/{run}/events", runs.events),
            Route(.POST, "\(all)/{id}/runs/{run}/cancel", runs.cancel),
        ]
    }

    private static func accountRoutes(_ services: GatewayServices) -> [Route] {
        let keys = KeysController(conversations: services.conversations)
        let quotas = QuotasController(conversations: services.conversations)
        return [
            Route(.POST, "/api/v1/keys", keys.create),
            Route(.GET, "/api/v1/keys", keys.list),
            Route(.PATCH, "/api/v1/keys/{id}", keys.change),
            Route(.DELETE, "/api/v1/keys/{id}", keys.revoke),
            Route(.GET, "/api/v1/usage", UsageController(conversations: services.conversations).report),
            Route(.GET, "/api/v1/quotas/{principal}", quotas.find),
            Route(.PUT, "/api/v1/quotas/{principal}", quotas.set),
        ]
    }

    private static func modelRoutes(_ services: GatewayServices) -> [Route] {
        let models = ModelsController(inference: services.inference, mode: services.anonymous.mode)
        return [
            Route(.GET, "/api/v1/models", models.list),
            Route(.POST, "/api/v1/models", models.create),
            Route(.GET, "/api/v1/models/pulls", models.jobs),
            Route(.POST, "/api/v1/models/pulls", models.pull),
            Route(.GET, "/api/v1/models/pulls/{job}/events", models.events),
            Route(.DELETE, "/api/v1/models/pulls/{job}", models.cancel),
            Route(.GET, "/api/v1/models/{model...}", models.show),
            Route(.DELETE, "/api/v1/models/{model...}", models.delete),
        ]
    }
}
