import Contracts

/// The used part of the response to `GET /api/tags`.
struct OllamaTags: Decodable {
    var models: LenientList<Entry>?

    /// A model; values of the wrong type are ignored, except for the name.
    struct Entry: Decodable, Sendable {
        var name: String
        var digest: String?
        /// The model's properties in the list.
        var properties: OllamaModelCache.Properties

        private enum Key: String, CodingKey {
            case name
            case model
            case digest
            case capabilities
            case details
            case window = "context_length"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            let name: String? = container.valueOrNothing(.name)
            self.name = try name ?? container.decode(String.self, forKey: .model)
            digest = container.valueOrNothing(.digest)
            let abilities = OllamaAbilities.read(container.valueOrNothing(.capabilities))
            properties = OllamaModelCache.Properties(abilities: abilities)
            do {
                let details = try container.nestedContainer(keyedBy: Key.self, forKey: .details)
                properties.window = details.positiveOrNothing(.window)
            } catch {
                // There are no details.
            }
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
