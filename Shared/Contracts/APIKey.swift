/// A key that stands for its owner, without its secret: that is shown once, and then known by its digest only.
package struct APIKey: Codable, Sendable, Hashable, Identifiable {
    package typealias ID = Identifier<APIKey>

    package var id: ID
    /// What its owner calls it.
    package var name: String
    /// Whose key it is.
    package var user: String
    package var role: Principal.Role
    package var limits: Limits
    package var createdAt: Timestamp
    /// When it stops being good; absent: never.
    package var expiresAt: Timestamp?
    /// When it was last seen, to about a minute; absent: never.
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

    /// Who whoever shows the key is.
    package var principal: Principal {
        Principal(user: user, role: role, key: id)
    }

    /// Whether it was good once and is no more.
    package func isExpired(at moment: Timestamp) -> Bool {
        expiresAt.map { $0 <= moment } ?? false
    }

    /// What a key may, beside what its owner may; absent: no limit of its own.
    package struct Limits: Codable, Sendable, Hashable {
        package var requestsPerMinute: Int?
        package var requestsPerHour: Int?
        /// How many answers may be made for it at once.
        package var concurrentRuns: Int?

        package init(requestsPerMinute: Int? = nil, requestsPerHour: Int? = nil, concurrentRuns: Int? = nil) {
            self.requestsPerMinute = requestsPerMinute
            self.requestsPerHour = requestsPerHour
            self.concurrentRuns = concurrentRuns
        }
    }
}
