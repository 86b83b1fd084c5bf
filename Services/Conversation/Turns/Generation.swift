import Bus
import Contracts
import JSON
import Logging
import Metrics
import NIOCore

/// Makes one answer: asks inference-svc, tells the watchers, and stores how it ended.
///
/// Never throws.
struct Generation: Sendable {
    /// What a run needs of its conversation.
    struct Prompt: Sendable {
        var system: String
        var history: History
        /// How many tokens the answer may have so that a quota holds; absent: as many as it wants.
        var answerLimit: Int?
    }

    /// For how many milliseconds text may gather when nobody reads along; half of what it may take to the disk.
    private static let gathering = 25
    private static let grace = Duration.seconds(5)

    let feed: RunFeed
    /// Whether somebody reads along from the start.
    let isWatched: Bool
    let arrival: ContinuousClock.Instant
    let context: CallContext
    /// How long the model may take for all of it.
    let limit: Duration
    let inference: any Bus
    let windows: ModelWindows
    let log: RunLog
    let ledger: RunLedger
    /// The run that follows in the same conversation: it is begun by the commit that ends this one.
    let next: @Sendable () async -> Run.ID?

    /// Runs to the end and stores it.
    func perform(_ prompt: Prompt) async -> RunLedger.Ending {
        feed.begin()
        var draft = RunDraft(arrival: arrival)
        var isAsked = false
        do {
            try await generate(prompt, into: &draft, &isAsked)
        } catch  where draft.status != .completed {
            draft.status = status(after: error)
            draft.fault = draft.status == .stopped ? nil : fault(from: error)
            // A model that was being asked when somebody stopped it, or the time was over, may have begun.
            draft.wasAsked = draft.wasAsked || isAsked && (feed.isStopped || draft.fault?.code == .timeout)
        } catch {
            // The model had said that it was finished: what broke after that is of no account.
        }
        return await ledger.finish(feed, draft: draft, next: await next())
    }

    /// Ends a run for which not even its question could be made.
    func fail(_ error: any Error) async -> RunLedger.Ending {
        var draft = RunDraft(arrival: arrival)
        draft.status = status(after: error)
        draft.fault = draft.status == .stopped ? nil : fault(from: error)
        return await ledger.finish(feed, draft: draft, next: await next())
    }

    private func generate(_ prompt: Prompt, into draft: inout RunDraft, _ isAsked: inout Bool) async throws {
        guard !feed.isStopped else { throw CancellationError() }
        let model = try await windows.model(nil, context)
        let window = ContextWindow(size: model.window)
        let (used, report) = window.cut(
            system: TokenEstimate.tokens(in: prompt.system),
            history: prompt.history.tokens,
            earlier: prompt.history.earlier
        )
        draft.context = report
        draft.model = model.name
        draft.price = model.price
        let request = request(model.name, prompt, used: used)
        var bounded = context
        // inference-svc minds the limit and says what passed; this is for one that says nothing any more.
        bounded.deadline = .now + limit + Self.grace
        isAsked = true
        let stream = try await inference.stream(Inference.Generate.self, encoded: request, bounded)
        draft.wasAsked = true
        feed.begin(model.name)
        defer { stream.close() }
        while let batch = try await stream.nextBatch() {
            if let begin = batch.first?.begin { draft.attempts = begin.attempts }
            // Why a model does not answer is its answer.
            let text = batch.map { ($0.text ?? "") + ($0.refusal ?? "") }.joined()
            if !text.isEmpty { append(text, to: &draft) }
            guard let finish = batch.compactMap(\.finish).last else { continue }
            draft.finish(finish)
        }
        guard draft.status == .completed else {
            throw Fault(.cut, "The model's answer stopped without an end.")
        }
    }

    /// The JSON of an ``Inference/Generate``, put together from messages that are JSON already.
    private func request(_ model: String, _ prompt: Prompt, used: Int) -> ByteBuffer {
        var json = ByteBuffer()
        json.writeStaticString("{\"model\":")
        JSONText.write(model, to: &json)
        let options = prompt.answerLimit.map { "\"maxTokens\":\($0)" } ?? ""
        json.writeString(",\"options\":{\(options)}")
        if !isWatched { json.writeString(",\"gatherMilliseconds\":\(Self.gathering)") }
        json.writeStaticString(",\"messages\":[")
        // A conversation that was kept may have no instructions.
        var isFirst = prompt.system.isEmpty
        if !isFirst { json.writeImmutableBuffer(History.encode(.system, prompt.system)) }
        for message in prompt.history.shown(used) {
            if !isFirst { json.writeStaticString(",") }
            isFirst = false
            json.writeImmutableBuffer(message)
        }
        json.writeStaticString("]}")
        return json
    }

    private func append(_ text: String, to draft: inout RunDraft) {
        draft.append(text)
        let number = feed.nextNumber
        let line = RunEventLine.text(text, number: number)
        feed.append(line)
        log.append(line, number: number, to: feed)
    }

    private func status(after error: any Error) -> Run.Status {
        if feed.isStopped { return .stopped }
        guard let fault = error as? Fault else { return .interrupted }
        return [.cut, .timeout, .unreachable].contains(fault.code) ? .interrupted : .failed
    }

    private func fault(from error: any Error) -> Fault {
        switch error {
        case let fault as Fault: return fault
        case is CancellationError:
            return Fault(.unavailable, "The service was stopped while the answer was being made.", retryAfter: 1)
        default:
            Logger.current.error("Run failed", metadata: ["run.id": "\(feed.run.id)", "error": "\(error)"])
            return .unexpected(requestID: context.requestID)
        }
    }
}
