import Bus
import Contracts
import NIOCore
import Synchronization

/// Fake services behind the gateway with scripted responses; records requests.
final class ScriptedServices: Sendable {
    /// A step of a stream.
    enum Step: Sendable {
        case events([Run.Event])
        /// A batch of encoded elements.
        case encoded([String])
        case fail(Fault)
        /// Stays open until the caller closes the stream.
        case hang
    }

    private struct State {
        var fault: Fault?
        var stream: [Step] = []
        var end = Sample.end
        var opened = Conversations.Opened(conversation: Sample.conversation, isNew: true)
        var contexts: [CallContext] = []
        var requests: [String] = []
        var values: [any Sendable] = []
        var next: String?
        var starts: [Runs.Start] = []
        var follows: [Runs.Follow] = []
        var reports: [Usage.Report] = []
        var left = 0
        var turnsHang = false
    }

    private let state = Mutex(State())
    /// The API keys.
    let keys = ScriptedKeyStore()
    /// Reservations, settlements and usage.
    let meter = ScriptedUsageStore()
    /// Stored completions.
    let completions = ScriptedCompletionStore()
    /// The fake inference-svc.
    let models = ScriptedModels()
    /// Model jobs.
    let jobs = ScriptedModelJobs()
    /// The conversation of a surface that finds conversations by id, if any.
    let session: ScriptedSession?

    init(_ session: ScriptedSession? = nil) {
        self.session = session
    }

    var contexts: [CallContext] { state.withLock { $0.contexts } }
    var requests: [String] { state.withLock { $0.requests } }
    var starts: [Runs.Start] { state.withLock { $0.starts } }
    var follows: [Runs.Follow] { state.withLock { $0.follows } }
    var reports: [Usage.Report] { state.withLock { $0.reports } }
    /// The number of streams that were closed by their caller.
    var left: Int { state.withLock { $0.left } }

    /// The received requests of a type; streams and ``Runs/Complete`` are recorded elsewhere.
    func received<Request: Endpoint>(_ type: Request.Type) -> [Request] {
        state.withLock { $0.values.compactMap { $0 as? Request } }
    }

    /// Sets the ``Page/next`` of lists of conversations and messages.
    func page(next: String?) {
        state.withLock { $0.next = next }
    }

    /// Sets the steps of streams.
    func play(_ steps: Step...) {
        play(steps)
    }

    func play(_ steps: [Step]) {
        state.withLock { $0.stream = steps }
    }

    /// Fails every call with this fault.
    func fail(_ fault: Fault?) {
        state.withLock { $0.fault = fault }
    }

    /// Sets the end of turns.
    func end(_ end: Run.End) {
        state.withLock { $0.end = end }
    }

    /// Keeps turns open until their caller disconnects.
    func hangTurns() {
        state.withLock { $0.turnsHang = true }
    }

    /// Sets whether opened conversations are new.
    func open(isNew: Bool) {
        state.withLock { $0.opened.isNew = isNew }
    }

