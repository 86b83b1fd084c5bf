import Contracts
import Foundation
import JWTKit
import Synchronization

/// Verifies and issues tokens, and caches verified ones until they expire.
final class TokenVerifier: Sendable {
    /// Maximum number and length of cached tokens.
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

    /// Returns the principal of a token.
    ///
    /// Throws `unauthorized` if the token is invalid.
    func verify(_ token: String) async throws -> Principal {
        let moment = now()
        if let entry = cache.withLock({ $0[token] }), entry.expires > moment { return entry.principal }
        try TokenFormat.check(token)
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

    /// Issues a token that is valid for a day.
    func issue(to user: String) async throws -> (token: String, lifetime: Int) {
        let token = try await tokens.token(for: user, role: .user, lifetime: Self.lifetime, now: now())
        return (token, Self.lifetime)
    }
}
