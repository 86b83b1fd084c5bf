/// How many tokens a text is taken to have where nobody has counted them: the one rule of the house.
///
/// It errs on the high side: a token for every three bytes, and four for what stands around a text. English has four to
/// five bytes a token, other languages in Latin letters three to four, Chinese, Japanese and Korean three or a little less.
///
/// One rule, and not a careful one for what is planned beside a likely one for what is counted. A window that is planned
/// too full is cut silently by the provider. A quota would not hold if a call could count for more than was reserved for
/// the same text, nor if what nobody counted were taken for less than it was. Where a provider counts, its number holds;
/// what was estimated is marked so wherever it is told.
package enum TokenEstimate {
    private static let bytesPerToken = 3
    /// What stands around a text: who speaks, where it begins and ends.
    private static let frame = 4

    /// The tokens of so many bytes of text, told as one.
    package static func tokens(inBytes bytes: Int) -> Int {
        max(0, bytes) / bytesPerToken + frame
    }

    /// The tokens of a text.
    package static func tokens(in text: String) -> Int {
        tokens(inBytes: text.utf8.count)
    }

    /// The tokens of several texts, each by itself.
    package static func tokens(in texts: [String]) -> Int {
        texts.reduce(0) { $0 + tokens(in: $1) }
    }

    /// The tokens of an answer that has so many bytes so far; one that has not begun has none.
    package static func tokens(inAnswerOf bytes: Int) -> Int {
        bytes > 0 ? tokens(inBytes: bytes) : 0
    }

    /// The tokens of the calls of tools in a message.
    package static func tokens(of calls: [Inference.ToolCall]?) -> Int {
        (calls ?? []).reduce(0) { $0 + tokens(in: $1.function.name + $1.function.arguments) }
    }
}
