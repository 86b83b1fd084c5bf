import Contracts
import HTTP
import JSON
import NIOHTTP1

extension Surface {
    /// The interface of seed 000: prompts with a memory for each user name, and Ollama's models.
    static func apiGateway(_ services: GatewayServices) -> Surface {
        let prompts = APIGatewayPromptController(conversations: services.conversations)
        let models = APIGatewayModelsController(inference: services.inference, mode: services.anonymous.mode)
        return Surface(
            name: "api-gateway",
            description: "Prompts that continue one conversation for each user name, and the models of Ollama.",
            errors: ErrorFormat(schema: .apiGatewayError, response: { APIGatewayResponse.error($0) }),
            prefixes: ["/api/prompt", "/api/pull", "/api/delete", "/api/create"] + speechPaths,
            defaults: Surface.Defaults(access: .localInOpenMode, slash: .redirect),
            routes: rootRoutes + [
                Route(.POST, "/api/prompt/", prompts.prompt).documented(APIGatewayDocumentation.prompt),
                Route(.POST, "/api/pull/", models.pull).documented(APIGatewayDocumentation.pull),
                Route(.POST, "/api/delete/", models.delete).documented(APIGatewayDocumentation.delete),
                Route(.POST, "/api/create/", models.create).documented(APIGatewayDocumentation.create),
                Route(.GET, "/proxy-transcribe", speech).documented(APIGatewayDocumentation.transcribe),
                Route(.POST, "/proxy-send-transcription", speech).documented(APIGatewayDocumentation.send),
                Route(.GET, "/audio/{username}", speech).documented(APIGatewayDocumentation.audio),
            ]
        )
    }

    private static let speechPaths = ["/proxy-transcribe", "/proxy-send-transcription", "/audio"]

    /// `GET /`: the health text, or the documentation for browsers.
    private static var rootRoutes: [Route] {
        [
            Route(.GET, "/", when: .acceptsHTML, access: .anyone) { (_, _: GatewayContext) in
                .empty(.temporaryRedirect, headers: ["location": "/docs", "vary": "accept"])
            }
            .documented(APIGatewayDocumentation.page),
            Route(.GET, "/", access: .anyone) { (_, _: GatewayContext) in
                var json = JSONWriter()
                json.text("Apigateway is running")
                var response = Response.json(json)
                response.headers.add(name: "vary", value: "accept")
                return response
            }
            .documented(APIGatewayDocumentation.health),
        ]
    }

    /// Answers the paths of speech, which this version does not have.
    @Sendable private static func speech(_ request: Request, _ context: AuthenticatedContext) throws -> Response {
        throw Fault(
            .notImplemented,
            "Speech is not available: this version of Parley has no transcription and no synthesis."
        )
    }
}
