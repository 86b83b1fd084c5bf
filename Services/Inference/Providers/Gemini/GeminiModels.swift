import Contracts

/// What `GET /models` answers, as far as we read it.
struct GeminiModels: Decodable {
    var models: [Entry]?
    var nextPageToken: String?

    struct Entry: Decodable, Sendable {
        /// With `models/` before it.
        var name: String
        var displayName: String?
        var inputTokenLimit: Int?
        var supportedGenerationMethods: [String]?
        var thinking: Bool?

        /// The name as we give it: `gemini-2.5-flash`.
        var bareName: String { name.hasPrefix("models/") ? String(name.dropFirst(7)) : name }

        private var canChat: Bool { supportedGenerationMethods?.contains("generateContent") ?? true }
        private var canEmbed: Bool { supportedGenerationMethods?.contains("embedContent") ?? false }

        /// Whether it does anything for us: models that only speak, paint or film do not.
        var isOfUse: Bool {
            ModelName.isValid(bareName) && ((canChat && !bareName.contains("-tts")) || canEmbed)
        }

        /// What it can do; absent for the open models, of which the list does not say it.
        var abilities: [Model.Ability]? {
            guard canChat else { return [.embeddings] }
            guard bareName.hasPrefix("gemini-") else { return nil }
            // Those that paint take no tools and no sound.
            if bareName.contains("-image") { return [.chat, .images] }
            return [.chat, .images, .audio, .tools] + (thinking == true ? [.reasoning] : [])
        }

        /// The smaller, the sooner it stands in for a model that nobody named.
        var rank: Int {
            let name = bareName
            guard canChat else { return 5 }
            if name == "gemini-2.5-flash" { return 0 }
            if name == "gemini-flash-latest" { return 1 }
            if name.hasPrefix("gemini-"), name.hasSuffix("-flash") { return 2 }
            return name.hasPrefix("gemini-") && !name.contains("-image") ? 3 : 4
        }
    }

    /// In the order of preference, and otherwise as they came.
    static func sorted(_ entries: [Entry]) -> [Entry] {
        entries.enumerated().sorted { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }.map(\.element)
    }

    /// The window of a model that was not looked at, by the beginning of its name.
    static func knownWindow(of model: String) -> Int {
        [("gemini-embedding", 2048), ("text-embedding", 2048), ("gemini-", 1_048_576), ("gemma-", 32_768)]
            .first { model.hasPrefix($0.0) }?.1 ?? 32_768
    }
}
