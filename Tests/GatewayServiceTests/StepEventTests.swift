import Bus
import Contracts
import HTTP
import NIOCore
import NIOHTTP1
import Testing

@testable import GatewayService

/// The events of a run beside its text: reasoning, tool calls and their results.
@Suite(.timeLimit(.minutes(2)))
struct StepEventTests {
    @Test func `copied and decoded reasoning is encoded identically`() throws {
        let event = Run.Event(number: 7, reasoning: "The \"user\"\n\u{1}")
        let frame = try frame(try BusCoding.encode(event))
        let other = #"{ "number":7, "reasoning":"The \"user\"\n\u0001" }"#
        #expect(frame == "id: 7\nevent: reasoning\ndata: {\"text\":\"The \\\"user\\\"\\n\\u0001\"}\n\n")
        let decoded = try self.frame(ByteBuffer(string: other))
        #expect(decoded == frame)
        #expect(throws: Fault.self) { try self.frame(ByteBuffer(string: #"{"number":7,"reasoning":"a}"#)) }
    }

    @Test func `a step is the event of its role, with its message`() throws {
        var call = Sample.answer
        call.toolCalls = [Inference.ToolCall(id: "call_1", name: "weather", arguments: "{}")]
        let calling = try frame(try BusCoding.encode(Run.Event(number: 3, step: call)))
        #expect(
            calling.hasPrefix(
                "id: 3\nevent: tool_call\ndata: {\"message\":{\"id\":\"\(call.id)\",\"role\":\"assistant\""
            )
        )
        #expect(calling.contains(#""tool_calls":[{"id":"call_1""#))
        var result = Sample.answer
        (result.role, result.toolCallID, result.name) = (.tool, "call_1", "weather")
        let returned = try frame(try BusCoding.encode(Run.Event(number: 4, step: result)))
        #expect(returned.hasPrefix("id: 4\nevent: tool_result\ndata: {\"message\":{"))
        #expect(returned.contains(#""role":"tool""#) && returned.contains(#""tool_call_id":"call_1""#))
    }

    @Test func `an event with the largest answer reaches the client`() async throws {
        var (answer, end) = (Sample.answer, Sample.end)
        // More than 8 MiB in all: JSON needs six bytes for each of the first characters.
        let escaped = 900_000
        answer.content.text = String(repeating: "\u{1}", count: escaped)
        answer.content.text += String(repeating: "a", count: Run.maxAnswerBytes - escaped)
        end.assistantMessage = answer
        let size = Run.maxAnswerBytes + 5 * escaped
        try await TestGateway.with { [end] gateway in
            gateway.services.play(
                .events([Run.Event(number: 1, userMessage: Sample.question)]),
                .events([Run.Event(number: 2, end: end)])
            )
            let response = try await gateway.open(
                .POST,
                "\(Sample.path)/messages",
                body: #"{"content":"Hello","stream":true}"#
            )
            #expect(response.status == 200)
            let body = try await response.body.collect(upTo: 2 * size)
            #expect((size...(size + 10_000)).contains(body.readableBytes))
            #expect(String(decoding: body.readableBytesView.suffix(3), as: UTF8.self) == "}\n\n")
        }
    }

    private func frame(_ element: ByteBuffer) throws -> String {
        var frames = ByteBuffer()
        _ = try RunEventEncoder(run: Sample.run.id).write([element], to: &frames)
        return String(buffer: frames)
    }
}
