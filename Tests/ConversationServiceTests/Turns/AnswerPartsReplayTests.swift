import Contracts
import TestSupport
import Testing

@testable import ConversationService

/// The parts of an answer are stored with it, and its provider receives them again.
@Suite(.timeLimit(.minutes(5)))
struct AnswerPartsReplayTests {
    private typealias Part = Inference.AnswerPart

    private static let signature = RawJSON(#"{"anthropic":{"signature":"c2ln"}}"#)
    private static let parts = [
        Part(kind: .reasoning, bytes: 7, metadata: signature), Part(kind: .text, bytes: 12),
        Part(kind: .reasoning, bytes: 4, metadata: signature), Part(kind: .toolCall),
    ]

    private static func event(_ change: (inout Inference.Event) -> Void) -> ScriptedInference.Step {
        var event = Inference.Event()
        change(&event)
        return .event(event)
    }

    /// Thinking, text, thinking and a call.
    private static let script: [ScriptedInference.Step] = [
        event { ($0.part, $0.reasoning) = (0, "Warm") }, event { $0.reasoning = " or" },
        event { $0.partMetadata = signature }, event { ($0.part, $0.text) = (1, "Let me look.") },
        event { ($0.part, $0.reasoning, $0.partMetadata) = (2, "Hmm.", signature) },
        event {
            $0.part = 3
            $0.toolCalls = [Inference.ToolCallDelta(index: 0, id: "a", name: "weather", arguments: "{}")]
        },
        .event(
            Inference.Event(finish: Inference.Finish(reason: .toolCalls, model: "scripted/model", usage: nil))
        ),
    ]

    private static func check(_ messages: [Inference.Message]) throws {
        let answer = try #require(messages.first { $0.toolCalls != nil })
        #expect(answer.parts == parts && answer.reasoning == "Warm orHmm." && answer.model == "scripted/model")
        #expect(messages.filter { $0.toolCalls == nil }.allSatisfy { $0.parts == nil && $0.reasoning == nil })
    }

    @Test func `parts return within the tool loop, in the next turn and after a restart`() async throws {
        try await withTemporaryDirectory { directory in
            let conversation = try await TurnTestbed.with(directory) { testbed in
                let (end, steps, conversation, _) = try await testbed.ask([Self.script, [.text("Warm."), .finish]])
                #expect(end.status == .completed)
                #expect(steps.map(\.parts) == [Self.parts, nil, nil] && steps[0].reasoning == "Warm orHmm.")
                try Self.check(try #require(testbed.inference.requests.last).messages)
                try Self.check(try await testbed.goOn(in: conversation))
                return conversation
            }
            try await waitForRelease(directory)
            try await TurnTestbed.with(directory) { testbed in
                try Self.check(try await testbed.goOn(in: conversation))
            }
        }
    }

    @Test func `an answer in the usual order without metadata has no parts`() async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory) { testbed in
                let script = ScriptedInference.calling("a")
                let (_, steps, _, _) = try await testbed.ask([script, [.text("Warm."), .finish]])
                #expect(steps.allSatisfy { $0.parts == nil && $0.model == nil && $0.reasoning == nil })
                let messages = testbed.inference.requests.last?.messages ?? []
                #expect(messages.allSatisfy { $0.parts == nil && $0.model == nil && $0.reasoning == nil })
            }
        }
    }

    @Test func `an answer that was changed after its end has no parts`() {
        var step = StepState(byteLimit: 100)
        var event = Inference.Event(text: "12345678")
        (event.part, event.partMetadata) = (0, RawJSON("{}"))
        _ = step.append(.text, "12345678")
        step.appendOrder(of: event)
        let reason = step.finish(Inference.Finish(reason: .stop, model: "p/m", usage: nil))
        #expect(reason == .stop)
        #expect(step.parts == [Part(kind: .text, bytes: 8, metadata: RawJSON("{}"))])
        _ = step.append(.text, "more")
        #expect(step.parts == nil)
    }

    @Test func `metadata beyond the limit of an answer cuts it`() {
        var step = StepState(byteLimit: 10)
        var event = Inference.Event()
        event.partMetadata = RawJSON(#"{"a":"0123456789"}"#)
        step.appendOrder(of: event)
        #expect(step.isTruncated)
        let reason = step.finish(Inference.Finish(reason: .stop, model: "p/m", usage: nil))
        #expect(reason == .length)
        #expect(step.parts == nil)
    }

    @Test func `the model is stored with metadata, so that only its provider receives it`() async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory) { testbed in
                let finish = Inference.Finish(
                    reason: .stop,
                    model: "scripted/model",
                    usage: nil,
                    metadata: Self.signature
                )
                let script: [ScriptedInference.Step] = [.text("Hi."), .event(Inference.Event(finish: finish))]
                let (end, _, conversation, _) = try await testbed.ask([script])
                #expect(end.assistantMessage?.model == "scripted/model")
                let prompt = try await testbed.goOn(in: conversation)
                #expect(prompt.first { $0.metadata != nil }?.model == "scripted/model")
            }
        }
    }
}
