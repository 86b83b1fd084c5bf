import Contracts
import Foundation
import TestSupport
import Testing

@testable import InferenceService

@Suite(.timeLimit(.minutes(5))) struct OllamaSplitTests {
    private static let pieces = ["Grü", "ße", " 你", "好 ", "👩‍🍳"]
    private static let answer = FakeResponse.chat(pieces)

    @Test func `a stream split anywhere gives the same answer`() async throws {
        try await withFakeOllama { ollama in
            let routing = try routing(to: ollama.url).routing
            for offset in 1..<Self.answer.bytes.count {
                ollama.next("/api/chat", Self.answer.split(at: [offset], pause: .zero))
                let outcome = try await routing.outcome()
                #expect(outcome.text == Self.pieces.joined(), "Split at \(offset).")
                #expect(outcome.finish != nil, "Split at \(offset).")
            }
        }
    }

    @Test func `a stream received byte by byte gives the same answer`() async throws {
        try await withFakeOllama { ollama in
            ollama.next("/api/chat", Self.answer.byteByByte())
            let outcome = try await routing(to: ollama.url).routing.outcome()
            #expect(outcome.text == Self.pieces.joined())
            #expect(outcome.finish != nil)
        }
    }

    @Test(arguments: [FakeResponse.Ending.close, .reset])
    func `a truncated stream is never complete`(_ ending: FakeResponse.Ending) async throws {
        // The answer is complete after its last object; the framing after it may be lost.
        let text = String(decoding: Self.answer.bytes, as: UTF8.self)
        let done = try #require(text.range(of: "\"done\":true"))
        let end = try #require(text.range(of: "}\n", range: done.upperBound..<text.endIndex))
        let whole = text[..<end.upperBound].utf8.count - 1
        try await withFakeOllama { ollama in
            for count in 0..<Self.answer.bytes.count {
                // A new circuit breaker for each attempt.
                let routing = try routing(to: ollama.url).routing
                ollama.next("/api/chat", Self.answer.cut(after: count, ending))
                let outcome = try await routing.outcome()
                #expect(Self.pieces.joined().hasPrefix(outcome.text), "Cut after \(count).")
                if outcome.finish == nil {
                    #expect(outcome.fault?.code == .cut, "Cut after \(count).")
                    #expect(outcome.fault?.message.hasSuffix(".") == true)
                } else {
                    #expect(count >= whole, "Cut after \(count), of \(whole) that are needed.")
                    #expect(outcome.text == Self.pieces.joined())
                    #expect(outcome.fault == nil)
                }
                // A close after the line loses nothing; a reset may discard unread bytes.
                if count >= whole, ending == .close { #expect(outcome.finish != nil, "Cut after \(count).") }
            }
        }
    }
}
