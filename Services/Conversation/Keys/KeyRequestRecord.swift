import Contracts

/// What is stored of a request to create a key, until its idempotency key expires.
struct KeyRequestRecord: Codable, Sendable, Equatable {
    /// Two requests whose keys live equally long, up to this number of microseconds, are the same: a client that asks
    /// for a lifetime sends another time of expiry with each repeat.
    private static let lifetimeTolerance: Int64 = 60_000_000

    /// The created API key.
    var key: APIKey.ID
    /// A random text, from which the secret of the API key is derived.
    var salt: String
    var name: String
    /// The owner of the API key.
    var user: String
    var role: Principal.Role
    var limits: APIKey.Limits
    var expiresAt: Timestamp?
    var requestedAt: Timestamp

    /// Creates the record of the request that creates `key`.
    init(_ key: APIKey) {
        self.key = key.id
        salt = "\(Identifier<Self>())\(Identifier<Self>())"
        name = key.name
        user = key.user
        role = key.role
        limits = key.limits
        expiresAt = key.expiresAt
        requestedAt = key.createdAt
    }

    /// Whether the request asks for the same API key as an earlier one.
    func isRepeat(of first: KeyRequestRecord) -> Bool {
        name == first.name && user.utf8.elementsEqual(first.user.utf8) && role == first.role && limits == first.limits
            && hasSameExpiry(as: first)
    }

    private func hasSameExpiry(as first: KeyRequestRecord) -> Bool {
        guard let expiresAt, let firstExpiresAt = first.expiresAt else { return expiresAt == first.expiresAt }
        if expiresAt == firstExpiresAt { return true }
        let lifetime = expiresAt.microseconds - requestedAt.microseconds
        let firstLifetime = firstExpiresAt.microseconds - first.requestedAt.microseconds
        return abs(lifetime - firstLifetime) < Self.lifetimeTolerance
    }
}
