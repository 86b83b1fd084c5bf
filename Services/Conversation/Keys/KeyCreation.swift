import Contracts

/// The outcome of storing a key.
enum KeyCreation: Sendable {
    case created(AccessChange<APIKey>)
    /// The idempotency key is known; nothing was stored.
    case repeated(RepeatedKey)
}

/// The API key of an earlier request with the same idempotency key.
struct RepeatedKey: Sendable {
    /// The earlier request.
    var record: KeyRequestRecord
    /// The API key in its current state; `nil` if it was revoked.
    var key: APIKey?
    /// The digest of its secret; `nil` if it was revoked.
    var digest: String?
}
