import HTTP

/// The replicas of a peer: selects one for each call and keeps unhealthy ones out.
///
/// A pure value: the caller passes the time.
struct ReplicaSet: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// The replica that a call goes to.
    struct Selection: Sendable, Equatable {
        let target: HTTPTarget
        /// Whether the call decides if the replica is healthy again: report its success.
        let isTrial: Bool
    }

    /// The result of a health check.
    enum Check: Sendable {
        case ready
        /// The replica responded and is not ready.
        case unready
        /// The replica did not respond.
        case failed
        /// The replica's host refused the connection. A process that shuts down does so while it completes its requests,
        /// and the connections of one that has ended are closed by its host.
        case refused
    }

    /// What an observation changes.
    enum Change: Sendable, Equatable {
        case ejected(Duration)
        case becameUnready
        case becameReady
        /// The replica does not respond although others do: its open requests have to be failed, also those that were
        /// sent since the last time.
        case lost(isNew: Bool)
    }

    /// Failed checks in a row after which a replica is lost.
    private static let lostAfter = 2

    let limits: ReplicaLimits
    /// Whether health checks decide when an ejected replica becomes ready; otherwise one call does.
    var hasHealthChecks = false
    private var replicas: [Replica]
    /// Replicas that the name service no longer lists, with the time of their removal: open requests may remain.
    private var retired: [(replica: Replica, since: Instant)] = []
    private var turn = 0

    /// Creates a set in which all replicas are ready; at least one is required.
    init(targets: [HTTPTarget], limits: ReplicaLimits = ReplicaLimits()) {
        replicas = targets.map(Replica.init)
        self.limits = limits
    }

    /// All replicas, whatever their state.
    var targets: [HTTPTarget] { replicas.map(\.target) }

    /// The replicas that receive no calls.
    var unavailable: Int { replicas.count { !$0.isReady } }

    /// The replicas to check; none when there is no choice to make.
    ///
    /// A suspect has failed its latest check.
    var checks: [(target: HTTPTarget, isSuspect: Bool)] {
        guard replicas.count > 1 || !retired.isEmpty else { return [] }
        return (replicas + retired.map(\.replica)).map { ($0.target, $0.failedChecks > 0) }
    }

    /// Selects the next ready replica in turn, or the same one for every call that is `isFixed`; without a ready one,
    /// the best of the others.
    ///
    /// Returns `nil` if every replica is in `tried`.
    mutating func select(at now: Instant, isFixed: Bool = false, excluding tried: [HTTPTarget] = []) -> Selection? {
        turn = (turn &+ 1) & .max
        if tried.isEmpty, !isFixed, replicas.allSatisfy(\.isReady) {
            return Selection(target: replicas[turn % replicas.count].target, isTrial: false)
        }
        var candidates = replicas.indices.filter { !tried.contains(replicas[$0].target) }
        if isFixed { candidates.sort { replicas[$0].precedes(replicas[$1]) } }
        let ready = candidates.filter { replicas[$0].isReady }
        if !hasHealthChecks, let due = candidates.first(where: { replicas[$0].isDue(at: now) }),
            !isFixed || ready.first.map({ replicas[due].precedes(replicas[$0]) }) ?? true
        {
            replicas[due].state = .trial(until: now + limits.trial)
            return Selection(target: replicas[due].target, isTrial: true)
        }
        if !ready.isEmpty {
            return Selection(target: replicas[ready[isFixed ? 0 : turn % ready.count]].target, isTrial: false)
        }
        guard let best = candidates.min(by: { replicas[$0].isBetter(than: replicas[$1]) }) else { return nil }
        return Selection(target: replicas[best].target, isTrial: replicas[best].state != .unready)
    }

    /// Whether there is a replica that is not in `tried`.
    func hasOther(than tried: [HTTPTarget]) -> Bool {
        replicas.contains { !tried.contains($0.target) }
    }

    /// Ejects a replica that could not be reached; returns for how long, or `nil` if nothing changed.
    mutating func eject(_ target: HTTPTarget, at now: Instant) -> Duration? {
        guard let index = index(of: target) else { return nil }
        return ejectReplica(index, at: now)
    }

    /// Ejects a replica unless it is the last ready one, which would be selected anyway.
    private mutating func ejectReplica(_ index: Int, at now: Instant) -> Duration? {
        if replicas[index].isReady, !replicas.indices.contains(where: { $0 != index && replicas[$0].isReady }) {
            return nil
        }
        return replicas[index].eject(at: now, limits)
    }

    /// Makes a replica ready whose trial succeeded; returns whether it was not.
    mutating func admit(_ target: HTTPTarget, at now: Instant) -> Bool {
        guard let index = index(of: target), !replicas[index].isReady else { return false }
        replicas[index].admit(at: now)
        return true
    }

    /// Takes the newly resolved addresses: new replicas begin as ready, known ones keep their state.
    ///
    /// An empty list changes nothing.
    mutating func replace(with targets: [HTTPTarget], at now: Instant) {
        guard !targets.isEmpty else { return }
        retired.removeAll { targets.contains($0.replica.target) }
        if hasHealthChecks {
            // A name is not retired: it was replaced by its addresses.
            let gone = replicas.filter { !targets.contains($0.target) && AddressLookup.isAddress($0.target.host) }
            retired += gone.map { ($0, now) }
        }
        replicas = targets.map { target in replicas.first { $0.target == target } ?? Replica(target: target) }
    }

    /// Takes the result of a health check.
    mutating func record(_ check: Check, of target: HTTPTarget, at now: Instant) -> [Change] {
        guard let index = index(of: target) else { return recordRetired(check, of: target, at: now) }
        guard replicas.count > 1 || !retired.isEmpty else { return [] }
        replicas[index].answersChecks = check == .ready || check == .unready
        replicas[index].failedChecks = check == .failed ? replicas[index].failedChecks + 1 : 0
        guard replicas[index].answersChecks else {
            let ejection = ejectReplica(index, at: now).map { [Change.ejected($0)] } ?? []
            return ejection + loss(of: replicas[index])
        }
        switch (replicas[index].state, check) {
        case (.ready, .unready):
            replicas[index].state = .unready
            return [.becameUnready]
        case (.unready, .ready):
            replicas[index].state = .ready
            return [.becameReady]
        case (.ejected, _) where replicas[index].isDue(at: now), (.trial, _):
            replicas[index].admit(at: now)
            if check == .unready { replicas[index].state = .unready }
            return [check == .unready ? .becameUnready : .becameReady]
        default: return []
        }
    }

    private mutating func recordRetired(_ check: Check, of target: HTTPTarget, at now: Instant) -> [Change] {
        guard let index = retired.firstIndex(where: { $0.replica.target == target }) else { return [] }
        retired[index].replica.failedChecks = check == .failed ? retired[index].replica.failedChecks + 1 : 0
        let loss = loss(of: retired[index].replica)
        if !loss.isEmpty || now - retired[index].since >= limits.retirement { retired.remove(at: index) }
        return loss
    }

    /// A replica is lost if it does not respond and another one does: otherwise the fault may be on this side.
    private func loss(of replica: Replica) -> [Change] {
        guard replica.failedChecks >= Self.lostAfter,
            replicas.contains(where: { $0.answersChecks && $0.target != replica.target })
        else { return [] }
        return [.lost(isNew: replica.failedChecks == Self.lostAfter)]
    }

    private func index(of target: HTTPTarget) -> Int? {
        replicas.firstIndex { $0.target == target }
    }
}

extension Replica {
    /// The order by address, which is the same for every caller.
    fileprivate func precedes(_ other: Replica) -> Bool {
        (target.host, target.port) < (other.target.host, other.target.port)
    }
}
