import Bus
import Contracts
import Synchronization

/// Which model answers, and how large its window is; asked of inference-svc and remembered for a while.
final class ModelCache: Sendable {
    private static let lifetime = Duration.seconds(15)
    /// For how much longer than that it is good enough for an estimate.
    private static let staleLifetime = Duration.seconds(300)
    /// How many names are remembered; clients choose them.
    private static let limit = 1000

    private let inference: any Bus
    private let entries = Mutex<[String: (model: Model, until: ContinuousClock.Instant)]>([:])

    init(inference: any Bus) {
        self.inference = inference
    }

    /// `name`: a model's name; absent for the default.
    func model(_ name: String?, _ context: CallContext) async throws -> Model {
        let key = name ?? ""
        if let entry = entries.withLock({ $0[key] }), entry.until > .now { return entry.model }
        let model = try await inference.call(Models.Find(name: name), context)
        entries.withLock { entries in
            if entries.count >= Self.limit, entries[key] == nil { entries = [:] }
            entries[key] = (model, .now + Self.lifetime)
        }
        return model
    }

    /// Like ``model(_:_:)`` for an estimate, which nobody is made to wait for: what was entries last, or why nothing is when
    /// nobody says in time.
    func modelOrFault(
        _ name: String?,
        _ context: CallContext,
        within limit: Duration
    ) async -> Result<Model, Fault> {
        if let entry = entries.withLock({ $0[name ?? ""] }), entry.until + Self.staleLifetime > .now {
            return .success(entry.model)
        }
        var bounded = context
        bounded.deadline = .now + limit
        do {
            return .success(try await model(name, bounded))
        } catch {
            if let model = entries.withLock({ $0[name ?? ""]?.model }) { return .success(model) }
            return .failure((error as? Fault) ?? Fault(.unavailable, "The model cannot be asked for: \(error)"))
        }
    }

    /// The model as ``modelOrFault(_:_:within:)`` finds it.
    func modelIfKnown(_ name: String?, _ context: CallContext, within limit: Duration) async -> Model? {
        if case .success(let model) = await modelOrFault(name, context, within: limit) { model } else { nil }
    }
}
