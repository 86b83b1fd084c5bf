import Contracts
import Foundation
import ServiceKit

/// The contents of `PROVIDERS_FILE`: further servers compatible with OpenAI's API, prices, and fallbacks.
///
/// ```json
/// {
///   "providers": [
///     {"name": "vllm", "base_url": "http://10.0.0.5:8000/v1", "api_key_env": "VLLM_API_KEY", "concurrency": 32,
///      "queue": 128, "models": [{"id": "Qwen/Qwen3-8B", "window": 32768, "abilities": ["chat", "tools"]}]}
///   ],
///   "prices": {"openai/gpt-4o-mini": {"prompt": 0.15, "completion": 0.6}},
///   "fallbacks": {"openai/gpt-4o-mini": ["vllm/Qwen/Qwen3-8B", "demo/demo"]}
/// }
/// ```
struct ProvidersFile: Decodable, Sendable, Equatable {
    var providers: [Server] = []
    /// Prices by `provider/model`, by the model's name without the provider, or by `provider/*`.
    var prices: [String: Model.Price] = [:]
    /// The fallbacks in order, by `provider/model` or by the model's name without the provider.
    var fallbacks: [String: [String]] = [:]

    /// A server compatible with OpenAI's API.
    struct Server: Decodable, Sendable, Equatable {
        var name: String
        /// The base URL including `/v1`, as in OpenAI's SDKs.
        var baseURL: String
        /// The environment variable with the API key; `nil` if none is needed.
        var keyVariable: String?
        /// The models; `nil` to use the server's own list.
        var models: [ListedModel]?
        var concurrency: Int?
        var queue: Int?

        enum CodingKeys: String, CodingKey, CaseIterable {
            case name
            case baseURL = "base_url"
            case keyVariable = "api_key_env"
            case models
            case concurrency
            case queue
        }
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case providers
        case prices
        case fallbacks
    }

    init() {}

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        providers = try container.decodeIfPresent([Server].self, forKey: .providers) ?? []
        prices = try container.decodeIfPresent([String: Model.Price].self, forKey: .prices) ?? [:]
        fallbacks = try container.decodeIfPresent([String: [String]].self, forKey: .fallbacks) ?? [:]
    }

    /// Reads the file; returns an empty value if the setting is not set.
    ///
    /// Throws a `InvalidSetting` that names the invalid value.
    static func read(_ settings: Settings) throws -> ProvidersFile {
        guard let path = settings.string("PROVIDERS_FILE") else { return ProvidersFile() }
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw InvalidSetting("PROVIDERS_FILE names \(path), which cannot be read: \(error.localizedDescription)")
        }
        do {
            let file = try JSONDecoder().decode(ProvidersFile.self, from: data)
            try file.check(keys: JSONSerialization.jsonObject(with: data))
            return file
        } catch let error as DecodingError {
            throw InvalidSetting("PROVIDERS_FILE (\(path)) cannot be used: \(ProvidersFileValidator.explain(error))")
        } catch let fault as ProvidersFileValidator.ValidationError {
            throw InvalidSetting("PROVIDERS_FILE (\(path)) cannot be used: \(fault.message)")
        }
    }

    private func check(keys: Any) throws {
        let rules = ProvidersFileValidator()
        try rules.check(self)
        guard let object = keys as? [String: Any] else { return }
        try rules.check(object, knows: CodingKeys.allCases.map(\.rawValue), in: "the file")
        for server in object["providers"] as? [[String: Any]] ?? [] {
            try rules.check(server, knows: Server.CodingKeys.allCases.map(\.rawValue), in: "a provider")
            for model in server["models"] as? [Any] ?? [] {
                guard let model = model as? [String: Any] else { continue }
                try rules.check(model, knows: ListedModel.CodingKeys.allCases.map(\.rawValue), in: "a model")
            }
        }
    }
}
