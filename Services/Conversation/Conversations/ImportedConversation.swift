import Contracts

/// A conversation that was held elsewhere, as it is stored.
///
/// Pure.
struct ImportedConversation: Sendable {
    /// Its id, which the sender chose.
    let id: Conversation.ID
    /// The system prompt; empty if there was none.
    let instructions: String
    /// The messages in order; the last one is the answer.
    private(set) var messages: [RunStep] = []
    /// Index of the message that the run answers.
    private(set) var questionIndex = 0
    /// The finished run.
    let run: Run
    let end: Run.End

    /// Throws `invalid` if `messages` contains no message to answer.
    init(_ request: Conversations.Import, at moment: Timestamp) throws {
        id = request.id
        let hasQuestion = request.messages.contains { $0.role == .user || $0.role == .tool }
        let opening = request.messages.prefix { $0.role.isInstruction }
        // Without user and tool messages, the last instruction is the question.
        let instructionMessages = hasQuestion ? opening : opening.dropLast()
        instructions = ImportedContent.text(instructionMessages.map(\.text).joined(separator: "\n\n"))
        let rest = request.messages.dropFirst(instructionMessages.count)
        guard let question = rest.lastIndex(where: { $0.role != .assistant }) else {
            throw Fault(.invalid, "`messages` must contain a message that is not the assistant's.")
        }
        let finish = request.answer.finish
        let text = ImportedContent.text((request.answer.text ?? "") + (request.answer.refusal ?? ""))
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
        for (index, message) in zip(rest.indices, rest) {
            let isQuestion = index == question
            if isQuestion { questionIndex = messages.count }
            append(
                Self.message(message, id: isQuestion ? run.userMessage : nil, run: isQuestion ? run.id : nil, moment)
            )
        }
        append(answer(request.answer, text, at: moment))
        // The answer was not divided into events.
        if !text.isEmpty { messages[messages.count - 1].chunks = [.init(kind: .text, bytes: text.utf8.count)] }
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
        let content = ImportedContent.content(of: message)
        let calls = role == .assistant && message.toolCalls?.isEmpty == false ? message.toolCalls : nil
        var imported = Message(
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
        imported.toolCalls = calls
        imported.toolCallID = role == .tool ? message.toolCallID : nil
        imported.name = message.name
        return imported
    }

    private func answer(_ answer: Inference.Answer, _ text: String, at moment: Timestamp) -> Message {
        let estimate = TokenEstimate.tokens(in: text) + TokenEstimate.tokens(of: answer.toolCalls)
        var imported = Message(
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
        imported.toolCalls = answer.toolCalls?.isEmpty == false ? answer.toolCalls : nil
        return imported
    }

    private mutating func append(_ message: Message) {
        var message = message
        message.parent = messages.last?.message.id
        messages.append(RunStep(message: message))
    }
}
