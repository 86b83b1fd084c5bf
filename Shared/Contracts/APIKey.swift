/// An API key without its secret, which is shown once; only its digest is stored.
package struct APIKey: Codable, Sendable, Hashable, Identifiable {
    package typealias ID = Identifier<APIKey>

    package var id: ID
    /// Name chosen by the owner.
    package var name: String
    /// The owner.
    package var user: String
    package var role: Principal.Role
    package var limits: Limits
    package var createdAt: Timestamp
    /// Time of expiry (default: never).
    package var expiresAt: Timestamp?
    /// Time of the latest use, accurate to about a minute; `nil` if it was never used.
    package var lastUsedAt: Timestamp?

    package init(
        id: ID,
        name: String,
        user: String,
        role: Principal.Role,
        limits: Limits = Limits(),
        createdAt: Timestamp,
        expiresAt: Timestamp? = nil,
        lastUsedAt: Timestamp? = nil
    ) {
        self.id = id
        self.name = name
        self.user = user
        self.role = role
        self.limits = limits
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.lastUsedAt = lastUsedAt
    }

    /// The principal of a request with this key.
    package var principal: Principal {
        Principal(user: user, role: role, key: id)
    }

    /// Whether the key has expired.
    package func isExpired(at moment: Timestamp) -> Bool {
        expiresAt.map { $0 <= moment } ?? false
    }

    /// Limits of a key in addition to those of its owner (default: unlimited).
    package struct Limits: Codable, Sendable, Hashable {
        package var requestsPerMinute: Int?
        package var requestsPerHour: Int?
        /// Maximum number of generations at the same time.
        package var concurrentRuns: Int?

        package init(requestsPerMinute: Int? = nil, requestsPerHour: Int? = nil, concurrentRuns: Int? = nil) {
            self.requestsPerMinute = requestsPerMinute
            self.requestsPerHour = requestsPerHour
            self.concurrentRuns = concurrentRuns
        }
    }
}
