import Contracts
import Testing

struct TokenEstimateTests {
    @Test func `an estimate is one token for three bytes and four for the text`() {
        #expect(TokenEstimate.tokens(in: "") == 4)
        #expect(TokenEstimate.tokens(in: "Hello!") == 6)
        #expect(TokenEstimate.tokens(inBytes: 3_000) == 1_004)
        #expect(TokenEstimate.tokens(in: ["你好", "a"]) == 10)
        #expect(TokenEstimate.tokens(inBytes: -5) == 4)
        #expect(TokenEstimate.tokens(inBytes: .max) == .max / 3 + 4)
    }

    @Test func `an empty answer has no tokens`() {
        #expect(TokenEstimate.tokens(inAnswerOf: 0) == 0)
        #expect(TokenEstimate.tokens(inAnswerOf: 1) == 4)
    }
}
