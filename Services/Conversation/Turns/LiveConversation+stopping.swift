import Contracts

/// Stopping turns, and deleting the conversation.
extension LiveConversation {
    /// Stops a queued or running turn and waits until its end is stored.
    func cancel(_ run: Run.ID) async throws {
        guard let turn = turn(run) else { return }
        turn.liveRun.requestStop()
        let isNew = update(run) { $0.apply(.stopRequested) }
        switch self.turn(run)?.state {
        case .stopping where isNew: await finishUnstarted(turn)
        case .running:
            parts.tasks.cancel(run)
            _ = try await turn.liveRun.end()
        default:
            // The task that stores the turn, or that already stopped it, finishes it.
            _ = try await turn.liveRun.end()
        }
    }

    /// Finishes a turn that was stopped before it started.
    func finishUnstarted(_ turn: LiveTurn) async {
        var state = RunState(arrival: turn.arrival)
        state.status = .stopped
        _ = await parts.generator.runWriter.finish(turn.liveRun, state: state)
        remove(turn.id)
        startNextTurn()
    }

    /// Stops all turns and deletes the conversation.
    ///
    /// Returns the number of deleted messages.
    func delete(by principal: Principal, in store: any ConversationStore) async throws -> Int {
        guard !isDeleted else { throw Fault(.missing, "Conversation not found") }
        isDeleted = true
        // Not cancelled with the caller: a half-done deletion would leave a conversation that accepts no turns.
        let deletion = Task { try await self.deleteAll(by: principal, in: store) }
        return try await deletion.value
    }

    private func deleteAll(by principal: Principal, in store: any ConversationStore) async throws -> Int {
        do {
            for turn in turns.reversed() { try await cancel(turn.id) }
            return try await store.deleteConversation(record.id, of: principal).get()
        } catch {
            isDeleted = false
            startNextTurn()
            throw error
        }
    }
}
