import Contracts
import Foundation
import JWTKit

/// The claims of a token.
struct TokenClaims: JWTPayload {
    /// Allowed clock difference, in seconds.
    static let leeway = 60.0
    /// The end of the year 9999; later expiry dates are invalid.
    private static let horizon = 253_402_300_800.0

    var exp: Double
    var iss: String
    var sub: String?
    var user_id: String?
    var aud: TokenAudience?
    var nbf: Double?
    var iat: Double?
    var role: String?

    /// Does nothing: ``principal(issuer:audience:now:)`` checks the claims.
    func verify(using algorithm: some JWTAlgorithm) {}

    /// Returns the principal of the token.
    ///
    /// Throws `unauthorized` if a claim is invalid at `now`, in seconds since 1970.
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

    /// Whether the text is a valid user name: 1 to 255 bytes without control characters.
    static func isUserName(_ text: String) -> Bool {
        (1...255).contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }
}
