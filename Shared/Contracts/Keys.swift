/// What conversation-svc answers about API keys.
///
/// Users see to their own keys, admins to everybody's. A key of somebody else is `missing` to a user.
package enum Keys {
    /// Makes a key; its secret is told this once.
    ///
    /// Throws `forbidden` for a role above one's own, for another user's key unless an admin asks, and for a caller who
    /// came with a user's key: that one could escape its own limits. Throws `invalid`, `conflict` for too many keys.
    package struct Create: Endpoint {
        package static let path = "/keys/create"
        package typealias Response = Created
        package var name: String
        /// Whose key it becomes; absent: the caller's.
        package var user: String?
        package var role: Principal.Role
        package var limits: APIKey.Limits
        package var expiresAt: Timestamp?

        package init(
            name: String,
            user: String? = nil,
            role: Principal.Role = .user,
            limits: APIKey.Limits = APIKey.Limits(),
            expiresAt: Timestamp? = nil
        ) {
            self.name = name
            self.user = user
            self.role = role
            self.limits = limits
            self.expiresAt = expiresAt
        }
    }

    /// A key that was made just now.
    package struct Created: Codable, Sendable, Hashable {
        package var key: APIKey
        /// The whole secret; nobody can tell it again.
        package var secret: String

        package init(key: APIKey, secret: String) {
            self.key = key
            self.secret = secret
        }
    }

    /// Lists keys, newest first.
    package struct List: Endpoint {
        package static let path = "/keys/list"
        package typealias Response = Page<APIKey>
        /// Whose; absent: the caller's.
        package var user: String?
        /// Whether everybody's are wanted.
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

    /// Changes a key's name, role, limits or end; what is absent stays.
    ///
    /// Every gateway knows within a second.
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

    /// Makes a key worthless in every gateway within a second; answers with what it was.
    ///
    /// A user's key may revoke itself and no other.
    package struct Revoke: Endpoint {
        package static let path = "/keys/revoke"
        package typealias Response = APIKey
        package var key: APIKey.ID

        package init(key: APIKey.ID) {
            self.key = key
        }
    }

    /// Finds the key of a secret by its digest, and notes that it was used; for the gateway, without a principal.
    ///
    /// Throws `missing`. One that has expired is told as such by its `expiresAt`.
    package struct Find: Endpoint {
        package static let path = "/keys/find"
        package typealias Response = APIKey
        /// ``KeySecret/digest``.
        package var digest: String

        package init(digest: String) {
            self.digest = digest
        }
    }

    /// Tells how keys stand that were found before; those that are not there any more are left out.
    ///
    /// For the gateway, without a principal. Throws `invalid` for more than ``limit``.
    package struct Check: Endpoint {
        package static let path = "/keys/check"
        package typealias Response = [APIKey]
        /// How many may be asked for at once.
        package static let limit = 1000
        package var keys: [APIKey.ID]

        package init(keys: [APIKey.ID]) {
            self.keys = keys
        }
    }

    /// Tells whatever a gateway must not learn late.
    ///
    /// First who has quotas, then what changes, and several times a second that nothing did. Whoever hears nothing for a
    /// second must not believe what they know.
    package struct Watch: StreamingEndpoint {
        package static let path = "/keys/watch"
        package typealias Element = Event

        package init() {}
    }

    /// Something that changed; nothing when all members are absent.
    package struct Event: Codable, Sendable, Hashable {
        /// The first of a stream: everybody to whom a quota applies; what was known before is void.
        package var quotas: [Quota.Subject]?
        /// A key that was changed or revoked: it must be asked for again.
        package var key: APIKey.ID?
        /// Somebody to whom a quota applies now.
        package var limited: Quota.Subject?
        /// Somebody to whom no quota applies any more.
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
