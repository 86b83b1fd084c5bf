import Bus
import Contracts
import GRDB
import Logging

/// Handles the endpoints for API keys and checks who may create, list, change and revoke them.
struct KeyHandlers: Sendable {
    /// Maximum number of keys per user, including expired ones.
    static let limit = 100
    /// Minimum time between two updates of a key's last use, in microseconds.
    private static let useInterval: Int64 = 60_000_000

    let database: Database
    let accessCache: AccessCache
    var now: @Sendable () -> Timestamp = { .now() }

    func create(_ request: Keys.Create, _ context: CallContext) async throws -> Keys.Created {
        let principal = try context.requirePrincipal()
        try Self.checkMayManageKeys(principal)
        try KeyValidation.check(role: request.role, for: principal)
        let key = APIKey(
            id: APIKey.ID(at: now()),
            name: try KeyValidation.name(request.name),
            user: try KeyValidation.user(request.user, for: principal),
            role: request.role,
            limits: try KeyValidation.limits(request.limits),
            createdAt: now(),
            expiresAt: try KeyValidation.expiry(request.expiresAt, now: now())
        )
        let secret = KeySecret()
        let isCreated = try await database.write { database in
            guard try KeyRows.count(of: key.user, in: database) < Self.limit else { return false }
            try KeyRows.insert(key, digest: secret.digest, in: database)
            return true
        } onCommit: { [accessCache] isCreated in
            if isCreated { accessCache.didCreate(key) }
        }
        guard isCreated else {
            throw Fault(.conflict, "\(key.user) already has \(Self.limit) keys, the maximum. Revoke one first.")
        }
        Self.log("Key created", key, by: principal)
        return Keys.Created(key: key, secret: secret.text)
    }

    func list(_ request: Keys.List, _ context: CallContext) async throws -> Page<APIKey> {
        let principal = try context.requirePrincipal()
        let user = request.isAll ? nil : try KeyValidation.user(request.user, for: principal)
        guard user != nil || principal.role == .admin else {
            throw Fault(.forbidden, "Only an admin may list the keys of all users.")
        }
        return try await database.read { database in
            try KeyRows.list(user: user, limit: request.limit, offset: request.offset, in: database)
        }
    }

    func change(_ request: Keys.Change, _ context: CallContext) async throws -> APIKey {
        let principal = try context.requirePrincipal()
        try Self.checkMayManageKeys(principal)
        if let role = request.role { try KeyValidation.check(role: role, for: principal) }
        let name = try request.name.map(KeyValidation.name)
        let limits = try request.limits.map(KeyValidation.limits)
        let expiry = try KeyValidation.expiry(request.expiresAt, now: now())
        let key = try await database.write { database in
            guard var key = try Self.find(request.key, of: principal, in: database) else { return APIKey?.none }
            guard key.role <= principal.role else { return key }
            key.name = name ?? key.name
            key.role = request.role ?? key.role
            key.limits = limits ?? key.limits
            key.expiresAt = expiry ?? key.expiresAt
            try KeyRows.update(key, in: database)
            return key
        } onCommit: { [accessCache] key in
            if let key, key.role <= principal.role { accessCache.didChange(key) }
        }
        guard let key else { throw Fault(.missing, "Key not found") }
        guard key.role <= principal.role else { throw Fault(.forbidden, "Only an admin may change an admin's key.") }
        Self.log("Key changed", key, by: principal)
        return key
    }

    func revoke(_ request: Keys.Revoke, _ context: CallContext) async throws -> APIKey {
        let principal = try context.requirePrincipal()
        if principal.key != request.key { try Self.checkMayManageKeys(principal) }
        let key = try await database.write { database in
            guard let key = try Self.find(request.key, of: principal, in: database) else { return APIKey?.none }
            try KeyRows.delete(key.id, in: database)
            try QuotaRows.delete(.key(key.id), in: database)
            return key
        } onCommit: { [accessCache] key in
            if let key { accessCache.didRevoke(key.id) }
        }
        guard let key else { throw Fault(.missing, "Key not found") }
        Self.log("Key revoked", key, by: principal)
        return key
    }

    func find(_ request: Keys.Find) async throws -> APIKey {
        guard KeySecret.isDigest(request.digest) else {
            throw Fault(.invalid, "`digest` must be 64 hexadecimal digits.")
        }
        let key = try await database.read { try KeyRows.find(digest: request.digest, in: $0) }
        guard let key else { throw Fault(.missing, "Key not found") }
        await recordUse(of: key)
        return key
    }

    func check(_ request: Keys.Check) async throws -> [APIKey] {
        guard request.keys.count <= Keys.Check.limit else {
            throw Fault(.invalid, "At most \(Keys.Check.limit) keys can be checked at once.")
        }
        return try await database.read { database in
            try request.keys.compactMap { try KeyRows.find($0, in: database) }
        }
    }

    /// Records the time of use.
    ///
    /// A failed write is only logged, because it must not fail authentication.
    private func recordUse(of key: APIKey) async {
        let moment = now()
        let isRecent = key.lastUsedAt.map { moment.microseconds - $0.microseconds < Self.useInterval } ?? false
        guard !isRecent, !key.isExpired(at: moment) else { return }
        do {
            try await database.write { try KeyRows.setLastUse(of: key.id, at: moment, in: $0) }
        } catch {
            Logger.current.warning(
                "Last use of a key not stored",
                metadata: ["key.id": "\(key.id)", "error": "\(error)"]
            )
        }
    }

    /// Returns the key if it belongs to the principal or the principal is an admin.
    private static func find(_ id: APIKey.ID, of principal: Principal, in database: GRDB.Database) throws -> APIKey? {
        guard let key = try KeyRows.find(id, in: database),
            principal.role == .admin || key.user.utf8.elementsEqual(principal.user.utf8)
        else { return nil }
        return key
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
