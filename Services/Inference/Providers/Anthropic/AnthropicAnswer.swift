import Contracts

/// An earlier answer as content blocks in their original order.
struct AnthropicAnswer {
    /// `nil` if the answer has no parts, or they do not fit its texts and calls.
    let blocks: [AnthropicBlock]?

    /// - Parameters:
    /// - message: an answer, whose parts come from this provider.
    /// - calls: its tool calls.
    /// - keepsThinking: whether its thinking is a part of the request.
    init(_ message: Inference.Message, calls: [AnthropicBlock], keepsThinking: Bool) {
        let texts = (message.text, message.reasoning ?? "")
        guard let parts = message.parts, Self.fit(parts, texts.0, texts.1, calls.count) else {
            self.blocks = nil
            return
        }
        var (text, reasoning) = (texts.0[...].utf8, texts.1[...].utf8)
        var rest = calls[...]
        var ordered: [AnthropicBlock] = []
        for part in parts {
            switch part.kind {
            case .text, .refusal:
                let piece = String(Substring(text.prefix(part.bytes)))
                text = text.dropFirst(part.bytes)
                if !piece.isBlank { ordered.append(.text(piece)) }
            case .reasoning:
                let piece = String(Substring(reasoning.prefix(part.bytes)))
                reasoning = reasoning.dropFirst(part.bytes)
                switch AnthropicSignature(part.metadata) {
                case .signature(let signature) where keepsThinking:
                    ordered.append(.thinking(piece, signature: signature))
                case .redacted(let data) where keepsThinking: ordered.append(.redactedThinking(data))
                // Thinking without a signature is rejected.
                default: break
                }
            case .toolCall: if let call = rest.popFirst() { ordered.append(call) }
            }
        }
        self.blocks = ordered
    }

    private static func fit(_ parts: [Inference.AnswerPart], _ text: String, _ reasoning: String, _ calls: Int) -> Bool
    {
        let shown = parts.map { part in
            Inference.AnswerPart(kind: part.kind == .refusal ? .text : part.kind, bytes: part.bytes)
        }
        return parts.allSatisfy { $0.bytes >= 0 } && shown.bytes(of: .text) == text.utf8.count
            && shown.bytes(of: .reasoning) == reasoning.utf8.count
            && parts.count { $0.kind == .toolCall } == calls
    }
}
