import Bus
import Contracts
import GRDB
import HTTP
import InferenceService
import NIOCore
import ServiceKit
import ServiceLifecycle
import TestSupport
import Testing

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
    ///
    /// With `upstream`, inference-svc is real and has these settings.
    static func with<Value: Sendable>(
        _ directory: String,
        budget: HistoryBudget = HistoryBudget(),
        isComplete: Bool = true,
        hasTool: Bool = true,
        runLimit: Duration = .seconds(30),
        toolTasks: ToolTasks = ToolTasks(grace: .milliseconds(200)),
        upstream: [String: String]? = nil,
        extractsMemories: Bool = false,
        prepare: (InterceptedStore) -> Void = { _ in },
        _ body: (TurnTestbed) async throws -> Value
    ) async throws -> Value {
        let store = InterceptedStore(try await SQLiteStore.sample(in: directory))
        prepare(store)
        let (inference, tool) = (ScriptedInference(), ScriptedTool())
        let behind: ServiceUnit
        if let upstream {
            let settings = ["INFERENCE_PORT": "0", "BUS_TOKEN": Fixture.token, "DATA_DIR": directory]
            behind = try await InferenceService.unit(settings: Settings(values: settings.merging(upstream) { $1 }))
        } else {
            behind = ServiceUnit.bus(table: inference.table, host: "127.0.0.1", port: 0, token: Fixture.token)
        }
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
                runLimit: runLimit,
                toolRunner: hasTool ? tool : nil,
                memories: TurnMemories.Options(
                    search: memories.search,
                    isRecalled: true,
                    isExtracted: extractsMemories,
                    timeLimit: .seconds(5)
                ),
                toolTasks: toolTasks,
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
        return try await store.base.listMessages(list, of: Principal(user: "alice")).get().items.map(\.unmarked)
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

    /// Sends a message with tools in a new conversation, and returns the end of its run and the steps after the message.
    func ask(
        _ scripts: [[ScriptedInference.Step]],
        window: Int = 8192,
        options: Run.Options = ScriptedInference.toolOptions
    ) async throws -> (end: Run.End, steps: [Message], conversation: Conversation, run: Run.ID) {
        let conversation = try await store.base.openConversation()
        inference.play(each: scripts, window: window)
        let run = try await start("How is it?", in: conversation, options: options)
        let end = try await run.end()
        let steps = try await messages(of: conversation).drop { $0.role != .user }.dropFirst()
        return (end, Array(steps), conversation, run.run.id)
    }

    /// Sends another message, and expects that providers accept its prompt, which it returns.
    func goOn(in conversation: Conversation) async throws -> [Inference.Message] {
        inference.play([.text("Yes."), .finish], window: 8192)
        #expect(try await start("Go on", in: conversation).end().status == .completed)
        let prompt = inference.requests.last?.messages ?? []
        ReplayablePrompt.check(prompt)
        #expect(prompt.last?.text == "Go on")
        return prompt
    }
}
