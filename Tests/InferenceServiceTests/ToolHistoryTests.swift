import Contracts
import Testing

@testable import InferenceService

/// Histories with incomplete, late, repeated or unknown results of tools.
@Suite struct ToolHistoryTests {
    private static let missing = "The tool was not run, so there is no result."

    /// Messages in short form: `u:text`, `a:text`, `c:id,id` for calls, `r:id=text` for a result.
    private func messages(_ short: [String]) -> [Inference.Message] {
        short.map { line in
            let text = String(line.dropFirst(2))
            switch line.prefix(1) {
            case "u": return Inference.Message(role: .user, content: text)
            case "a": return Inference.Message(role: .assistant, content: text)
            case "c":
                let ids = text.split(separator: ",", omittingEmptySubsequences: false)
                let calls = ids.map { Inference.ToolCall(id: String($0), name: "f", arguments: "{}") }
                return Inference.Message(role: .assistant, content: nil, toolCalls: calls)
            default:
                let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return Inference.Message(role: .tool, content: .text(String(parts[1])), toolCallID: String(parts[0]))
            }
        }
    }

    private func short(_ messages: [Inference.Message]) -> [String] {
        messages.map { message in
            switch message.role {
            case .user: "u:\(message.text)"
            case .tool: "r:\(message.toolCallID ?? "")=\(message.text)"
            default: message.toolCalls.map { "c:" + $0.map(\.id).joined(separator: ",") } ?? "a:\(message.text)"
            }
        }
    }

    @Test(
        arguments: [
            (["u:x", "a:y"], ["u:x", "a:y"]), (["u:x", "c:1", "r:1=ok", "a:y"], ["u:x", "c:1", "r:1=ok", "a:y"]),
            // Never answered, at the end or before more messages.
            (["u:x", "c:1"], ["u:x", "c:1", "r:1=\(missing)"]),
            (["u:x", "c:1", "u:y"], ["u:x", "c:1", "r:1=\(missing)", "u:y"]),
            (["c:1,2", "r:2=ok", "u:y"], ["c:1,2", "r:1=\(missing)", "r:2=ok", "u:y"]),
            // Late, and in another order.
            (["c:1", "u:y", "r:1=ok"], ["c:1", "r:1=ok", "u:y"]),
            (["c:1,2", "r:2=b", "u:y", "a:z", "r:1=a", "u:w"], ["c:1,2", "r:1=a", "r:2=b", "u:y", "a:z", "u:w"]),
            // Answered twice.
            (["c:1", "r:1=a", "r:1=a"], ["c:1", "r:1=a"]),
            (["c:1", "r:1=a", "u:y", "r:1=b"], ["c:1", "r:1=a", "u:y", "u:The tool f said: b"]),
            // No call, or the call comes later.
            (["u:x", "r:9=lost", "a:y"], ["u:x", "u:A tool said: lost", "a:y"]),
            (["r:1=early", "c:1", "u:y"], ["u:A tool said: early", "c:1", "r:1=\(missing)", "u:y"]),
            // Equal identifiers, and none.
            (["c:1", "r:1=a", "u:y", "c:1", "r:1=b"], ["c:1", "r:1=a", "u:y", "c:1_2", "r:1_2=b"]),
            (["c:1,1", "r:1=a", "r:1=b"], ["c:1,1_2", "r:1=a", "r:1_2=b"]),
            (["c:,", "r:=a", "r:=b"], ["c:call_2,call_3", "r:call_2=a", "r:call_3=b"]),
            (["c:1", "c:1,1_2", "r:1=x"], ["c:1", "r:1=\(missing)", "c:1_3,1_2", "r:1_3=x", "r:1_2=\(missing)"]),
        ] as [([String], [String])]
    )
    func `results follow their calls, one for each`(_ sent: [String], _ wanted: [String]) {
        let repaired = ToolHistory.repaired(messages(sent))
        #expect(short(repaired) == wanted)
        #expect(repaired.filter { $0.role == .tool }.allSatisfy { $0.name == "f" })
        // A repaired history needs no repair.
        #expect(ToolHistory.repaired(repaired) == repaired)
    }

    @Test func `an empty list of calls is removed`() {
        let message = Inference.Message(role: .assistant, content: .text("x"), toolCalls: [])
        #expect(ToolHistory.repaired([message]) == [Inference.Message(role: .assistant, content: "x")])
    }

    @Test func `the image of a result without a call is kept`() {
        let image = Inference.Part(image: .init(url: "data:image/png;base64,AAAA"))
        let message = Inference.Message(role: .tool, content: .parts([.init(text: "a"), image]), toolCallID: "x")
        let found = ToolHistory.repaired([message])
        #expect(found.first?.content == .parts([.init(text: "A tool said: a"), image]))
    }

    @Test func `many equal identifiers are repaired in linear time`() {
        let ids = Array(repeating: "1", count: 100_000)
        let found = ToolHistory.repaired(messages(["c:" + ids.joined(separator: ",")] + ids.map { "r:\($0)=x" }))
        #expect(found.count == 100_001)
        #expect(Set(found.dropFirst().compactMap(\.toolCallID)).count == 100_000)
    }
}
