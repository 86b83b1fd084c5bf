/// Targets of equal rank; ``TargetPolicy`` decides their order.
struct TargetGroup: Sendable, Hashable {
    var targets: [Target]

    init(_ targets: [Target]) {
        self.targets = targets
    }
}
