import Contracts
import ContractsJSON

/// Which answers of a conversation a provider made: only these keep what is opaque to all others.
enum AnswerOrigin {
    /// Returns the messages as one provider receives them.
    ///
    /// Reasoning, parts and metadata of other providers' answers are removed: they would be rejected, or reveal what another
    /// provider encrypted. An answer without a model, which a client sent, keeps its metadata.
    static func messages(_ messages: [Inference.Message], for provider: String) -> [Inference.Message] {
        messages.map { message in
            guard message.role == .assistant else { return message }
            var message = withClientParts(message)
            if let model = message.model, !model.hasPrefix(provider + "/") { forget(&message) }
            return message
        }
    }

    private static func forget(_ message: inout Inference.Message) {
        (message.reasoning, message.parts, message.metadata) = (nil, nil, nil)
        message.toolCalls = message.toolCalls?.map { call in
            var call = call
            call.metadata = nil
            return call
        }
        guard case .parts(let parts) = message.content else { return }
        message.content = .parts(
            parts.map { part in
                var part = part
                part.metadata = nil
                return part
            }
        )
    }

    /// Moves parts that a client sent back in the metadata to their place.
    private static func withClientParts(_ message: Inference.Message) -> Inference.Message {
        guard message.parts == nil, let metadata = message.metadata, let sent = AnswerMetadata(metadata) else {
            return message
        }
        var message = message
        (message.parts, message.model) = (sent.parts, sent.model)
        return message
    }
}

extension Prompt {
    /// Returns the prompt as a provider receives it.
    func adapted(to provider: String) -> Prompt {
        guard let parsedMessages else { return self }
        var prompt = self
        prompt.parsedMessages = AnswerOrigin.messages(parsedMessages, for: provider)
        return prompt
    }
}
