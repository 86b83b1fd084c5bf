import Contracts

/// What `GET /api/tags` answers, as far as we read it.
struct OllamaTags: Decodable {
    var models: [Entry]?

    struct Entry: Decodable {
        var name: String
        var digest: String?
        /// What it can do, where the server says so.
        var capabilities: [String]?
        var details: Details?

        struct Details: Decodable {
            var context_length: Int?
        }

        /// What the list says of the model; newer servers say all there is.
        var note: OllamaModelCache.Note {
            let window = details?.context_length.flatMap { $0 > 0 ? $0 : nil }
            return OllamaModelCache.Note(window: window, abilities: OllamaAbilities.read(capabilities))
        }
    }
}

/// What Ollama's capabilities are called here.
enum OllamaAbilities {
    private static let names: [String: Model.Ability] = [
        "completion": .chat, "vision": .images, "audio": .audio, "tools": .tools, "thinking": .reasoning,
        "embedding": .embeddings,
    ]

    /// In the order of ``Model/Ability``; absent when nothing of it is known.
    static func read(_ capabilities: [String]?) -> [Model.Ability]? {
        let known = Set((capabilities ?? []).compactMap { names[$0] })
        return known.isEmpty ? nil : Model.Ability.allCases.filter(known.contains)
    }
}
