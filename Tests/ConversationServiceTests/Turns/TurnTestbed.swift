import Bus
import Contracts
import GRDB
import HTTP
import NIOCore
import ServiceKit
import ServiceLifecycle
import TestSupport

@testable import ConversationService

/// The turns of conversation-svc in this process, with a real store that can be intercepted, a scripted inference-svc
/// and a scripted tool.
struct TurnTestbed: Sendable {
    let store: InterceptedStore
    let inference: ScriptedInference
    let tool: ScriptedTool
    let turns: TurnServices
    let directory: String
    let memories: MemoryServices

    /// Runs the turns of a store in a directory; without `isComplete`, recovery and retries do not run.
    static func with<Value: Sendable>(
        _ directory: String,
        budget: HistoryBudget = HistoryBudget(),
        isComplete: Bool = true,
        hasTool: Bool = true,
        extractsMemories: Bool = false,
        prepare: (InterceptedStore) -> Void = { _ in },
        _ body: (TurnTestbed) async throws -> Value
    ) async throws -> Value {
        let store = InterceptedStore(try await SQLiteStore.sample(in: directory))
        prepare(store)
        let (inference, tool) = (ScriptedInference(), ScriptedTool())
        let behind = ServiceUnit.bus(table: inference.table, host: "127.0.0.1", port: 0, token: Fixture.token)
        return try await withRunning(behind) { port in
            let bus = try HTTPBus(
                peer: "inference-svc",
                urls: ["http://127.0.0.1:\(port)"],
                token: Fixture.token,
                client: HTTPClient()
            )
            let memories = MemoryServices(
                store: store.base,
                inference: bus,
                model: "test/embedding",
                retryPause: .milliseconds(20)
            )
            let turns = TurnServices(
                store: store,
                inference: bus,
                modelCache: ModelCache(inference: bus),
                accessCache: AccessCache(try await store.base.accessState()),
                runsPerUser: 0,
                runLimit: .seconds(30),
                toolRunner: hasTool ? tool : nil,
                memories: TurnMemories.Options(
                    search: memories.search,
                    isRecalled: true,
                    isExtracted: extractsMemories,
                    timeLimit: .seconds(5)
                ),
                budget: budget,
                retryPause: .milliseconds(20)
            )
            let testbed = TurnTestbed(
                store: store,
                inference: inference,
                tool: tool,
                turns: turns,
                directory: directory,
                memories: memories
            )
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await turns.tasks.run() }
                for service in isComplete ? turns.background + memories.background : [] {
                    group.addTask { try await service.run() }
                }
                defer { group.cancelAll() }
                return try await body(testbed)
            }
        }
    }

    var handlers: RunHandlers { RunHandlers(conversations: turns.conversations, runs: turns.runs, store: store) }

    static let context = CallContext(principal: Principal(user: "alice"))

    /// Starts a turn and returns its live run.
    func start(
        _ text: String,
        in conversation: Conversation,
        key: String? = nil,
        options: Run.Options? = nil
    ) async throws -> LiveRun {
        let content = Message.Content(text: text)
        let request = Runs.Start(conversation: conversation.id, content: content, key: key, options: options)
        return try await turns.conversations.with(conversation.id, of: Principal(user: "alice")) { live in
            guard case .inProgress(let run) = try await live.accept(request, Self.context, isStreamed: true) else {
                throw Fault(.internal, "The run has ended.")
            }
            return run
        }
    }

    func find(_ run: Run.ID, of conversation: Conversation) async throws -> Run {
        try await store.findRun(run, in: conversation.id, of: Principal(user: "alice")).get()
    }

    func messages(of conversation: Conversation) async throws -> [Message] {
        let list = Messages.List(conversation: conversation.id, limit: 1000, offset: 0, order: .ascending)
        return try await store.base.listMessages(list, of: Principal(user: "alice")).get().items
    }

    /// All events of a run as lines, as a client receives them.
    func lines(of run: Run.ID, in conversation: Conversation) async throws -> [ByteBuffer] {
        let stream = try await handlers.follow(
            Runs.Follow(conversation: conversation.id, run: run, after: 0),
            Self.context
        )
        var lines: [ByteBuffer] = []
        while let batch = try await stream.nextEncodedBatch() { lines += batch }
        return lines
    }

    /// Copies the database as it is left if the process is killed now.
    func copyAsKilled(to other: String) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        let name = "/conversation.sqlite"
        let source = try DatabaseQueue(path: directory + name, configuration: configuration)
        try source.backup(to: DatabaseQueue(path: other + name))
    }
}
