import Contracts

/// The targets that may answer a request for embeddings: those with the requested model.
///
/// Vectors of different models cannot be compared, and a client stores them for a long time, so no other model stands in.
enum EmbeddingTargets {
    /// - Parameters:
    /// - targets: all targets for the request, in order.
    /// - name: the name that was requested: of a model, or an alias.
    /// - earlier: why the requested model cannot be asked, if only fallbacks are left.
    static func ofOneModel(_ targets: [Target], requested name: String, _ earlier: ProviderError?) throws -> [Target] {
        let model = Self.model(earlier == nil ? targets.first?.model ?? name : name)
        let same = targets.filter { Self.model($0.model) == model }
        if same.isEmpty, let earlier { throw earlier.fault }
        return same
    }

    /// A model's name without a publisher, such as `openai/`, and without the tag that Ollama adds.
    private static func model(_ name: String) -> Substring {
        let last = name.split(separator: "/").last ?? ""
        return last.hasSuffix(":latest") ? last.dropLast(7) : last
    }
}
