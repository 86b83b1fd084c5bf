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

    /// Random conversations in which identifiers are unique only within one answer, cut at a random place.
    @Test func `whatever part of a conversation is sent, its calls and results are complete`() throws {
        var generator = SystemRandomNumberGenerator()
        let ids = ["call_0", "call_1", "call_2"]
        func message() -> Inference.Message {
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: return user
            case 1: return Inference.Message(role: .assistant, content: "Yes.")
            case 2:
                let count = Int.random(in: 1...3, using: &generator)
                return Inference.Message(
                    role: .assistant,
                    content: Bool.random(using: &generator) ? .text("Let me see.") : nil,
                    toolCalls: ids.shuffled(using: &generator).prefix(count).map {
                        .init(id: $0, name: "f", arguments: "{}")
                    }
                )
            default: return result(ids.randomElement(using: &generator) ?? "")
            }
        }
        for _ in 0..<2000 {
            let messages = [user] + (0..<Int.random(in: 0...14, using: &generator)).map { _ in message() }
            let count = Int.random(in: 1...messages.count, using: &generator)
            let buffers = messages.map { BusCoding.write($0) }
            let parts = messages.map { ToolCallPairs.Part($0) }
            let kept = ToolCallPairs.completePairs([buffers[0]] + buffers.suffix(count), [nil] + parts.suffix(count))
            let sent = try kept.map { try BusCoding.decode(Inference.Message.self, from: $0) }
            ReplayablePrompt.check(sent)
            #expect(sent.first == user)
            // Plain messages are never lost.
            #expect(sent.count { $0.role == .user } == 1 + messages.suffix(count).count { $0.role == .user })
        }
    }
}
