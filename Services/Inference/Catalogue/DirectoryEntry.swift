import Contracts

/// The last known state of a provider.
struct DirectoryEntry: Sendable {
    /// Maximum number of listed models.
    static let modelLimit = 1000
    /// Maximum number of names in a remark.
    private static let nameLimit = 5
    /// The number of failed lists in a row after which a provider that is not configured is gone.
    private static let goneAfter = 3

    let name: String
    let address: String?
    /// Whether the provider is configured; otherwise it is listed only while it is reachable.
    let isConfigured: Bool
    /// Whether a name without a tag means `:latest`.
    let hasTaggedModels: Bool
    /// The beginnings of the names of models that belong to the provider although it does not list them.
    let namePrefixes: [String]
    private let namesHosts: Bool
    private let preferredModels: [String]
    /// The last known models, kept while the provider is unavailable.
    private(set) var models: [Model] = []
    private var indexes: [String: Int] = [:]
    private(set) var fault: Fault?
    private(set) var isKnown = false
    /// What could not be taken from the list, as sentences.
    private var listRemarks: [String] = []
    /// Why models have no description, as sentences.
    var descriptionRemarks: [String] = []
    /// The default model that was chosen, which stays until the provider no longer lists it.
    private var chosen: String?
    private var failures = 0

    init(_ provider: any Provider) {
        name = provider.name
        address = provider.address
        isConfigured = provider.isConfigured
        hasTaggedModels = provider.hasTaggedModels
        namePrefixes = provider.namePrefixes
        namesHosts = provider.namesHosts
        preferredModels = provider.preferredModels
    }

    /// The place in the order of defaults: configured, reachable, built in.
    var rank: Int { address == nil ? 2 : isConfigured ? 0 : 1 }

    var report: Models.ProviderReport {
        let remarks = listRemarks + descriptionRemarks
        return Models.ProviderReport(
            name: name,
            address: address,
            models: models,
            fault: fault,
            remarks: remarks.isEmpty ? nil : remarks
        )
    }

    /// Applies the result of a refresh.
    mutating func update(with result: Result<[Model], Fault>) {
        isKnown = true
        switch result {
        case .success(let listed):
            fault = nil
            failures = 0
            take(listed)
        case .failure(let reason):
            fault = reason
            failures += 1
        }
    }

    /// The default model, which stays the same while it is listed; `nil` if there is no model, or if the provider is not
    /// configured and has gone.
    mutating func chooseDefault() -> Model? {
        guard isConfigured || failures < Self.goneAfter, !models.isEmpty else { return nil }
        if let chosen, let model = model(chosen) { return model }
        let model = ModelPreference.choose(models, preferred: preferredModels, provider: name)
        chosen = model?.name
        return model
    }

    /// The listed model with a name without the provider.
    func find(_ own: String) -> Model? {
        let full = "\(name)/\(own)"
        if let model = model(full) { return model }
        guard hasTaggedModels else { return nil }
        let latest = ":latest"
        return model(full.hasSuffix(latest) ? String(full.dropLast(latest.count)) : full + latest)
    }

    /// The listed model with a full name.
    func model(_ full: String) -> Model? {
        indexes[full].map { models[$0] }
    }

    /// Whether the provider would request the model from another host: `host/namespace/model`.
    func isElsewhere(_ model: String) -> Bool {
        namesHosts && model.utf8.count(where: { $0 == UInt8(ascii: "/") }) >= 2
    }

    private mutating func take(_ listed: [Model]) {
        var remarks: [String] = []
        let invalid = listed.filter { !ModelName.isValid(String($0.name.dropFirst(name.utf8.count + 1))) }
        if !invalid.isEmpty {
            let names = invalid.prefix(Self.nameLimit).map { "`\(ModelName.printable($0.name))`" }
            remarks.append(
                "\(invalid.count) models are left out, because their names cannot be used: "
                    + "\(names.joined(separator: ", ")). \(ModelName.rule.capitalizedSentence)."
            )
        }
        let refused = Set(invalid.map(\.name))
        let valid = listed.filter { !refused.contains($0.name) }
        if valid.count > Self.modelLimit {
            remarks.append(
                "\(valid.count) models are listed; the first \(Self.modelLimit) are shown. The others can be used by name."
            )
        }
        models = Array(valid.prefix(Self.modelLimit))
        indexes = Dictionary(models.enumerated().map { ($1.name, $0) }) { first, _ in first }
        listRemarks = remarks
    }
}

extension String {
    /// The text with its first letter in upper case.
    fileprivate var capitalizedSentence: String { prefix(1).uppercased() + dropFirst() }
}
