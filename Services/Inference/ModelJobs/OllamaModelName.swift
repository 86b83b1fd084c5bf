import Contracts

/// The name of a model that Ollama may pull or create.
///
/// Ollama requests `host/namespace/model` from that host, which a caller must not choose. With at most one slash, and
/// without a dot before it, Ollama uses only its own registry.
struct OllamaModelName: Sendable, Hashable {
    /// The name without the provider: `llama3.2:latest`, `mistral/small`.
    let own: String

    /// The name with the provider: `ollama/llama3.2:latest`.
    var full: String { "\(OllamaProvider.providerName)/\(own)" }

    /// The same for all spellings of a name.
    var key: String {
        let name = own.hasPrefix("library/") ? String(own.dropFirst("library/".count)) : own
        return (name.contains(":") ? name : name + ":latest").lowercased()
    }

    /// Validates a name with or without `ollama/`; `others` are the names of the other providers.
    ///
    /// Throws `invalid` with the reason.
    init(_ text: String, others: [String] = []) throws(Fault) {
        guard ModelName.isValid(text) else {
            throw Fault(.invalid, "`\(text.prefix(64))` is not a valid model name: \(ModelName.rule).")
        }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if parts.count > 1, let other = others.first(where: { $0 == parts[0] && $0 != OllamaProvider.providerName }) {
            throw Fault(
                .invalid,
                "\(text) belongs to \(other); only Ollama models can be pulled, created and deleted, such as ollama/llama3.2."
            )
        }
        let own = parts.first == OllamaProvider.providerName && parts.count > 1 ? Array(parts.dropFirst()) : parts
        guard own.count <= 2, own.count == 1 || !own[0].contains("."), ModelName.isValid(own.joined(separator: "/"))
        else {
            throw Fault(
                .invalid,
                "`\(text.prefix(64))` is a model on another host, which is not allowed. "
                    + "Use a model of Ollama's own registry, such as ollama/llama3.2."
            )
        }
        self.own = own.joined(separator: "/")
    }
}
