import Bus
import Contracts
import Logging
import ServiceLifecycle

/// Performs runs that answer no message, such as one for a title: one at a time, and only while few turns of people are
/// queued or running.
///
/// Such a run is stored, and its usage counts as usage of the conversation's user; its text is returned and not stored.
final class BackgroundRuns: Service {
    /// A run to be performed.
    struct Request: Sendable {
        var conversation: Conversation.ID
        /// What the run is for, such as `title`.
        var purpose: String
        var system: String
        var prompt: String
        var options = Run.Options()
    }

    private struct Job: Sendable {
        var request: Request
        var result: AsyncStream<Result<String, Fault>>.Continuation
    }

    /// Maximum number of waiting runs.
    private static let queueLimit = 100
    /// Maximum number of people's turns beside which a run is started.
    private static let turnLimit = 2
    /// Time between two looks at the number of turns.
    private static let interval = Duration.milliseconds(200)

    private let store: any RunStore
    private let generator: Generator
    private let runs: LiveRuns
    private let jobs: AsyncStream<Job>
    private let queue: AsyncStream<Job>.Continuation

    init(store: any RunStore, generator: Generator, runs: LiveRuns) {
        self.store = store
        self.generator = generator
        self.runs = runs
        (jobs, queue) = AsyncStream.makeStream(of: Job.self, bufferingPolicy: .bufferingOldest(Self.queueLimit))
    }

    /// Performs a run when there is time for it, and returns the model's text.
    ///
    /// Throws `limited` if too many runs wait, `unavailable` if the service stops, `missing` for an unknown conversation,
    /// and the faults of the model.
    func perform(_ request: Request) async throws -> String {
        let (results, result) = AsyncStream.makeStream(of: Result<String, Fault>.self)
        switch queue.yield(Job(request: request, result: result)) {
        case .enqueued: break
        case .dropped: throw Fault(.limited, "\(Self.queueLimit) background runs already wait.", retryAfter: 60)
        default: throw Self.stopped
        }
        for await result in results { return try result.get() }
        throw Self.stopped
    }

    private static let stopped = Fault(.unavailable, "The service is stopping. Try again later.", retryAfter: 1)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await job in self.jobs {
                if await self.waitForTime() { job.result.yield(await self.perform(job.request)) }
                // Without a result, the caller learns that the service stops.
                job.result.finish()
            }
        }
        queue.finish()
        for await job in jobs { job.result.finish() }
    }

    /// Waits while people's turns need the models; returns whether the service continues.
    private func waitForTime() async -> Bool {
        while runs.count > Self.turnLimit {
            do { try await Task.sleep(for: Self.interval, clock: .suspending) } catch { return false }
        }
        return !Task.isCancelled
    }

    private func perform(_ request: Request) async -> Result<String, Fault> {
        let moment = Timestamp.now()
        let run = BackgroundRun(
            run: Run.ID(at: moment),
            conversation: request.conversation,
            purpose: request.purpose,
            options: request.options,
            moment: moment
        )
        do {
            try await store.startBackgroundRun(run).get()
        } catch {
            return .failure((error as? Fault) ?? Fault(.internal, "The run could not be stored."))
        }
        var state = RunState(arrival: .now)
        do {
            try await generate(request, into: &state)
        } catch {
            let fault = error as? Fault
            state.status = fault.map { [.cut, .timeout].contains($0.code) ? .interrupted : .failed } ?? .interrupted
            state.fault = fault ?? Self.stopped
        }
        await finish(run.run, state)
        return state.fault.map { .failure($0) } ?? .success(state.step.text)
    }

    private func generate(_ request: Request, into state: inout RunState) async throws {
        var context = CallContext()
        context.deadline = .now + generator.timeLimit
        let model = try await generator.modelCache.model(request.options.model, context)
        state.ask(model)
        state.promptTokens = TokenEstimate.tokens(in: [request.system, request.prompt])
        let body = GenerationRequest(
            model: model.name,
            system: request.system,
            messages: [History.encode(.user, request.prompt)],
            options: request.options,
            isStreamed: false,
            conversation: request.conversation
        )
        let stream = try await generator.inference.stream(Inference.Generate.self, encoded: body.json, context)
        defer { stream.close() }
        while let batch = try await stream.nextBatch() {
            // Before the answer begins, events only say that it is waited for.
            guard batch.contains(where: { $0.progress == nil }) else { continue }
            state.wasProviderCalled = true
            if let begin = batch.lazy.compactMap(\.begin).first { state.begin(begin) }
            for (kind, text) in GenerationText.pieces(of: batch) { state.append(text, as: kind) }
            if let finish = batch.compactMap(\.finish).last { return state.finish(finish) }
            if state.step.isTruncated { return state.finishEarly(.length) }
        }
        throw Fault(.cut, "The model's answer ended without a finish reason.")
    }

    private func finish(_ run: Run.ID, _ state: RunState) async {
        let end = generator.runWriter.end(of: state)
        let ending = FinishRun(run: run, end: end, answer: nil, lastEvent: 1, moment: .now())
        do {
            _ = try await store.finishRun(ending)
        } catch {
            Logger.current.error("Run's end not stored", metadata: ["run.id": "\(run)", "error": "\(error)"])
            generator.runWriter.unfinished.add(ending)
        }
    }
}
