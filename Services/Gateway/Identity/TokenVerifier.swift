import Contracts
import Foundation
import JWTKit
import Synchronization

/// Believes tokens or refuses them, and remembers those that it believed until they expire.
final class TokenVerifier: Sendable {
    /// How many tokens are remembered, and how long each may be, so that memory has a bound.
    private static let cacheLimit = 5000
    private static let rememberedLength = 2048
    private static let lifetime = 86_400

    private struct Entry {
        var principal: Principal
        var expires: Double
    }

    private let keys: JWTKeyCollection
    private let tokens: TokenIssuer
    private let issuer: String
    private let audience: String?
    private let now: @Sendable () -> Double
    private let cache = Mutex<[String: Entry]>([:])

    init(
        secret: String,
        issuer: String,
        audience: String?,
        now: @escaping @Sendable () -> Double = { Date().timeIntervalSince1970 }
    ) async {
        keys = await JWTKeyCollection().add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
        tokens = await TokenIssuer(secret: secret, issuer: issuer, audience: audience)
        self.issuer = issuer
        self.audience = audience
        self.now = now
    }

    /// Whom a token is about.
    ///
    /// Throws `unauthorized` when it is not to be believed.
    func verify(_ token: String) async throws -> Principal {
        let moment = now()
        if let entry = cache.withLock({ $0[token] }), entry.expires > moment { return entry.principal }
        try TokenShape.check(token)
        let claims: TokenClaims
        do {
            claims = try await keys.verify(token, as: TokenClaims.self)
        } catch {
            throw Fault(.unauthorized, "Invalid token")
        }
        let principal = try claims.principal(issuer: issuer, audience: audience, now: moment)
        guard token.utf8.count <= Self.rememberedLength else { return principal }
        cache.withLock { cache in
            if cache.count >= Self.cacheLimit { cache = [:] }
            cache[token] = Entry(principal: principal, expires: claims.exp)
        }
        return principal
    }

    /// Makes a token for a user, good for a day.
    func issue(to user: String) async throws -> (token: String, lifetime: Int) {
        let token = try await tokens.token(for: user, role: .user, lifetime: Self.lifetime, now: now())
        return (token, Self.lifetime)
    }
}
