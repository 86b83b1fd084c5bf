import Bus
import Contracts
import NIOCore
import Synchronization

/// A fake inference-svc with scripted responses; records requests.
final class ScriptedModels: Sendable {
    private struct State {
        var events: [Inference.Event] = []
        var fault: Fault?
        /// Whether a stream stays open until its reader closes it.
        var hangs = false
        var asked: [Inference.Generate] = []
        var embedded: [Inference.Embed] = []
        var contexts: [CallContext] = []
        var left = 0
        var reports = [
            Models.ProviderReport(
                name: "demo",
                address: nil,
                models: [Model(name: "demo/demo", window: 8192)],
                fault: nil
            )
        ]
    }

    private let state = Mutex(State())

    var asked: [Inference.Generate] { state.withLock { $0.asked } }
    var embedded: [Inference.Embed] { state.withLock { $0.embedded } }
    var contexts: [CallContext] { state.withLock { $0.contexts } }
    /// The number of generations and embeddings.
    var begun: Int { state.withLock { $0.asked.count + $0.embedded.count } }
    /// The number of callers that disconnected before the response.
    var left: Int { state.withLock { $0.left } }

    /// Sets the events of generations, and the fault that follows them.
    func play(_ events: [Inference.Event], _ fault: Fault? = nil, hangs: Bool = false) {
        state.withLock { state in
            state.events = events
            state.fault = fault
            state.hangs = hangs
        }
    }

    /// Sets the text events of generations.
    func say(_ pieces: String..., reason: Inference.Finish.Reason = .stop, usage: Usage? = Sample.usage) {
        var begin = Inference.Event()
        begin.begin = Inference.Begin(
            model: "demo/demo",
            attempts: [Attempt(model: "demo/demo", outcome: .answered, milliseconds: 1)]
        )
        let finish = Inference.Finish(reason: reason, model: "demo/demo", usage: usage)
        play([begin] + pieces.map { Inference.Event(text: $0) } + [Inference.Event(finish: finish)])
    }

    /// Sets the providers and their models.
    func list(_ reports: [Models.ProviderReport]) {
        state.withLock { $0.reports = reports }
    }

    func serve(in table: inout EndpointTable) {
        table.serveEncoded(Inference.Generate.self) { body, context in
            let events = Mutex(try self.begin(BusCoding.decode(Inference.Generate.self, from: body), context)[...])
            return ElementStream(
                next: {
                    if let event = events.withLock({ $0.popFirst() }) { return [event] }
                    if let fault = self.state.withLock({ $0.fault }) { throw fault }
                    try await self.hangIfAsked()
                    return nil
                },
                close: {}
            )
        }
        table.serve(Inference.Complete.self) { request, context in
            let events = try self.begin(request.generate, context)
            try await self.hangIfAsked()
            if let fault = self.state.withLock({ $0.fault }) { throw fault }
            guard events.first?.begin != nil, events.last?.finish != nil else {
                throw Fault(.cut, "It broke off.")
            }
            var builder = AnswerBuilder()
            for event in events { builder.add(event) }
            var answer = try builder.answer()
            answer.text = events.compactMap(\.text).joined()
            return answer
        }
        table.serve(Inference.Embed.self) { request, context in
            self.state.withLock { $0.embedded.append(request) }
            try await self.hangIfAsked()
            return Inference.Embeddings(
                model: "demo/hash-embedding",
                vectors: request.input.map { _ in "AACAPwAAAMA=" },
                promptTokens: 3,
                isEstimated: true
            )
        }
        table.serve(Models.List.self) { _, _ in self.state.withLock { $0.reports } }
        table.serve(Models.Find.self) { request, _ in
            guard request.name == "demo/demo" else { throw Fault(.missing, "There is no such model.") }
            return Model(name: "demo/demo", window: 8192)
        }
    }

    private func begin(_ request: Inference.Generate, _ context: CallContext) throws -> [Inference.Event] {
        let (events, fault) = state.withLock { state in
            state.asked.append(request)
            state.contexts.append(context)
            return (state.events, state.events.isEmpty ? state.fault : nil)
        }
        if let fault { throw fault }
        return events
    }

    private func hangIfAsked() async throws {
        guard state.withLock({ $0.hangs }) else { return }
        do {
            try await Task.sleep(for: .seconds(3600))
        } catch {
            state.withLock { $0.left += 1 }
            throw error
        }
    }
}
