import Bus
import Contracts
import Foundation
import TestSupport
import Testing

@testable import InferenceService

/// Answers with thoughts, text and tool calls, split and truncated anywhere.
@Suite(.timeLimit(.minutes(5))) struct OllamaStructuredMessageSplitTests {
    private static let answer = FakeResponse.chat(
        lines: [FakeResponse.thought("Hm, 你"), FakeResponse.thought("好\n")]
            + FakeResponse.chatLines(["Grü", "ße"], nil)
            + [
                FakeResponse.toolCalls(
                    FakeResponse.toolCall("wetter", #"{"ort":"Köln \"am\" Rhein"}"#),
                    FakeResponse.toolCall("uhr", "{}", index: 0, id: "call_x")
                )
            ] + FakeResponse.chatLines([])
    )

    /// Everything that was received.
    private struct Gathered: Equatable {
        var reasoning = ""
        var text = ""
        var names: [String] = []
        var arguments: [String] = []
        var finish: Inference.Finish.Reason?
        var code: Fault.Code?

        static let whole = Gathered(
            reasoning: "Hm, 你好\n",
            text: "Grüße",
            names: ["wetter", "uhr"],
            arguments: [#"{"ort":"Köln \"am\" Rhein"}"#, "{}"],
            finish: .toolCalls
        )

        init(
            reasoning: String = "",
            text: String = "",
            names: [String] = [],
            arguments: [String] = [],
            finish: Inference.Finish.Reason? = nil
        ) {
            (self.reasoning, self.text, self.names) = (reasoning, text, names)
            (self.arguments, self.finish) = (arguments, finish)
        }

        init(_ routing: Routing) async throws {
            do {
                let stream = try await routing.generate(GenerationRequest(question()), CallContext())
                for try await event in stream {
                    #expect(finish == nil, "Nothing follows the finish.")
                    reasoning += event.reasoning ?? ""
                    text += event.text ?? ""
                    for piece in event.toolCalls ?? [] {
                        #expect(piece.index == names.count, "A call comes whole.")
                        names.append(piece.name ?? "")
                        arguments.append(piece.arguments ?? "")
                    }
                    finish = event.finish?.reason ?? finish
                }
            } catch let fault as Fault {
                code = fault.code
            }
        }

        /// Whether this is a prefix of the complete answer.
        var isPrefix: Bool {
            let whole = Self.whole
            return whole.reasoning.hasPrefix(reasoning) && whole.text.hasPrefix(text)
                && whole.names.starts(with: names) && whole.arguments.starts(with: arguments)
                && (text.isEmpty || reasoning == whole.reasoning) && (names.isEmpty || text == whole.text)
        }
    }

    @Test func `an answer split anywhere is the same`() async throws {
        try await withFakeOllama { ollama in
            let routing = try routing(to: ollama.url).routing
            for offset in 1..<Self.answer.bytes.count {
                ollama.next("/api/chat", Self.answer.split(at: [offset], pause: .zero))
                let gathered = try await Gathered(routing)
                #expect(gathered == .whole, "Split at \(offset).")
            }
            ollama.next("/api/chat", Self.answer.byteByByte())
            let gathered = try await Gathered(routing)
            #expect(gathered == .whole)
        }
    }

    @Test(arguments: [FakeResponse.Ending.close, .reset])
    func `a truncated answer is never complete and always a prefix`(_ ending: FakeResponse.Ending) async throws {
        let text = String(decoding: Self.answer.bytes, as: UTF8.self)
        let done = try #require(text.range(of: "\"done\":true"))
        let end = try #require(text.range(of: "}\n", range: done.upperBound..<text.endIndex))
        let whole = text[..<end.upperBound].utf8.count - 1
        try await withFakeOllama { ollama in
            for count in 0..<Self.answer.bytes.count {
                let routing = try routing(to: ollama.url).routing
                ollama.next("/api/chat", Self.answer.cut(after: count, ending))
                let gathered = try await Gathered(routing)
                #expect(gathered.isPrefix, "Cut after \(count).")
                if gathered.finish == nil {
                    #expect(gathered.code == .cut, "Cut after \(count).")
                    if ending == .close { #expect(count < whole, "Cut after \(count).") }
                } else {
                    #expect(gathered == .whole && count >= whole, "Cut after \(count).")
                }
            }
        }
    }
}
