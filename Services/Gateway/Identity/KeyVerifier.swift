import Bus
import Contracts
import Metrics
import Synchronization

/// Believes API keys or refuses them: by what is known of them, else by asking conversation-svc.
///
/// Guessing costs conversation-svc little: what cannot be a key is never asked for, what is none is remembered, whoever
/// comes with many that are none is not asked for any more, and only so many questions are open at once.
final class KeyVerifier: Sendable {
    /// How many wrong keys an address may show in a minute before new ones are refused unseen.
    private static let guessesPerMinute = 30
    /// How many keys may be asked for at once.
    private static let lookupLimit = 256
    private static let patience = Duration.seconds(5)
    private static let attempts = 3

    /// A key, and what the cache knew when it was asked for: what was told since may concern it.
    typealias VerifiedKey = (key: APIKey, version: UInt64)

    private let conversations: any Bus
    let cache: KeyCache
    private let guesses = RateLimiter(perMinute: guessesPerMinute, perHour: 0)
    private let lookups = Mutex<[String: Task<VerifiedKey, any Error>]>([:])
    private let asked = Counter(label: "gateway.keys.lookups")

    init(conversations: any Bus, cache: KeyCache) {
        self.conversations = conversations
        self.cache = cache
    }

    /// The key that a text is the secret of.
    ///
    /// Throws `unauthorized` when it is none, or no longer good; `limited` for one that is not known, from an address that
    /// has shown too many wrong ones; and whatever keeps conversation-svc from being asked.
    func verify(
        _ text: String,
        from address: String,
        requestID: String,
        now: Timestamp = .now()
    ) async throws -> VerifiedKey {
        guard let secret = KeySecret(text) else { throw Self.refusal }
        let digest = secret.digest
        let version = cache.version
        let belief: VerifiedKey =
            switch cache.lookup(digest) {
            case .valid(let key): (key, version)
            case .invalid: throw Self.refusal
            case .miss: try await lookUp(digest, from: address, requestID)
            }
        guard !belief.key.isExpired(at: now) else { throw Fault(.unauthorized, "The API key has expired") }
        return belief
    }

    private static let refusal = Fault(.unauthorized, "Invalid API key")

    private func lookUp(_ digest: String, from address: String, _ requestID: String) async throws -> VerifiedKey {
        let decision = guesses.peek(address)
        guard decision.isAllowed else {
            throw Fault(.limited, "Too many wrong API keys from this address.", retryAfter: decision.retryAfter)
        }
        do {
            return try await ask(digest, requestID)
        } catch let fault as Fault where fault.code == .missing {
            cache.storeInvalid(digest)
            _ = guesses.take(address)
            throw Self.refusal
        }
    }

    /// Asks once, however many want to know at the same time.
    private func ask(_ digest: String, _ requestID: String) async throws -> VerifiedKey {
        let lookup = try lookups.withLock { lookups throws(Fault) in
            if let lookup = lookups[digest] { return lookup }
            guard lookups.count < Self.lookupLimit else {
                throw Fault(
                    .unavailable,
                    "Too many API keys are being looked up. Try again in a moment.",
                    retryAfter: 1
                )
            }
            // Several wait for it, so it does not end with whichever of them leaves.
            let lookup = Task {
                defer { self.lookups.withLock { $0[digest] = nil } }
                return try await self.find(digest, requestID)
            }
            lookups[digest] = lookup
            return lookup
        }
        return try await lookup.value
    }

    private func find(_ digest: String, _ requestID: String) async throws -> VerifiedKey {
        for attempt in 1... {
            let version = cache.version
            asked.increment()
            let context = CallContext(requestID: requestID, deadline: .now + Self.patience)
            let key = try await conversations.call(Keys.Find(digest: digest), context)
            // What was told meanwhile may concern this very key, and be newer than the answer.
            if cache.store(key, digest, since: version) || attempt == Self.attempts { return (key, version) }
        }
        throw Self.refusal
    }
}
