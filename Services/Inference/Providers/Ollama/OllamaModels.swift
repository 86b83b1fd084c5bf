import Contracts

/// The used part of the response to `GET /api/tags`.
struct OllamaTags: Decodable {
    var models: [Entry]?

    struct Entry: Decodable {
        var name: String
        var digest: String?
        /// The capabilities, if the server reports them.
        var capabilities: [String]?
        var details: Details?

        struct Details: Decodable {
            var context_length: Int?
        }

        /// The model's properties in the list.
        var properties: OllamaModelCache.Properties {
            let window = details?.context_length.flatMap { $0 > 0 ? $0 : nil }
            return OllamaModelCache.Properties(window: window, abilities: OllamaAbilities.read(capabilities))
        }
    }
}

/// Converts Ollama's capabilities.
enum OllamaAbilities {
    private static let names: [String: Model.Ability] = [
        "completion": .chat, "vision": .images, "audio": .audio, "tools": .tools, "thinking": .reasoning,
        "embedding": .embeddings,
    ]

    /// The abilities in the order of ``Model/Ability``; `nil` if none is known.
    static func read(_ capabilities: [String]?) -> [Model.Ability]? {
        let known = Set((capabilities ?? []).compactMap { names[$0] })
        return known.isEmpty ? nil : Model.Ability.allCases.filter(known.contains)
    }
}
