import Contracts

/// Chooses a provider's model for requests that name none: never the first of a list by accident.
///
/// The rule: the names that the provider prefers, in their order; then the models with tools before those that are not
/// known to have them; then the first by name.
enum ModelPreference {
    /// Parts of the names of models that do not chat, for servers that report no abilities.
    private static let otherUses = [
        "embed", "whisper", "tts", "dall-e", "image", "moderation", "rerank", "transcribe", "realtime", "audio", "sora",
        "guard",
    ]

    /// - Parameters:
    /// - models: the provider's models.
    /// - preferred: the preferred names without the provider, best first.
    /// - provider: the provider's name, which begins the names of the models.
    static func choose(_ models: [Model], preferred: [String], provider: String) -> Model? {
        let chatting = models.filter { $0.supports(.chat) }
        for name in preferred {
            if let model = chatting.first(where: { $0.name == "\(provider)/\(name)" }) { return model }
        }
        let likely = chatting.filter { model in
            model.abilities != nil || !otherUses.contains { model.name.lowercased().contains($0) }
        }
        return (likely.isEmpty ? chatting : likely).min { (rank($0), $0.name) < (rank($1), $1.name) }
    }

    private static func rank(_ model: Model) -> Int {
        model.abilities?.contains(.tools) == true ? 0 : 1
    }
}
