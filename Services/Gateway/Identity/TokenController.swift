import Contracts
import Hummingbird
import JSON

/// `POST /auth/token`: hands out tokens to whoever asks; in open mode only.
struct TokenController: Sendable {
    let verifier: TokenVerifier

    private struct Body: Decodable {
        var user_id: String
    }

    func issue(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let body = try await RequestBody.read(Body.self, from: request)
        guard TokenClaims.isUserName(body.user_id) else {
            throw Fault(.invalid, "`user_id` must have 1 to 255 bytes and no control characters.")
        }
        let (token, lifetime) = try await verifier.issue(to: body.user_id)
        var json = JSONWriter()
        json.object { json in
            json.field("access_token", token)
            json.field("token_type", "bearer")
            json.field("expires_in", lifetime)
        }
        return V1Response.json(json)
    }
}