    var table: EndpointTable {
        var table = EndpointTable(service: "scripted")
        serve(Personas.List.self, in: &table) { _ in Page(items: [Sample.persona], total: 1) }
        serve(Tools.List.self, in: &table) { _ in [Sample.tool] }
        serve(Personas.Find.self, in: &table) { _ in Sample.persona }
        serve(Personas.Inspect.self, in: &table) { _ in Sample.inspected }
        serve(Personas.Create.self, in: &table) { _ in Sample.inspected }
        serve(Personas.Change.self, in: &table) { _ in Sample.inspected }
        serve(Conversations.Open.self, in: &table) { _ in self.state.withLock { $0.opened } }
        serve(Conversations.List.self, in: &table) { _ in self.page([Sample.conversation], total: 1) }
        serve(Conversations.MarkRead.self, in: &table) { _ in Conversations.ReadMark(readAt: Sample.moment) }
        serve(Conversations.Delete.self, in: &table) { _ in Conversations.Deleted(messageCount: 3) }
        serve(Conversations.Count.self, in: &table) { _ in
            Conversations.Statistics(conversations: 1, messages: 2, activePersonas: 3)
        }
        serve(Messages.List.self, in: &table) { _ in self.page([Sample.answer, Sample.question], total: 2) }
        serve(Messages.Siblings.self, in: &table) { _ in self.page([Sample.answer, Sample.sibling], total: 2) }
        serve(Messages.Select.self, in: &table) { _ in self.page([Sample.sibling, Sample.question], total: 2) }
        serve(Runs.Find.self, in: &table) { _ in Sample.run }
        serve(Runs.Cancel.self, in: &table) { _ in Sample.run }
        table.serve(Runs.Complete.self) { request, context in
            try self.note(Runs.Complete.path, context)
            let hangs = self.state.withLock { state in
                state.starts.append(request.start)
                return state.turnsHang
            }
            if hangs { _ = try await self.perform(.hang) }
            return Turn(run: Sample.run.id, userMessage: Sample.question, end: self.state.withLock { $0.end })
        }
        serve(Keys.Create.self, in: &table) { _ in Keys.Created(key: Sample.key, secret: "sk-parley-secret") }
        serve(Keys.List.self, in: &table) { _ in Page(items: [Sample.key], total: 1) }
        serve(Keys.Change.self, in: &table) { _ in Sample.key }
        serve(Keys.Revoke.self, in: &table) { _ in Sample.key }
        serve(Tools.List.self, in: &table) { _ in Sample.tools }
        serve(Usage.Report.self, in: &table) { request in
            self.state.withLock { $0.reports.append(request) }
            return Sample.reported
        }
        serve(Quotas.Find.self, in: &table) { request in
            Quotas.Status(
                subject: request.subject,
                quota: nil,
                used: Usage.Total(),
                reserved: Usage.Total(),
                resetsAt: Sample.moment
            )
        }
        serve(Quotas.Set.self, in: &table) { request in
            Quotas.Status(
                subject: request.subject,
                quota: request.quota,
                used: Usage.Total(Sample.usage),
                reserved: Usage.Total(Sample.usage),
                resetsAt: Sample.moment
            )
        }
        serveMemories(in: &table)
        keys.add(to: &table)
        meter.add(to: &table)
        completions.add(to: &table)
        models.serve(in: &table)
        jobs.serve(in: &table)
        session?.serve(in: &table)
        table.serve(Runs.Start.self) { request, context in
            self.state.withLock { $0.starts.append(request) }
            return try self.stream(Runs.Start.path, context)
        }
        table.serve(Runs.Follow.self) { request, context in
            self.state.withLock { $0.follows.append(request) }
            return try self.stream(Runs.Follow.path, context)
        }
        return table
    }

    func serve<Request: Endpoint>(
        _ type: Request.Type,
        in table: inout EndpointTable,
        _ answer: @escaping @Sendable (Request) -> Request.Response
    ) {
        table.serve(type) { request, context in
            try self.note(type.path, context)
            self.state.withLock { $0.values.append(request) }
            return answer(request)
        }
    }

    private func page<Item>(_ items: [Item], total: Int) -> Page<Item> {
        Page(items: items, total: total, next: state.withLock { $0.next })
    }

    private func note(_ path: String, _ context: CallContext) throws {
        let fault = state.withLock { state in
            state.contexts.append(context)
            state.requests.append(path)
            return state.fault
        }
        if let fault { throw fault }
    }

    private func stream(_ path: String, _ context: CallContext) throws -> ElementStream<Run.Event> {
        try note(path, context)
        let steps = Mutex(state.withLock { $0.stream }[...])
        return ElementStream(
            encoded: {
                guard let step = steps.withLock({ $0.popFirst() }) else { return nil }
                return try await self.perform(step)
            },
            close: {}
        )
    }

    private func perform(_ step: Step) async throws -> [ByteBuffer] {
        switch step {
        case .events(let events): return try events.map { try BusCoding.encode($0) }
        case .encoded(let elements): return elements.map { ByteBuffer(string: $0) }
        case .fail(let fault): throw fault
        case .hang:
            do {
                try await Task.sleep(for: .seconds(3600))
            } catch {
                state.withLock { $0.left += 1 }
                throw error
            }
            return []
        }
    }
}
