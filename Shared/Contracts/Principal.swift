/// The authenticated caller of a request.
package struct Principal: Codable, Sendable, Hashable {
    /// Name of the user: opaque, at most 255 bytes.
    package var user: String
    package var role: Role
    /// The API key of the request; `nil` for a token.
    package var key: APIKey.ID?

    package init(user: String, role: Role = .user, key: APIKey.ID? = nil) {
        self.user = user
        self.role = role
        self.key = key
    }

    /// The permissions of a principal.
    package enum Role: String, Codable, Sendable, Hashable, CaseIterable, Comparable {
        /// Access to the user's own objects.
        case user
        /// Access to models, personas and the keys of all users as well.
        case admin

        /// Whether the left role has fewer permissions.
        package static func < (left: Role, right: Role) -> Bool {
            left == .user && right == .admin
        }
    }
}
