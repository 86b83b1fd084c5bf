/// A client's idempotency key with its scope; the same key in another scope is a different key.
struct IdempotencyKey: Sendable, Hashable {
    var route: String
    var key: String
}
