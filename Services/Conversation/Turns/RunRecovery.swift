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
    private static let gap = 1_000_000
    /// What is taken for the window of a model that nobody knows any more.
    private static let usualWindow = 8192

    let database: Database
    let ledger: RunLedger

    /// Ends what had begun, and answers the conversations in which turns wait.
    func recover() async throws -> [Conversation.ID] {
        let going = try await database.read { try RunRows.going(in: $0) }
        let begun = going.filter { $0.run.status == .running }
        for stored in begun { try await interrupt(stored) }
        try await database.write { try ReservationRows.deleteOrphans(in: $0) }
        let waiting = going.filter { $0.run.status == .queued }
        if !going.isEmpty {
            Logger.current.notice(
                "Runs of an earlier process",
                metadata: ["runs.interrupted": "\(begun.count)", "runs.waiting": "\(waiting.count)"]
            )
        }
        return Array(Set(waiting.map(\.run.conversation)))
    }

    private func interrupt(_ stored: StoredRun) async throws {
        let run = stored.run
        let (events, message, answers, prompt) = try await database.read { database in
            let message = try MessageRows.find(stored.message, in: database)
            let answers = try message.map { message in
                try SiblingRows.answers(
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
        let question = RunFeed.Question(
            message: message.message,
            number: message.number,
            position: message.position,
            answers: answers,
            hasFailed: message.message.status == .failed
        )
        let decoded = try events.map { try BusCoding.decode(Run.Event.self, from: $0) }
        var draft = RunDraft(arrival: .now)
        draft.status = .interrupted
        for event in decoded { draft.append(event.text ?? "") }
        draft.model = run.model
        draft.promptTokens = prompt
        draft.fault = Fault(.cut, "The service was interrupted while the answer was being made.")
        try await ledger.store(
            ledger.end(of: draft, run: run.id, question: question),
            of: RunFeed(run: run, question: question, conversation: stored.conversation),
            cuts: draft.cuts,
            number: (decoded.last?.number ?? run.lastEvent) + Self.gap
        )
    }

    /// How many tokens the model was shown, as far as can be told afterwards.
    private static func promptTokens(
        _ question: StoredMessage,
        in run: StoredRun,
        _ database: GRDB.Database
    ) throws -> Int {
        let lineage = try PathRows.lineage(of: question, in: run.conversation, limit: History.messageLimit, database)
        let tokens = lineage.reversed().map { TokenEstimate.tokens(in: $0.message.content.text) }
        return ContextWindow(size: usualWindow).cut(system: 0, history: tokens, earlier: 0).report.tokensEstimated
    }
}
