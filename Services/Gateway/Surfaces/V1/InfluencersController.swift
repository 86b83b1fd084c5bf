import Bus
import Contracts
import HTTP
import JSON
import NIOHTTP1

/// `/api/v1/influencers`: personas, by their name in v1; public, and changed by admins.
struct InfluencersController: Sendable {
    let conversations: any Bus

    func list(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let query = QueryParameters(request)
        let limit = try query.integer("limit", default: 50, in: 1...100)
        let offset = try query.integer("offset", default: 0, in: QueryParameters.offsets)
        let page = try await conversations.call(
            Personas.List(limit: limit, offset: offset),
            context.call(as: context.principal)
        )
        var json = JSONWriter()
        json.object { json in
            json.array("influencers", page.items) { $0.influencer($1) }
            json.field("total", page.total)
            json.field("limit", limit)
            json.field("offset", offset)
        }
        return V1Response.json(json)
    }

    /// Returns an influencer; an admin sees its instructions, too.
    func find(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let id: Persona.ID = try Self.influencer(context)
        let call = context.call(as: context.principal)
        var json = JSONWriter()
        if context.principal?.role == .admin {
            json.influencer(try await conversations.call(Personas.Inspect(id: id), call))
        } else {
            json.influencer(try await conversations.call(Personas.Find(id: id), call))
        }
        return V1Response.json(json)
    }

    func create(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let body = try InfluencerRequest(try await request.body.jsonBytes())
        let create = Personas.Create(profile: try body.profile(), key: try IdempotencyKey.read(request))
        var json = JSONWriter()
        json.influencer(try await conversations.call(create, context.call))
        return V1Response.json(json, status: .created)
    }

    func change(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let id = try Self.influencer(context)
        let body = try InfluencerRequest(try await request.body.jsonBytes())
        let change = Personas.Change(id: id, profile: try body.profile())
        var json = JSONWriter()
        json.influencer(try await conversations.call(change, context.call))
        return V1Response.json(json)
    }

    /// Discontinues an influencer: its conversations remain.
    func delete(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let id = try Self.influencer(context)
        var profile = Personas.Profile()
        profile.status = .discontinued
        _ = try await conversations.call(Personas.Change(id: id, profile: profile), context.call)
        var json = JSONWriter()
        json.object { json in
            json.field("success", true)
            json.field("message", "Influencer discontinued; its conversations remain")
            json.field("deleted_influencer_id", id.description)
        }
        return V1Response.json(json)
    }

    private static func influencer(_ context: some RequestContext) throws -> Persona.ID {
        try context.identifier("id", missing: "Influencer not found")
    }
}
