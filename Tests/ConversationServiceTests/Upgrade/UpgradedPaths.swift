import GRDB

/// The paths of a conversation in an upgraded file, read independently of the store.
struct UpgradedPaths {
    private struct Path {
        var number: Int64
        var parent: Int64?
        var forksAt: Int
        var messages: [(position: Int, message: Int64)] = []
    }

    let selected: Int64
    let pathCount: Int
    /// The path on which each message was first stored.
    let homes: [Int64: Int64]
    /// Last selected first.
    private var paths: [Path]

    init(of conversation: Int64, in database: GRDB.Database) throws {
        let row = try Row.fetchOne(
            database,
            sql: "SELECT path, path_count FROM conversations WHERE number = ?",
            arguments: [conversation]
        )
        (selected, pathCount) = (row?[0] ?? 0, row?[1] ?? 0)
        let messages = try Row.fetchAll(
            database,
            sql: "SELECT number, path FROM messages WHERE conversation = ?",
            arguments: [conversation]
        )
        homes = Dictionary(uniqueKeysWithValues: messages.map { ($0[0], $0[1]) })
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT number, parent, forks_at FROM paths WHERE conversation = ? ORDER BY selected_at DESC, number DESC
                """,
            arguments: [conversation]
        )
        paths = rows.map { Path(number: $0[0], parent: $0[1], forksAt: $0[2]) }
        for index in paths.indices {
            let rows = try Row.fetchAll(
                database,
                sql: "SELECT position, message FROM path_messages WHERE path = ? ORDER BY position",
                arguments: [paths[index].number]
            )
            paths[index].messages = rows.map { ($0[0], $0[1]) }
        }
    }

    /// Returns the messages of a path, oldest first.
    func messages(of path: Int64) -> [Int64] {
        guard let found = paths.first(where: { $0.number == path }) else { return [] }
        return places(of: found, below: .max).map(\.message)
    }

    private func places(of path: Path, below position: Int) -> [(position: Int, message: Int64)] {
        let parent = paths.first { $0.number == path.parent }
        let shared = parent.map { places(of: $0, below: min(position, path.forksAt)) } ?? []
        return shared + path.messages.filter { $0.position < position }
    }

    /// Returns whether the positions of every path increase.
    var isOrdered: Bool {
        paths.allSatisfy { path in
            let positions = places(of: path, below: .max).map(\.position)
            return zip(positions, positions.dropFirst()).allSatisfy(<)
        }
    }

    /// Returns the path that is selected together with a message.
    func selection(of message: Int64) -> [Int64] {
        let current = messages(of: selected)
        return current.contains(message)
            ? current : paths.lazy.map { messages(of: $0.number) }.first { $0.contains(message) } ?? []
    }

    var count: Int { paths.count }
}
