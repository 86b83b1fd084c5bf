import Contracts

/// The used part of the response to `GET /models`.
struct GeminiModels: Decodable {
    var models: LenientList<Entry>?
    var nextPageToken: String?

    /// A model; values of the wrong type are ignored, except for the name.
    struct Entry: Decodable, Sendable {
        /// The name with the prefix `models/`.
        var name: String
        var inputTokenLimit: Int?
        var supportedGenerationMethods: [String]?
        var thinking: Bool?

        private enum Key: String, CodingKey {
            case name
            case inputTokenLimit
            case supportedGenerationMethods
            case thinking
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            name = try container.decode(String.self, forKey: .name)
            inputTokenLimit = container.positiveOrNothing(.inputTokenLimit)
            supportedGenerationMethods = container.valueOrNothing(.supportedGenerationMethods)
            thinking = container.valueOrNothing(.thinking)
        }

        /// The name without the prefix: `gemini-2.5-flash`.
        var bareName: String { name.hasPrefix("models/") ? String(name.dropFirst(7)) : name }

        private var canChat: Bool { supportedGenerationMethods?.contains("generateContent") ?? true }
        private var canEmbed: Bool { supportedGenerationMethods?.contains("embedContent") ?? false }

        /// Whether the model supports chat or embeddings; models for speech, images or video only do not.
        var isOfUse: Bool {
            (canChat && !bareName.contains("-tts")) || canEmbed
        }

        /// The abilities; `nil` for open models, for which the list does not contain them.
        var abilities: [Model.Ability]? {
            guard canChat else { return [.embeddings] }
            guard bareName.hasPrefix("gemini-") else { return nil }
            // Models for images support neither tools nor audio.
            if bareName.contains("-image") { return [.chat, .images] }
            return [.chat, .images, .audio, .tools] + (thinking == true ? [.reasoning] : [])
        }

        /// The order of preference as the default model; the smallest is first.
        var rank: Int {
            let name = bareName
            guard canChat else { return 5 }
            if name == "gemini-2.5-flash" { return 0 }
            if name == "gemini-flash-latest" { return 1 }
            if name.hasPrefix("gemini-"), name.hasSuffix("-flash") { return 2 }
            return name.hasPrefix("gemini-") && !name.contains("-image") ? 3 : 4
        }
    }

    /// Sorts the models by preference, and otherwise keeps their order.
    static func sorted(_ entries: [Entry]) -> [Entry] {
        entries.enumerated().sorted { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }.map(\.element)
    }

    /// The context window of an unlisted model, by the prefix of its name.
    static func knownWindow(of model: String) -> Int {
        [("gemini-embedding", 2048), ("text-embedding", 2048), ("gemini-", 1_048_576), ("gemma-", 32_768)]
            .first { model.hasPrefix($0.0) }?.1 ?? 32_768
    }
}
