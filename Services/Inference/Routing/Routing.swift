import Bus
import Contracts

/// Routes requests to models: finds and orders the targets, and sends the requests through ``Admission``.
struct Routing: Sendable {
    private let resolver: TargetResolver
    let admission: Admission
    private let wholeLimit: Duration
    private let embeddings: EmbeddingDispatcher

    /// - Parameters:
    /// - catalogue: the models of the providers.
    /// - runtimes: the providers.
    /// - fallbacks: the fallbacks by `provider/model`, by the model's name without the provider, or by an alias.
    /// - plan: the configured targets by alias.
    /// - prices: the prices of models.
    /// - retries: the number of retries and their pauses.
    /// - embeddings: the cache of embeddings and the vocabulary.
    /// - opensCircuits: whether failures open circuit breakers.
    init(
        catalogue: Catalogue,
        runtimes: [ProviderRuntime],
        fallbacks: [String: [String]] = [:],
        plan: TargetPlan = TargetPlan(),
        prices: PriceList = PriceList(),
        retries: RetryPolicy = RetryPolicy(),
        embeddings: EmbeddingConfiguration = EmbeddingConfiguration(),
        opensCircuits: Bool = true
    ) {
        admission = Admission(
            runtimes: Dictionary(runtimes.map { ($0.provider.name, $0) }) { first, _ in first },
            retries: retries,
            opensCircuits: opensCircuits
        )
        resolver = TargetResolver(
            catalogue: catalogue,
            plan: plan,
            fallbacks: fallbacks,
            prices: prices,
            providers: runtimes.map(\.provider)
        )
        self.embeddings = EmbeddingDispatcher(
            admission: admission,
            cache: EmbeddingCache(limit: embeddings.cacheBytes),
            vocabulary: embeddings.vocabulary
        )
        wholeLimit = runtimes.map(\.limits.whole).max() ?? .seconds(600)
    }

    /// Starts a generation; the stream is opened at once and reports the wait for the answer.
    func generate(
        _ request: GenerationRequest,
        _ context: CallContext
    ) async throws -> ElementStream<Inference.Event> {
        try GenerationValidator.check(request)
        let deadline = try deadline(of: context)
        return GenerationStream { report in
            try await begin(request, context, deadline, report)
        }
        .events
    }

    /// Returns the complete answer.
    func complete(_ request: GenerationRequest, _ context: CallContext) async throws -> Inference.Answer {
        try GenerationValidator.check(request)
        let generation = try await begin(request, context, try deadline(of: context)) { _ in }
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
        let name = request.model ?? ProviderRegistry.embeddingModel
        let (targets, earlier) = try await targets(for: name, needs: [.embeddings], session: nil)
        let items = request.items
        let admitted = AdmissionRequest(
            user: context.principal?.user ?? "",
            bytes: items.reduce(0) { $0 + $1.byteCount },
            deadline: try deadline(of: context),
            earlier: earlier
        )
        return try await embeddings.embed(
            items,
            dimensions: request.dimensions,
            admitted,
            targets: try EmbeddingTargets.ofOneModel(targets, requested: name, earlier)
        )
    }

    private func begin(
        _ request: GenerationRequest,
        _ context: CallContext,
        _ deadline: ContinuousClock.Instant,
        _ report: @escaping @Sendable (AdmissionRequest.Progress) -> Void
    ) async throws -> Generation {
        let (targets, earlier) = try await targets(
            for: request.model,
            needs: [.chat] + request.needs,
            session: request.session
        )
        let admitted = AdmissionRequest(
            user: context.principal?.user ?? "",
            bytes: request.size,
            deadline: deadline,
            earlier: earlier,
            report: report
        )
        return try await GenerationDispatcher(admission: admission, request: request).begin(admitted, targets: targets)
    }

    /// The targets for a name in the order in which they are asked, and the error of the requested model if it is unknown.
    func targets(
        for name: String?,
        needs: [Model.Ability],
        session: String?
    ) async throws -> (targets: [Target], earlier: ProviderError?) {
        let resolution = try await resolver.resolve(name, needs: needs)
        let targets = TargetPolicy.order(resolution.groups, session: session) { admission.condition(of: $0) }
        return (targets, resolution.earlier)
    }

    /// The time by which the answer of a call must be complete.
    func deadline(of context: CallContext) throws -> ContinuousClock.Instant {
        .now + (try context.remaining(atMost: wholeLimit))
    }
}
