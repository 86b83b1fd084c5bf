import Contracts

/// The names of tools and the identifiers of calls in one request to a provider, and the client's own.
struct ToolNames: Sendable, Equatable {
    private var names = IdentifierMap()
    private var ids = IdentifierMap()

    init() {}

    /// Finds the names of a request that the provider does not permit, by a rule for names of tools and one for the
    /// identifiers of calls (default: all are permitted).
    init(_ prompt: Prompt, rule: IdentifierRule? = nil, ids idRule: IdentifierRule? = nil) {
        let messages = prompt.parsedMessages ?? []
        let calls = messages.flatMap { $0.toolCalls ?? [] }
        if let rule {
            let results = messages.lazy.filter { $0.role == .tool }.compactMap(\.name)
            names = IdentifierMap(prompt.plan.tools.map(\.name) + calls.map(\.function.name) + results, rule: rule)
        }
        if let idRule {
            ids = IdentifierMap(calls.map(\.id) + messages.compactMap(\.toolCallID), rule: idRule)
        }
    }

    /// The client's name of a tool, for a name in an answer.
    func original(_ name: String) -> String { names.original(name) }

    /// The request with the names and identifiers that the provider permits: in the tools, in the choice, and in the
    /// calls and results of the messages.
    func applied(to prompt: Prompt) -> Prompt {
        guard !names.isEmpty || !ids.isEmpty else { return prompt }
        var prompt = prompt
        prompt.plan = prompt.plan.renamed(names.sent)
        prompt.parsedMessages = prompt.parsedMessages.map { $0.map(applied) }
        return prompt
    }

    private func applied(to message: Inference.Message) -> Inference.Message {
        guard message.role == .tool || message.toolCalls != nil else { return message }
        var message = message
        if message.role == .tool { message.name = message.name.map(names.sent) }
        message.toolCallID = message.toolCallID.map(ids.sent)
        message.toolCalls = message.toolCalls?.map { call in
            Inference.ToolCall(
                id: ids.sent(call.id),
                name: names.sent(call.function.name),
                arguments: call.function.arguments,
                metadata: call.metadata
            )
        }
        return message
    }
}
