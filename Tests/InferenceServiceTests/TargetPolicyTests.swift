import Contracts
import Testing

@testable import InferenceService

@Suite struct TargetPolicyTests {
    private func target(_ server: String, weight: Int? = nil, price: Double? = nil) -> Target {
        var target = Target(server: server, model: "m", weight: weight)
        target.price = price.map { Model.Price(prompt: $0, completion: $0) }
        return target
    }

    private func order(
        _ groups: [[Target]],
        session: String? = nil,
        seed: UInt64 = 0,
        unhealthy: Set<String> = [],
        load: [String: Double] = [:]
    ) -> [String] {
        TargetPolicy.order(groups.map { TargetGroup($0) }, session: session, seed: seed) { target in
            TargetPolicy.Condition(isHealthy: !unhealthy.contains(target.server), load: load[target.server] ?? 0)
        }
        .map(\.server)
    }

    @Test func `groups keep their order, and a target is asked once`() {
        for seed in 0..<100 as Range<UInt64> {
            let order = order([[target("a"), target("b")], [target("c"), target("a")]], seed: seed)
            #expect(Set(order.prefix(2)) == ["a", "b"])
            #expect(order.dropFirst(2) == ["c"])
        }
    }

    @Test func `requests are shared by weight`() {
        let targets = [target("a", weight: 3), target("b", weight: 1), target("c", weight: 0)]
        var first: [String: Int] = [:]
        for seed in 0..<4000 as Range<UInt64> { first[order([targets], seed: seed)[0], default: 0] += 1 }
        #expect((2800...3200).contains(first["a"] ?? 0))
        #expect((800...1200).contains(first["b"] ?? 0))
        #expect(first["c"] == nil, "A target without weight is only a fallback.")
    }

    @Test func `without weights the cheaper target is first, and an unknown price last`() {
        let targets = [target("dear", price: 9), target("unknown"), target("cheap", price: 1)]
        for seed in 0..<20 as Range<UInt64> {
            #expect(order([targets], seed: seed) == ["cheap", "dear", "unknown"])
        }
        var own = target("own")
        own.isFree = true
        #expect(order([targets + [own]]).first == "own")
    }

    @Test func `unhealthy targets come last, and busy ones after free ones`() {
        let targets = [target("a", price: 1), target("b", price: 2), target("c", price: 3)]
        #expect(order([targets], unhealthy: ["a"]) == ["b", "c", "a"])
        #expect(order([targets], load: ["a": 1.5, "b": 0.5]) == ["b", "c", "a"])
        #expect(order([targets], unhealthy: ["b"], load: ["a": 1]) == ["c", "a", "b"])
    }

    @Test func `a loaded target gets fewer requests`() {
        let targets = [target("a"), target("b")]
        var first: [String: Int] = [:]
        for seed in 0..<2000 as Range<UInt64> {
            first[order([targets], seed: seed, load: ["a": 0.8])[0], default: 0] += 1
        }
        #expect((first["b"] ?? 0) > 2 * (first["a"] ?? 0))
    }

    @Test func `a session stays with its target, and only the sessions of a lost target move`() {
        let targets = ["a", "b", "c", "d"].map { target($0) }
        var used: Set<String> = []
        for number in 0..<200 {
            let session = "conversation-\(number)"
            let first = order([targets], session: session, seed: .random(in: 0 ... .max))[0]
            used.insert(first)
            #expect(order([targets], session: session, load: ["a": 0.9])[0] == first, "The load does not move it.")
            for lost in ["a", "b", "c", "d"] where lost != first {
                #expect(order([targets], session: session, unhealthy: [lost])[0] == first)
            }
            #expect(order([targets], session: session, unhealthy: [first])[0] != first)
            #expect(order([targets], session: session)[0] == first, "It returns.")
        }
        #expect(used.count == 4)
    }
}
