/// The configured targets: groups by the name that requests ask for.
///
/// The targets of a group share its requests; the next group is asked after all targets of a group have failed.
struct TargetPlan: Sendable, Hashable {
    /// The groups in order, by alias.
    var aliases: [String: [TargetGroup]] = [:]

    /// The groups for an alias; `nil` for another name.
    func groups(for name: String) -> [TargetGroup]? { aliases[name] }

    /// All targets, for checks of the configuration.
    var targets: [Target] { aliases.values.flatMap { $0.flatMap(\.targets) } }
}
