import Contracts

/// A conversation in one message, as seed 000 writes it: instructions, lines that begin with `User:` or `AI:`, and `AI:`
/// at the end, where the model continues.
enum DemoTranscript {
    private static let user = "User:"
    private static let assistant = "AI:"

    /// Returns the messages with a transcript at their end replaced by the messages that it contains; other messages are
    /// returned unchanged.
    static func expand(_ messages: [Inference.Message]) -> [Inference.Message] {
        guard let last = messages.last, last.role == .user, last.attachments.isEmpty,
            let transcript = parse(last.text)
        else { return messages }
        return messages.dropLast() + transcript
    }

    /// Returns the messages of a transcript whose last message is the user's; `nil` for any other text.
    private static func parse(_ text: String) -> [Inference.Message]? {
        let text = text.trimmed
        guard text.hasSuffix(assistant) else { return nil }
        var blocks: [(role: Inference.Message.Role, lines: [Substring])] = [(.system, [])]
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            if line.hasPrefix(user) {
                blocks.append((.user, [line.dropFirst(user.count)]))
            } else if line.hasPrefix(assistant) {
                blocks.append((.assistant, [line.dropFirst(assistant.count)]))
            } else {
                blocks[blocks.count - 1].lines.append(line)
            }
        }
        // The line where the model continues.
        guard blocks.last?.role == .assistant else { return nil }
        blocks.removeLast()
        guard blocks.last?.role == .user else { return nil }
        return blocks.map { Inference.Message(role: $0.role, content: $0.lines.joined(separator: "\n").trimmed) }
    }
}
