import Bus
import Contracts
import ContractsJSON
import GRDB
import NIOCore

/// The newest messages of a live conversation, as a model is shown them; bounded in number and size.
struct History: Sendable {
    /// The most messages that are kept in memory.
    static let messageLimit = 1000
    /// The most bytes of text that are kept in memory.
    static let byteLimit = 512 * 1024

    /// Each message as JSON, encoded once and shown to models many times.
    private(set) var messages: [ByteBuffer] = []
    /// What each message has to do with tools.
    private var tools: [ToolTrail.Part?] = []
    /// The estimated tokens of each message.
    private(set) var tokens: [Int] = []
    /// How many messages are older than those kept.
    private(set) var earlier: Int
    private var bytes = 0
    private var last: Message?
    /// The version of the path that was read.
    private let pathVersion: Int

    /// - Parameters:
    ///   - stored: the newest messages, oldest first.
    ///   - total: how many there are in the conversation.
    ///   - pathVersion: the version of the path.
    init(_ stored: [Message], total: Int, pathVersion: Int) {
        self.pathVersion = pathVersion
        earlier = max(0, total - stored.count)
        for message in stored { append(message) }
    }

    /// Whether a question goes on with just these messages.
    ///
    /// One that was put before the last answer came, follows the question before it. What was put after the path was made
    /// to go elsewhere may follow the same last message, and other ones before it.
    func isFollowed(by question: Message, pathVersion: Int) -> Bool {
        guard pathVersion == self.pathVersion else { return false }
        if question.parent == last?.id { return true }
        guard let last, last.role == .assistant else { return false }
        return question.parent != nil && question.parent == last.parent
    }

    mutating func append(_ message: Message) {
        last = message
        let text = Self.text(of: message.content)
        let shown = Self.shown(message, text)
        messages.append(BusCoding.write(shown))
        tools.append(ToolTrail.Part(shown))
        tokens.append(TokenEstimate.tokens(in: text) + TokenEstimate.tokens(of: message.toolCalls))
        bytes += messages.last?.readableBytes ?? 0
        guard messages.count > Self.messageLimit || bytes > Self.byteLimit, messages.count > 1 else { return }
        drop()
    }

    /// Lets go of the oldest eighth, so that dropping is rare.
    private mutating func drop() {
        let count = max(1, messages.count / 8)
        bytes -= messages.prefix(count).reduce(0) { $0 + $1.readableBytes }
        messages.removeFirst(count)
        tools.removeFirst(count)
        tokens.removeFirst(count)
        earlier += count
    }

    /// The newest messages as a model may be shown them.
    func shown(_ count: Int) -> [ByteBuffer] {
        ToolTrail.shown(messages.suffix(count), tools.suffix(count))
    }

    private static func shown(_ message: Message, _ text: String) -> Inference.Message {
        let role: Inference.Message.Role =
            switch message.role {
            case .user: .user
            case .assistant: .assistant
            case .tool: .tool
            case .system: .system
            }
        let saysNothing = text.isEmpty && message.toolCalls != nil
        return Inference.Message(
            role: role,
            content: saysNothing ? nil : .text(text),
            toolCalls: message.toolCalls,
            toolCallID: message.toolCallID,
            name: message.name,
            metadata: message.metadata
        )
    }

    /// The JSON of an ``Inference/Message``.
    static func encode(_ role: Inference.Message.Role, _ text: String) -> ByteBuffer {
        BusCoding.write(Inference.Message(role: role, content: text))
    }

    /// What a model reads of a message; what was sent along is named, until models are shown it.
    private static func text(of content: Message.Content) -> String {
        var text = content.text
        if !content.mediaURLs.isEmpty {
            text += (text.isEmpty ? "" : "\n") + "(Sent along: \(content.mediaURLs.count) image(s).)"
        }
        if content.audioURL != nil {
            text += (text.isEmpty ? "" : "\n") + "(Sent along: a voice message.)"
        }
        return text
    }

    /// Reads what a question is asked after, and how many answers to it there are already.
    static func recall(
        _ question: RunFeed.Question,
        of conversation: Int64,
        in database: GRDB.Database
    ) throws -> (history: History, answers: Int) {
        guard let stored = try MessageRows.find(question.number, in: database) else {
            throw Fault(.missing, "Message not found")
        }
        let lineage = try PathRows.lineage(of: stored, in: conversation, limit: messageLimit, database)
        let answers = try SiblingRows.answers(
            to: stored.message.id,
            at: stored.position,
            in: conversation,
            database
        )
        // Only a path that is cut off here has more than was read.
        let isWhole = lineage.count < messageLimit
        let older = 0...question.position
        let total = isWhole ? 0 : try PathRows.count(of: conversation, positions: older, in: database)
        let history = History(
            lineage.reversed().map(\.message),
            total: max(lineage.count, total),
            pathVersion: try ConversationRows.pathVersion(of: conversation, in: database)
        )
        return (history, answers)
    }
}
