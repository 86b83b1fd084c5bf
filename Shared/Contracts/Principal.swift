/// Who is asking, as the gateway found out.
package struct Principal: Codable, Sendable, Hashable {
    /// The user's name in the house; opaque, at most 255 bytes.
    package var user: String
    package var role: Role
    /// The key that they came with; absent for a token.
    package var key: APIKey.ID?

    package init(user: String, role: Role = .user, key: APIKey.ID? = nil) {
        self.user = user
        self.role = role
        self.key = key
    }

    /// What a principal may do.
    package enum Role: String, Codable, Sendable, Hashable, CaseIterable, Comparable {
        /// Whatever concerns their own things.
        case user
        /// Models, personas and the keys of others besides.
        case admin

        /// Whether one may less than another.
        package static func < (left: Role, right: Role) -> Bool {
            left == .user && right == .admin
        }
    }
}
