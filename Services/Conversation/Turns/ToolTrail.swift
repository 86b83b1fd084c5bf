import Bus
import Contracts
import ContractsJSON
import NIOCore

/// What a model is shown of calls of tools: a call with all that its tools said, or neither.
///
/// Providers refuse one without the other; so it stands where a window was cut in between, where another branch was taken,
/// and where the conversation went on before anybody had run the tools. Pure.
enum ToolTrail {
    /// What a message has to do with tools.
    enum Part: Sendable {
        /// Calls, and the message without them, if that says anything.
        case calls(Set<String>, otherwise: ByteBuffer?)
        /// What was said to a call.
        case result(of: String)

        /// Nothing for most messages.
        init?(_ message: Inference.Message) {
            if message.role == .tool, let id = message.toolCallID {
                self = .result(of: id)
            } else if let calls = message.toolCalls {
                var plain = message
                plain.toolCalls = nil
                self = .calls(Set(calls.map(\.id)), otherwise: message.content.map { _ in BusCoding.write(plain) })
            } else {
                return nil
            }
        }
    }

    /// The messages without what is not whole; `parts` says of each what it has to do with tools.
    ///
    /// Where nothing else would be left, all of them.
    static func shown(_ messages: ArraySlice<ByteBuffer>, _ parts: ArraySlice<Part?>) -> [ByteBuffer] {
        let (messages, parts) = (Array(messages), Array(parts))
        guard parts.contains(where: { $0 != nil }) else { return messages }
        var shown: [ByteBuffer] = []
        var index = 0
        while index < messages.count {
            switch parts[index] {
            case nil: shown.append(messages[index])
            case .result: break
            case .calls(let calls, let otherwise):
                let answered = results(of: calls, after: index, parts)
                if answered.count == calls.count {
                    shown += [messages[index]] + answered.map { messages[$0] }
                } else if let otherwise {
                    shown.append(otherwise)
                }
            }
            index += 1
        }
        return shown.isEmpty ? messages : shown
    }

    /// Where the results of calls stand that follow them at once, the first of each.
    private static func results(of calls: Set<String>, after index: Int, _ parts: [Part?]) -> [Int] {
        var open = calls
        var found: [Int] = []
        for next in parts.indices.dropFirst(index + 1) {
            guard case .result(let call) = parts[next] else { break }
            if open.remove(call) != nil { found.append(next) }
        }
        return found
    }
}
