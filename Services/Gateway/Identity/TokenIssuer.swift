package import Contracts
import JWTKit

/// Signs tokens that a gateway with the same secret, issuer and audience accepts.
package struct TokenIssuer: Sendable {
    private let keys: JWTKeyCollection
    private let issuer: String
    private let audience: String?

    package init(secret: String, issuer: String, audience: String?) async {
        keys = await JWTKeyCollection().add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
        self.issuer = issuer
        self.audience = audience
    }

    /// Returns a token for a user, which expires `lifetime` seconds after `now`, in seconds since 1970.
    package func token(for user: String, role: Principal.Role, lifetime: Int, now: Double) async throws -> String {
        let now = now.rounded(.down)
        return try await keys.sign(
            TokenClaims(
                exp: now + Double(lifetime),
                iss: issuer,
                sub: user,
                user_id: user,
                aud: audience.map { TokenAudience($0) },
                nbf: nil,
                iat: now,
                role: role.rawValue
            )
        )
    }

    /// Whether the gateway accepts a user name: 1 to 255 bytes without control characters.
    package static func isValidUser(_ name: String) -> Bool {
        TokenClaims.isUserName(name)
    }
}
