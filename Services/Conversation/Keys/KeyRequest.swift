import Contracts

/// A request to create a key that can be repeated.
struct KeyRequest: Sendable {
    /// The user who sent the request.
    var sender: String
    var idempotencyKey: IdempotencyKey
    /// What is stored with the idempotency key.
    var record: KeyRequestRecord

    /// The scope of the idempotency key.
    var scope: String { "user \(sender)" }

    init(sender: String, key: String, record: KeyRequestRecord) {
        self.sender = sender
        self.record = record
        idempotencyKey = IdempotencyKey(route: "create key", key: key)
    }

    /// Derives the secret of the API key, which is not stored, so that a repeated request can return it again.
    ///
    /// The secret cannot be derived from the database alone, because `busToken` is not part of it; nor with the token
    /// after the idempotency key has expired, because the record with its random salt is deleted then.
    func secret(busToken: String) -> KeySecret {
        KeySecret(
            derivedFrom: busToken,
            parts: ["parley api key", sender, record.key.description, idempotencyKey.key, record.salt]
        )
    }
}
