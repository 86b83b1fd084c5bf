import Bus
import Contracts
import Synchronization

/// Fake model jobs; records requests.
final class ScriptedModelJobs: Sendable {
    private struct State {
        var fault: Fault?
        /// What a watcher is told, and what ends the watch if it is no proper end.
        var told: [ModelJob] = []
        var cut: Fault?
        var asked: [any Sendable] = []
        var contexts: [CallContext] = []
    }

    private let state = Mutex(State())

    /// What was asked: the values of the endpoints, or the names alone of models shown and deleted.
    var asked: [any Sendable] { state.withLock { $0.asked } }
    var contexts: [CallContext] { state.withLock { $0.contexts } }

    /// Every call is answered with this.
    func fail(_ fault: Fault?) {
        state.withLock { $0.fault = fault }
    }

    /// Watchers are told this.
    func tell(_ jobs: ModelJob..., cut: Fault? = nil) {
        state.withLock { ($0.told, $0.cut) = (jobs, cut) }
    }

    func serve(in table: inout EndpointTable) {
        serve(Models.Show.self, in: &table, { $0.model }, { _ in Sample.description })
        serve(Models.Pull.self, in: &table, { $0 }, { _ in Models.StartedJob(job: Sample.job, isNew: true) })
        serve(Models.Create.self, in: &table, { $0 }, { _ in Models.StartedJob(job: Sample.job, isNew: false) })
        serve(Models.Delete.self, in: &table, { $0.model }, { _ in Done() })
        serve(Models.Pulls.self, in: &table, { $0 }, { _ in [Sample.job] })
        serve(Models.CancelPull.self, in: &table, { $0 }, { _ in Sample.ended(.cancelled) })
        table.serve(Models.FollowPull.self) { request, context in
            try self.note(request, context)
            let (told, cut) = self.state.withLock { ($0.told, $0.cut) }
            let rest = Mutex(told[...])
            return ElementStream(
                next: {
                    if let job = rest.withLock({ $0.popFirst() }) { return [job] }
                    if let cut { throw cut }
                    return nil
                },
                close: {}
            )
        }
    }

    private func serve<Request: Endpoint>(
        _ type: Request.Type,
        in table: inout EndpointTable,
        _ kept: @escaping @Sendable (Request) -> any Sendable,
        _ answer: @escaping @Sendable (Request) -> Request.Response
    ) {
        table.serve(type) { request, context in
            try self.note(kept(request), context)
            return answer(request)
        }
    }

    private func note(_ asked: any Sendable, _ context: CallContext) throws {
        let fault = state.withLock { state in
            state.asked.append(asked)
            state.contexts.append(context)
            return state.fault
        }
        if let fault { throw fault }
    }
}
