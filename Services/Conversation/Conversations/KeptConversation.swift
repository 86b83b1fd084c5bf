import Contracts

/// A conversation that was held elsewhere, laid out as it is stored.
///
/// Whatever is no answer stands at an odd position, and answers at even ones, so that it can go on like any other. Pure.
struct KeptConversation: Sendable {
    /// What the model was told before anything was said; empty when that was nothing.
    let instructions: String
    /// In their order; the last is the answer.
    private(set) var messages: [StoredMessage] = []
    /// Which of them was answered.
    private(set) var question = 0
    /// The generation, as ended.
    let run: Run
    let end: Run.End

    /// Throws `invalid` when nothing is asked in the messages.
    init(_ request: Conversations.Import, at moment: Timestamp) throws {
        let asks = request.messages.contains { $0.role == .user || $0.role == .tool }
        let opening = request.messages.prefix { $0.role.isInstruction }
        // Where nothing else asks, the last instruction does.
        let told = asks ? opening : opening.dropLast()
        instructions = KeptContent.text(told.map(\.text).joined(separator: "\n\n"))
        let said = request.messages.dropFirst(told.count)
        guard let question = said.lastIndex(where: { $0.role != .assistant }) else {
            throw Fault(.invalid, "Nothing is asked in the messages: all of them are the assistant's.")
        }
        let finish = request.answer.finish
        let text = KeptContent.text((request.answer.text ?? "") + (request.answer.refusal ?? ""))
        end = Run.End(
            status: .completed,
            assistantMessage: nil,
            model: finish.model,
            usage: finish.usage,
            attempts: request.answer.begin.attempts,
            finishReason: finish.reason
        )
        var run = Run(
            id: Run.ID(at: moment),
            conversation: request.id,
            status: .completed,
            model: finish.model,
            userMessage: Message.ID(at: moment),
            assistantMessage: Message.ID(at: moment),
            lastEvent: text.isEmpty ? 2 : 3,
            usage: finish.usage,
            fault: nil,
            createdAt: moment,
            endedAt: moment
        )
        run.attempts = end.attempts
        self.run = run
        for (index, message) in zip(said.indices, said) {
            let isQuestion = index == question
            if isQuestion { self.question = messages.count }
            append(
                Self.message(message, id: isQuestion ? run.userMessage : nil, run: isQuestion ? run.id : nil, moment)
            )
        }
        append(answer(request.answer, text, at: moment))
    }

    /// How many bytes of the answer each of its text events holds.
    var cuts: [Int] {
        let count = messages.last?.message.content.text.utf8.count ?? 0
        return count == 0 ? [] : [count]
    }

    private static func message(
        _ message: Inference.Message,
        id: Message.ID?,
        run: Run.ID?,
        _ moment: Timestamp
    ) -> Message {
        let role: Message.Role =
            switch message.role {
            case .user: .user
            case .assistant: .assistant
            case .tool: .tool
            case .system, .developer: .system
            }
        let content = KeptContent.content(of: message)
        let calls = role == .assistant && message.toolCalls?.isEmpty == false ? message.toolCalls : nil
        var kept = Message(
            id: id ?? Message.ID(at: moment),
            role: role,
            content: content,
            status: .completed,
            parent: nil,
            run: run,
            tokenCount: TokenEstimate.tokens(in: content.text) + TokenEstimate.tokens(of: calls),
            createdAt: moment,
            metadata: message.metadata
        )
        kept.toolCalls = calls
        kept.toolCallID = role == .tool ? message.toolCallID : nil
        kept.name = message.name
        return kept
    }

    private func answer(_ answer: Inference.Answer, _ text: String, at moment: Timestamp) -> Message {
        let estimate = TokenEstimate.tokens(in: text) + TokenEstimate.tokens(of: answer.toolCalls)
        var kept = Message(
            id: run.assistantMessage ?? Message.ID(at: moment),
            role: .assistant,
            content: Message.Content(text: text),
            status: .completed,
            parent: nil,
            run: run.id,
            tokenCount: answer.finish.usage?.completionTokens ?? estimate,
            createdAt: moment,
            metadata: answer.finish.metadata
        )
        kept.toolCalls = answer.toolCalls?.isEmpty == false ? answer.toolCalls : nil
        return kept
    }

    /// Puts a message behind those there are, at the next place of its side.
    private mutating func append(_ message: Message) {
        let asks = message.role.isAnswerable
        let position = messages.last.map { last in
            last.position + (last.position.isMultiple(of: 2) == asks ? 1 : 2)
        }
        var message = message
        message.parent = messages.last?.message.id
        messages.append(StoredMessage(position: position ?? (asks ? 1 : 0), message: message))
    }
}
