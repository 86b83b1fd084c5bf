import Contracts

/// The name of a model that Ollama may fetch or make.
///
/// Ollama takes `host/namespace/model` for a model on that host and asks it: a name from outside must not send it
/// anywhere. With at most one slash, and no dot in what stands before it, only Ollama's own registry is asked.
struct OllamaModelName: Sendable, Hashable {
    /// As Ollama knows it: `llama3.2:latest`, `mistral/small`.
    let own: String

    /// `ollama/llama3.2:latest`.
    var full: String { "\(OllamaProvider.providerName)/\(own)" }

    /// What all spellings of the name have in common.
    var key: String {
        let name = own.hasPrefix("library/") ? String(own.dropFirst("library/".count)) : own
        return (name.contains(":") ? name : name + ":latest").lowercased()
    }

    /// Reads a name with or without `ollama/`; `others` are the other providers, whose models Ollama has nothing to do with.
    ///
    /// Throws `invalid` with what is wrong.
    init(_ text: String, others: [String] = []) throws(Fault) {
        guard ModelName.isValid(text) else {
            throw Fault(.invalid, "`\(text.prefix(64))` is not a model's name: \(ModelName.rule).")
        }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if parts.count > 1, let other = others.first(where: { $0 == parts[0] && $0 != OllamaProvider.providerName }) {
            throw Fault(
                .invalid,
                "\(text) belongs to \(other); only models of Ollama can be pulled, made and deleted, such as ollama/llama3.2."
            )
        }
        let own = parts.first == OllamaProvider.providerName && parts.count > 1 ? Array(parts.dropFirst()) : parts
        guard own.count <= 2, own.count == 1 || !own[0].contains("."), ModelName.isValid(own.joined(separator: "/"))
        else {
            throw Fault(
                .invalid,
                "`\(text.prefix(64))` names a model on another host, which Ollama is not sent to. "
                    + "Name one of Ollama's own registry, such as ollama/llama3.2."
            )
        }
        self.own = own.joined(separator: "/")
    }
}
