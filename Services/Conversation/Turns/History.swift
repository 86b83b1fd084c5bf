import Bus
import Contracts
import ContractsJSON
import NIOCore

/// The newest messages of a live conversation in encoded form, limited in number and size.
struct History: Sendable {
    /// Maximum number of messages in memory.
    static let messageLimit = RecalledHistory.messageLimit
    /// Maximum size of the encoded messages in memory, in bytes.
    static let byteLimit = RecalledHistory.byteLimit

    /// The JSON of each message, encoded once and reused for every prompt.
    private(set) var messages: [ByteBuffer] = []
    /// The tool calls or the tool result of each message.
    private var tools: [ToolCallPairs.Part?] = []
    /// Estimated number of tokens of each message.
    private(set) var tokens: [Int] = []
    /// Number of messages on the path before the first one in memory.
    private(set) var olderCount: Int
    /// Size of the encoded messages in memory, in bytes.
    private(set) var bytes = 0
    /// The last question and the messages after it.
    private var lastTurn: [Message.ID] = []
    /// How many of the messages in memory are the last question and the messages after it.
    private(set) var turnCount = 0
    /// The version of the conversation's paths at which the messages were read.
    private let pathVersion: Int?

    init(_ recalled: RecalledHistory) {
        pathVersion = recalled.pathVersion
        olderCount = recalled.olderCount
        for message in recalled.messages { append(message) }
    }

    /// Returns whether the question directly continues these messages.
    ///
    /// A question that was queued before the last answer was stored has an earlier message of the last turn as its
    /// parent. If the version of the paths has changed, earlier messages may differ although the last one is the same.
    func isContinued(by question: Message, pathVersion: Int) -> Bool {
        guard pathVersion == self.pathVersion, let parent = question.parent else { return false }
        return lastTurn.contains(parent)
    }

    mutating func append(_ message: Message) {
        if message.role == .user { (lastTurn, turnCount) = ([], 0) }
        lastTurn.append(message.id)
        // Providers reject a message without content, which a run leaves that was stopped while the model reasoned.
        guard message.status == .completed || message.role != .assistant || !message.content.text.isEmpty else {
            return
        }
        let text = Self.text(of: message.content)
        let encodable = Self.inferenceMessage(message, text)
        turnCount += 1
        messages.append(BusCoding.write(encodable))
        tools.append(ToolCallPairs.Part(encodable))
        tokens.append(TokenEstimate.tokens(in: text) + TokenEstimate.tokens(of: message.toolCalls))
        bytes += messages.last?.readableBytes ?? 0
        guard messages.count > Self.messageLimit || bytes > Self.byteLimit, messages.count > 1 else { return }
        drop()
    }

    /// Drops the oldest eighth of the messages, so that dropping is rare, but nothing of the last turn.
    private mutating func drop() {
        let count = min(max(1, messages.count / 8), messages.count - turnCount)
        guard count > 0 else { return }
        bytes -= messages.prefix(count).reduce(0) { $0 + $1.readableBytes }
        messages.removeFirst(count)
        tools.removeFirst(count)
        tokens.removeFirst(count)
        olderCount += count
    }

    /// Size of the last question and the messages after it, in tokens.
    var turnTokens: Int { tokens.suffix(turnCount).reduce(0, +) }

    /// Returns the encoded messages that a context window selected, without incomplete tool calls.
    func encodedMessages(_ selection: ContextWindow.Selection) -> [ByteBuffer] {
        let (newest, parts) = (messages.suffix(selection.newest), tools.suffix(selection.newest))
        guard selection.hasSeparateQuestion, messages.indices.contains(messages.count - turnCount) else {
            return ToolCallPairs.completePairs(newest, parts)
        }
        let question = messages[messages.count - turnCount]
        return ToolCallPairs.completePairs([question][...] + newest, [nil][...] + parts)
    }

    private static func inferenceMessage(_ message: Message, _ text: String) -> Inference.Message {
        let role: Inference.Message.Role =
            switch message.role {
            case .user: .user
            case .assistant: .assistant
            case .tool: .tool
            case .system: .system
            }
        let hasNoText = text.isEmpty && message.toolCalls != nil
        var encodable = Inference.Message(
            role: role,
            content: hasNoText ? nil : .text(text),
            toolCalls: message.toolCalls,
            toolCallID: message.toolCallID,
            name: message.name,
            metadata: message.metadata
        )
        (encodable.reasoning, encodable.parts, encodable.model) = (message.reasoning, message.parts, message.model)
        return encodable
    }

    /// Returns the JSON of an ``Inference/Message``.
    static func encode(_ role: Inference.Message.Role, _ text: String) -> ByteBuffer {
        BusCoding.write(Inference.Message(role: role, content: text))
    }

    /// Returns the text of a message for a prompt; media are mentioned by number, because they are not sent to models
    /// yet.
    private static func text(of content: Message.Content) -> String {
        var text = content.text
        if !content.mediaURLs.isEmpty {
            text += (text.isEmpty ? "" : "\n") + "(Attached: \(content.mediaURLs.count) image(s).)"
        }
        if content.audioURL != nil {
            text += (text.isEmpty ? "" : "\n") + "(Attached: a voice message.)"
        }
        return text
    }
}
