import Bus
import Contracts
import Synchronization
import TestSupport

/// A fake inference-svc that plays a script and records its requests.
final class ScriptedInference: Sendable {
    /// A step of a generation.
    enum Step: Sendable {
        case text(String)
        case pause(Duration)
        /// Waits until ``ScriptedInference/release(_:)`` permits it to end.
        case hold
        case fail(Fault)
        /// Runs until the caller disconnects.
        case hang
        case finish
        case event(Inference.Event)
    }

    private struct State {
        /// The scripts of the next generations; the last one is repeated.
        var scripts: [[Step]] = [[.text("Hel"), .text("lo."), .finish]]
        var requests: [Inference.Generate] = []
        var closed = 0
        var releases = 0
        var window = 8192
        var rejection: Fault?
        var price: Model.Price?
        /// Further models, by name.
        var models: [String: Model] = [:]
        var unpricedModels: Set<String> = []
        var usage: Usage? = Usage(promptTokens: 10, completionTokens: 2, isEstimated: false)
    }

    private let state = Mutex(State())
    /// The embedding model.
    let embeddings = ScriptedEmbeddings()

    var requests: [Inference.Generate] { state.withLock { $0.requests } }
    /// Number of generations that their caller cancelled.
    var closed: Int { state.withLock { $0.closed } }

    func play(_ script: [Step], window: Int = 8192) {
        play(each: [script], window: window)
    }

    /// Plays one script for each of the next generations; the last one is repeated.
    func play(each scripts: [[Step]], window: Int = 8192) {
        state.withLock { state in
            state.scripts = scripts
            state.window = window
        }
    }

    /// Adds a model beside `scripted/model`.
    func addModel(_ model: Model) {
        state.withLock { $0.models[model.name] = model }
    }

    /// Ends a number of `hold` steps, now or later; without a number, all of them.
    func release(_ count: Int = 1_000_000) {
        state.withLock { $0.releases += count }
    }

    /// Makes all further generations fail with a fault.
    func reject(_ fault: Fault?) {
        state.withLock { $0.rejection = fault }
    }

    /// Removes the price of a model, but not that of others.
    func removePrice(of model: String) {
        state.withLock { _ = $0.unpricedModels.insert(model) }
    }

    /// Sets the price of the models and the usage that generations report.
    func setPrice(_ price: Model.Price?, usage: Usage?) {
        state.withLock { state in
            state.price = price
            state.usage = usage
        }
    }

    var table: EndpointTable {
        var table = EndpointTable(service: "inference-svc")
        table.serve(Models.Find.self) { request, _ in
            self.state.withLock { state in
                if let other = request.name.flatMap({ state.models[$0] }) { return other }
                let isPriced = request.name.map { !state.unpricedModels.contains($0) } ?? true
                return Model(name: "scripted/model", window: state.window, price: isPriced ? state.price : nil)
            }
        }
        embeddings.add(to: &table)
        table.serve(Inference.Generate.self) { request, _ in
            let (script, rejection) = self.state.withLock { state in
                state.requests.append(request)
                let script = state.scripts.count > 1 ? state.scripts.removeFirst() : state.scripts[0]
                return (script, state.rejection)
            }
            if let rejection { throw rejection }
            return self.stream(script)
        }
        return table
    }

    private func stream(_ script: [Step]) -> ElementStream<Inference.Event> {
        let next = Mutex(0)
        return ElementStream(
            next: {
                while true {
                    let index = next.withLock { index in
                        defer { index += 1 }
                        return index
                    }
                    guard index < script.count else { return nil }
                    if let event = try await self.event(script[index]) { return [event] }
                }
            },
            close: {}
        )
    }

    private func event(_ step: Step) async throws -> Inference.Event? {
        switch step {
        case .text(let text): return Inference.Event(text: text)
        case .pause(let duration):
            try await Task.sleep(for: duration)
            return nil
        case .hold:
            try await eventually("The release") {
                state.withLock { state in
                    guard state.releases > 0 else { return false }
                    state.releases -= 1
                    return true
                }
            }
            return nil
        case .fail(let fault): throw fault
        case .event(let event): return event
        case .hang:
            do { try await Task.sleep(for: .seconds(3600)) } catch {
                state.withLock { $0.closed += 1 }
                throw error
            }
            return nil
        case .finish:
            let usage = state.withLock { $0.usage }
            return Inference.Event(finish: Inference.Finish(reason: .stop, model: "scripted/model", usage: usage))
        }
    }
}
