import Contracts

/// A change of a key; `nil` for properties that stay as they are.
struct KeyChange: Sendable {
    var name: String?
    var role: Principal.Role?
    var limits: APIKey.Limits?
    var expiresAt: Timestamp?

    /// Returns the changed key.
    func applied(to key: APIKey) -> APIKey {
        var changed = key
        changed.name = name ?? key.name
        changed.role = role ?? key.role
        changed.limits = limits ?? key.limits
        changed.expiresAt = expiresAt ?? key.expiresAt
        return changed
    }
}

extension APIKey {
    /// Whether the principal is an admin or the owner of the key.
    func isManaged(by principal: Principal) -> Bool {
        // Compares bytes, as the database does.
        principal.role == .admin || user.utf8.elementsEqual(principal.user.utf8)
    }
}
