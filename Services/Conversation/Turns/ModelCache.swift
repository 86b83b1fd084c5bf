import Bus
import Contracts
import Synchronization

/// Caches the models' names, context windows and prices, which inference-svc provides.
final class ModelCache: Sendable {
    private static let lifetime = Duration.seconds(15)
    /// How long an expired entry may still be used for an estimate.
    private static let staleLifetime = Duration.seconds(300)
    /// Maximum number of entries; clients choose the names.
    private static let limit = 1000

    private let inference: any Bus
    private let entries = Mutex<[String: (model: Model, until: SuspendingClock.Instant)]>([:])

    init(inference: any Bus) {
        self.inference = inference
    }

    /// Returns a model; without a name, the default model.
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

    /// Records that a model has no tools, although its provider reports them or reports nothing, until its entry expires.
    func removeTools(of name: String) {
        entries.withLock { entries in
            for (key, entry) in entries where entry.model.name == name {
                let abilities = entry.model.abilities ?? Model.Ability.allCases
                entries[key]?.model.abilities = abilities.filter { $0 != .tools }
            }
        }
    }

    /// Returns a model for an estimate: an expired entry is used if inference-svc does not respond in time, and a fault
    /// is returned if there is none.
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
            return .failure((error as? Fault) ?? Fault(.unavailable, "The model could not be looked up."))
        }
    }

    /// Returns the model as ``modelOrFault(_:_:within:)`` does; `nil` instead of a fault.
    func modelIfKnown(_ name: String?, _ context: CallContext, within limit: Duration) async -> Model? {
        if case .success(let model) = await modelOrFault(name, context, within: limit) { model } else { nil }
    }
}
