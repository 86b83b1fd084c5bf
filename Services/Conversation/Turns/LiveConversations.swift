import Contracts
import Logging
import Metrics
import ServiceLifecycle
import Synchronization

/// The conversations in use, one actor each; idle actors are evicted.
final class LiveConversations: Service {
    /// How long an idle conversation stays in memory.
    private static let idleLimit = Duration.seconds(60)
    private static let interval = Duration.milliseconds(250)
    /// Number of rounds between two searches for idle conversations.
    private static let roundsPerEviction = 40
    /// Number of conversations in memory above which idle ones are evicted early.
    private static let countLimit = 4096

    private struct Entry {
        var loading: Task<LiveConversation, any Error>?
        var conversation: LiveConversation?
        var users = 0
        var lastUse = SuspendingClock.now
    }

    private let parts: LiveConversationParts
    private let recovery: RunRecovery
    private let entries = Mutex<[Conversation.ID: Entry]>([:])
    private let gauge = Gauge(label: "conversation.conversations.live")

    init(parts: LiveConversationParts, recovery: RunRecovery) {
        self.parts = parts
        self.recovery = recovery
    }

    /// Runs `body` with the principal's live conversation.
    ///
    /// Throws `missing` if it does not exist, and `forbidden` if it belongs to another user.
    func with<Value: Sendable>(
        _ id: Conversation.ID,
        of principal: Principal,
        _ body: (LiveConversation) async throws -> Value
    ) async throws -> Value {
        try await with(id) { conversation in
            if let refusal = conversation.record.refusal(for: principal) { throw refusal }
            return try await body(conversation)
        }
    }

    private func with<Value: Sendable>(
        _ id: Conversation.ID,
        _ body: (LiveConversation) async throws -> Value
    ) async throws -> Value {
        entries.withLock { $0[id, default: Entry()].users += 1 }
        defer { release(id) }
        return try await body(try await load(id))
    }

    /// Removes a deleted conversation.
    func evict(_ id: Conversation.ID) {
        entries.withLock { entries in
            guard let entry = entries[id] else { return }
            if entry.users == 0, entry.loading == nil { entries[id] = nil } else { entries[id]?.conversation = nil }
        }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var round = 0
            while !Task.isCancelled {
                await self.resumeDue()
                round += 1
                if round.isMultiple(of: Self.roundsPerEviction) { await self.evictIdle() }
                do { try await Task.sleep(for: Self.interval, clock: .suspending) } catch { return }
            }
        }
    }

    /// Starts the queued turns of the conversations whose time has come.
    private func resumeDue() async {
        for id in parts.resumptions.takeDue() {
            do {
                // Its turns are removed from the list when their start is stored.
                if try await !with(id, { await $0.resume() }) { parts.resumptions.retry(id) }
            } catch let fault as Fault where fault.code == .missing {
                parts.resumptions.remove(id)
            } catch {
                parts.resumptions.retry(id)
                Logger.current.error(
                    "Queued turns not started; retrying",
                    metadata: ["conversation.id": "\(id)", "error": "\(error)"]
                )
            }
        }
    }

    /// Loads a conversation once for any number of concurrent callers: two actors for one conversation would run its
    /// turns twice.
    private func load(_ id: Conversation.ID) async throws -> LiveConversation {
        let loading: Task<LiveConversation, any Error>
        switch entries.withLock({ find(id, in: &$0) }) {
        case .loaded(let conversation): return conversation
        case .loading(let task): loading = task
        }
        let result = await loading.result
        let isFirst = entries.withLock { entries in
            guard entries[id]?.loading == loading else { return false }
            entries[id]?.loading = nil
            guard case .success(let conversation) = result else { return false }
            entries[id]?.conversation = conversation
            return true
        }
        if isFirst, parts.budget.bytes > parts.budget.limit { await evictOverBudget() }
        return try result.get()
    }

    private enum Lookup {
        case loaded(LiveConversation)
        case loading(Task<LiveConversation, any Error>)
    }

    private func find(_ id: Conversation.ID, in entries: inout [Conversation.ID: Entry]) -> Lookup {
        if let conversation = entries[id]?.conversation { return .loaded(conversation) }
        if let loading = entries[id]?.loading { return .loading(loading) }
        let loading = Task { [parts, recovery] in
            // Runs of an earlier process end before the next one starts.
            try await recovery.recover(id)
            let revision = parts.personaRevision.value
            let recalled = try await parts.acceptance.store.recallConversation(id).get()
            let conversation = LiveConversation(recalled, personaRevision: revision, parts: parts)
            if !recalled.queued.isEmpty, await !conversation.resume() { parts.resumptions.retry(id) }
            return conversation
        }
        entries[id]?.loading = loading
        return .loading(loading)
    }

    private func release(_ id: Conversation.ID) {
        let count = entries.withLock { entries in
            entries[id]?.users -= 1
            entries[id]?.lastUse = .now
            if let entry = entries[id], entry.users == 0, entry.conversation == nil, entry.loading == nil {
                entries[id] = nil
            }
            return entries.count
        }
        gauge.record(count)
    }

    // MARK: Eviction

    /// Number of conversations in memory.
    var count: Int { entries.withLock { $0.values.count { $0.conversation != nil } } }

    /// Evicts conversations that are idle.
    private func evictIdle() async {
        let unused = entries.withLock { entries in
            let crowded = entries.count > Self.countLimit
            let oldest = SuspendingClock.now - (crowded ? Self.idleLimit / 6 : Self.idleLimit)
            return entries.filter { $0.value.users == 0 && $0.value.lastUse < oldest }
        }
        for (id, entry) in unused { await evict(id, ifUnusedSince: entry) }
        if parts.budget.bytes > parts.budget.limit { await evictOverBudget() }
    }

    /// Evicts the least recently used idle conversations until an eighth of the budget is free.
    private func evictOverBudget() async {
        let unused = entries.withLock { $0.filter { $0.value.users == 0 } }
        for (id, entry) in unused.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
            guard parts.budget.bytes > parts.budget.limit / 8 * 7 else { return }
            await evict(id, ifUnusedSince: entry)
        }
    }

    private func evict(_ id: Conversation.ID, ifUnusedSince former: Entry) async {
        guard let conversation = former.conversation, await conversation.isIdle else { return }
        entries.withLock { entries in
            // The conversation may have been used while it was queried.
            guard let entry = entries[id], entry.users == 0, entry.conversation === conversation,
                entry.lastUse == former.lastUse
            else { return }
            // Another reference may keep it in memory for a moment.
            conversation.memory.set(0)
            entries[id] = nil
        }
    }
}
