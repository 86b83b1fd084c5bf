import Contracts

@testable import ConversationService

/// A store whose changes of keys and quotas are committed, but fail afterwards, as if the connection was lost.
struct FailingKeyStore: KeyStore {
    private static let fault = Fault(.unavailable, "The connection was lost.")

    let store: any KeyStore

    func createKey(_ key: NewKey, limit: Int) async throws -> Result<KeyCreation, Fault> {
        try await store.createKey(key, limit: limit)
    }

    func listKeys(of user: String?, limit: Int, offset: Int) async throws -> Page<APIKey> {
        try await store.listKeys(of: user, limit: limit, offset: offset)
    }

    func changeKey(
        _ id: APIKey.ID,
        _ change: KeyChange,
        by principal: Principal
    ) async throws -> Result<AccessChange<APIKey>, Fault> {
        _ = try await store.changeKey(id, change, by: principal)
        throw Self.fault
    }

    func revokeKey(_ id: APIKey.ID, by principal: Principal) async throws -> Result<AccessChange<APIKey>, Fault> {
        _ = try await store.revokeKey(id, by: principal)
        throw Self.fault
    }

    func findKey(digest: String) async throws -> APIKey? {
        try await store.findKey(digest: digest)
    }

    func findKeys(_ ids: [APIKey.ID]) async throws -> [APIKey] {
        try await store.findKeys(ids)
    }

    func recordUse(of key: APIKey.ID, at moment: Timestamp) async throws {
        try await store.recordUse(of: key, at: moment)
    }

    func setQuota(
        _ quota: Quota,
        for subject: Quota.Subject,
        at moment: Timestamp
    ) async throws -> Result<AccessChange<Quotas.Status>, Fault> {
        _ = try await store.setQuota(quota, for: subject, at: moment)
        throw Self.fault
    }

    func quotaStatus(
        of subject: Quota.Subject,
        for principal: Principal,
        at moment: Timestamp
    ) async throws -> Result<Quotas.Status, Fault> {
        try await store.quotaStatus(of: subject, for: principal, at: moment)
    }

    func accessState() async throws -> AccessState {
        try await store.accessState()
    }
}
