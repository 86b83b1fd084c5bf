package import Contracts
import HTTP
package import ServiceKit

/// The service that runs models: providers, their catalogue, and routing.
package enum InferenceService {
    /// Builds the service; throws a `InvalidSetting` for an invalid setting.
    package static func unit(settings: Settings) async throws -> ServiceUnit {
        try await unit(settings: settings, demoPace: .milliseconds(15))
    }

    /// Returns the environment variables that `PROVIDERS_FILE` names, and those of proxies in lower case.
    ///
    /// Throws an `InvalidSetting` if the file is invalid.
    package static func keyVariables(settings: Settings) throws -> [String] {
        try ProvidersFile.read(settings).variables + ["https_proxy", "http_proxy", "no_proxy"]
    }

    /// Reads the configuration as the start does, without any connection.
    ///
    /// Throws the `InvalidSetting` with which the start would fail.
    package static func check(settings: Settings) throws {
        _ = try providers(InferenceConfiguration(settings: settings, registry: ProviderRegistry()), settings)
    }

    /// The model of a provider by which one sees whether it answers; `nil` if it has no chat model.
    package static func modelToTry(of report: Models.ProviderReport) -> Model? {
        let preferred = ProviderRegistry().kinds.flatMap(\.preferredModels)
        return ModelPreference.choose(report.models, preferred: preferred, provider: report.name)
    }

    /// Builds the service for tests: with a different delay of the built-in model for each word, or without circuit
    /// breakers, which open where a test makes one answer after another fail.
    package static func unit(
        settings: Settings,
        demoPace: Duration,
        opensCircuits: Bool = true
    ) async throws -> ServiceUnit {
        let registry = ProviderRegistry(demoPace: demoPace)
        let configuration = try InferenceConfiguration(settings: settings, registry: registry)
        var runtimes = try providers(configuration, settings).map { server, provider in
            ProviderRuntime(
                provider: provider,
                limits: server.timeouts,
                concurrency: configuration.concurrency(of: server),
                queueLimit: server.queue ?? configuration.queueLimit,
                queueBytes: configuration.queueBytes
            )
        }
        runtimes.append(
            ProviderRuntime(
                provider: registry.builtIn,
                limits: configuration.limits,
                concurrency: configuration.concurrency(of: nil),
                queueLimit: configuration.queueLimit,
                queueBytes: configuration.queueBytes
            )
        )
        let prices = PriceList(configuration.file.prices)
        let plan = configuration.file.plan
        let catalogue = Catalogue(
            providers: runtimes.map(\.provider),
            defaultModel: configuration.defaultModel,
            prices: prices,
            targets: TargetReview(plan: plan, fallbacks: configuration.file.fallbacks)
        )
        let routing = Routing(
            catalogue: catalogue,
            runtimes: runtimes,
            fallbacks: configuration.file.fallbacks,
            plan: plan,
            prices: prices,
            embeddings: configuration.embeddings,
            opensCircuits: opensCircuits
        )
        let jobs = ModelJobs()
        let handlers = ModelHandlers(catalogue: catalogue, jobs: jobs)
        return .bus(
            table: InferenceEndpoints.table(catalogue: catalogue, routing: routing, handlers: handlers),
            host: settings.string("SERVICE_HOST") ?? "127.0.0.1",
            port: try settings.integer("INFERENCE_PORT", default: 8002, in: 0...65_535),
            token: try settings.busToken(),
            background: [catalogue],
            drainedFirst: [jobs]
        )
    }

    /// The servers with their providers.
    private static func providers(
        _ configuration: InferenceConfiguration,
        _ settings: Settings
    ) throws -> [(server: ServerConfiguration, provider: any Provider)] {
        var clients = try ServerClients(settings: settings, connectTimeout: configuration.connectTimeout)
        return try configuration.servers.map { server in
            (server, try server.kind.make(server, try clients.client(for: server)))
        }
    }
}
