import Bus
import Contracts
import GRDB
import Logging

/// Handles the runs that an earlier process left unfinished, at startup.
///
/// A started run becomes `interrupted` with its stored text, because a provider must not be called twice. A queued run
/// is started.
struct RunRecovery: Sendable {
    /// Gap between the last stored event and the end event: larger than the number of events that can have been sent
    /// without being stored.
    private static let eventNumberGap = 1_000_000
    /// Context window assumed for a model that is no longer known.
    private static let assumedWindow = 8192

    let database: Database
    let runWriter: RunWriter

    /// Finishes the started runs and returns the conversations with queued ones.
    func recover() async throws -> [Conversation.ID] {
        let unfinished = try await database.read { try RunRows.unfinished(in: $0) }
        let started = unfinished.filter { $0.run.status == .running }
        for stored in started { try await interrupt(stored) }
        try await database.write { try ReservationRows.deleteOrphans(in: $0) }
        let waiting = unfinished.filter { $0.run.status == .queued }
        if !unfinished.isEmpty {
            Logger.current.notice(
                "Recovered runs of an earlier process",
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
            throw Fault(.internal, "The run \(run.id) has no question.")
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

    /// Estimates the prompt tokens of an interrupted run.
    private static func promptTokens(
        _ question: StoredMessage,
        in run: StoredRun,
        _ database: GRDB.Database
    ) throws -> Int {
        let ancestors = try PathRows.ancestors(
            of: question,
            in: run.conversation,
            limit: History.messageLimit,
            byteLimit: History.byteLimit,
            database
        )
        let tokens = ancestors.reversed().map { TokenEstimate.tokens(in: $0.message.content.text) }
        return ContextWindow(size: assumedWindow).fit(system: 0, history: tokens, olderCount: 0).report.tokensEstimated
    }
}
