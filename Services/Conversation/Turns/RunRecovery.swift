import Bus
import Contracts
import GRDB
import Logging

/// Sees, at the start, to what the last process left going.
///
/// A run that had begun is `interrupted`, with the text that was stored: its provider is not asked twice. One that had
/// not is answered now.
struct RunRecovery: Sendable {
    /// How far beyond the stored events the end is numbered: more than can have been sent and not stored.
    private static let eventNumberGap = 1_000_000
    /// What is taken for the window of a model that nobody knows any more.
    private static let assumedWindow = 8192

    let database: Database
    let runWriter: RunWriter

    /// Ends what had begun, and answers the conversations in which turns wait.
    func recover() async throws -> [Conversation.ID] {
        let unfinished = try await database.read { try RunRows.unfinished(in: $0) }
        let started = unfinished.filter { $0.run.status == .running }
        for stored in started { try await interrupt(stored) }
        try await database.write { try ReservationRows.deleteOrphans(in: $0) }
        let waiting = unfinished.filter { $0.run.status == .queued }
        if !unfinished.isEmpty {
            Logger.current.notice(
                "Runs of an earlier process",
                metadata: ["runs.interrupted": "\(started.count)", "runs.waiting": "\(waiting.count)"]
            )
        }
        return Array(Set(waiting.map(\.run.conversation)))
    }

    private func interrupt(_ stored: StoredRun) async throws {
        let run = stored.run
        let (events, message, answers, prompt) = try await database.read { database in
            let message = try MessageRows.find(stored.message, in: database)
            let answers = try message.map { message in
                try SiblingRows.answerCount(
                    to: message.message.id,
                    at: message.position,
                    in: stored.conversation,
                    database
                )
            }
            let events = try RunEventRows.list(of: run.id, in: database)
            let prompt = try events.isEmpty ? nil : message.map { try Self.promptTokens($0, in: stored, database) }
            return (events, message, answers ?? 0, prompt)
        }
        guard let message else {
            throw Fault(.internal, "The run \(run.id) has no message that it answers.")
        }
        let question = LiveRun.Question(
            message: message.message,
            number: message.number,
            position: message.position,
            answers: answers,
            hasFailed: message.message.status == .failed
        )
        let decoded = try events.map { try BusCoding.decode(Run.Event.self, from: $0) }
        var state = RunState(arrival: .now)
        state.status = .interrupted
        for event in decoded { state.append(event.text ?? "") }
        state.model = run.model
        state.promptTokens = prompt
        state.fault = Fault(.cut, "The service was interrupted while the answer was being made.")
        try await runWriter.store(
            runWriter.end(of: state, run: run.id, question: question),
            of: LiveRun(run: run, question: question, conversation: stored.conversation),
            chunkSizes: state.chunkSizes,
            number: (decoded.last?.number ?? run.lastEvent) + Self.eventNumberGap
        )
    }

    /// How many tokens the model was shown, as far as can be told afterwards.
    private static func promptTokens(
        _ question: StoredMessage,
        in run: StoredRun,
        _ database: GRDB.Database
    ) throws -> Int {
        let ancestors = try PathRows.ancestors(
            of: question,
            in: run.conversation,
            limit: History.messageLimit,
            database
        )
        let tokens = ancestors.reversed().map { TokenEstimate.tokens(in: $0.message.content.text) }
        return ContextWindow(size: assumedWindow).fit(system: 0, history: tokens, olderCount: 0).report.tokensEstimated
    }
}
