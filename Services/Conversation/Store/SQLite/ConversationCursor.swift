import Contracts

/// Where a page of a list of conversations ended: the time of last use and the number of its last conversation.
struct ConversationCursor {
    var usedAt: Int64
    var number: Int64

    init(after row: ConversationRow) {
        (usedAt, number) = (row.usedAt.microseconds, row.number)
    }

    /// Returns `nil` if the text was not made by ``text``.
    init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int64($0, radix: 36) }
        guard parts.count == 2, let usedAt = parts[0], let number = parts[1], usedAt >= 0, number >= 0 else {
            return nil
        }
        (self.usedAt, self.number) = (usedAt, number)
    }

    var text: String { String(usedAt, radix: 36) + "-" + String(number, radix: 36) }
}
