import Contracts
import GRDB

/// A page of a conversation's selected path, read by position: the cost does not depend on where the page is.
///
/// An offset is converted to a position. If questions without an answer leave gaps, the offset is counted in the index
/// instead.
struct MessagePage {
    private let conversation: StoredConversation
    private let limit: Int
    private let order: Order
    private var positions: ClosedRange<Int>
    private var offset: Int
    private var isEmpty = false

    /// Throws `missing` if the message of `before` or `after` does not exist.
    init(_ request: Messages.List, of conversation: StoredConversation, in database: GRDB.Database) throws {
        self.conversation = conversation
        (limit, order, offset) = (request.limit, request.order, request.offset)
        var (lower, upper) = (PathRows.allPositions.lowerBound, PathRows.allPositions.upperBound)
        if let id = request.after {
            lower = try MessageRows.find(id, of: conversation.number, in: database).position + 1
        }
        if let id = request.before {
            upper = try MessageRows.find(id, of: conversation.number, in: database).position - 1
        }
        positions = lower...max(lower, upper)
        isEmpty = upper < lower
        if offset > 0, positions == PathRows.allPositions { try skip(in: database) }
    }

    func read(in database: GRDB.Database) throws -> Page<Message> {
        guard !isEmpty else { return Page(items: [], total: conversation.messageCount) }
        let stored = try PathRows.list(
            of: conversation.number,
            positions: positions,
            limit: limit,
            offset: offset,
            order: order,
            in: database
        )
        let messages = try SiblingRows.withBranchCounts(stored, in: conversation.number, database)
        return Page(items: messages, total: conversation.messageCount)
    }

    /// Converts the offset to a position if the path has no gaps.
    private mutating func skip(in database: GRDB.Database) throws {
        guard offset < conversation.messageCount else {
            isEmpty = true
            return
        }
        guard let first = try PathRows.firstPosition(of: conversation.number, in: database),
            let last = try PathRows.last(of: conversation.number, in: database)?.position,
            last - first + 1 == conversation.messageCount
        else { return }
        positions = order == .ascending ? (first + offset)...last : first...(last - offset)
        offset = 0
    }
}
