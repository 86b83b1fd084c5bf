import HTTP

/// The attempts of one call: which replicas failed, and whether another attempt makes sense.
struct CallAttempts {
    /// Delay before replicas that all accepted no connection are tried again.
    private static let pause = Duration.milliseconds(50)

    private let replicas: Replicas
    /// The only replica that may be called; `nil` for all.
    private let only: HTTPTarget?
    private let isFixed: Bool
    private let isIdempotent: Bool
    private let opensAtOnce: Bool
    private let connectEnd: ContinuousClock.Instant
    /// The replicas that failed in this round.
    private var failed: [HTTPTarget] = []
    private var hasRepeated = false
    /// Time limit for the next attempt to connect.
    private(set) var connectTimeout: Duration

    /// `only`: the only replica that may be called; `limit`: the time that the call may take; `isFixed`: whether it has to
    /// go to the same replica as others like it; `opensAtOnce`: whether a response that does not start soon means that the
    /// replica is gone.
    init(
        _ replicas: Replicas,
        only: HTTPTarget?,
        limit: Duration,
        isFixed: Bool,
        isIdempotent: Bool,
        opensAtOnce: Bool = false
    ) {
        self.replicas = replicas
        self.only = only
        self.isFixed = isFixed
        self.isIdempotent = isIdempotent
        self.opensAtOnce = opensAtOnce
        connectTimeout = replicas.limits.connectTimeout
        connectEnd = .now + min(limit, replicas.limits.patience)
    }

    /// The replica for the next attempt; waits a moment before all of them are tried again.
    mutating func next() async throws -> ReplicaSet.Selection {
        if let only { return ReplicaSet.Selection(target: only, isTrial: false) }
        while true {
            if let selection = replicas.select(isFixed: isFixed, excluding: failed) { return selection }
            try await Task.sleep(for: Self.pause)
            failed = []
            connectTimeout *= 2
        }
    }

    /// Whether to try again after an attempt has failed: what was not sent is sent to another replica, or again after a
    /// pause; a request that was sent is repeated once, on another replica, if it is idempotent.
    mutating func retries(after error: HTTPClientError, on target: HTTPTarget) -> Bool {
        guard only == nil else { return false }
        failed.append(target)
        switch error.kind {
        case .connect, .connectTimeout:
            replicas.eject(target, after: error)
            return replicas.hasOther(than: failed) || .now < connectEnd
        case .exhausted: return replicas.hasOther(than: failed)
        case .headTimeout where !opensAtOnce: return false
        case .closed, .readTimeout, .headTimeout:
            guard isIdempotent, !hasRepeated, replicas.hasOther(than: failed) else { return false }
            hasRepeated = true
            return true
        default: return false
        }
    }
}
