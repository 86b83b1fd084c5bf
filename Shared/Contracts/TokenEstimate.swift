/// The estimated number of tokens of a text, used wherever no provider has counted them.
///
/// Rather too high than too low: one token for three bytes, and four for each text. English has four to five bytes per
/// token, other languages with Latin letters three to four, Chinese, Japanese and Korean about three.
///
/// Planning and accounting use the same estimate. A provider silently truncates a context window that was planned too
/// full; a quota could be exceeded if a call counted for more tokens than were reserved for it, or for fewer than it
/// used. Numbers of the provider take precedence, and estimates are marked as such.
package enum TokenEstimate {
    private static let bytesPerToken = 3
    /// Tokens for the role and the delimiters of a text.
    private static let frame = 4

    /// Estimates the tokens of one text by its size.
    package static func tokens(inBytes bytes: Int) -> Int {
        max(0, bytes) / bytesPerToken + frame
    }

    /// Returns the size of the largest text with a number of tokens, in bytes.
    package static func bytes(inTokens tokens: Int) -> Int {
        max(0, tokens - frame) * bytesPerToken
    }

    /// Estimates the tokens of a text.
    package static func tokens(in text: String) -> Int {
        tokens(inBytes: text.utf8.count)
    }

    /// Estimates the tokens of several separate texts.
    package static func tokens(in texts: [String]) -> Int {
        texts.reduce(0) { $0 + tokens(in: $1) }
    }

    /// Estimates the tokens of an answer by its size so far; 0 for an empty one.
    package static func tokens(inAnswerOf bytes: Int) -> Int {
        bytes > 0 ? tokens(inBytes: bytes) : 0
    }

    /// Estimates the tokens of the tool calls of a message.
    package static func tokens(of calls: [Inference.ToolCall]?) -> Int {
        (calls ?? []).reduce(0) { $0 + tokens(in: $1.function.name + $1.function.arguments) }
    }
}
