import Contracts
import Foundation
import TestSupport
import Testing

@testable import InferenceService

/// Truncation never passes as complete, and no split changes an answer.
@Suite(.timeLimit(.minutes(5))) struct GeminiSplitTests {
    private static let pieces = ["Grü", "ße", " 你", "好 ", "👩‍🍳"]
    private static let path = "/v1beta/models/gemini-2.5-flash:streamGenerateContent"
    private static let forms = [
        FakeResponse.gemini(pieces), FakeResponse.geminiArray(chunks: FakeResponse.geminiChunks(pieces)),
    ]

    @Test(arguments: [0, 1])
    func `a stream split anywhere gives the same answer`(_ form: Int) async throws {
        let answer = Self.forms[form]
        try await withFakeGemini { gemini in
            let routing = try geminiRouting(to: gemini.url).routing
            for offset in 1..<answer.bytes.count {
                gemini.next(Self.path, answer.split(at: [offset], pause: .zero))
                let outcome = try await routing.geminiOutcome()
                #expect(outcome.text == Self.pieces.joined(), "Split at \(offset).")
                #expect(outcome.finish?.usage?.completionTokens == 7, "Split at \(offset).")
            }
        }
    }

    @Test(arguments: [0, 1])
    func `a stream received byte by byte gives the same answer`(_ form: Int) async throws {
        try await withFakeGemini { gemini in
            gemini.next(Self.path, Self.forms[form].byteByByte())
            let outcome = try await geminiRouting(to: gemini.url).routing.geminiOutcome()
            #expect(outcome.text == Self.pieces.joined())
            #expect(outcome.finish != nil)
        }
    }

    @Test(arguments: [0, 1], [FakeResponse.Ending.close, .reset])
    func `a truncated stream is never complete`(_ form: Int, _ ending: FakeResponse.Ending) async throws {
        let answer = Self.forms[form]
        // The answer is complete after the object with the finish reason; later bytes may be lost.
        let text = String(decoding: answer.bytes, as: UTF8.self)
        let reason = try #require(text.range(of: "\"finishReason\""))
        let end = try #require(text.range(of: "CpuQE\"}", range: reason.upperBound..<text.endIndex))
        let whole = text[..<end.upperBound].utf8.count
        try await withFakeGemini { gemini in
            for count in 0..<answer.bytes.count {
                // A new circuit breaker for each attempt.
                let routing = try geminiRouting(to: gemini.url).routing
                gemini.next(Self.path, answer.cut(after: count, ending))
                let outcome = try await routing.geminiOutcome()
                #expect(Self.pieces.joined().hasPrefix(outcome.text), "Cut after \(count).")
                if outcome.finish == nil {
                    #expect(outcome.fault?.code == .cut, "Cut after \(count).")
                    #expect(outcome.fault?.message.hasSuffix(".") == true)
                } else {
                    #expect(count >= whole, "Cut after \(count), of \(whole) that are needed.")
                    #expect(outcome.text == Self.pieces.joined())
                    #expect(outcome.fault == nil)
                }
                // A close after the object loses nothing; a reset may discard unread bytes.
                if count >= whole, ending == .close { #expect(outcome.finish != nil, "Cut after \(count).") }
            }
        }
    }
}
