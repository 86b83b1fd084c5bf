import Contracts
import HTTP
package import ServiceKit

/// The service that runs models: providers, their catalogue, and routing.
package enum InferenceService {
    /// Builds the service; throws a `InvalidSetting` for an invalid setting.
    package static func unit(settings: Settings) async throws -> ServiceUnit {
        try await unit(settings: settings, demoPace: .milliseconds(15))
    }

    /// Returns the environment variables that `PROVIDERS_FILE` names as `api_key_env`.
    ///
    /// Throws an `InvalidSetting` if the file is invalid.
    package static func keyVariables(settings: Settings) throws -> [String] {
        try ProvidersFile.read(settings).providers.compactMap(\.keyVariable)
    }

    /// Builds the service with a different delay of the built-in model for each word, for tests.
    package static func unit(settings: Settings, demoPace: Duration) async throws -> ServiceUnit {
        let registry = ProviderRegistry(demoPace: demoPace)
        let configuration = try InferenceConfiguration(settings: settings, registry: registry)
        let client = HTTPClient(configuration: HTTPClient.Configuration(connectTimeout: configuration.connectTimeout))
        let runtimes =
            try configuration.servers.map { server in
                ProviderRuntime(
                    provider: try server.kind.make(server, client),
                    limits: server.timeouts,
                    concurrency: configuration.concurrency(of: server),
                    queueLimit: server.queue ?? configuration.queueLimit,
                    queueBytes: configuration.queueBytes
                )
            } + [
                ProviderRuntime(
                    provider: registry.builtIn,
                    limits: configuration.limits,
                    concurrency: configuration.concurrency(of: nil),
                    queueLimit: configuration.queueLimit,
                    queueBytes: configuration.queueBytes
                )
            ]
        let prices = PriceList(configuration.file.prices)
        let catalogue = Catalogue(
            providers: runtimes.map(\.provider),
            defaultModel: configuration.defaultModel,
            prices: prices
        )
        let routing = Routing(
            catalogue: catalogue,
            runtimes: runtimes,
            fallbacks: configuration.file.fallbacks,
            prices: prices
        )
        let jobs = ModelJobs()
        guard let ollama = runtimes.compactMap({ $0.provider as? OllamaProvider }).first else {
            throw InvalidSetting("OLLAMA_BASE_URL is not set.")
        }
        let handlers = ModelHandlers(catalogue: catalogue, modelAPI: ollama.modelAPI, jobs: jobs)
        return .bus(
            table: InferenceEndpoints.table(catalogue: catalogue, routing: routing, handlers: handlers),
            host: settings.string("SERVICE_HOST") ?? "127.0.0.1",
            port: try settings.integer("INFERENCE_PORT", default: 8002, in: 0...65_535),
            token: try settings.busToken(),
            background: [catalogue],
            drainedFirst: [jobs]
        )
    }
}
