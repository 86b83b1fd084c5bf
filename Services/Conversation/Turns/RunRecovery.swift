import Bus
import Contracts
import Logging

/// Ends, at the start, what the last process left going: such a run is `interrupted`, with the text that was stored.
struct RunRecovery: Sendable {
    /// How far beyond the stored events the end is numbered: more than can have been sent and not stored.
    private static let gap = 1_000_000

    let database: Database
    let ledger: RunLedger

    func recover() async throws {
        let going = try await database.read { try RunRows.going(in: $0) }
        for stored in going { try await interrupt(stored) }
        guard !going.isEmpty else { return }
        Logger.current.notice("Interrupted runs of an earlier process", metadata: ["runs.count": "\(going.count)"])
    }

    private func interrupt(_ stored: StoredRun) async throws {
        let run = stored.run
        let (events, user) = try await database.read { database in
            (
                try RunEventRows.list(of: run.id, in: database),
                try MessageRows.find(stored.message, in: database)
            )
        }
        guard let user = user?.message else {
            throw Fault(.internal, "The run \(run.id) has no message that it answers.")
        }
        let decoded = try events.map { try BusCoding.decode(Run.Event.self, from: $0) }
        var draft = RunDraft(arrival: .now)
        draft.status = .interrupted
        for event in decoded { draft.append(event.text ?? "") }
        draft.fault = Fault(.cut, "The service was interrupted while the answer was being made.")
        try await ledger.store(
            ledger.end(of: draft, run: run.id, userMessage: user),
            of: RunFeed(run: run, userMessage: user, conversation: stored.conversation, position: stored.position),
            cuts: draft.cuts,
            number: (decoded.last?.number ?? run.lastEvent) + Self.gap
        )
    }
}
