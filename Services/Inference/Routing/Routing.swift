import Bus
import Contracts

/// Brings a generation to its provider: which model, is there a place, how long may it take, what if it fails.
struct Routing: Sendable {
    private let catalogue: Catalogue
    private let runtimes: [String: ProviderRuntime]
    private let breakers = CircuitBreakers()
    /// What else is asked when a model does not answer, by the model's full or bare name.
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

    /// Begins a generation; returns when a model has begun to answer.
    func generate(
        _ request: GenerationRequest,
        _ context: CallContext
    ) async throws -> ElementStream<Inference.Event> {
        let generation = try await begin(request, context, isUnary: false)
        return ElementStream(next: { try await generation.next() }, close: { generation.leave() })
    }

    /// Generates to the end.
    func complete(_ request: GenerationRequest, _ context: CallContext) async throws -> Inference.Answer {
        let generation = try await begin(request, context, isUnary: true)
        return try await withTaskCancellationHandler {
            defer { generation.leave() }
            return try await generation.answer()
        } onCancel: {
            generation.leave()
        }
    }

    /// Turns texts into vectors.
    func embed(_ request: Inference.Embed, _ context: CallContext) async throws -> Inference.Embeddings {
        try EmbeddingValidator.check(request)
        let route = try await catalogue.route(request.model ?? "demo/\(HashEmbedding.model)")
        guard let runtime = runtimes[route.provider] else {
            throw Fault(.missing, "There is no provider \(route.provider).")
        }
        let limit = try context.remaining(atMost: runtime.limits.firstToken)
        do {
            try await runtime.queue.enter(context.principal?.user ?? "", within: limit)
            defer { runtime.queue.leave() }
            let request = EmbeddingRequest(
                model: route.model,
                input: request.input,
                dimensions: request.dimensions,
                responseTimeout: limit
            )
            return try await runtime.provider.embed(request)
        } catch let error as ProviderError {
            throw error.fault
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

    /// The model that is asked, and those that are asked when it does not answer; each can do what is needed.
    private func chain(for request: GenerationRequest) async throws -> [ModelDirectory.Route] {
        let route = try await catalogue.route(request.model)
        try catalogue.check(route, for: request.needs)
        var chain = [route]
        for name in fallbacks[route.name] ?? fallbacks[route.model] ?? [] {
            do {
                let other = try await catalogue.route(name)
                try catalogue.check(other, for: request.needs)
                if !chain.contains(other) { chain.append(other) }
            } catch is Fault {
                // A fallback that is not there, or cannot do what is asked, is none.
            }
        }
        return chain
    }
}
