import Bus
import Contracts
import Foundation
import TestSupport
import Testing

/// The parts of an answer travel in `extra_content`, so that a client that sends the answer back returns them.
@Suite(.timeLimit(.minutes(5))) struct AnswerMetadataTests {
    private typealias Part = Inference.AnswerPart

    private static let signature = RawJSON(#"{"anthropic":{"signature":"c2ln"}}"#)
    private static let parts = [
        Part(kind: .reasoning, bytes: 7, metadata: signature), Part(kind: .text, bytes: 8), Part(kind: .toolCall),
    ]

    private static func events() -> [Inference.Event] {
        var (thought, signed, call) = (Inference.Event(), Inference.Event(), Inference.Event())
        (thought.part, thought.reasoning) = (0, "Hmm 你")
        signed.partMetadata = signature
        var text = Inference.Event(text: "a\"\n")
        text.part = 1
        call.part = 2
        call.toolCalls = [Inference.ToolCallDelta(index: 0, id: "c", name: "f", arguments: "{}")]
        return [
            thought, signed, text, Inference.Event(text: "é\u{1F}!"), Inference.Event(text: "?"), call,
            Inference.Event(finish: Inference.Finish(reason: .toolCalls, model: "x/y", usage: nil)),
        ]
    }

    /// Expects the parts in `extra_content`.
    private static func check(_ content: Any?) throws {
        let members = try #require((content as? [String: Any])?["parley"] as? [String: Any])
        #expect(members["model"] as? String == "x/y")
        let data = try JSONSerialization.data(withJSONObject: try #require(members["parts"]))
        #expect(try JSONDecoder().decode([Inference.AnswerPart].self, from: data) == parts)
    }

    @Test func `a stream ends with the parts`() async throws {
        try await TestGateway.with { gateway in
            gateway.services.models.play(Self.events())
            let body = "{\"model\":\"demo\",\"stream\":true,\(ChatTests.hello)}"
            let frames = try ChatFrames(try await gateway.chat(body).body)
            #expect(frames.finishReason == "tool_calls")
            let contents = frames.chunks.compactMap { $0.delta["extra_content"] }
            #expect(contents.count == 1)
            try Self.check(contents.first)
        }
    }

    @Test func `a whole answer has the parts, and an answer without metadata has none`() async throws {
        try await TestGateway.with { gateway in
            gateway.services.models.play(Self.events())
            let json = try await gateway.chat("{\"model\":\"demo\",\(ChatTests.hello)}").json
            let message = try #require((json["choices"] as? [[String: Any]])?.first?["message"] as? [String: Any])
            #expect(message["reasoning_content"] as? String == "Hmm 你")
            try Self.check(message["extra_content"])
            gateway.services.models.say("Hi")
            let plain = try await gateway.chat("{\"model\":\"demo\",\(ChatTests.hello)}").json
            let other = try #require((plain["choices"] as? [[String: Any]])?.first?["message"] as? [String: Any])
            #expect(other["extra_content"] == nil)
        }
    }
}
