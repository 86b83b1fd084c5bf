import Bus
import Contracts
import HTTP
import HTTPTypes
import JSON
import NIOHTTP1

/// `/api/v1/keys`: create, list, change and revoke API keys; `?user=` is for admins.
struct KeysController: Sendable {
    let conversations: any Bus

    private struct Body: Decodable {
        var name: String?
        var role: String?
        /// Seconds from now.
        var expires_in: Int?
        var requests_per_minute: Int?
        var requests_per_hour: Int?
        var concurrent_runs: Int?

        var limits: APIKey.Limits {
            APIKey.Limits(
                requestsPerMinute: requests_per_minute,
                requestsPerHour: requests_per_hour,
                concurrentRuns: concurrent_runs
            )
        }

        func readRole() throws -> Principal.Role? {
            guard let role else { return nil }
            guard let role = Principal.Role(rawValue: role) else {
                throw Fault(.invalid, "`role` must be user or admin.")
            }
            return role
        }

        func readEnd(now: Timestamp = .now()) throws -> Timestamp? {
            guard let expires_in else { return nil }
            guard (1...3_155_760_000).contains(expires_in) else {
                throw Fault(.invalid, "`expires_in` must be an integer from 1 to 3155760000, in seconds.")
            }
            return Timestamp(microseconds: now.microseconds + Int64(expires_in) * 1_000_000)
        }
    }

    func create(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let body = try await request.body.json(Body.self)
        let created = try await conversations.call(
            Keys.Create(
                name: body.name ?? "",
                user: try QueryParameters(request).text("user"),
                role: try body.readRole() ?? .user,
                limits: body.limits,
                expiresAt: try body.readEnd(),
                key: try IdempotencyKey.read(request)
            ),
            context.call
        )
        var json = JSONWriter()
        json.key(created.key, secret: created.secret)
        var response = V1Response.json(json, status: .created)
        response.headers[.cacheControl] = "no-store"
        return response
    }

    func list(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let query = QueryParameters(request)
        let limit = try query.integer("limit", default: 50, in: 1...200)
        let offset = try query.integer("offset", default: 0, in: QueryParameters.offsets)
        let list = Keys.List(
            user: try query.text("user"),
            isAll: try query.flag("all"),
            limit: limit,
            offset: offset
        )
        let page = try await conversations.call(list, context.call)
        var json = JSONWriter()
        json.object { json in
            json.array("keys", page.items) { $0.key($1) }
            json.field("total", page.total)
            json.field("limit", limit)
            json.field("offset", offset)
        }
        return V1Response.json(json)
    }

    /// Changes the members in the body; limits are changed all together.
    func change(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let id = try key(context)
        let body = try await request.body.json(Body.self)
        let change = Keys.Change(
            key: id,
            name: body.name,
            role: try body.readRole(),
            limits: body.limits == APIKey.Limits() ? nil : body.limits,
            expiresAt: try body.readEnd()
        )
        return answer(try await conversations.call(change, context.call))
    }

    func revoke(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let key = try await conversations.call(Keys.Revoke(key: try key(context)), context.call)
        var json = JSONWriter()
        json.object { json in
            json.field("success", true)
            json.field("revoked_key_id", key.id.description)
        }
        return V1Response.json(json)
    }

    private func key(_ context: AuthenticatedContext) throws -> APIKey.ID {
        try context.identifier("id", missing: "Key not found")
    }

    private func answer(_ key: APIKey) -> Response {
        var json = JSONWriter()
        json.key(key)
        return V1Response.json(json)
    }
}

extension JSONWriter {
    /// Writes a key, with its secret when it was just created.
    fileprivate mutating func key(_ key: APIKey, secret: String? = nil) {
        object { json in
            json.field("id", key.id.description)
            if let secret { json.field("key", secret) }
            json.field("name", key.name)
            json.field("user_id", key.user)
            json.field("role", key.role.rawValue)
            json.field("requests_per_minute", key.limits.requestsPerMinute)
            json.field("requests_per_hour", key.limits.requestsPerHour)
            json.field("concurrent_runs", key.limits.concurrentRuns)
            json.field("created_at", V1Timestamp.text(key.createdAt))
            json.field("expires_at", key.expiresAt.map(V1Timestamp.text))
            json.field("last_used_at", key.lastUsedAt.map(V1Timestamp.text))
        }
    }
}
