import Contracts
import HTTP
import JSON

/// `POST /auth/token`: issues tokens without a credential, in open mode and to this machine only.
struct TokenController: Sendable {
    let verifier: TokenVerifier
    let anonymous: AnonymousAccess

    private struct Body: Decodable {
        var user_id: String
    }

    func issue(_ request: Request, _ context: GatewayContext) async throws -> Response {
        guard anonymous.isAllowed(context) else {
            throw Fault(
                .forbidden,
                """
                This request came through a proxy; tokens are issued only to requests sent directly from this machine. \
                Create a token with `parley token`.
                """
            )
        }
        let body = try await request.body.json(Body.self)
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
        return .json(json)
    }
}
