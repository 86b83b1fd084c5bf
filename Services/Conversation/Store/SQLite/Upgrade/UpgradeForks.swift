import GRDB

/// Copies the messages that are not on the selected path of their conversation, as paths of their own.
///
/// Reads narrow columns only, and only the conversations with such messages; one of them is in memory at a time.
struct UpgradeForks {
    private static let selection = """
        SELECT m.conversation, m.number, m.position, m.branch, m.is_chosen, m.role, p.number
        FROM temp.branched b CROSS JOIN former.messages m INDEXED BY messages_by_place ON m.conversation = b.conversation
        LEFT JOIN former.messages p ON p.id = m.parent AND p.conversation = m.conversation AND p.position < m.position
        ORDER BY b.conversation, m.position
        """

    private let database: GRDB.Database
    private let path: Statement
    private let pathMessage: Statement
    private let home: Statement
    private let pathCount: Statement

    init(database: GRDB.Database) throws {
        self.database = database
        path = try database.makeStatement(
            sql: "INSERT INTO main.paths (number, conversation, parent, forks_at, selected_at) VALUES (?,?,?,?,?)"
        )
        pathMessage = try database.makeStatement(
            sql: "INSERT INTO main.path_messages (path, position, message) VALUES (?,?,?)"
        )
        home = try database.makeStatement(sql: "INSERT INTO temp.homes (message, path) VALUES (?,?)")
        pathCount = try database.makeStatement(
            sql: "UPDATE main.conversations SET path_count = path_count + ? WHERE number = ?"
        )
    }

    func copy() throws {
        var nextPath = try Int64.fetchOne(database, sql: "SELECT COALESCE(MAX(number), 0) + 1 FROM main.paths") ?? 1
        var (conversation, messages): (Int64, [FormerTree.Message]) = (0, [])
        let rows = try Row.fetchCursor(database, sql: Self.selection)
        while let row = try rows.next() {
            let current: Int64 = row[0]
            if current != conversation {
                try copy(messages, of: conversation, &nextPath)
                (conversation, messages) = (current, [])
            }
            messages.append(Self.read(row))
        }
        try copy(messages, of: conversation, &nextPath)
    }

    private static func read(_ row: Row) -> FormerTree.Message {
        let (branch, role): (Int64, String) = (row[3], row[5])
        return FormerTree.Message(
            number: row[1],
            position: row[2],
            isOnPath: branch == 0,
            isChosen: row[4],
            isAnswerable: role != "assistant",
            parent: row[6]
        )
    }

    private func copy(_ messages: [FormerTree.Message], of conversation: Int64, _ nextPath: inout Int64) throws {
        let forks = FormerTree(messages).forks()
        guard !forks.isEmpty else { return }
        let first = nextPath
        for fork in forks {
            let parent = fork.parent.map { first + Int64($0) } ?? conversation
            // The home of a message was selected after all other paths with the message, so that selecting the message
            // continues there.
            try path.execute(arguments: [nextPath, conversation, parent, fork.forksAt, -fork.rank])
            for message in fork.messages + fork.tail {
                try pathMessage.execute(arguments: [nextPath, message.position, message.number])
            }
            for message in fork.messages { try home.execute(arguments: [message.number, nextPath]) }
            nextPath += 1
        }
        try pathCount.execute(arguments: [forks.count, conversation])
    }
}
