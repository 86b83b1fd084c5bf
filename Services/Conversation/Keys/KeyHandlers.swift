import Bus
import Contracts
import Logging

/// Handles the endpoints for API keys and checks who may create, list, change and revoke them.
struct KeyHandlers: Sendable {
    /// Maximum number of keys per user, including expired ones.
    static let limit = 100
    /// Minimum time between two updates of a key's last use, in microseconds.
    private static let useInterval: Int64 = 60_000_000

    let store: any KeyStore
    let accessCache: AccessCache
    /// The secret from which the secrets of keys are derived whose creation can be repeated.
    let busToken: String
    var now: @Sendable () -> Timestamp = { .now() }

    func create(_ request: Keys.Create, _ context: CallContext) async throws -> Keys.Created {
        let principal = try context.requirePrincipal()
        try Self.checkMayManageKeys(principal)
        try KeyValidation.check(role: request.role, for: principal)
        let moment = now()
        let key = APIKey(
            id: APIKey.ID(at: moment),
            name: try KeyValidation.name(request.name),
            user: try KeyValidation.user(request.user, for: principal),
            role: request.role,
            limits: try KeyValidation.limits(request.limits),
            createdAt: moment,
            expiresAt: try KeyValidation.expiry(request.expiresAt, now: moment)
        )
        let keyRequest = request.key.map {
            KeyRequest(sender: principal.user, key: $0, record: KeyRequestRecord(key))
        }
        let secret = keyRequest?.secret(busToken: busToken) ?? KeySecret()
        let new = NewKey(key: key, digest: secret.digest, request: keyRequest)
        switch try await store.createKey(new, limit: Self.limit).get() {
        case .created(let change):
            accessCache.didCreate(change)
            Self.log("Key created", key, by: principal)
            return Keys.Created(key: key, secret: secret.text)
        case .repeated(let repeated):
            let created = try repeated.response(to: keyRequest, busToken: busToken)
            accessCache.didFind(created.key)
            return created
        }
    }

    func list(_ request: Keys.List, _ context: CallContext) async throws -> Page<APIKey> {
        let principal = try context.requirePrincipal()
        let named = try KeyValidation.user(request.user, for: principal)
        let user = request.isAll ? nil : named
        guard user != nil || principal.role == .admin else {
            throw Fault(.forbidden, "Only an admin may list the keys of all users.")
        }
        return try await store.listKeys(of: user, limit: request.limit, offset: request.offset)
    }

    func change(_ request: Keys.Change, _ context: CallContext) async throws -> APIKey {
        let principal = try context.requirePrincipal()
        try Self.checkMayManageKeys(principal)
        if let role = request.role { try KeyValidation.check(role: role, for: principal) }
        let change = KeyChange(
            name: try request.name.map(KeyValidation.name),
            role: request.role,
            limits: try request.limits.map(KeyValidation.limits),
            expiresAt: try KeyValidation.expiry(request.expiresAt, now: now())
        )
        let changed = try await invalidatingOnFailure(request.key) {
            try await store.changeKey(request.key, change, by: principal)
        }
        accessCache.didChange(changed)
        Self.log("Key changed", changed.value, by: principal)
        return changed.value
    }

    func revoke(_ request: Keys.Revoke, _ context: CallContext) async throws -> APIKey {
        let principal = try context.requirePrincipal()
        if principal.key != request.key { try Self.checkMayManageKeys(principal) }
        let revoked = try await invalidatingOnFailure(request.key) {
            try await store.revokeKey(request.key, by: principal)
        }
        accessCache.didRevoke(revoked)
        Self.log("Key revoked", revoked.value, by: principal)
        return revoked.value
    }

    func find(_ request: Keys.Find) async throws -> APIKey {
        guard KeySecret.isDigest(request.digest) else {
            throw Fault(.invalid, "`digest` must be 64 hexadecimal digits.")
        }
        guard let key = try await store.findKey(digest: request.digest) else { throw Fault.missingKey }
        await recordUse(of: key)
        return key
    }

    func check(_ request: Keys.Check) async throws -> [APIKey] {
        guard request.keys.count <= Keys.Check.limit else {
            throw Fault(.invalid, "At most \(Keys.Check.limit) keys can be checked at once.")
        }
        return try await store.findKeys(request.keys)
    }

    /// Runs a change of a key; if the store fails, gateways look the key up again, because it may have been changed.
    private func invalidatingOnFailure(
        _ key: APIKey.ID,
        _ change: () async throws -> Result<AccessChange<APIKey>, Fault>
    ) async throws -> AccessChange<APIKey> {
        let outcome: Result<AccessChange<APIKey>, Fault>
        do {
            outcome = try await change()
        } catch {
            accessCache.mayHaveChanged(.key(key))
            throw error
        }
        return try outcome.get()
    }

    /// Records the time of use.
    ///
    /// A failed write is only logged, because it must not fail authentication.
    private func recordUse(of key: APIKey) async {
        let moment = now()
        let isRecent = key.lastUsedAt.map { moment.microseconds - $0.microseconds < Self.useInterval } ?? false
        guard !isRecent, !key.isExpired(at: moment) else { return }
        do {
            try await store.recordUse(of: key.id, at: moment)
        } catch {
            Logger.current.warning(
                "Last use of a key not stored",
                metadata: ["key.id": "\(key.id)", "error": "\(error)"]
            )
        }
    }

    /// Prevents a limited key from creating or changing keys; only tokens and admin keys may manage keys.
    private static func checkMayManageKeys(_ principal: Principal) throws {
        guard principal.key == nil || principal.role == .admin else {
            throw Fault(.forbidden, "A key with the role user cannot manage keys. Authenticate with a token.")
        }
    }

    private static func log(_ message: Logger.Message, _ key: APIKey, by principal: Principal) {
        Logger.current.notice(
            message,
            metadata: [
                "key.id": "\(key.id)", "key.user": "\(key.user)", "key.role": "\(key.role.rawValue)",
                "principal.user": "\(principal.user)",
            ]
        )
    }
}
