import HTTP

/// Which replicas of a peer there are, whose turn it is, and who sits out after a failure.
///
/// Pure.
struct ReplicaSet: Sendable {
    /// How long one that could not be reached sits out.
    static let ejection = Duration.seconds(2)

    private var targets: [HTTPTarget]
    private var ejected: [HTTPTarget: ContinuousClock.Instant] = [:]
    private var turn = 0

    /// - Parameter targets: at least one.
    init(targets: [HTTPTarget]) {
        self.targets = targets
    }

    /// Takes over newly resolved addresses; an empty list changes nothing.
    mutating func replace(_ fresh: [HTTPTarget]) {
        guard !fresh.isEmpty else { return }
        targets = fresh
        ejected = ejected.filter { fresh.contains($0.key) }
    }

    /// The next in turn that is not ejected; when all are, the next in turn all the same.
    mutating func choose(at now: ContinuousClock.Instant) -> HTTPTarget {
        turn = (turn &+ 1) % max(targets.count, 1)
        guard !ejected.isEmpty else { return targets[turn] }
        for offset in 0..<targets.count {
            let target = targets[(turn + offset) % targets.count]
            guard let end = ejected[target] else { return target }
            if end <= now {
                ejected[target] = nil
                return target
            }
        }
        return targets[turn]
    }

    /// The same for everybody who asks: the first by address that is not ejected.
    func first(at now: ContinuousClock.Instant) -> HTTPTarget {
        let sorted = targets.sorted { ($0.host, $0.port) < ($1.host, $1.port) }
        return sorted.first { ejected[$0].map { $0 <= now } ?? true } ?? sorted[0]
    }

    mutating func eject(_ target: HTTPTarget, at now: ContinuousClock.Instant) {
        guard targets.count > 1 else { return }
        ejected[target] = now + Self.ejection
    }
}
