import Bus
import Contracts
import HTTP
import TestSupport
import Testing

@testable import InferenceService

/// The result of a generation.
struct Outcome: Equatable {
    var text = ""
    var events = 0
    var finish: Inference.Finish?
    var fault: Fault?
    /// The attempts.
    var attempts: [Attempt]?
    var reasoning = ""
    var toolCalls: [Inference.ToolCallDelta] = []

    /// Reads a stream to its end or its error.
    init() {}

    init(_ begin: () async throws -> ElementStream<Inference.Event>) async throws {
        do {
            let stream = try await begin()
            defer { stream.close() }
            for try await event in stream {
                #expect(finish == nil, "Nothing follows the finish.")
                attempts = event.begin?.attempts ?? attempts
                if !event.isEmpty { events += 1 }
                text += event.text ?? ""
                reasoning += event.reasoning ?? ""
                toolCalls += event.toolCalls ?? []
                finish = event.finish ?? finish
            }
        } catch let fault as Fault {
            self.fault = fault
        }
    }
}

/// A request with one message of a user.
func question(
    _ text: String = "Hello?",
    model: String? = "ollama/llama3.2",
    options: Inference.Options = Inference.Options(),
    gather: Int? = nil
) -> Inference.Generate {
    Inference.Generate(
        model: model,
        messages: [.init(role: .system, content: "You are Maya, a home cook."), .init(role: .user, content: text)],
        options: options,
        gatherMilliseconds: gather
    )
}

/// The providers for an Ollama at a URL and the built-in model.
func providers(_ url: String, windowLimit: Int = 8192, isConfigured: Bool = true) throws -> [any Provider] {
    let client = HTTPClient(configuration: HTTPClient.Configuration(connectTimeout: .seconds(20)))
    return [
        try OllamaProvider(url: url, isConfigured: isConfigured, windowLimit: windowLimit, client: client),
        DemoProvider(pace: .zero),
    ]
}

/// Routing to an Ollama, without a service.
func routing(
    to url: String,
    limits: GenerationTimeouts = GenerationTimeouts(),
    concurrency: Int = 64,
    windowLimit: Int = 8192,
    isConfigured: Bool = true,
    defaultModel: String? = nil,
    retries: RetryPolicy = RetryPolicy(limit: 0)
) throws -> (routing: Routing, catalogue: Catalogue) {
    let providers = try providers(url, windowLimit: windowLimit, isConfigured: isConfigured)
    let catalogue = Catalogue(providers: providers, defaultModel: defaultModel)
    let runtimes = providers.map {
        ProviderRuntime(provider: $0, limits: limits, concurrency: concurrency, queueLimit: 256)
    }
    return (Routing(catalogue: catalogue, runtimes: runtimes, retries: retries), catalogue)
}

extension Routing {
    /// Returns the complete answer.
    func outcome(
        _ request: Inference.Generate = question(),
        _ context: CallContext = CallContext()
    ) async throws -> Outcome {
        try await Outcome { try await generate(GenerationRequest(request), context) }
    }
}
