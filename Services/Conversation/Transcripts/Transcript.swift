/// The text form of a conversation: a block for each answered question, with blank lines between the blocks.
///
/// Pure functions. The format is the one of seed 000. It has no escape sequences: it is for people and models, and is
/// never parsed.
enum Transcript {
    /// The labels of the lines.
    static let (userLabel, answerLabel) = ("User:", "AI:")

    /// Returns the block of a question and its answer.
    static func block(question: String, answer: String) -> String {
        "\(userLabel) \(question)\n\(answerLabel) \(answer)\n"
    }

    /// Collects the blocks of a conversation from its messages, in order; a question without an answer has none.
    struct Blocks {
        /// The last question, if it has no answer yet.
        private(set) var question: String?

        /// Adds a user's message.
        mutating func ask(_ text: String) {
            question = text
        }

        /// Adds an answer; returns the block that is complete with it, or `nil` if it answers no question.
        mutating func answer(_ text: String) -> String? {
            guard let asked = question else { return nil }
            question = nil
            return Transcript.block(question: asked, answer: text)
        }
    }
}
