import Contracts
import GRDB

/// The tables `paths` and `path_messages`.
///
/// A path shares the positions below its fork with its parent path, so it is read in segments.
enum PathRows {
    /// The range of all positions.
    static let allPositions = 0...Int(Int64.max >> 1)
    /// Number of positions that are left free after a question that has no answer yet; more than the steps of a run.
    static let reserve = 1024

    /// A part of a path whose messages are stored with one path number.
    struct Segment {
        var path: Int64
        var positions: ClosedRange<Int>
    }

    /// A message on a path.
    struct Place {
        var message: Int64
        var position: Int
    }

    /// Inserts a path: the first one of a conversation, or one that leaves its parent at a position.
    static func insert(
        of conversation: Int64,
        parent: Int64? = nil,
        forksAt: Int = 0,
        _ connection: Connection
    ) throws(StoreError) -> Int64 {
        try connection.insert(
            "INSERT INTO paths (conversation, parent, forks_at, selected_at) VALUES (?,?,?,?)",
            // A fork that was never selected comes after the first path, which was selected from the start.
            [conversation, parent, forksAt, parent == nil ? 0 : -1]
        )
    }

    /// Inserts a path that shares the messages before a position with another one.
    static func fork(
        _ path: Int64,
        of conversation: Int64,
        at position: Int,
        _ connection: Connection
    ) throws(StoreError) -> Int64 {
        // The path that has the message before the fork, so that chains of paths stay short.
        let parent = try owner(of: position - 1, on: path, connection)
        return try insert(of: conversation, parent: parent, forksAt: position, connection)
    }

    static func recordSelection(of path: Int64, version: Int, _ connection: Connection) throws(StoreError) {
        try connection.run("UPDATE paths SET selected_at = ? WHERE number = ?", [version, path])
    }

    /// Deletes a path that has no messages of its own.
    static func delete(_ path: Int64, _ connection: Connection) throws(StoreError) {
        try connection.run("DELETE FROM paths WHERE number = ?", [path])
    }

    /// Adds a message at a free position.
    static func append(
        _ message: Int64,
        to path: Int64,
        at position: Int,
        _ connection: Connection
    ) throws(StoreError) {
        try connection.run(
            "INSERT INTO path_messages (path, position, message) VALUES (?,?,?)",
            [path, position, message]
        )
    }

    /// Returns the segments of a path that may contain the positions, from the end of the path.
    static func segments(
        of path: Int64,
        _ positions: ClosedRange<Int>,
        _ connection: Connection
    ) throws(StoreError) -> [Segment] {
        var segments: [Segment] = []
        var (next, upper): (Int64?, Int) = (path, positions.upperBound)
        while let number = next, upper >= positions.lowerBound {
            guard let (parent, forksAt) = try parent(of: number, connection) else { break }
            let lower = parent == nil ? 0 : forksAt
            if lower <= upper {
                segments.append(Segment(path: number, positions: max(lower, positions.lowerBound)...upper))
                upper = lower - 1
            }
            next = parent
        }
        return segments
    }

    /// Returns the path that a path forks from, and the first position that they do not share.
    static func parent(
        of path: Int64,
        _ connection: Connection
    ) throws(StoreError) -> (parent: Int64?, forksAt: Int)? {
        try connection.first("SELECT parent, forks_at FROM paths WHERE number = ?", [path]) { row in
            (row[0], row[1])
        }
    }

    /// Returns the path with whose number a position of a path is stored.
    static func owner(of position: Int, on path: Int64, _ connection: Connection) throws(StoreError) -> Int64 {
        var path = path
        while let (parent, forksAt) = try parent(of: path, connection), position < forksAt, let parent { path = parent }
        return path
    }

    /// Returns the path with whose number a position of a conversation's path is stored.
    static func owner(
        of position: Int,
        on path: Int64,
        hasBranches: Bool,
        _ connection: Connection
    ) throws(StoreError) -> Int64 {
        // Without branches there is one path, and nothing to look up.
        try hasBranches ? owner(of: position, on: path, connection) : path
    }

    /// Returns the last message of the selected path of a conversation.
    static func last(of conversation: ConversationRow, _ connection: Connection) throws(StoreError) -> Place? {
        guard conversation.hasBranches else {
            return try last(of: Segment(path: conversation.path, positions: allPositions), connection)
        }
        return try last(of: conversation.path, connection)
    }

    private static let lastSelection = """
        SELECT message, position FROM path_messages WHERE path = ? AND position BETWEEN ? AND ?
        ORDER BY position DESC LIMIT 1
        """

    private static func last(of segment: Segment, _ connection: Connection) throws(StoreError) -> Place? {
        let arguments: StatementArguments = [segment.path, segment.positions.lowerBound, segment.positions.upperBound]
        return try connection.first(lastSelection, arguments) { Place(message: $0[0], position: $0[1]) }
    }

    /// Returns the last message of a path.
    static func last(of path: Int64, _ connection: Connection) throws(StoreError) -> Place? {
        for segment in try segments(of: path, allPositions, connection) {
            if let place = try last(of: segment, connection) { return place }
        }
        return nil
    }

    /// Returns the position of the first message of a path.
    static func firstPosition(of path: Int64, _ connection: Connection) throws(StoreError) -> Int? {
        let sql =
            "SELECT position FROM path_messages WHERE path = ? AND position BETWEEN ? AND ? ORDER BY position LIMIT 1"
        for segment in try segments(of: path, allPositions, connection).reversed() {
            let arguments: StatementArguments = [
                segment.path, segment.positions.lowerBound, segment.positions.upperBound,
            ]
            if let position = try connection.value(sql, arguments, as: Int.self) { return position }
        }
        return nil
    }

