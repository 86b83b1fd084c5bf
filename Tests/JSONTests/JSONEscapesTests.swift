import JSON
import Testing

/// Escape sequences that databases and parsers reject.
struct JSONEscapesTests {
    @Test(arguments: [
        (#"{"a":1}"#, #"{"a":1}"#), (#""\u0000""#, #""\ufffd""#), (#""\\u0000""#, #""\\u0000""#),
        (#""\\\u0000""#, #""\\\ufffd""#), (#""\uD83D\uDE00""#, #""\uD83D\uDE00""#), (#""\ud83d""#, #""\ufffd""#),
        (#""\ude00\ud83d""#, #""\ufffd\ufffd""#), (#""\ud83d\ud83d\ude00""#, #""\ufffd\ud83d\ude00""#),
        (#""\ud83dx""#, #""\ufffdx""#), (#""\u00e9\n""#, #""\u00e9\n""#), (#""\u00""#, #""\u00""#), (#""\"#, #""\"#),
        (#""\uZZZZ""#, #""\uZZZZ""#), (#""ü\u0000é""#, #""ü\ufffdé""#),
    ])
    func `unusable escape sequences are replaced, others stay`(text: String, expected: String) {
        #expect(JSONEscapes.replacingUnusable(in: text) == expected)
    }
}
