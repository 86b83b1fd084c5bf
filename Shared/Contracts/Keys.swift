/// The endpoints of conversation-svc for API keys.
///
/// Users manage their own keys, admins all keys. For a user, the key of another user is `missing`.
package enum Keys {
    /// Creates a key; only this response, and those to repeats of the request, contain the secret.
    ///
    /// Throws `forbidden` for a role above the caller's, for another user's key unless the caller is an admin, and for
    /// a caller with a user's key, which prevents a limited key from creating an unlimited one. Throws `invalid`,
    /// `conflict` for too many keys, and `key_reused` for an idempotency key of a different request.
    package struct Create: Endpoint {
        package static let path = "/keys/create"
        package typealias Response = Created
        package var name: String
        /// The owner (default: the caller).
        package var user: String?
        package var role: Principal.Role
        package var limits: APIKey.Limits
        package var expiresAt: Timestamp?
        /// Idempotency key: a repeated request within a day returns the API key of the first one, with the same secret.
        package var key: String?

        package init(
            name: String,
            user: String? = nil,
            role: Principal.Role = .user,
            limits: APIKey.Limits = APIKey.Limits(),
            expiresAt: Timestamp? = nil,
            key: String? = nil
        ) {
            self.name = name
            self.user = user
            self.role = role
            self.limits = limits
            self.expiresAt = expiresAt
            self.key = key
        }
    }

    /// A new key and its secret.
    package struct Created: Codable, Sendable, Hashable {
        package var key: APIKey
        /// The complete secret.
        package var secret: String

        package init(key: APIKey, secret: String) {
            self.key = key
            self.secret = secret
        }
    }

    /// Lists keys, newest first.
    package struct List: Endpoint {
        package static let path = "/keys/list"
        package static let isIdempotent = true
        package typealias Response = Page<APIKey>
        /// The owner (default: the caller).
        package var user: String?
        /// Whether to list the keys of all users.
        package var isAll: Bool
        package var limit: Int
        package var offset: Int

        package init(user: String? = nil, isAll: Bool = false, limit: Int, offset: Int) {
            self.user = user
            self.isAll = isAll
            self.limit = limit
            self.offset = offset
        }
    }

    /// Changes a key's name, role, limits or expiry; absent members stay as they are.
    ///
    /// Takes effect in every gateway within a second.
    package struct Change: Endpoint {
        package static let path = "/keys/change"
        package typealias Response = APIKey
        package var key: APIKey.ID
        package var name: String?
        package var role: Principal.Role?
        package var limits: APIKey.Limits?
        package var expiresAt: Timestamp?

        package init(
            key: APIKey.ID,
            name: String? = nil,
            role: Principal.Role? = nil,
            limits: APIKey.Limits? = nil,
            expiresAt: Timestamp? = nil
        ) {
            self.key = key
            self.name = name
            self.role = role
            self.limits = limits
            self.expiresAt = expiresAt
        }
    }

    /// Revokes a key in every gateway within a second; returns the key.
    ///
    /// A request with a user's key can revoke only that key.
    package struct Revoke: Endpoint {
        package static let path = "/keys/revoke"
        package typealias Response = APIKey
        package var key: APIKey.ID

        package init(key: APIKey.ID) {
            self.key = key
        }
    }

    /// Returns the key with a digest and records its use; for the gateway, without a principal.
    ///
    /// Returns expired keys, too: see `expiresAt`. Throws `missing`.
    package struct Find: Endpoint {
        package static let path = "/keys/find"
        package static let isIdempotent = true
        package typealias Response = APIKey
        /// ``KeySecret/digest``.
        package var digest: String

        package init(digest: String) {
            self.digest = digest
        }
    }

    /// Returns the current state of keys; deleted ones are omitted.
    ///
    /// For the gateway, without a principal. Throws `invalid` for more than ``limit`` keys.
    package struct Check: Endpoint {
        package static let path = "/keys/check"
        package static let isIdempotent = true
        package typealias Response = [APIKey]
        /// Maximum number of keys in a request.
        package static let limit = 1000
        package var keys: [APIKey.ID]

        package init(keys: [APIKey.ID]) {
            self.keys = keys
        }
    }

    /// Streams changes of keys and quotas to the caches of gateways.
    ///
    /// The first element lists all subjects with quotas. Without changes, an empty element follows several times a
    /// second: a gateway that receives nothing for a second must treat its cache as stale.
    package struct Watch: StreamingEndpoint {
        package static let path = "/keys/watch"
        package static let isIdempotent = true
        package typealias Element = Event

        package init() {}
    }

    /// A change; no change if all members are `nil`.
    package struct Event: Codable, Sendable, Hashable {
        /// In the first element: all subjects with a quota; everything that was cached before is invalid.
        package var quotas: [Quota.Subject]?
        /// A key that was changed or revoked: its cache entry is invalid.
        package var key: APIKey.ID?
        /// A subject that has a quota now.
        package var limited: Quota.Subject?
        /// A subject that no longer has a quota.
        package var unlimited: Quota.Subject?

        package init(
            quotas: [Quota.Subject]? = nil,
            key: APIKey.ID? = nil,
            limited: Quota.Subject? = nil,
            unlimited: Quota.Subject? = nil
        ) {
            self.quotas = quotas
            self.key = key
            self.limited = limited
            self.unlimited = unlimited
        }
    }
}
