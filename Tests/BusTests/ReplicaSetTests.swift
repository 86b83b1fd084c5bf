import HTTP
import Testing

@testable import Bus

@Suite struct ReplicaSetTests {
    private static let targets = ["10.0.0.7", "10.0.0.5", "10.0.0.6"].map { HTTPTarget(host: $0, port: 8002) }

    @Test func `calls go to the replicas in turn`() {
        var set = ReplicaSet(targets: Self.targets)
        let chosen = (0..<6).map { _ in set.choose(at: .now).host }
        #expect(Set(chosen).count == 3 && Array(chosen[..<3]) == Array(chosen[3...]))
    }

    @Test func `what one replica knows is asked of the same one, whatever their order`() {
        for targets in [Self.targets, Self.targets.reversed(), [Self.targets[1]]] {
            let set = ReplicaSet(targets: targets)
            for _ in 0..<3 { #expect(set.first(at: .now).host == "10.0.0.5") }
        }
    }

    @Test func `of replicas that cannot be reached the next is the same for a while`() {
        let now = ContinuousClock.now
        var set = ReplicaSet(targets: Self.targets)
        set.eject(Self.targets[1], at: now)
        #expect(set.first(at: now).host == "10.0.0.6")
        #expect(set.first(at: now + .seconds(3)).host == "10.0.0.5")
        for target in Self.targets { set.eject(target, at: now) }
        #expect(set.first(at: now).host == "10.0.0.5")
    }
}
