import Bus
import Contracts
import Testing

@testable import ConversationService

/// Which tool calls and results are included in a prompt.
struct ToolCallPairsTests {
    private func shown(_ messages: Inference.Message..., last: Int? = nil) -> [String] {
        // Each message has its own name, to identify it.
        let messages = messages.enumerated().map { index, message in
            var message = message
            message.name = "\(index)"
            return message
        }
        let buffers = messages.map { BusCoding.write($0) }
        let parts = messages.map { ToolCallPairs.Part($0) }
        return ToolCallPairs.completePairs(buffers.suffix(last ?? .max), parts.suffix(last ?? .max)).map { bytes in
            guard let index = buffers.firstIndex(of: bytes) else { return "plain" }
            return "\(index)"
        }
    }

    private let user = Inference.Message(role: .user, content: "Hello")
    private let calls = Inference.Message(
        role: .assistant,
        content: nil,
        toolCalls: [.init(id: "a", name: "f", arguments: "{}"), .init(id: "b", name: "f", arguments: "{}")]
    )

    private func result(_ id: String) -> Inference.Message {
        Inference.Message(role: .tool, content: .text("18"), toolCallID: id)
    }

    @Test func `calls with all their results are included`() {
        #expect(shown(user, calls, result("b"), result("a"), user) == ["0", "1", "2", "3", "4"])
        #expect(shown(user, user) == ["0", "1"])
    }

    @Test func `calls without all their results and results without their calls are left out`() {
        #expect(shown(user, calls, result("b"), user) == ["0", "3"])
        #expect(shown(user, calls, user, result("a"), result("b")) == ["0", "2"])
        #expect(shown(user, calls, result("a"), result("b"), user, last: 3) == ["4"])
        #expect(shown(user, calls, result("a"), result("b"), result("a"), result("c")) == ["0", "1", "2", "3"])
        var spoken = calls
        spoken.content = .text("Let me see.")
        #expect(shown(user, spoken, user) == ["0", "plain", "2"])
    }

    @Test func `the prompt is never empty`() {
        #expect(shown(result("a")) == ["0"])
        #expect(shown(user, calls, result("a"), result("b"), last: 1) == ["3"])
    }
}
