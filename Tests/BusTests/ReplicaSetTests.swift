import HTTP
import Testing

@testable import Bus

struct ReplicaSetTests {
    private static let targets = ["10.0.0.7", "10.0.0.5", "10.0.0.6"].map { HTTPTarget(host: $0, port: 8002) }
    private let start = ContinuousClock.now
    private let limits = ReplicaLimits()

    private func set(hasHealthChecks: Bool = false) -> ReplicaSet {
        var set = ReplicaSet(targets: Self.targets, limits: limits)
        set.hasHealthChecks = hasHealthChecks
        return set
    }

    @Test func `calls go to the replicas in turn`() {
        var set = set()
        let hosts = (0..<6).compactMap { _ in set.select(at: start)?.target.host }
        #expect(Set(hosts).count == 3 && Array(hosts[..<3]) == Array(hosts[3...]))
    }

    @Test func `calls for the same replica go to the first by address, whatever the order`() {
        for targets in [Self.targets, Self.targets.reversed(), [Self.targets[1]]] {
            var set = ReplicaSet(targets: targets)
            for _ in 0..<3 { #expect(set.select(at: start, isFixed: true)?.target.host == "10.0.0.5") }
        }
    }

    @Test func `calls for the same replica go to the next one while it is ejected`() {
        var set = set(hasHealthChecks: true)
        #expect(set.eject(Self.targets[1], at: start) != nil)
        for _ in 0..<3 { #expect(set.select(at: start, isFixed: true)?.target.host == "10.0.0.6") }
        #expect(set.record(.ready, of: Self.targets[1], at: start + .seconds(1)) == [.becameReady])
        #expect(set.select(at: start, isFixed: true)?.target.host == "10.0.0.5")
        set = self.set(hasHealthChecks: true)
        for target in Self.targets { _ = set.eject(target, at: start) }
        #expect(set.select(at: start, isFixed: true)?.target.host == "10.0.0.5")
    }

    @Test func `an ejected replica receives no calls, and the others share them evenly`() {
        var set = set()
        _ = set.eject(Self.targets[0], at: start)
        let hosts = (0..<100).compactMap { _ in set.select(at: start)?.target.host }
        #expect(hosts.count { $0 == "10.0.0.5" } == 50 && hosts.count { $0 == "10.0.0.6" } == 50)
    }

    @Test func `a replica that failed in this call is not selected again`() {
        var set = set()
        for _ in 0..<10 {
            #expect(set.select(at: start, excluding: Array(Self.targets[..<2]))?.target == Self.targets[2])
        }
        #expect(set.select(at: start, excluding: Self.targets) == nil)
    }

    @Test func `each ejection in a row is longer than the one before, up to a limit`() {
        var set = set()
        var (now, lengths) = (start, [Duration]())
        for _ in 0..<10 {
            guard let length = set.eject(Self.targets[0], at: now) else { continue }
            lengths.append(length)
            now += length
        }
        #expect(lengths == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60].map { .seconds($0) })
    }

    @Test func `many failures at the same time are one ejection`() {
        var set = set()
        #expect(set.eject(Self.targets[0], at: start) == .seconds(1))
        for _ in 0..<64 { #expect(set.eject(Self.targets[0], at: start + .milliseconds(300)) == nil) }
        #expect(set.eject(Self.targets[0], at: start + .seconds(1)) == .seconds(2))
    }

    @Test func `a replica that stayed ready for long begins again with a short ejection`() {
        for (pause, length) in [(29, 4), (30, 1)] {
            var set = set(hasHealthChecks: true)
            _ = set.eject(Self.targets[0], at: start)
            _ = set.eject(Self.targets[0], at: start + .seconds(1))
            let returned = start + .seconds(3)
            #expect(set.record(.ready, of: Self.targets[0], at: returned) == [.becameReady])
            #expect(set.eject(Self.targets[0], at: returned + .seconds(pause)) == .seconds(length))
        }
    }

    @Test func `without health checks one call at a time tries an ejected replica`() {
        var set = set()
        _ = set.eject(Self.targets[0], at: start)
        let due = start + .seconds(1)
        let selections = (0..<30).compactMap { _ in set.select(at: due) }
        #expect(selections.count { $0.target == Self.targets[0] } == 1)
        #expect(selections.count(where: \.isTrial) == 1)
        #expect(set.eject(Self.targets[0], at: due) == .seconds(2), "The trial failed.")
        #expect(set.select(at: due + .seconds(2))?.isTrial == true)
        #expect(set.admit(Self.targets[0], at: due + .seconds(2)) == true)
        #expect(set.unavailable == 0)
    }

    @Test func `a trial without a result is followed by another one`() {
        var set = set()
        _ = set.eject(Self.targets[0], at: start)
        #expect(set.select(at: start + .seconds(1))?.isTrial == true)
        #expect(set.select(at: start + .seconds(2))?.isTrial == false)
        #expect(set.select(at: start + .seconds(6))?.isTrial == true)
    }

    @Test func `with health checks no call tries an ejected replica`() {
        var set = set(hasHealthChecks: true)
        _ = set.eject(Self.targets[0], at: start)
        let later = start + .seconds(600)
        #expect((0..<30).allSatisfy { _ in set.select(at: later)?.target != Self.targets[0] })
        #expect(set.record(.ready, of: Self.targets[0], at: start + .milliseconds(500)).isEmpty, "It is still out.")
        #expect(set.record(.ready, of: Self.targets[0], at: later) == [.becameReady])
    }

    @Test func `without a ready replica the best of the others is selected, and its success makes it ready`() {
        var set = set(hasHealthChecks: true)
        for target in Self.targets { _ = set.eject(target, at: start) }
        _ = set.eject(Self.targets[0], at: start + .seconds(1))
        _ = set.eject(Self.targets[1], at: start + .seconds(1))
        #expect(set.select(at: start) == ReplicaSet.Selection(target: Self.targets[2], isTrial: true))
        #expect(set.admit(Self.targets[2], at: start) == true)
        #expect(set.select(at: start)?.target == Self.targets[2])
        _ = set.record(.unready, of: Self.targets[2], at: start)
        #expect(set.select(at: start) == ReplicaSet.Selection(target: Self.targets[2], isTrial: false))
    }

    @Test func `a replica that is not ready receives no calls while others are`() {
        var set = set(hasHealthChecks: true)
        #expect(set.record(.unready, of: Self.targets[0], at: start) == [.becameUnready])
        #expect(set.record(.unready, of: Self.targets[0], at: start).isEmpty)
        #expect((0..<30).allSatisfy { _ in set.select(at: start)?.target != Self.targets[0] })
        #expect(set.record(.ready, of: Self.targets[0], at: start) == [.becameReady])
        #expect((0..<3).contains { _ in set.select(at: start)?.target == Self.targets[0] })
    }

    @Test func `one failed health check ejects, and the second fails the open requests`() {
        var set = set(hasHealthChecks: true)
        _ = set.record(.ready, of: Self.targets[1], at: start)
        #expect(set.record(.failed, of: Self.targets[0], at: start) == [.ejected(.seconds(1))])
        #expect(set.checks.filter(\.isSuspect).map(\.target) == [Self.targets[0]])
        #expect(set.record(.failed, of: Self.targets[0], at: start) == [.lost(isNew: true)])
        #expect(
            set.record(.failed, of: Self.targets[0], at: start + .seconds(1))
                == [.ejected(.seconds(2)), .lost(isNew: false)]
        )
        #expect(set.record(.ready, of: Self.targets[0], at: start + .seconds(3)) == [.becameReady])
        #expect(set.checks.filter(\.isSuspect).isEmpty)
    }

    @Test func `no open request is failed when no replica responds`() {
        var set = set(hasHealthChecks: true)
        for target in Self.targets { _ = set.record(.ready, of: target, at: start) }
        for round in 1...3 {
            let changes = Self.targets.flatMap { set.record(.failed, of: $0, at: start + .seconds(round)) }
            #expect(!changes.contains { if case .lost = $0 { true } else { false } })
        }
    }

    @Test func `new addresses begin as ready, known ones keep their state`() {
        var set = set(hasHealthChecks: true)
        _ = set.eject(Self.targets[0], at: start)
        let fresh = HTTPTarget(host: "10.0.0.8", port: 8002)
        set.replace(with: [Self.targets[0], fresh], at: start)
        #expect((0..<10).allSatisfy { _ in set.select(at: start)?.target == fresh })
        set.replace(with: [], at: start)
        #expect(set.select(at: start)?.target == fresh, "An empty answer changes nothing.")
    }

    @Test func `a replica that the name service dropped is checked until its open requests have failed`() {
        var set = set(hasHealthChecks: true)
        set.replace(with: [Self.targets[1]], at: start)
        #expect((0..<10).allSatisfy { _ in set.select(at: start)?.target == Self.targets[1] })
        #expect(set.checks.count == 3)
        _ = set.record(.ready, of: Self.targets[1], at: start)
        #expect(set.record(.failed, of: Self.targets[0], at: start).isEmpty)
        #expect(set.record(.failed, of: Self.targets[0], at: start) == [.lost(isNew: true)])
        #expect(set.checks.count == 2)
        #expect(set.record(.ready, of: Self.targets[2], at: start + .seconds(600)).isEmpty)
        #expect(set.checks.isEmpty, "One replica alone is not checked.")
    }

    @Test func `a name is replaced by its addresses and no longer checked`() {
        var set = ReplicaSet(targets: [HTTPTarget(host: "inference", port: 8002)], limits: limits)
        set.hasHealthChecks = true
        set.replace(with: [Self.targets[0]], at: start)
        #expect(set.checks.isEmpty)
        set.replace(with: Self.targets, at: start)
        #expect(set.checks.map(\.target) == Self.targets)
    }

    @Test func `a single replica is never ejected`() {
        var set = ReplicaSet(targets: [Self.targets[0]])
        #expect(set.eject(Self.targets[0], at: start) == nil)
        #expect(set.checks.isEmpty)
        #expect(set.select(at: start) == ReplicaSet.Selection(target: Self.targets[0], isTrial: false))
    }
}
