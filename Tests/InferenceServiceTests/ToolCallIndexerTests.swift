import Contracts
import Testing

@testable import InferenceService

@Suite struct ToolCallIndexerTests {
    private typealias Piece = (index: Int?, id: String?, name: String?, arguments: String?)

    private func calls(_ pieces: [Piece]) -> [Inference.ToolCall] {
        var slots = ToolCallIndexer()
        var draft = AnswerBuilder()
        var event = Inference.Event()
        event.begin = Inference.Begin(model: "x/y", attempts: [])
        event.toolCalls = pieces.map {
            slots.piece(index: $0.index, id: $0.id, name: $0.name, arguments: $0.arguments)
        }
        event.finish = Inference.Finish(reason: .toolCalls, model: "x/y", usage: nil)
        draft.add(event)
        return (try? draft.answer().toolCalls) ?? []
    }

    private func summary(_ pieces: [Piece]) -> [String] {
        calls(pieces).map { "\($0.id) \($0.function.name) \($0.function.arguments)" }
    }

    @Test func `pieces with one index are one call`() {
        let pieces: [Piece] = [
            (0, "a", "f", ""), (0, nil, nil, "{\"x\""), (1, "b", "g", "{}"), (0, nil, nil, ":1}"),
        ]
        #expect(summary(pieces) == ["a f {\"x\":1}", "b g {}"])
    }

    @Test func `a new identifier at a used index is another call`() {
        #expect(summary([(0, "a", "f", "{}"), (0, "b", "g", "{}"), (0, nil, nil, "1")]) == ["a f {}", "b g {}1"])
    }

    @Test func `a repeated or empty identifier changes nothing`() {
        let pieces: [Piece] = [(0, "a", "f", "{"), (0, "a", "f", "}"), (0, "", "", " ")]
        #expect(summary(pieces) == ["a f {} "])
    }

    @Test func `without an index the identifier counts, and without both the last call`() {
        let pieces: [Piece] = [
            (nil, "a", "f", "{"), (nil, nil, nil, "}"), (nil, "b", "g", "["), (nil, "a", nil, "!"),
            (nil, "b", nil, "]"),
        ]
        #expect(summary(pieces) == ["a f {}!", "b g []"])
    }

    @Test func `complete calls without indexes are separate, with generated identifiers`() {
        let calls = calls([(nil, nil, "f", "{}"), (nil, nil, "f", "{}"), (5, nil, "g", "{}")])
        #expect(calls.map(\.function.name) == ["f", "f", "g"])
        #expect(Set(calls.map(\.id)).count == 3)
        #expect(calls.allSatisfy { $0.id.hasPrefix("call_") && $0.id.count > 10 })
    }

    @Test func `an empty first piece is an incomplete call`() {
        #expect(calls([(nil, nil, nil, "{}")]).count == 1)
        #expect(calls([(.max, nil, nil, nil), (.min, nil, nil, nil)]).count == 2)
    }
}
