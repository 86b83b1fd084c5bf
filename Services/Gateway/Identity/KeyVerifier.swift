import Bus
import Contracts
import Metrics
import Synchronization

/// Verifies API keys, from the cache or by asking conversation-svc.
///
/// Guessing keys is limited, and a valid key is never refused because of invalid ones from its address:
///
/// - A text without the check characters of a key is rejected without a look-up.
/// - An invalid key is cached for some seconds; concurrent look-ups of one key are one look-up.
/// - Each address has few concurrent look-ups, and fewer after too many invalid keys; the others wait their turn.
/// - After too many invalid keys, the address gets 429 instead of 401 for further invalid keys. Valid keys are accepted.
final class KeyVerifier: Sendable {
    /// Invalid keys per minute and address that are answered with 401.
    private static let failuresPerMinute = 30
    /// Maximum number of concurrent look-ups.
    private static let lookupLimit = 64
    /// Maximum number of concurrent look-ups per address; the lower limit applies after too many invalid keys.
    private static let addressLimits = (usual: 16, reduced: 4)
    /// Maximum number of look-ups per address that wait for a slot.
    private static let waitingLimit = 2000
    private static let timeout = Duration.seconds(5)
    private static let attempts = 3

    /// A valid key, and the version of the cache before its look-up: later changes may concern the key.
    typealias VerifiedKey = (key: APIKey, version: UInt64)

    private let conversations: any Bus
    let cache: KeyCache
    private let failures = RateLimiter(perMinute: failuresPerMinute, perHour: 0)
    private let queue = KeyLookupQueue(total: lookupLimit, waitingLimit: waitingLimit)
    private let lookups = Mutex<[String: Task<VerifiedKey, any Error>]>([:])
    private let lookupCounter = Counter(label: "gateway.keys.lookups")

    init(conversations: any Bus, cache: KeyCache) {
        self.conversations = conversations
        self.cache = cache
    }

    /// Returns the key whose secret is `text`.
    ///
    /// Throws `unauthorized` if the key is invalid or expired, `limited` if it is invalid and too many invalid keys came
    /// from `address`, and the bus's fault if conversation-svc cannot be asked.
    func verify(
        _ text: String,
        from address: @autoclosure () -> String,
        requestID: String,
        now: Timestamp = .now()
    ) async throws -> VerifiedKey {
        guard let secret = KeySecret(text) else { throw rejection(failures.peek(address())) }
        let digest = secret.digest
        let version = cache.version
        let verified: VerifiedKey
        switch cache.lookup(digest) {
        case .valid(let key): verified = (key, version)
        case .invalid: throw rejection(failures.peek(address()))
        case .miss:
            let address = address()
            do {
                verified = try await sharedLookup(digest, from: address, requestID)
            } catch let fault as Fault where fault.code == .missing {
                cache.storeInvalid(digest)
                throw rejection(failures.take(address))
            }
        }
        guard !verified.key.isExpired(at: now) else { throw Fault(.unauthorized, "The API key has expired") }
        return verified
    }

    private func rejection(_ decision: RateLimitDecision) -> Fault {
        guard !decision.isAllowed else { return Fault(.unauthorized, "Invalid API key") }
        return Fault(
            .limited,
            "Invalid API key, and too many invalid API keys from this address. Check the key, then try again later.",
            retryAfter: decision.retryAfter
        )
    }

    /// Looks a key up once for all concurrent requests with it.
    private func sharedLookup(
        _ digest: String,
        from address: String,
        _ requestID: String
    ) async throws -> VerifiedKey {
        let lookup = lookups.withLock { lookups in
            if let lookup = lookups[digest] { return lookup }
            // Other requests may wait for the look-up, so it does not end when the first of them is cancelled.
            let lookup = Task {
                defer { self.lookups.withLock { $0[digest] = nil } }
                return try await self.lookUp(digest, from: address, requestID)
            }
            lookups[digest] = lookup
            return lookup
        }
        return try await lookup.value
    }

    private func lookUp(_ digest: String, from address: String, _ requestID: String) async throws -> VerifiedKey {
        let limit = failures.peek(address).isAllowed ? Self.addressLimits.usual : Self.addressLimits.reduced
        guard await queue.acquire(address, limit: limit) else {
            throw Fault(
                .unavailable,
                "Too many API keys from this address are being looked up. Try again in a moment.",
                retryAfter: 1
            )
        }
        defer { queue.release(address) }
        for attempt in 1... {
            let version = cache.version
            lookupCounter.increment()
            let context = CallContext(requestID: requestID, deadline: .now + Self.timeout)
            let key = try await conversations.call(Keys.Find(digest: digest), context)
            // A change that arrived during the call may concern this key and be newer than the response.
            if cache.store(key, digest, since: version) || attempt == Self.attempts { return (key, version) }
        }
        throw Fault(.unauthorized, "Invalid API key")
    }
}
