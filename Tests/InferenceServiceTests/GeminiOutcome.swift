import Bus
import Contracts
import HTTP
import NIOCore
import TestSupport
import Testing

@testable import InferenceService

/// The result of a generation by Gemini.
struct GeminiOutcome: Equatable {
    var text = ""
    var reasoning = ""
    var refusal = ""
    var calls: [Inference.ToolCall] = []
    var finish: Inference.Finish?
    var fault: Fault?

    init() {}

    /// Reads a stream to its end or its error.
    init(_ begin: () async throws -> ElementStream<Inference.Event>) async throws {
        do {
            let stream = try await begin()
            defer { stream.close() }
            for try await event in stream { add(event) }
        } catch let fault as Fault {
            self.fault = fault
        }
    }

    mutating func add(_ event: Inference.Event) {
        #expect(finish == nil, "Nothing follows the finish.")
        text += event.text ?? ""
        reasoning += event.reasoning ?? ""
        refusal += event.refusal ?? ""
        for piece in event.toolCalls ?? [] {
            if piece.index == calls.count {
                calls.append(
                    Inference.ToolCall(
                        id: piece.id ?? "",
                        name: piece.name ?? "",
                        arguments: "",
                        metadata: piece.metadata
                    )
                )
            }
            calls[piece.index].function.arguments += piece.arguments ?? ""
        }
        finish = event.finish ?? finish
    }
}

/// Routing to a Gemini, without a service.
func geminiRouting(
    to url: String,
    key: String? = "a-key",
    version: GeminiVersion = .v1beta,
    inlineLimit: Int = GeminiProvider.inlineLimit,
    limits: GenerationTimeouts = GenerationTimeouts(),
    retries: RetryPolicy = RetryPolicy(limit: 0),
    fallbacks: [String: [String]] = [:]
) throws -> (routing: Routing, catalogue: Catalogue) {
    let client = HTTPClient(configuration: HTTPClient.Configuration(connectTimeout: .seconds(20)))
    let providers: [any Provider] = [
        try GeminiProvider(url: url, key: key, version: version, inlineLimit: inlineLimit, client: client),
        DemoProvider(pace: .zero),
    ]
    let catalogue = Catalogue(providers: providers, defaultModel: nil)
    let runtimes = providers.map { ProviderRuntime(provider: $0, limits: limits, concurrency: 64, queueLimit: 256) }
    return (Routing(catalogue: catalogue, runtimes: runtimes, fallbacks: fallbacks, retries: retries), catalogue)
}

/// A request with one message for Gemini.
func geminiQuestion(
    _ text: String = "Hello?",
    model: String = "gemini/gemini-2.5-flash",
    options: Inference.Options = Inference.Options()
) -> Inference.Generate {
    Inference.Generate(model: model, messages: [.init(role: .user, content: text)], options: options)
}

extension Routing {
    /// Returns the complete answer.
    func geminiOutcome(
        _ request: Inference.Generate = geminiQuestion(),
        _ context: CallContext = CallContext()
    ) async throws -> GeminiOutcome {
        try await GeminiOutcome { try await generate(GenerationRequest(request), context) }
    }
}

/// The result of decoding bytes as Gemini's stream.
struct GeminiReading {
    var outcome = GeminiOutcome()
    var error: ProviderError?

    /// Decodes pieces, each as one read.
    init(_ pieces: [[UInt8]]) throws {
        var decoder = GeminiDecoder(
            name: "gemini/gemini-2.5-flash",
            model: "gemini-2.5-flash",
            faults: ProviderFaults(name: "Gemini", address: "http://gemini", setting: "GEMINI_BASE_URL")
        )
        var event = Inference.Event()
        do {
            for piece in pieces {
                event = Inference.Event()
                try decoder.read(ByteBuffer(bytes: piece), into: &event)
                outcome.add(event)
            }
            event = Inference.Event()
            try decoder.end(into: &event)
            outcome.add(event)
        } catch let error as ProviderError {
            outcome.add(event)
            self.error = error
        }
    }

    /// Decodes chunks as server-sent events.
    init(chunks: [String]) throws {
        try self.init(chunks.map { Array("data: \($0)\r\n\r\n".utf8) })
    }

    init(_ text: String) throws {
        try self.init([Array(text.utf8)])
    }
}
