import Contracts

/// The configured targets, fallbacks and prices, and what is wrong with the names in them.
struct TargetReview: Sendable {
    /// The name under which the aliases are listed.
    static let name = "targets"
    /// Maximum number of remarks.
    private static let limit = 50

    var plan = TargetPlan()
    /// The fallbacks by the name of a model or an alias.
    var fallbacks: [String: [String]] = [:]

    /// The aliases as models, and the names that nothing knows; `nil` if nothing is configured and nothing is wrong.
    func report(_ directory: ModelDirectory, defaultModel: String?) -> Models.ProviderReport? {
        let remarks = remarks(directory, defaultModel: defaultModel)
        guard !plan.aliases.isEmpty || !remarks.isEmpty else { return nil }
        let models = plan.aliases.sorted { $0.key < $1.key }.map { alias, groups in
            Self.combined(alias, groups.flatMap(\.targets).compactMap { listed($0.name, directory) })
                ?? Model(name: alias, window: 8192)
        }
        return Models.ProviderReport(
            name: Self.name,
            address: nil,
            models: models,
            fault: nil,
            remarks: remarks.isEmpty ? nil : remarks
        )
    }

    /// A model that can do what all of the models can; `nil` without a model.
    static func combined(_ alias: String, _ models: [Model]) -> Model? {
        guard let window = models.map(\.window).min() else { return nil }
        let known = models.compactMap { $0.abilities.map(Set.init) }
        let shared = known.dropFirst().reduce(known.first) { $0?.intersection($1) }
        let names = models.map(\.name).joined(separator: ", ")
        return Model(
            name: alias,
            window: window,
            abilities: shared.map { shared in Model.Ability.allCases.filter(shared.contains) },
            note: "An alias for \(names)."
        )
    }

    /// What nothing knows of the names in the targets, in the fallbacks and in `DEFAULT_MODEL`, as sentences.
    private func remarks(_ directory: ModelDirectory, defaultModel: String?) -> [String] {
        var remarks: [String] = []
        for (alias, groups) in plan.aliases.sorted(by: { $0.key < $1.key }) {
            for target in groups.flatMap(\.targets) {
                if let problem = problem(target.name, directory) {
                    remarks.append("targets.\(alias) in PROVIDERS_FILE: \(problem)")
                }
            }
        }
        for (model, others) in fallbacks.sorted(by: { $0.key < $1.key }) {
            for name in [model] + others where plan.groups(for: name) == nil {
                if let problem = problem(name, directory) {
                    remarks.append("fallbacks.\(model) in PROVIDERS_FILE: \(problem)")
                }
            }
        }
        if let defaultModel, plan.groups(for: defaultModel) == nil, let problem = problem(defaultModel, directory) {
            remarks.append("DEFAULT_MODEL: \(problem)")
        }
        return Array(remarks.prefix(Self.limit))
    }

    /// What is wrong with a name, with a suggestion; `nil` if it is known, or if its provider's list is not.
    private func problem(_ name: String, _ directory: ModelDirectory) -> String? {
        let parts = name.split(separator: "/", maxSplits: 1)
        if parts.count == 2, let entry = directory.entries.first(where: { $0.name == parts[0] }) {
            guard entry.isKnown, entry.fault == nil, entry.find(String(parts[1])) == nil else { return nil }
            return "\(entry.name) lists no model \(parts[1])." + suggestion(for: name, directory)
        }
        // The lists of servers that are down may have it.
        guard !directory.entries.contains(where: { !$0.isKnown || $0.isConfigured && $0.fault != nil }) else {
            return nil
        }
        do {
            _ = try directory.route(name)
            return nil
        } catch {
            let servers = directory.entries.map(\.name).joined(separator: ", ")
            return "\(name) is not known. The servers are \(servers)." + suggestion(for: name, directory)
        }
    }

    private func listed(_ name: String, _ directory: ModelDirectory) -> Model? {
        do { return directory.model(try directory.route(name)) } catch { return nil }
    }

    /// The known name that is most like another one.
    private func suggestion(for name: String, _ directory: ModelDirectory) -> String {
        let names = directory.entries.flatMap { $0.models.prefix(200).map(\.name) }
        let nearest = names.map { ($0, EditDistance.between(name, $0)) }.min { $0.1 < $1.1 }
        guard let nearest, nearest.1 <= max(2, name.count / 3) else { return "" }
        return " Did you mean \(nearest.0)?"
    }
}
