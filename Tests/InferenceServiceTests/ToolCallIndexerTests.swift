import Contracts
import Testing

@testable import InferenceService

@Suite struct ToolCallIndexerTests {
    private typealias Piece = (index: Int?, id: String?, name: String?, arguments: String?)

    /// The pieces that are passed on.
    private func deltas(_ pieces: [Piece]) -> [Inference.ToolCallDelta] {
        var calls = ToolCallIndexer()
        let deltas = pieces.compactMap {
            calls.add(.init(index: $0.index, id: $0.id, name: $0.name, arguments: $0.arguments))
        }
        return deltas + calls.end()
    }

    private func calls(_ pieces: [Piece]) -> [Inference.ToolCall] {
        var draft = AnswerBuilder()
        var event = Inference.Event()
        event.begin = Inference.Begin(model: "x/y", attempts: [])
        event.toolCalls = deltas(pieces)
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

    @Test func `interleaved pieces of parallel calls are separated by their indexes`() {
        let pieces: [Piece] = [
            (0, "a", "f", "{\"x\":"), (1, "b", "g", "{\"y\":"), (0, nil, nil, "1"), (1, nil, nil, "2"),
            (0, nil, nil, "}"), (1, nil, nil, "}"),
        ]
        #expect(summary(pieces) == ["a f {\"x\":1}", "b g {\"y\":2}"])
    }

    @Test func `a new identifier at a used index is another call`() {
        #expect(summary([(0, "a", "f", "{}"), (0, "b", "g", "{}"), (0, nil, nil, " ")]) == ["a f {}", "b g {} "])
    }

    @Test func `a piece with neither identifier nor name continues the last call, whatever its index`() {
        let pieces: [Piece] = [
            (0, "call_A", "kpi", "{\"k\":1}"), (0, "call_B", "chart", "{\"se"), (1, nil, nil, "ries\":\"x\"}"),
        ]
        #expect(summary(pieces) == ["call_A kpi {\"k\":1}", "call_B chart {\"series\":\"x\"}"])
        // An index that counts pieces, and one that stays at a call that is complete.
        let counted: [Piece] = [
            (0, "a", "f", "{"), (1, nil, nil, "\"x\":"), (2, nil, nil, "1}"), (3, "b", "g", "{"), (4, "", "", "}"),
        ]
        #expect(summary(counted) == ["a f {\"x\":1}", "b g {}"])
        let stuck: [Piece] = [(0, "a", "f", "{}"), (1, "b", "g", "{"), (0, nil, nil, "}")]
        #expect(summary(stuck) == ["a f {}", "b g {}"])
    }

    @Test func `a call is held back until its name is known`() {
        for (second, third) in [(0, 0), (nil, nil), (7, 8)] as [(Int?, Int?)] {
            let pieces: [Piece] = [(0, "a", nil, "{\"x\""), (second, nil, "f", ":1"), (third, nil, nil, "}")]
            let deltas = deltas(pieces)
            #expect(deltas.first?.id == "a" && deltas.first?.name == "f" && deltas.first?.arguments == "{\"x\":1")
            #expect(deltas.dropFirst().allSatisfy { $0.id == nil && $0.name == nil && $0.index == 0 })
            #expect(summary(pieces) == ["a f {\"x\":1}"])
        }
    }

    @Test func `two calls are held back at once, and numbered in the order of their names`() {
        let pieces: [Piece] = [(0, "a", nil, "{"), (1, "b", nil, "["), (1, nil, "g", "]"), (0, nil, "f", "}")]
        #expect(deltas(pieces).map(\.index) == [0, 1])
        #expect(summary(pieces) == ["b g []", "a f {}"])
    }

    @Test func `the identifier may come after the name`() {
        let pieces: [Piece] = [(0, nil, "f", ""), (0, "a", nil, "{}")]
        #expect(calls(pieces).map(\.function.arguments) == ["{}"])
        #expect(calls(pieces).map(\.function.name) == ["f"])
    }

    @Test func `a call that never gets a name is dropped`() {
        #expect(calls([(nil, nil, nil, "{}")]).isEmpty)
        #expect(summary([(0, "a", "f", "{}"), (1, "b", "", "{}")]) == ["a f {}"])
        #expect(calls([(.max, nil, nil, nil), (.min, nil, nil, nil)]).isEmpty)
        var held = ToolCallIndexer()
        #expect(held.add(.init(id: "a", arguments: "{}")) == nil)
        #expect(held.isEmpty && held.hasHeldCalls && held.heldBytes == 2)
    }

    @Test func `an identifier of its own for each piece does not break a call`() {
        let pieces: [Piece] = [(0, "a", "f", "{\"x\""), (0, "b", nil, ":"), (0, "c", nil, "1}"), (1, "d", "g", "{}")]
        #expect(summary(pieces) == ["a f {\"x\":1}", "d g {}"])
    }

    @Test func `a repeated or empty identifier changes nothing`() {
        #expect(summary([(0, "a", "f", "{"), (0, "a", "f", "}"), (0, "", "", " ")]) == ["a f {} "])
        #expect(summary([(0, "a", "f", "{}"), (0, "a", "f", "{}")]) == ["a f {}"], "The whole call is repeated.")
    }

    @Test func `one identifier for all calls does not join them`() {
        let calls = calls([(0, "a", "f", "{}"), (1, "a", "f", "[]"), (2, "a", "g", "{}")])
        #expect(calls.map(\.function.arguments) == ["{}", "[]", "{}"])
        #expect(Set(calls.map(\.id)).count == 3)
    }

    @Test func `without an index the identifier counts, and without both the last call`() {
        let pieces: [Piece] = [
            (nil, "a", "f", "{"), (nil, nil, nil, "}"), (nil, "b", "g", "["), (nil, "a", nil, "!"),
            (nil, "b", nil, "]"),
        ]
        #expect(summary(pieces) == ["a f {}!", "b g []"])
    }

    @Test func `a name in each piece is one call until its arguments are complete`() {
        for index in [0, nil] {
            let pieces: [Piece] = [
                (index, nil, "f", "{\"x\""), (index, nil, "f", ":1}"), (index, nil, "f", "{}"), (index, nil, "g", "{}"),
            ]
            #expect(calls(pieces).map(\.function.arguments) == ["{\"x\":1}", "{}", "{}"])
        }
    }

    @Test func `complete calls without indexes are separate, with generated identifiers`() {
        let calls = calls([(nil, nil, "f", "{}"), (nil, nil, "f", "{}"), (5, nil, "g", "{}")])
        #expect(calls.map(\.function.name) == ["f", "f", "g"])
        #expect(Set(calls.map(\.id)).count == 3)
        #expect(calls.allSatisfy { $0.id.hasPrefix("call_") && $0.id.count > 10 })
    }
}
