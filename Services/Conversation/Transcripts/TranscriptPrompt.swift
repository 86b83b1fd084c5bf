import Bus
import Contracts
import NIOCore

/// Presents a conversation as one text that the model continues, as seed 000 does.
///
/// Pure.
struct TranscriptPrompt: Equatable {
    /// Ends the answer: without it, many models write the user's next line, too.
    static let stop = "\n" + Transcript.userLabel

    /// The whole prompt.
    let text: String
    /// Number of messages in it.
    let messageCount: Int

    /// - Parameters:
    ///   - instruction: what the model is to do: the first line.
    ///   - messages: the messages in order; the last one is the question.
    init(instruction: String, messages: [Inference.Message]) {
        var (blocks, texts): (Transcript.Blocks, [String]) = (Transcript.Blocks(), [])
        for message in messages {
            switch message.role {
            case .user: blocks.ask(message.text)
            case .assistant: if let block = blocks.answer(message.text) { texts.append(block) }
            case .system, .developer, .tool: continue
            }
        }
        let question = blocks.question ?? ""
        let history = texts.joined(separator: "\n")
        text = "\(instruction)\n\(history)\n\(Transcript.userLabel) \(question)\n\(Transcript.answerLabel)"
        messageCount = texts.count * 2 + 1
    }

    /// Reads messages in the form in which ``History`` stores them.
    init(instruction: String, encoded messages: [ByteBuffer]) throws {
        try self.init(
            instruction: instruction,
            messages: messages.map { try BusCoding.decode(Inference.Message.self, from: $0) }
        )
    }

    /// The prompt as the only message of a request.
    var message: ByteBuffer { History.encode(.user, text) }

    /// Corrects the report of a context: questions without an answer are not part of the text.
    func report(_ report: Run.ContextReport) -> Run.ContextReport {
        var report = report
        report.messagesLeftOut += report.messagesUsed - messageCount
        report.messagesUsed = messageCount
        report.tokensEstimated = TokenEstimate.tokens(in: text)
        return report
    }
}
