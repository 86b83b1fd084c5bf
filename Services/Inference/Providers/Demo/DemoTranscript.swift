import Contracts

/// Reads a transcript that the model is to continue, such as `User: Hello` and `AI:` in two lines, as messages.
///
/// Pure function. Other conversations are returned unchanged.
enum DemoTranscript {
    private static let labels: [(text: String, role: Inference.Message.Role)] = [("User:", .user), ("AI:", .assistant)]

    static func messages(_ messages: [Inference.Message]) -> [Inference.Message] {
        guard let last = messages.last, last.role == .user, last.text.hasSuffix("\nAI:"),
            messages.dropLast().allSatisfy(\.role.isInstruction)
        else { return messages }
        var read: [(role: Inference.Message.Role, lines: [Substring])] = []
        for line in last.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            if let label = labels.first(where: { line.hasPrefix($0.text) }) {
                read.append((label.role, [line.dropFirst(label.text.count)]))
            } else if !read.isEmpty {
                read[read.count - 1].lines.append(line)
            }
        }
        guard read.last?.role == .user else { return messages }
        return messages.dropLast()
            + read.map { Inference.Message(role: $0.role, content: $0.lines.joined(separator: "\n").trimmed) }
    }
}
