import Contracts
import Synchronization

/// The targets of names that were requested before, as long as no provider has been listed again.
///
/// Thread-safe.
final class ResolutionCache: Sendable {
    /// What targets depend on beside the lists of the providers.
    struct Key: Hashable, Sendable {
        var name: String?
        var needs: [Model.Ability]
    }

    /// Maximum number of entries: names are the client's choice.
    private static let limit = 1000

    private struct State {
        var version = 0
        var groups: [Key: [TargetGroup]] = [:]
    }

    private let state = Mutex(State())

    func groups(for key: Key, version: Int) -> [TargetGroup]? {
        state.withLock { $0.version == version ? $0.groups[key] : nil }
    }

    func store(_ groups: [TargetGroup], for key: Key, version: Int) {
        state.withLock { state in
            guard version >= state.version else { return }
            if version > state.version || state.groups.count >= Self.limit { state.groups = [:] }
            state.version = version
            state.groups[key] = groups
        }
    }
}
