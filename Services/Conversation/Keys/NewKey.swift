import Contracts

/// A key to store.
struct NewKey: Sendable {
    var key: APIKey
    /// ``KeySecret/digest`` of its secret.
    var digest: String
    /// The request, if it has an idempotency key.
    var request: KeyRequest?
}
