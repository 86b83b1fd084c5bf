import Bus
import Contracts
import HTTP
import JSON

/// `/api/v1/influencers`: personas, by their name in v1; public.
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

    func find(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let id: Persona.ID = try context.identifier("id", missing: "Influencer not found")
        let persona = try await conversations.call(Personas.Find(id: id), context.call(as: context.principal))
        var json = JSONWriter()
        json.influencer(persona)
        return V1Response.json(json)
    }
}
