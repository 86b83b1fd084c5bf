import Contracts
import Foundation

/// The order in which targets are asked: a pure function of the targets, their state, and a key.
///
/// Groups are asked in order. Within a group, healthy targets come before unhealthy ones and targets with a free slot
/// before busy ones. Without weights the cheaper target is first. What is still equal is shared by weight and free
/// capacity: requests with the same session go to the same target, others are spread at random.
enum TargetPolicy {
    /// What is known about a target at the moment.
    struct Condition: Sendable, Equatable {
        /// Whether its circuit breaker admits requests.
        var isHealthy = true
        /// The running and queued requests in relation to the slots.
        var load = 0.0
    }

    /// - Parameters:
    /// - groups: the groups in order.
    /// - session: requests with the same session go to the same target; `nil` for a random one.
    /// - seed: the random number for requests without a session.
    /// - condition: the state of a target.
    static func order(
        _ groups: [TargetGroup],
        session: String?,
        seed: UInt64 = .random(in: 0 ... .max),
        condition: (Target) -> Condition
    ) -> [Target] {
        if groups.count == 1, groups[0].targets.count == 1 { return groups[0].targets }
        let key = session.map { hash($0.utf8) } ?? seed
        var seen: Set<String> = []
        return groups.flatMap { order($0, key, isSticky: session != nil, condition) }
            .filter { seen.insert($0.key).inserted }
    }

    private struct Rank {
        let target: Target
        let isUnhealthy: Bool
        let isBusy: Bool
        let price: Double
        let score: Double

        static func < (left: Rank, right: Rank) -> Bool {
            if left.isUnhealthy != right.isUnhealthy { return right.isUnhealthy }
            if left.isBusy != right.isBusy { return right.isBusy }
            if left.price != right.price { return left.price < right.price }
            return left.score == right.score ? left.target.name < right.target.name : left.score < right.score
        }
    }

    private static func order(
        _ group: TargetGroup,
        _ key: UInt64,
        isSticky: Bool,
        _ condition: (Target) -> Condition
    ) -> [Target] {
        guard group.targets.count > 1 else { return group.targets }
        let isWeighted = group.targets.contains { $0.weight != nil }
        return group.targets.map { target in
            let state = condition(target)
            // The load changes from request to request, so it must not move a session.
            let share = isSticky ? 1 : max(0.05, 1 - state.load)
            return Rank(
                target: target,
                isUnhealthy: !state.isHealthy,
                isBusy: state.load >= 1,
                price: isWeighted ? 0 : price(of: target),
                score: score(of: target, key, weight: Double(target.weight ?? 1) * share)
            )
        }
        .sorted(by: <).map(\.target)
    }

    private static func price(of target: Target) -> Double {
        if target.isFree { return 0 }
        return target.price.map { $0.prompt + $0.completion } ?? .infinity
    }

    /// Weighted rendezvous hashing: the lowest score wins, in proportion to the weights; without a target, only its own
    /// sessions move.
    private static func score(of target: Target, _ key: UInt64, weight: Double) -> Double {
        guard weight > 0 else { return .infinity }
        let number = Double(mix(key ^ hash(target.name.utf8)) >> 11) + 1
        return -log(number / Double((1 << 53) + 1)) / weight
    }

    /// FNV-1a: the same in every process, so that replicas agree.
    private static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
        mix(bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
    }

    /// The finalizer of SplitMix64.
    private static func mix(_ value: UInt64) -> UInt64 {
        var value = value
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
