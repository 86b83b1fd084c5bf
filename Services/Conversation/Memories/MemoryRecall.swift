import Bus
import Contracts
import Logging
import Metrics

/// Finds the memories that belong to a turn.
struct MemoryRecall: Sendable {
    /// Maximum number of memories in a prompt.
    static let countLimit = 8
    /// Maximum time for the search, after which the turn continues without memories.
    static let timeLimit = Duration.milliseconds(300)
    /// Part of that time for the embedding of the message.
    private static let embeddingLimit = Duration.milliseconds(150)

    let search: MemorySearch
    var timeLimit = Self.timeLimit

    /// Returns the memories of the user that are related to a message, best first; none if the search fails or takes too
    /// long.
    func memories(for text: String, of user: String, _ context: CallContext) async -> [Memory.Excerpt] {
        // Costs a user without memories nothing: neither a call nor a read.
        guard search.store.mayHaveMemories(user), !text.isEmpty else { return [] }
        let found = await withTaskGroup(of: Result<[Memory], any Error>?.self) { group in
            group.addTask { await self.find(text, user, context) }
            group.addTask {
                // Ends early when the search is finished.
                do { try await Task.sleep(for: self.timeLimit, clock: .continuous) } catch {}
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        switch found {
        case .success(let memories)?:
            Self.count("found")
            return memories.map { Memory.Excerpt(id: $0.id, text: $0.text) }
        case .failure(let error)?:
            Self.count("failed")
            Logger.current.warning("Memories not recalled", metadata: ["error": "\(error)"])
        case nil:
            Self.count("timed_out")
        }
        return []
    }

    private func find(_ text: String, _ user: String, _ context: CallContext) async -> Result<[Memory], any Error> {
        do {
            return .success(
                try await search.find(
                    text,
                    of: user,
                    limit: Self.countLimit,
                    breadth: .clearlyRelated,
                    within: Self.embeddingLimit,
                    context
                )
            )
        } catch {
            return .failure(error)
        }
    }

    private static func count(_ outcome: String) {
        Counter(label: "conversation.memories.recalls", dimensions: [("outcome", outcome)]).increment()
    }
}
