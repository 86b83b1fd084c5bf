import Contracts
import GRDB

/// A page of the siblings of a message, oldest first.
struct SiblingPage {
    private static let maxCount = 1000

    private let request: Messages.Siblings
    private let row: ConversationRow

    init(_ request: Messages.Siblings, of row: ConversationRow) {
        self.request = request
        self.row = row
    }

    /// Refusals: `missing` if the message, or the one of `after`, does not exist.
    func read(_ connection: Connection) throws(StoreError) -> Result<Page<Message>, Fault> {
        guard let message = try MessageRows.find(request.message, of: row.number, connection) else {
            return .failure(Fault(.missing, "Message not found"))
        }
        var first = 0
        if let id = request.after {
            guard let after = try MessageRows.find(id, of: row.number, connection), after.parent == message.parent,
                after.role == message.role
            else { return .failure(Fault(.missing, "Message not found")) }
            first = after.sibling + 1
        }
        return .success(try read(siblingsOf: message, from: first, connection))
    }

    private func read(
        siblingsOf message: MessageRow,
        from first: Int,
        _ connection: Connection
    ) throws(StoreError) -> Page<Message> {
        let sql = """
            SELECT \(MessageRows.columns) FROM messages m CROSS JOIN contents c ON c.message = m.number
            WHERE m.parent = ? AND m.role = ? AND m.sibling >= ? ORDER BY m.sibling
            """
        let limit = min(request.limit ?? Self.maxCount, Self.maxCount)
        var (messages, bytes, hasMore): ([Message], Int, Bool) = ([], 0, false)
        let count = (try SiblingRows.last(after: message.parent, role: message.role, connection) ?? 0) + 1
        try connection.each(sql, [message.parent, message.role.rawValue, first]) { columns throws(StoreError) in
            let read = try MessageRows.read(columns)
            guard messages.count < limit, messages.isEmpty || bytes + read.bytes <= SQLiteStore.pageBytes else {
                hasMore = true
                return false
            }
            var sibling = read.message
            sibling.branch = count == 1 ? nil : Message.Branch(index: sibling.branch?.index ?? 0, count: count)
            messages.append(sibling)
            bytes += read.bytes
            return true
        }
        return Page(items: messages, total: count, next: hasMore ? messages.last?.id.description : nil)
    }
}