    /// Returns the message at a position of a path.
    static func message(at position: Int, on path: Int64, _ connection: Connection) throws(StoreError) -> Int64? {
        try connection.value(
            "SELECT message FROM path_messages WHERE path = ? AND position = ?",
            [try owner(of: position, on: path, connection), position]
        )
    }

    /// Whether no message is stored with a path's number at a position.
    static func isFree(_ position: Int, of path: Int64, _ connection: Connection) throws(StoreError) -> Bool {
        let sql = "SELECT 1 FROM path_messages WHERE path = ? AND position = ?"
        return try connection.value(sql, [path, position], as: Int.self) == nil
    }

    /// Returns the number of messages of a path in a range of positions.
    static func count(
        of path: Int64,
        _ positions: ClosedRange<Int>,
        _ connection: Connection
    ) throws(StoreError) -> Int {
        var sum = 0
        for segment in try segments(of: path, positions, connection) { sum += try count(of: segment, connection) }
        return sum
    }

    private static func count(of segment: Segment, _ connection: Connection) throws(StoreError) -> Int {
        let sql = "SELECT COUNT(*) FROM path_messages WHERE path = ? AND position BETWEEN ? AND ?"
        let arguments: StatementArguments = [segment.path, segment.positions.lowerBound, segment.positions.upperBound]
        return try connection.value(sql, arguments) ?? 0
    }

    /// Whether a path has messages of its own.
    static func isEmpty(_ path: Int64, _ connection: Connection) throws(StoreError) -> Bool {
        try connection.value(
            "SELECT 1 FROM path_messages WHERE path = ? LIMIT 1",
            [path],
            as: Int.self
        ) == nil
    }

    /// Reads the messages of a path in a range of positions until `body` returns `false`.
    static func each(
        of path: Int64,
        _ positions: ClosedRange<Int>,
        order: Order,
        offset: Int = 0,
        columns: String,
        _ connection: Connection,
        _ body: (Row) throws(StoreError) -> Bool
    ) throws(StoreError) {
        var segments = try segments(of: path, positions, connection)
        if order == .ascending { segments.reverse() }
        var (offset, isFinished) = (offset, false)
        let sql = """
            SELECT \(columns) FROM path_messages p CROSS JOIN messages m ON m.number = p.message
            CROSS JOIN contents c ON c.message = m.number
            WHERE p.path = ? AND p.position BETWEEN ? AND ?
            ORDER BY p.position \(order == .ascending ? "ASC" : "DESC")
            """
        for segment in segments where !isFinished {
            guard let segment = try skip(&offset, of: segment, order: order, connection) else { continue }
            let arguments: StatementArguments = [
                segment.path, segment.positions.lowerBound, segment.positions.upperBound,
            ]
            try connection.each(sql, arguments) { row throws(StoreError) in
                isFinished = try !body(row)
                return !isFinished
            }
        }
    }

    /// Returns the part of a segment after the first `offset` messages; `nil` if it has not more messages than that.
    private static func skip(
        _ offset: inout Int,
        of segment: Segment,
        order: Order,
        _ connection: Connection
    ) throws(StoreError) -> Segment? {
        guard offset > 0 else { return segment }
        let count = try count(of: segment, connection)
        guard offset < count else {
            offset -= count
            return nil
        }
        let sql = """
            SELECT position FROM path_messages WHERE path = ? AND position BETWEEN ? AND ?
            ORDER BY position \(order == .ascending ? "ASC" : "DESC") LIMIT 1 OFFSET ?
            """
        let (lower, upper) = (segment.positions.lowerBound, segment.positions.upperBound)
        guard let first = try connection.value(sql, [segment.path, lower, upper, offset], as: Int.self) else {
            return nil
        }
        offset = 0
        return Segment(path: segment.path, positions: order == .ascending ? first...upper : lower...first)
    }

    /// Returns the path through a message that was last selected.
    static func lastSelected(
        through message: MessageRow,
        _ connection: Connection
    ) throws(StoreError) -> Int64 {
        let sql = """
            SELECT number, parent, forks_at FROM paths WHERE conversation = ? ORDER BY selected_at DESC, number DESC
            """
        let paths: [(number: Int64, parent: Int64?, forksAt: Int)] = try connection.all(sql, [message.conversation]) {
            ($0[0], $0[1], $0[2])
        }
        let parents = Dictionary(paths.map { ($0.number, ($0.parent, $0.forksAt)) }) { first, _ in first }
        // Many paths share the one with the message's position.
        var known: Set<Int64> = []
        for path in paths {
            var owner = path.number
            while let (parent, forksAt) = parents[owner], message.position < forksAt, let parent { owner = parent }
            guard known.insert(owner).inserted else { continue }
            if try contains(message, owner, connection) { return path.number }
        }
        return message.path
    }

    private static func contains(
        _ message: MessageRow,
        _ path: Int64,
        _ connection: Connection
    ) throws(StoreError) -> Bool {
        let sql = "SELECT 1 FROM path_messages WHERE path = ? AND position = ? AND message = ?"
        return try connection.value(sql, [path, message.position, message.number], as: Int.self) != nil
    }
}
