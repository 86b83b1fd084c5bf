import Bus
import Contracts
import ContractsJSON
import NIOCore

/// Removes incomplete tool calls from a prompt: a call is included only together with all its results.
///
/// Providers reject one without the other. Calls are incomplete if the context window cut between them, if another
/// branch was taken, or if the conversation continued before the tools were run. Pure functions.
enum ToolCallPairs {
    /// The tool calls or the tool result of a message.
    enum Part: Sendable {
        /// The ids of the calls, and the encoded message without the calls if it has content.
        case calls(Set<String>, withoutCalls: ByteBuffer?)
        /// The result of a call.
        case result(of: String)

        /// Returns `nil` for a message without tool calls or results.
        init?(_ message: Inference.Message) {
            if message.role == .tool, let id = message.toolCallID {
                self = .result(of: id)
            } else if let calls = message.toolCalls {
                var plain = message
                plain.toolCalls = nil
                self = .calls(Set(calls.map(\.id)), withoutCalls: message.content.map { _ in BusCoding.write(plain) })
            } else {
                return nil
            }
        }
    }

    /// Returns the messages without incomplete calls and results; `parts` has one entry per message.
    ///
    /// If nothing else would remain, all messages are returned.
    static func completePairs(_ messages: ArraySlice<ByteBuffer>, _ parts: ArraySlice<Part?>) -> [ByteBuffer] {
        let (messages, parts) = (Array(messages), Array(parts))
        guard parts.contains(where: { $0 != nil }) else { return messages }
        var kept: [ByteBuffer] = []
        var index = 0
        while index < messages.count {
            switch parts[index] {
            case nil: kept.append(messages[index])
            case .result: break
            case .calls(let calls, let withoutCalls):
                let answered = results(of: calls, after: index, parts)
                if answered.count == calls.count {
                    kept += [messages[index]] + answered.map { messages[$0] }
                } else if let withoutCalls {
                    kept.append(withoutCalls)
                }
            }
            index += 1
        }
        return kept.isEmpty ? messages : kept
    }

    /// Returns the indices of the results that directly follow the calls, the first one for each call.
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
