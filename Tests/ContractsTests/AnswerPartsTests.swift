import Contracts
import Testing

/// The order of an answer's content.
struct AnswerPartsTests {
    private typealias Part = Inference.AnswerPart

    private static func event(_ change: (inout Inference.Event) -> Void) -> Inference.Event {
        var event = Inference.Event()
        change(&event)
        return event
    }

    private static func parts(_ events: [Inference.Event]) -> [Inference.AnswerPart]? {
        var parts = AnswerParts()
        for event in events { parts.add(event) }
        return parts.parts
    }

    private static func call(_ index: Int, part: Int? = nil) -> Inference.Event {
        event {
            $0.part = part
            $0.toolCalls = [Inference.ToolCallDelta(index: index, id: "c\(index)", name: "f")]
        }
    }

    @Test func `the usual order says nothing`() {
        let events = [
            Self.event { $0.reasoning = "Hm" }, Self.event { $0.reasoning = "m." }, Inference.Event(text: "Hello"),
            Inference.Event(text: " there."), Self.call(0), Self.call(1),
        ]
        #expect(Self.parts(events) == nil)
        #expect(Self.parts([]) == nil)
    }

    @Test func `a change of kind begins a part`() {
        let events = [
            Inference.Event(text: "Grü"), Inference.Event(text: "ße"), Self.event { $0.reasoning = "Hm" },
            Inference.Event(text: "!"), Self.call(0), Self.call(0),
        ]
        #expect(
            Self.parts(events) == [
                Part(kind: .text, bytes: 7), Part(kind: .reasoning, bytes: 2), Part(kind: .text, bytes: 1),
                Part(kind: .toolCall),
            ]
        )
    }

    @Test func `a number begins a part of the same kind, and content without a number continues it`() {
        let events = [
            Self.event { ($0.part, $0.reasoning) = (0, "One") }, Self.event { $0.reasoning = ", two" },
            Self.event { $0.partMetadata = RawJSON(#"{"s":1}"#) },
            Self.event { ($0.part, $0.reasoning) = (1, "Three") },
            Self.event { $0.partMetadata = RawJSON(#"{"s":2}"#) },
            Self.event { ($0.part, $0.partMetadata) = (2, RawJSON(#"{"hidden":1}"#)) },
            Self.event { ($0.part, $0.text) = (3, "Hello") }, Self.call(0, part: 4),
        ]
        #expect(
            Self.parts(events) == [
                Part(kind: .reasoning, bytes: 8, metadata: RawJSON(#"{"s":1}"#)),
                Part(kind: .reasoning, bytes: 5, metadata: RawJSON(#"{"s":2}"#)),
                Part(kind: .reasoning, bytes: 0, metadata: RawJSON(#"{"hidden":1}"#)), Part(kind: .text, bytes: 5),
                Part(kind: .toolCall),
            ]
        )
    }

    @Test func `the members of one event apply in their order`() {
        let event = Self.event { event in
            event.toolCalls = [Inference.ToolCallDelta(index: 0, id: "c", name: "f")]
            (event.text, event.reasoning) = ("b", "a")
        }
        #expect(Self.parts([event]) == nil)
        #expect(Self.parts([event, Inference.Event(text: "c")])?.map(\.kind) == [.reasoning, .text, .toolCall, .text])
    }

    @Test func `the order of too many parts is not kept`() {
        var parts = AnswerParts()
        for _ in 0..<3000 {
            parts.add(Inference.Event(text: "a"))
            parts.add(Self.event { $0.reasoning = "b" })
        }
        #expect(parts.parts == nil)
    }

    @Test func `an answer has the parts of its events`() throws {
        var builder = AnswerBuilder()
        builder.add(Inference.Event(text: "a"))
        builder.add(Self.event { $0.reasoning = "b" })
        builder.add(Inference.Event(finish: Inference.Finish(reason: .stop, model: "p/m", usage: nil)))
        let answer = try builder.answer()
        #expect(answer.parts == [Part(kind: .text, bytes: 1), Part(kind: .reasoning, bytes: 1)])
    }

    @Test func `lengths that cannot be added are not`() {
        let parts = [Part(kind: .text, bytes: .max), Part(kind: .text, bytes: .max), Part(kind: .text, bytes: -5)]
        #expect(parts.bytes(of: .text) == .max)
    }
}
