import Bus
import Contracts
import JSON
import Logging
import Metrics
import NIOCore

/// Generates one answer: calls inference-svc, publishes the events and stores the end of the run.
///
/// Does not throw: errors become the status of the run.
struct Generation: Sendable {
    /// The input of a generation.
    struct Prompt: Sendable {
        var system: String
        var history: History
        /// Maximum number of tokens of the answer, set by a quota; `nil` for no limit.
        var answerLimit: Int?
    }

    /// How long inference-svc collects text into one event if the run is not streamed, in milliseconds: half of the
    /// maximum age of unstored events.
    private static let batchMilliseconds = 25
    private static let grace = Duration.seconds(5)

    let liveRun: LiveRun
    /// Whether the caller streams the events, as opposed to waiting for the end.
    let isStreamed: Bool
    let arrival: ContinuousClock.Instant
    let context: CallContext
    /// Maximum duration of the generation.
    let timeLimit: Duration
    let inference: any Bus
    let modelCache: ModelCache
    let eventWriter: RunEventWriter
    let runWriter: RunWriter
    /// Marks the next queued turn as started and returns its run, which is stored as running in the commit that
    /// finishes this run.
    let next: @Sendable () async -> Run.ID?

    /// Runs the generation and stores its end.
    func perform(_ prompt: Prompt) async -> RunWriter.Outcome {
        liveRun.markRunning()
        var state = RunState(arrival: arrival)
        var isRequestSent = false
        do {
            try await generate(prompt, into: &state, &isRequestSent)
        } catch  where state.status != .completed {
            state.status = status(after: error)
            state.fault = state.status == .stopped ? nil : fault(from: error)
            // If the run was stopped or timed out while the request was being sent, the provider may have started.
            state.wasProviderCalled =
                state.wasProviderCalled || isRequestSent && (liveRun.isStopped || state.fault?.code == .timeout)
        } catch {
            // The model has already finished; later errors are ignored.
        }
        return await runWriter.finish(liveRun, state: state, next: await next())
    }

    /// Stores the end of a run whose history could not be loaded.
    func fail(_ error: any Error) async -> RunWriter.Outcome {
        var state = RunState(arrival: arrival)
        state.status = status(after: error)
        state.fault = state.status == .stopped ? nil : fault(from: error)
        return await runWriter.finish(liveRun, state: state, next: await next())
    }

    private func generate(_ prompt: Prompt, into state: inout RunState, _ isRequestSent: inout Bool) async throws {
        guard !liveRun.isStopped else { throw CancellationError() }
        let model = try await modelCache.model(nil, context)
        let window = ContextWindow(size: model.window)
        let (used, report) = window.fit(
            system: TokenEstimate.tokens(in: prompt.system),
            history: prompt.history.tokens,
            olderCount: prompt.history.olderCount
        )
        state.context = report
        state.model = model.name
        state.price = model.price
        let request = request(model.name, prompt, used: used)
        var bounded = context
        // inference-svc enforces the time limit and reports a specific error; this deadline covers an inference-svc
        // that does not respond.
        bounded.deadline = .now + timeLimit + Self.grace
        isRequestSent = true
        let stream = try await inference.stream(Inference.Generate.self, encoded: request, bounded)
        state.wasProviderCalled = true
        liveRun.setModel(model.name)
        defer { stream.close() }
        while let batch = try await stream.nextBatch() {
            if let begin = batch.first?.begin { state.attempts = begin.attempts }
            // A refusal by the model is stored as its answer.
            let text = batch.map { ($0.text ?? "") + ($0.refusal ?? "") }.joined()
            if !text.isEmpty { append(text, to: &state) }
            guard let finish = batch.compactMap(\.finish).last else { continue }
            state.finish(finish)
        }
        guard state.status == .completed else {
            throw Fault(.cut, "The model's answer ended without a finish reason.")
        }
    }

    /// Returns the JSON of an ``Inference/Generate``, assembled from messages that are already encoded.
    private func request(_ model: String, _ prompt: Prompt, used: Int) -> ByteBuffer {
        var json = ByteBuffer()
        json.writeStaticString("{\"model\":")
        JSONText.write(model, to: &json)
        let options = prompt.answerLimit.map { "\"maxTokens\":\($0)" } ?? ""
        json.writeString(",\"options\":{\(options)}")
        if !isStreamed { json.writeString(",\"gatherMilliseconds\":\(Self.batchMilliseconds)") }
        json.writeStaticString(",\"messages\":[")
        // An imported conversation may have no system prompt.
        var isFirst = prompt.system.isEmpty
        if !isFirst { json.writeImmutableBuffer(History.encode(.system, prompt.system)) }
        for message in prompt.history.encodedMessages(newest: used) {
            if !isFirst { json.writeStaticString(",") }
            isFirst = false
            json.writeImmutableBuffer(message)
        }
        json.writeStaticString("]}")
        return json
    }

    private func append(_ text: String, to state: inout RunState) {
        state.append(text)
        let number = liveRun.nextNumber
        let line = RunEventJSON.text(text, number: number)
        liveRun.append(line)
        eventWriter.append(line, number: number, to: liveRun)
    }

    private func status(after error: any Error) -> Run.Status {
        if liveRun.isStopped { return .stopped }
        guard let fault = error as? Fault else { return .interrupted }
        return [.cut, .timeout, .unreachable].contains(fault.code) ? .interrupted : .failed
    }

    private func fault(from error: any Error) -> Fault {
        switch error {
        case let fault as Fault: return fault
        case is CancellationError:
            return Fault(.unavailable, "The service was stopped during the generation.", retryAfter: 1)
        default:
            Logger.current.error("Run failed", metadata: ["run.id": "\(liveRun.run.id)", "error": "\(error)"])
            return .unexpected(requestID: context.requestID)
        }
    }
}
