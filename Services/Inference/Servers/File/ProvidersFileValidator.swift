import Bus
import Contracts
import HTTP

/// Validates the contents of `PROVIDERS_FILE`; every message says where the mistake is and what is allowed.
struct ProvidersFileValidator {
    /// An invalid value.
    struct ValidationError: Error, Equatable {
        let message: String

        init(_ message: String) {
            self.message = message
        }
    }

    let registry: ProviderRegistry

    static func explain(_ error: DecodingError) -> String {
        let text = BusCoding.explain(error)
        return text.prefix(1).uppercased() + text.dropFirst()
    }

    func check(_ file: ProvidersFile) throws(ValidationError) {
        var names = Set(registry.reservedNames + [TargetReview.name])
        for (index, server) in file.providers.enumerated() {
            try ServerEntryValidator(registry: registry, place: "providers[\(index)]", server: server).check()
            guard names.insert(server.name).inserted else {
                throw ValidationError(
                    "providers[\(index)].name: the name \(server.name) is already used. Choose a unique name."
                )
            }
        }
        for (alias, targets) in file.targets { try check(alias, targets, servers: names) }
        for (model, price) in file.prices {
            guard price.prompt.isFinite, price.completion.isFinite, price.prompt >= 0, price.completion >= 0 else {
                throw ValidationError("The prices of \(model) must be 0 or more, in dollars for a million tokens.")
            }
        }
        for (model, others) in file.fallbacks {
            for name in [model] + others { try check(name, in: "fallbacks.\(ModelName.printable(model))") }
        }
    }

    /// Rejects unknown keys, because they are usually spelling mistakes.
    func check<Keys: CodingKey & CaseIterable & RawRepresentable<String>>(
        _ object: [String: Any],
        knows keys: Keys.Type,
        in place: String
    ) throws(ValidationError) {
        let known = keys.allCases.map(\.rawValue)
        guard let unknown = object.keys.sorted().first(where: { !known.contains($0) }) else { return }
        let nearest = known.map { ($0, EditDistance.between(unknown, $0)) }.min { $0.1 < $1.1 }
        let advice = nearest.flatMap { $0.1 <= 3 ? " Did you mean \($0.0)?" : nil } ?? ""
        throw ValidationError(
            "`\(unknown)` in \(place) is unknown.\(advice) Known keys: \(known.joined(separator: ", "))."
        )
    }

    private func check(_ alias: String, _ targets: [TargetEntry], servers: Set<String>) throws(ValidationError) {
        let place = "targets.\(ModelName.printable(alias))"
        try check(alias, in: place)
        if let slash = alias.firstIndex(of: "/"), servers.contains(String(alias[..<slash])) {
            throw ValidationError("\(place): an alias cannot begin with the name of a server. Choose another name.")
        }
        guard (1...64).contains(targets.count) else {
            throw ValidationError(
                "\(place) must have 1 to 64 targets, such as {\"server\": \"ollama\", \"model\": \"qwen3\"}."
            )
        }
        for (index, target) in targets.enumerated() {
            let place = "\(place)[\(index)]"
            try check(target.model, in: "\(place).model")
            guard (1...1000).contains(target.weight ?? 1) else {
                throw ValidationError("\(place).weight must be from 1 to 1000.")
            }
            guard (1...65_536).contains(target.limits?.concurrency ?? 1) else {
                throw ValidationError("\(place).limits.concurrency must be from 1 to 65536.")
            }
        }
    }

    private func check(_ name: String, in place: String) throws(ValidationError) {
        guard ModelName.isValid(name) else {
            throw ValidationError(
                "\(place): `\(ModelName.printable(name))` is not a valid model name: \(ModelName.rule)."
            )
        }
    }
}
