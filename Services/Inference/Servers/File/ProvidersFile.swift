import Contracts
import Foundation
import ServiceKit

/// The contents of `PROVIDERS_FILE`: further servers, targets, prices, and fallbacks.
///
/// ```json
/// {
///   "providers": [
///     {"name": "vllm", "base_url": "http://10.0.0.5:8000/v1", "api_key_env": ["KEY_A", "KEY_B"], "concurrency": 32,
///      "queue": 128, "models": [{"id": "Qwen/Qwen3-8B", "window": 32768, "abilities": ["chat", "tools"]}]},
///     {"name": "gpu", "kind": "ollama", "base_url": "http://10.0.0.6:11434"}
///   ],
///   "targets": {"fast": [{"server": "vllm", "model": "Qwen/Qwen3-8B", "weight": 3}, {"server": "gpu", "model": "qwen3"}]},
///   "prices": {"openai/gpt-4o-mini": {"prompt": 0.15, "completion": 0.6}},
///   "fallbacks": {"fast": ["openai/gpt-4o-mini", "demo/demo"]}
/// }
/// ```
struct ProvidersFile: Decodable, Sendable, Equatable {
    var providers: [ServerEntry] = []
    /// The targets by alias.
    var targets: [String: [TargetEntry]] = [:]
    /// Prices by `provider/model`, by the model's name without the provider, or by `provider/*`.
    var prices: [String: Model.Price] = [:]
    /// The fallbacks in order, by `provider/model`, by the model's name without the provider, or by an alias.
    var fallbacks: [String: [String]] = [:]

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case providers
        case targets
        case prices
        case fallbacks
    }

    init() {}

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        providers = try container.decodeIfPresent([ServerEntry].self, forKey: .providers) ?? []
        targets = try container.decodeIfPresent([String: [TargetEntry]].self, forKey: .targets) ?? [:]
        prices = try container.decodeIfPresent([String: Model.Price].self, forKey: .prices) ?? [:]
        fallbacks = try container.decodeIfPresent([String: [String]].self, forKey: .fallbacks) ?? [:]
    }

    /// The environment variables that the file names.
    var variables: [String] { providers.flatMap(\.variables) }

    /// The targets as the routing uses them.
    var plan: TargetPlan {
        TargetPlan(aliases: targets.mapValues { [TargetGroup($0.map(\.target))] })
    }

    /// Reads the file; returns an empty value if the setting is not set.
    ///
    /// Throws a `InvalidSetting` that names the invalid value.
    static func read(_ settings: Settings, registry: ProviderRegistry = ProviderRegistry()) throws -> ProvidersFile {
        guard let path = settings.string("PROVIDERS_FILE") else { return ProvidersFile() }
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw InvalidSetting("PROVIDERS_FILE names \(path), which cannot be read: \(error.localizedDescription)")
        }
        do {
            let file = try JSONDecoder().decode(ProvidersFile.self, from: data)
            try file.check(keys: JSONSerialization.jsonObject(with: data), registry)
            return file
        } catch let error as DecodingError {
            throw InvalidSetting("PROVIDERS_FILE (\(path)) cannot be used: \(ProvidersFileValidator.explain(error))")
        } catch let fault as ProvidersFileValidator.ValidationError {
            throw InvalidSetting("PROVIDERS_FILE (\(path)) cannot be used: \(fault.message)")
        }
    }

    private func check(keys: Any, _ registry: ProviderRegistry) throws {
        let rules = ProvidersFileValidator(registry: registry)
        // A misspelt key explains what else is wrong.
        try checkKeys(keys, rules)
        try rules.check(self)
    }

    private func checkKeys(_ keys: Any, _ rules: ProvidersFileValidator) throws {
        guard let object = keys as? [String: Any] else { return }
        try rules.check(object, knows: CodingKeys.self, in: "the file")
        for (index, server) in (object["providers"] as? [[String: Any]] ?? []).enumerated() {
            let place = "providers[\(index)]"
            try rules.check(server, knows: ServerEntry.CodingKeys.self, in: place)
            if let quirks = server["quirks"] as? [String: Any] {
                try rules.check(quirks, knows: ServerQuirks.Overrides.CodingKeys.self, in: "\(place).quirks")
            }
            for (number, model) in (server["models"] as? [Any] ?? []).enumerated() {
                guard let model = model as? [String: Any] else { continue }
                try rules.check(model, knows: ListedModel.CodingKeys.self, in: "\(place).models[\(number)]")
            }
        }
        for (alias, targets) in object["targets"] as? [String: Any] ?? [:] {
            for (index, target) in (targets as? [Any] ?? []).enumerated() {
                guard let target = target as? [String: Any] else { continue }
                let place = "targets.\(alias)[\(index)]"
                try rules.check(target, knows: TargetEntry.CodingKeys.self, in: place)
                guard let limits = target["limits"] as? [String: Any] else { continue }
                try rules.check(limits, knows: TargetEntry.Limits.CodingKeys.self, in: "\(place).limits")
            }
        }
    }
}
