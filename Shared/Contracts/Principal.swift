/// Who is asking, as the gateway found out.
package struct Principal: Codable, Sendable, Hashable {
    /// The user's name in the house; opaque, at most 255 bytes.
    package var user: String
    package var role: Role

    package init(user: String, role: Role = .user) {
        self.user = user
        self.role = role
    }

    /// What a principal may do.
    package enum Role: String, Codable, Sendable, Hashable, CaseIterable {
        /// Whatever concerns their own things.
        case user
        /// Models, personas and the keys of others besides.
        case admin
    }
}
