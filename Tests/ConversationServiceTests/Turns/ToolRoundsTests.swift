import Contracts
import Testing

@testable import ConversationService

/// The limits of the tool calls of a run.
struct ToolRoundsTests {
    private func call(_ arguments: String = "{}", name: String = "f") -> ToolCallNormalization.Call {
        .init(call: Inference.ToolCall(id: "a", name: name, arguments: arguments))
    }

    @Test func `the model may call tools in eight answers`() {
        var rounds = ToolRounds()
        for _ in 0..<ToolRounds.limit {
            #expect(rounds.hasNext)
            rounds.begin()
        }
        #expect(!rounds.hasNext)
    }

    @Test func `the third call with the same name and arguments is refused`() {
        var rounds = ToolRounds()
        #expect(rounds.refusal(of: call(#"{"a":1,"b":[2]}"#), at: 0, isOffered: true) == nil)
        #expect(rounds.refusal(of: call(#"{ "b": [ 2 ], "a": 1 }"#), at: 0, isOffered: true) == nil)
        let refusal = rounds.refusal(of: call(#"{"a":1,"b":[2]}"#), at: 0, isOffered: true)
        #expect(refusal?.text.contains("same arguments 2 times") == true)
        #expect(rounds.refusal(of: call(#"{"a":2,"b":[2]}"#), at: 0, isOffered: true) == nil)
        #expect(rounds.refusal(of: call(#"{"a":1,"b":[2]}"#, name: "g"), at: 0, isOffered: true) == nil)
    }

    @Test func `calls that are not run have a reason and are not counted`() {
        var rounds = ToolRounds()
        for _ in 0..<3 {
            #expect(rounds.refusal(of: call(), at: 16, isOffered: true)?.text.contains("at most 16 calls") == true)
            #expect(rounds.refusal(of: call(), at: 0, isOffered: false)?.text.contains("no tool can be called") == true)
        }
        var broken = call()
        for (defect, words) in [
            (ToolCallNormalization.Defect.invalid, "either does not exist"), (.cut, "maximum length"),
            (.tooLarge, "131072"),
        ] {
            broken.defect = defect
            #expect(rounds.refusal(of: broken, at: 0, isOffered: true)?.text.contains(words) == true)
        }
        #expect(rounds.refusal(of: call(), at: 0, isOffered: true) == nil)
    }

    @Test func `the results of a run and its prompt fit the window`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let window = ContextWindow(size: Int.random(in: 4096...200_000, using: &generator))
            var (rounds, occupied, total) = (ToolRounds(), Int.random(in: 10...1000, using: &generator), 0)
            while rounds.hasNext {
                rounds.begin()
                occupied += 20
                var room = rounds.room(in: window, occupied: occupied)
                let count = Int.random(in: 1...4, using: &generator)
                for left in (1...count).reversed() {
                    let limit = ToolRounds.resultLimit(room: room, left: left)
                    // Results that are longer than permitted.
                    let tokens = TokenEstimate.tokens(inBytes: limit)
                    room -= tokens
                    rounds.add(resultTokens: tokens)
                    (occupied, total) = (occupied + tokens, total + tokens)
                }
            }
            // The smallest results may exceed their share.
            let smallest = 32 * TokenEstimate.tokens(inBytes: ToolRounds.smallestResult)
            #expect(total <= window.size / 2 + smallest)
            #expect(occupied + window.reserve <= window.size + smallest)
        }
    }
}
