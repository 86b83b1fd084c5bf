import Bus
import Contracts
package import ServiceKit

/// The service that runs models: the providers, their catalogue, and the way to them.
package enum InferenceService {
    /// Builds the service, ready to run; throws a `SettingFault` when a setting is wrong.
    package static func unit(settings: Settings) async throws -> ServiceUnit {
        try await unit(settings: settings, demoPace: .milliseconds(15))
    }

    /// Builds the service with another pace of the built-in model, per word; tests want none.
    package static func unit(settings: Settings, demoPace: Duration) async throws -> ServiceUnit {
        let configuration = try InferenceConfiguration(settings: settings)
        let client = HTTPClient(configuration: HTTPClient.Configuration(connectTimeout: configuration.connectTimeout))
        let ollama = try OllamaProvider(
            url: configuration.ollamaURL,
            isConfigured: configuration.isOllamaConfigured,
            windowLimit: configuration.ollamaWindowLimit,
            client: client
        )
        let demo = DemoProvider(pace: demoPace)
        let lanes: [(any Provider, GenerationLimits)] = [
            (ollama, configuration.ollamaLimits), (demo, configuration.limits),
        ]
        let catalogue = Catalogue(providers: lanes.map(\.0), defaultModel: configuration.defaultModel)
        let routing = Routing(
            catalogue: catalogue,
            lanes: lanes.map { provider, limits in
                ProviderLane(
                    provider: provider,
                    limits: limits,
                    concurrency: configuration.concurrency,
                    queueLimit: configuration.queueLimit
                )
            }
        )
        return .bus(
            table: InferenceEndpoints.table(catalogue: catalogue, routing: routing),
            host: settings.string("SERVICE_HOST") ?? "127.0.0.1",
            port: try settings.integer("INFERENCE_PORT", default: 8002, in: 0...65_535),
            token: try settings.busToken(),
            background: [catalogue]
        )
    }
}
