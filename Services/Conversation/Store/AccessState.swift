import Contracts

/// The keys and quotas that ``AccessCache`` needs to know, at one moment.
struct AccessState: Sendable, Equatable {
    /// The users and keys that have a quota.
    var limited: Set<Quota.Subject>
    /// Maximum number of concurrent runs per key, for keys that have such a limit.
    var runLimits: [APIKey.ID: Int]
    /// The number of the last change of a key or quota that is included.
    var lastChange: Int
}
