import Contracts

/// Computes embeddings in batches: from the cache, and through ``Admission`` for what is not there.
///
/// Each batch is retried alone, and all batches are answered by one model.
struct EmbeddingDispatcher: Sendable {
    let admission: Admission
    let cache: EmbeddingCache
    /// The vocabulary for providers that accept texts only; `nil` if none is configured.
    let vocabulary: TokenVocabulary?

    /// Returns the vectors of the items; `targets` have one model, see ``EmbeddingTargets``.
    ///
    /// Throws a `Fault` with all attempts, or `CancellationError`.
    func embed(
        _ items: [EmbeddingItem],
        dimensions: Int?,
        _ admitted: AdmissionRequest,
        targets: [Target]
    ) async throws -> Inference.Embeddings {
        guard let first = targets.first else { throw Fault(.missing, "There is no model for the request.") }
        let bytes = items.reduce(0) { $0 + $1.byteCount }
        var job = try await WorkerThreads.run(inputBytes: bytes) {
            EmbeddingJob(items: items, dimensions: dimensions, target: first.name)
        }
        job.take(cache.entries(job.keys))
        try await send(&job, admitted, targets: targets)
        if job.hasOutdatedEntries {
            // The model has changed under its name.
            cache.remove(job.keys)
            job.clear()
            try await send(&job, admitted, targets: targets)
        }
        return try job.embeddings(model: first.name)
    }

    /// Sends what has no vector yet, in batches.
    private func send(_ job: inout EmbeddingJob, _ admitted: AdmissionRequest, targets: [Target]) async throws {
        let limits = try limits(of: targets)
        var missing = job.missing[...]
        while !missing.isEmpty {
            try job.checkSize()
            let items = missing.lazy.map { [job] in job.item($0) }
            let count = EmbeddingBatches.size(of: items, limits, dimensions: job.dimensions)
            try await send(Array(missing.prefix(count)), &job, admitted, targets)
            missing = missing.dropFirst(count)
        }
    }

    /// Sends one batch; if it is too long, its longest text is sent alone, and then the others in halves.
    private func send(
        _ batch: [Int],
        _ job: inout EmbeddingJob,
        _ admitted: AdmissionRequest,
        _ targets: [Target]
    ) async throws {
        guard !batch.isEmpty else { return }
        do {
            let answer = try await ask(batch, job, admitted, targets)
            try job.take(answer.answer, for: batch)
            if answer.target == targets.first?.name {
                for (entry, key) in job.entries(of: batch) { cache.store(entry, of: key) }
            }
        } catch let fault as Fault where Self.isTooLong(fault) {
            guard let longest = batch.max(by: { job.item($0).byteCount < job.item($1).byteCount }), batch.count > 1
            else { throw job.tooLong(fault, batch) }
            try await send([longest], &job, admitted, targets)
            let others = batch.filter { $0 != longest }
            let half = others.count / 2
            try await send(Array(others[..<half]), &job, admitted, targets)
            try await send(Array(others[half...]), &job, admitted, targets)
        }
    }

    private func ask(
        _ batch: [Int],
        _ job: EmbeddingJob,
        _ admitted: AdmissionRequest,
        _ targets: [Target]
    ) async throws -> (answer: EmbeddingAnswer, target: String) {
        let items = batch.map { job.item($0) }
        return try await admission.run(admitted, targets: targets) { call in
            let provider = try Self.models(of: call.runtime.provider)
            let request = EmbeddingRequest(
                model: call.target.model,
                items: try await sendable(items, batch, to: provider, job),
                dimensions: job.requestedDimensions,
                responseTimeout: call.limits.firstToken
            )
            return (try await provider.embed(request), call.target.name)
        }
    }

    /// The items as the provider accepts them: tokens are decoded for providers that know texts only.
    private func sendable(
        _ items: [EmbeddingItem],
        _ batch: [Int],
        to provider: any EmbeddingModels,
        _ job: EmbeddingJob
    ) async throws -> [EmbeddingItem] {
        guard job.hasTokens, !provider.embeddingLimits.acceptsTokens else { return items }
        guard let vocabulary else {
            throw Fault(
                .invalid,
                "\(provider.name) accepts texts only, and input has tokens. Send strings, or set TOKEN_VOCABULARY to a "
                    + "file with the vocabulary cl100k_base, with which tokens are turned into texts. In LangChain: "
                    + "check_embedding_ctx_length=False."
            )
        }
        return try await WorkerThreads.run(inputBytes: items.reduce(0) { $0 + $1.byteCount }) {
            try zip(items, batch).map { item, index in
                guard case .tokens(let numbers) = item else { return item }
                return .text(try vocabulary.text(of: numbers, index: job.position(of: index)))
            }
        }
    }

    private func limits(of targets: [Target]) throws -> EmbeddingLimits {
        let limits = try targets.compactMap { target in
            try admission.runtimes[target.server].map { try Self.models(of: $0.provider).embeddingLimits }
        }
        guard let first = limits.first else { throw Fault(.missing, "There is no provider for the request.") }
        return limits.dropFirst().reduce(first) { $0.combined(with: $1) }
    }

    private static func models(of provider: any Provider) throws -> any EmbeddingModels {
        guard let models = provider as? any EmbeddingModels else {
            throw Fault(.invalid, "\(provider.name) has no models for embeddings. Choose a model of another provider.")
        }
        return models
    }

    private static func isTooLong(_ fault: Fault) -> Bool {
        fault.code == .contextTooLong || fault.code == .tooLarge
    }
}
