import Contracts
import GRDB
import Logging
import Metrics
import ServiceLifecycle
import Synchronization

/// The conversations in use, one actor each; idle actors are evicted.
final class LiveConversations: Service {
    /// How long an idle conversation stays in memory.
    private static let idleLimit = Duration.seconds(60)
    private static let evictionInterval = Duration.seconds(10)
    /// Number of conversations in memory above which idle ones are evicted early.
    private static let countLimit = 4096

    private struct Entry {
        var loading: Task<LiveConversation, any Error>?
        var conversation: LiveConversation?
        var users = 0
        var lastUse = ContinuousClock.now
    }

    private let dependencies: LiveConversation.Dependencies
    private let entries = Mutex<[Conversation.ID: Entry]>([:])
    /// The conversations with turns that an earlier process left queued and that are not started yet.
    private let waiting = Mutex<Set<Conversation.ID>>([])
    private let gauge = Gauge(label: "conversation.conversations.live")

    init(dependencies: LiveConversation.Dependencies) {
        self.dependencies = dependencies
    }

    /// Runs `body` with the principal's live conversation.
    ///
    /// Throws `missing` if it does not exist, and `forbidden` if it belongs to another user.
    func with<Value: Sendable>(
        _ id: Conversation.ID,
        of principal: Principal,
        _ body: (LiveConversation) async throws -> Value
    ) async throws -> Value {
        entries.withLock { $0[id, default: Entry()].users += 1 }
        defer { release(id) }
        let conversation = try await load(id)
        try ConversationAccess.check(conversation.record, by: principal)
        return try await body(conversation)
    }

    /// Removes a deleted conversation.
    func evict(_ id: Conversation.ID) {
        entries.withLock { entries in
            guard let entry = entries[id] else { return }
            if entry.users == 0, entry.loading == nil { entries[id] = nil } else { entries[id]?.conversation = nil }
        }
    }

    /// Adds conversations whose queued turns are started once the service runs.
    func resume(_ conversations: [Conversation.ID]) {
        waiting.withLock { $0.formUnion(conversations) }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await self.resumeWaiting()
            while !Task.isCancelled {
                do { try await Task.sleep(for: Self.evictionInterval) } catch { return }
                await self.evictIdle()
            }
        }
    }

    private func resumeWaiting() async {
        for id in waiting.withLock({ $0 }) {
            entries.withLock { $0[id, default: Entry()].users += 1 }
            defer { release(id) }
            do {
                _ = try await load(id)
            } catch {
                Logger.current.error(
                    "Queued turns not started",
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
        entries.withLock { entries in
            guard entries[id]?.loading == loading else { return }
            entries[id]?.loading = nil
            guard case .success(let conversation) = result else { return }
            entries[id]?.conversation = conversation
            waiting.withLock { _ = $0.remove(id) }
        }
        return try result.get()
    }

    private enum Lookup {
        case loaded(LiveConversation)
        case loading(Task<LiveConversation, any Error>)
    }

    private func find(_ id: Conversation.ID, in entries: inout [Conversation.ID: Entry]) -> Lookup {
        if let conversation = entries[id]?.conversation { return .loaded(conversation) }
        if let loading = entries[id]?.loading { return .loading(loading) }
        let hasWaiting = waiting.withLock { $0.contains(id) }
        let loading = Task { [dependencies] in try await Self.read(id, hasWaiting: hasWaiting, dependencies) }
        entries[id]?.loading = loading
        return .loading(loading)
    }

    private static func read(
        _ id: Conversation.ID,
        hasWaiting: Bool,
        _ dependencies: LiveConversation.Dependencies
    ) async throws -> LiveConversation {
        let (record, persona, newest, version, waiting) = try await dependencies.database.read { database in
            guard let record = try ConversationRows.find(id, in: database) else {
                throw Fault(.missing, "Conversation not found")
            }
            guard let persona = try PersonaRows.find(record.persona, in: database) else {
                throw Fault(.missing, "The persona of this conversation was not found.")
            }
            let newest = try PathRows.list(
                of: record.number,
                positions: PathRows.allPositions,
                limit: History.messageLimit,
                order: .descending,
                byteLimit: History.byteLimit,
                in: database
            )
            let waiting = hasWaiting ? try Self.waiting(in: record, database) : []
            let version = try ConversationRows.pathVersion(of: record.number, in: database)
            return (record, persona, newest, version, waiting)
        }
        let conversation = LiveConversation(
            record: record,
            persona: persona,
            newest: newest.reversed(),
            pathVersion: version,
            waiting: waiting,
            dependencies: dependencies
        )
        if !waiting.isEmpty { await conversation.resume() }
        return conversation
    }

    /// Reads the turns of a conversation that an earlier process left queued.
    private static func waiting(in record: StoredConversation, _ database: GRDB.Database) throws -> [LiveTurn] {
        try RunRows.queued(in: record.number, database).compactMap { run in
            try MessageRows.find(run.message, in: database).map {
                LiveTurn(run, message: $0.message, user: record.user)
            }
        }
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

    /// Evicts conversations that are idle.
    private func evictIdle() async {
        let (unused, oldest) = entries.withLock { entries in
            let crowded = entries.count > Self.countLimit
            let oldest = ContinuousClock.now - (crowded ? Self.evictionInterval : Self.idleLimit)
            return (entries.filter { $0.value.users == 0 && $0.value.lastUse < oldest }, oldest)
        }
        for (id, entry) in unused {
            guard let conversation = entry.conversation, await conversation.isIdle else { continue }
            entries.withLock { entries in
                // The conversation may have been used while it was queried.
                guard let entry = entries[id], entry.users == 0, entry.conversation === conversation,
                    entry.lastUse < oldest
                else { return }
                entries[id] = nil
            }
        }
    }
}
