import Bus
import Contracts
import HTTP
import Hummingbird
import ServiceKit

/// All that the gateway answers.
///
/// A route is added in one of two ways, so that none is left without a policy.
struct GatewayRoutes {
    let conversations: any Bus
    let inference: any Bus
    let peers: PeerHealth
    let cors: CORSRules
    let allowedHosts: AllowedHosts
    let anonymous: AnonymousAccess
    let trustedProxies: [IPNetwork]
    let verifier: TokenVerifier
    let keys: KeyVerifier
    let limiter: RateLimiter
    /// What calls of models are counted by.
    let meter: CallMeter

    private typealias Open = @Sendable (Request, GatewayContext) async throws -> Response
    private typealias Closed = @Sendable (Request, AuthenticatedContext) async throws -> Response

    /// Answers whatever the gateway is asked.
    func responder(readiness: [ReadinessCheck], draining: DrainState) -> ServerChannel.Respond {
        let errors = ErrorAnswers(routes: list)
        let authenticator = RequestAuthenticator(
            anonymous: anonymous,
            trustedProxies: trustedProxies,
            verifier: verifier,
            keys: keys,
            limiter: limiter,
            errors: errors
        )
        let door = RequestDispatcher(
            allowedHosts: allowedHosts,
            cors: cors,
            authenticator: authenticator,
            errors: errors,
            direct: direct,
            router: router(authenticator, readiness: readiness, draining: draining).buildResponder()
        )
        return { await door.answer($0) }
    }

    private var list: RouteList {
        var list = RouteList()
        for (method, path, _) in open { list.add(method, path) }
        for (method, path, _) in closed { list.add(method, path) }
        for path in direct.keys { list.add(.post, path) }
        for path in ["/health", "/readyz", "/metrics"] { list.add(.get, path) }
        return list
    }

    private func router(
        _ authenticator: RequestAuthenticator,
        readiness: [ReadinessCheck],
        draining: DrainState
    ) -> Router<GatewayContext> {
        let router = Router(context: GatewayContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: ErrorMiddleware(errors: authenticator.errors))
        let health = HealthController(conversations: conversations, peers: peers)
        router.get("/health", use: health.health)
        OperationsRoutes.addReadiness(to: router, service: "gateway", readiness: readiness, draining: draining)
        let identified = router.group().add(middleware: AuthenticationMiddleware(authenticator: authenticator))
        identified.get("/metrics") { _, context in
            guard context.isLoopback || context.principal?.role == .admin else {
                throw Fault(.forbidden, "Metrics are for an admin, or for somebody on this machine.")
            }
            return OperationsRoutes.metrics()
        }
        for (method, path, handler) in open {
            identified.on(RouterPath(path), method: method, use: handler)
        }
        let authenticated = identified.group(context: AuthenticatedContext.self)
        for (method, path, handler) in closed {
            authenticated.on(RouterPath(path), method: method, use: handler)
        }
        return router
    }

    /// What everybody may ask.
    private var open: [(HTTPRequest.Method, String, Open)] {
        let influencers = InfluencersController(conversations: conversations)
        let health = HealthController(conversations: conversations, peers: peers)
        var routes: [(HTTPRequest.Method, String, Open)] = [
            (.get, "/", health.root),
            (.get, "/status", health.status),
            (.get, "/api/v1/influencers", influencers.list),
            (.get, "/api/v1/influencers/:id", influencers.find),
        ]
        if anonymous.mode == .open {
            let tokens = TokenController(verifier: verifier, anonymous: anonymous)
            routes.append((.post, "/auth/token", tokens.issue))
        }
        return routes
    }

    /// What only somebody who is known may ask.
    private var closed: [(HTTPRequest.Method, String, Closed)] {
        let all = "/api/v1/chat/conversations"
        let conversations = ConversationsController(conversations: self.conversations)
        let messages = MessagesController(conversations: self.conversations)
        let turns = TurnsController(conversations: self.conversations)
        let runs = RunsController(conversations: self.conversations)
        let keys = KeysController(conversations: self.conversations)
        let quotas = QuotasController(conversations: self.conversations)
        let models = ModelsController(inference: inference, mode: anonymous.mode)
        return [
            (.post, all, conversations.create),
            (.get, all, conversations.list),
            (.delete, "\(all)/:id", conversations.delete),
            (.get, "\(all)/:id/messages", messages.list),
            (.post, "\(all)/:id/messages", turns.send),
            (.post, "\(all)/:id/messages/:message/edit", turns.edit),
            (.post, "\(all)/:id/messages/:message/regenerate", turns.regenerate),
            (.get, "\(all)/:id/messages/:message/siblings", messages.siblings),
            (.post, "\(all)/:id/messages/:message/select", messages.select),
            (.get, "\(all)/:id/runs/:run", runs.find),
            (.get, "\(all)/:id/runs/:run/events", runs.events),
            (.post, "\(all)/:id/runs/:run/cancel", runs.cancel),
            (.post, "/api/v1/keys", keys.create),
            (.get, "/api/v1/keys", keys.list),
            (.patch, "/api/v1/keys/:id", keys.change),
            (.delete, "/api/v1/keys/:id", keys.revoke),
            (.get, "/api/v1/usage", UsageController(conversations: self.conversations).report),
            (.get, "/api/v1/quotas/:principal", quotas.find),
            (.put, "/api/v1/quotas/:principal", quotas.set),
            (.get, ModelsController.path, models.list),
            (.post, ModelsController.path, models.create),
            (.get, "\(ModelsController.path)/pulls", models.jobs),
            (.post, "\(ModelsController.path)/pulls", models.pull),
            (.get, "\(ModelsController.path)/pulls/:job/events", models.events),
            (.delete, "\(ModelsController.path)/pulls/:job", models.cancel),
            (.get, "\(ModelsController.path)/**", models.show),
            (.delete, "\(ModelsController.path)/**", models.delete),
        ] + openAI
    }

    /// OpenAI's interface.
    private var openAI: [(HTTPRequest.Method, String, Closed)] {
        let models = ModelListController(inference: inference)
        return [(.get, "/v1/models", models.list), (.get, "/v1/models/**", models.find)]
    }

    /// What is posted again and again, and so goes past the router.
    private var direct: [String: RequestDispatcher.Direct] {
        let chat = ChatCompletionsController(
            inference: inference,
            meter: meter,
            storedCompletions: StoredCompletionWriter(conversations: conversations)
        )
        return [
            "/v1/chat/completions": chat.complete,
            "/v1/embeddings": EmbeddingsController(inference: inference, meter: meter).embed,
        ]
    }
}
