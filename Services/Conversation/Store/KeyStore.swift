import Contracts

/// Stores API keys and quotas.
///
/// A refused request is an outcome; a thrown ``Fault`` means that the store failed.
protocol KeyStore: Sendable {
    /// Stores a key, unless its user has `limit` keys already.
    ///
    /// If the request's idempotency key is known, nothing is stored, and the outcome is the first request's key.
    func createKey(_ key: NewKey, limit: Int) async throws -> Result<KeyCreation, Fault>

    /// Returns a page of the keys of a user, or of all users, newest first.
    func listKeys(of user: String?, limit: Int, offset: Int) async throws -> Page<APIKey>

    /// Changes a key of the principal, or any key if the principal is an admin.
    ///
    /// The outcome is `missing` for the key of another user, and `forbidden` for a key with a higher role.
    func changeKey(
        _ id: APIKey.ID,
        _ change: KeyChange,
        by principal: Principal
    ) async throws -> Result<AccessChange<APIKey>, Fault>

    /// Deletes a key of the principal, or any key if the principal is an admin, and its quota.
    ///
    /// The outcome is `missing` for the key of another user.
    func revokeKey(_ id: APIKey.ID, by principal: Principal) async throws -> Result<AccessChange<APIKey>, Fault>

    func findKey(digest: String) async throws -> APIKey?

    /// Returns those of the keys that exist.
    func findKeys(_ ids: [APIKey.ID]) async throws -> [APIKey]

    /// Records when a key was last used; has no effect if the key does not exist.
    func recordUse(of key: APIKey.ID, at moment: Timestamp) async throws

    /// Replaces a quota, or deletes it if the new one is empty, and returns the usage in its current period.
    ///
    /// The outcome is `missing` for a key that does not exist.
    func setQuota(
        _ quota: Quota,
        for subject: Quota.Subject,
        at moment: Timestamp
    ) async throws -> Result<AccessChange<Quotas.Status>, Fault>

    /// Returns a quota and the usage in its current period.
    ///
    /// The outcome is `missing` for the key of another user, unless the principal is an admin.
    func quotaStatus(
        of subject: Quota.Subject,
        for principal: Principal,
        at moment: Timestamp
    ) async throws -> Result<Quotas.Status, Fault>

    /// Returns all quotas and the limits of all keys in one consistent state.
    func accessState() async throws -> AccessState
}

extension Fault {
    /// The outcome for a key that does not exist or belongs to another user.
    static let missingKey = Fault(.missing, "Key not found")
}
