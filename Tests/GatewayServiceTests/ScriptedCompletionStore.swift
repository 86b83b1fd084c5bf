import Bus
import Contracts
import Synchronization

/// A fake conversation store that can fail on demand.
final class ScriptedCompletionStore: Sendable {
    private struct State {
        var kept: [Conversation.ID: Conversations.Import] = [:]
        var asked: [Conversation.ID] = []
        var users: [String?] = []
        var faults: [Fault] = []
        /// Takes what comes, and then says that it did not.
        var losesAnswers = false
    }

    private let state = Mutex(State())

    /// What was kept, each once.
    var kept: [Conversations.Import] { state.withLock { Array($0.kept.values) } }
    /// How often it was asked for, and for what.
    var asked: [Conversation.ID] { state.withLock { $0.asked } }
    var users: [String?] { state.withLock { $0.users } }

    /// The next calls fail with these.
    func fail(_ faults: Fault..., losesAnswers: Bool = false) {
        state.withLock { state in
            state.faults = faults
            state.losesAnswers = losesAnswers
        }
    }

    func add(to table: inout EndpointTable) {
        table.serve(Conversations.Import.self) { request, context in
            try self.state.withLock { state throws(Fault) in
                state.asked.append(request.id)
                state.users.append(context.principal?.user)
                let fault = state.faults.isEmpty ? nil : state.faults.removeFirst()
                if let fault, !state.losesAnswers { throw fault }
                let isNew = state.kept.updateValue(request, forKey: request.id) == nil
                if let fault { throw fault }
                return Conversations.Imported(messageCount: request.messages.count + 1, isNew: isNew)
            }
        }
    }
}
