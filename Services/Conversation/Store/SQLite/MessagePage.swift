import Contracts
import GRDB

/// A page of a conversation's selected path.
///
/// An offset is converted to a position, so that the cost does not depend on where the page is. If unanswered questions
/// leave gaps between the positions, the offset is counted in the path's narrow rows instead.
struct MessagePage {
    private let request: Messages.List
    private let row: ConversationRow

    init(_ request: Messages.List, of row: ConversationRow) {
        self.request = request
        self.row = row
    }

    /// Refusals: `missing` if the message of `before` or `after` does not exist.
    func read(_ connection: Connection) throws(StoreError) -> Result<Page<Message>, Fault> {
        var (lower, upper) = (PathRows.allPositions.lowerBound, PathRows.allPositions.upperBound)
        if let id = request.after {
            guard let message = try MessageRows.find(id, of: row.number, connection) else { return Self.missing }
            lower = message.position + 1
        }
        if let id = request.before {
            guard let message = try MessageRows.find(id, of: row.number, connection) else { return Self.missing }
            upper = message.position - 1
        }
        guard lower <= upper, request.offset < max(1, row.stored.messageCount) else {
            return .success(page([], next: nil))
        }
        var (positions, offset) = (lower...upper, request.offset)
        if offset > 0, positions == PathRows.allPositions, let dense = try densePositions(connection) {
            (positions, offset) = (dense, 0)
        }
        return .success(try read(positions, offset: offset, connection))
    }

    private static let missing = Result<Page<Message>, Fault>.failure(Fault(.missing, "Message not found"))

    private func read(
        _ positions: ClosedRange<Int>,
        offset: Int,
        _ connection: Connection
    ) throws(StoreError) -> Page<Message> {
        var (messages, bytes, hasMore): ([MessageRows.Read], Int, Bool) = ([], 0, false)
        try PathRows.each(
            of: row.path,
            positions,
            order: request.order,
            offset: offset,
            columns: MessageRows.columns,
            connection
        ) { columns throws(StoreError) in
            let size: Int = columns[7]
            guard messages.count < request.limit, messages.isEmpty || bytes + size <= SQLiteStore.pageBytes else {
                hasMore = true
                return false
            }
            messages.append(try MessageRows.read(columns))
            bytes += size
            return true
        }
        return page(
            try SiblingRows.withCounts(messages, of: row, connection),
            next: hasMore ? messages.last?.message.id : nil
        )
    }

    private func page(_ messages: [Message], next: Message.ID?) -> Page<Message> {
        Page(items: messages.map(row.withReadMark), total: row.stored.messageCount, next: next?.description)
    }

    /// Returns the positions after the offset if the path has no gaps.
    private func densePositions(_ connection: Connection) throws(StoreError) -> ClosedRange<Int>? {
        guard let first = try PathRows.firstPosition(of: row.path, connection),
            let last = try PathRows.last(of: row.path, connection)?.position,
            last - first + 1 == row.stored.messageCount
        else { return nil }
        return request.order == .ascending ? (first + request.offset)...last : first...(last - request.offset)
    }
}
