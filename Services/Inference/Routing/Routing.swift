import Bus
import Contracts

/// Routes requests to models: resolves names, applies fallbacks, queues and timeouts.
struct Routing: Sendable {
    private let catalogue: Catalogue
    private let runtimes: [String: ProviderRuntime]
    private let breakers = CircuitBreakers()
    /// The fallbacks by `provider/model` or by the model's name without the provider.
    private let fallbacks: [String: [String]]
    private let prices: PriceList
    private let retries: RetryPolicy
    private let wholeLimit: Duration

    init(
        catalogue: Catalogue,
        runtimes: [ProviderRuntime],
        fallbacks: [String: [String]] = [:],
        prices: PriceList = PriceList(),
        retries: RetryPolicy = RetryPolicy()
    ) {
        self.catalogue = catalogue
        self.runtimes = Dictionary(runtimes.map { ($0.provider.name, $0) }) { first, _ in first }
        self.fallbacks = fallbacks
        self.prices = prices
        self.retries = retries
        wholeLimit = runtimes.map(\.limits.whole).max() ?? .seconds(600)
    }

    /// Starts a generation; returns after the first event of the answer.
    func generate(
        _ request: GenerationRequest,
        _ context: CallContext
    ) async throws -> ElementStream<Inference.Event> {
        let generation = try await begin(request, context, isUnary: false)
        return ElementStream(next: { try await generation.next() }, close: { generation.cancel() })
    }

    /// Returns the complete answer.
    func complete(_ request: GenerationRequest, _ context: CallContext) async throws -> Inference.Answer {
        let generation = try await begin(request, context, isUnary: true)
        return try await withTaskCancellationHandler {
            defer { generation.cancel() }
            return try await generation.answer()
        } onCancel: {
            generation.cancel()
        }
    }

    /// Returns the embeddings of texts.
    func embed(_ request: Inference.Embed, _ context: CallContext) async throws -> Inference.Embeddings {
        try EmbeddingValidator.check(request)
        let route = try await catalogue.route(request.model ?? "demo/\(HashEmbedding.model)")
        guard let runtime = runtimes[route.provider] else {
            throw Fault(.missing, "Provider \(route.provider) not found.")
        }
        let limit = try context.remaining(atMost: runtime.limits.firstToken)
        do {
            try await runtime.queue.enter(context.principal?.user ?? "", within: limit)
            defer { runtime.queue.release() }
            let request = EmbeddingRequest(
                model: route.model,
                input: request.input,
                dimensions: request.dimensions,
                responseTimeout: limit
            )
            guard let provider = runtime.provider as? any EmbeddingModels else {
                throw Fault(
                    .invalid,
                    "\(route.provider) has no models for embeddings. Choose a model of another provider."
                )
            }
            return try await provider.embed(request)
        } catch let error as ProviderError {
            throw error.logged()
        } catch let refusal as QueueRejection {
            throw refusal.fault
        }
    }

    private func begin(
        _ request: GenerationRequest,
        _ context: CallContext,
        isUnary: Bool
    ) async throws -> Generation {
        try GenerationValidator.check(request)
        let deadline = ContinuousClock.now + (try context.remaining(atMost: wholeLimit))
        var dispatch = GenerationDispatcher(
            request: request,
            user: context.principal?.user ?? "",
            isUnary: isUnary,
            runtimes: runtimes,
            breakers: breakers,
            prices: prices,
            retries: retries,
            deadline: deadline
        )
        return try await dispatch.begin(try await chain(for: request))
    }

    /// The requested model and its fallbacks with the abilities that the request needs.
    private func chain(for request: GenerationRequest) async throws -> [ModelDirectory.Route] {
        let route = try await catalogue.route(request.model)
        try Catalogue.check(catalogue.listed(route), for: [.chat] + request.needs)
        var chain = [route]
        for name in fallbacks[route.name] ?? fallbacks[route.model] ?? [] {
            do {
                let other = try await catalogue.route(name)
                try Catalogue.check(catalogue.listed(other), for: [.chat] + request.needs)
                if !chain.contains(other) { chain.append(other) }
            } catch is Fault {
                // An unknown fallback, or one without the needed abilities, is skipped.
            }
        }
        return chain
    }
}
