import Contracts
import Foundation
import JWTKit

/// What a token says.
struct TokenClaims: JWTPayload {
    /// How far clocks may differ, in seconds.
    static let leeway = 60.0
    /// The end of the year 9999: whatever expires later is no date.
    private static let horizon = 253_402_300_800.0

    var exp: Double
    var iss: String
    var sub: String?
    var user_id: String?
    var aud: TokenAudience?
    var nbf: Double?
    var iat: Double?
    var role: String?

    /// Nothing: the claims are checked by ``principal(issuer:audience:now:)``, which knows what is wanted.
    func verify(using algorithm: some JWTAlgorithm) {}

    /// Whom the token is about.
    ///
    /// Throws `unauthorized` when it is not good here and now, which is in seconds since 1970.
    func principal(issuer: String, audience: String?, now: Double) throws -> Principal {
        guard exp > now else { throw Fault(.unauthorized, "Token has expired") }
        guard exp < Self.horizon else { throw Fault(.unauthorized, "Invalid token") }
        guard iss == issuer else { throw Fault(.unauthorized, "Invalid token issuer") }
        guard (nbf ?? now) <= now + Self.leeway, (iat ?? now) <= now + Self.leeway else {
            throw Fault(.unauthorized, "Invalid token: it is not valid yet")
        }
        if let audience, aud?.names.contains(audience) != true {
            throw Fault(.unauthorized, "Invalid token audience")
        }
        guard let user = user_id ?? sub, Self.isUserName(user) else {
            throw Fault(.unauthorized, "Invalid token: missing user_id")
        }
        return Principal(user: user, role: role == Principal.Role.admin.rawValue ? .admin : .user)
    }

    /// Whether a text may name a user: 1 to 255 bytes, none of them a control character.
    static func isUserName(_ text: String) -> Bool {
        (1...255).contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }
}
