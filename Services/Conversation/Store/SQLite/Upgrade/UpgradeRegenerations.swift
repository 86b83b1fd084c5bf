import GRDB

/// Prepares the paths of unfinished regenerations, so that the previous answer returns if they produce none.
///
/// In the former schema a regeneration took the previous answer, and what followed it, off the selected path; the run
/// stored that answer. In the current one it selects a path of its own, and the run stores the path that was selected
/// before.
struct UpgradeRegenerations {
    private static let selection = """
        SELECT r.number, q.conversation, q.path, q.position, a.path
        FROM main.runs r JOIN former.runs f ON f.number = r.number JOIN main.messages q ON q.number = r.message
        JOIN main.messages a ON a.number = f.replaces
        WHERE r.status IN ('queued', 'running') AND q.path = q.conversation ORDER BY r.number
        """

    let database: GRDB.Database

    func copy() throws {
        for row in try Row.fetchAll(database, sql: Self.selection) {
            let (run, conversation, path): (Int64, Int64, Int64) = (row[0], row[1], row[2])
            let (position, replaced): (Int, Int64) = (row[3], row[4])
            // An answer on the path shows that the user selected it again meanwhile, which stays.
            guard replaced != path else { continue }
            let next = try Int.fetchOne(
                database,
                sql: "SELECT MIN(position) FROM main.path_messages WHERE path = ? AND position > ?",
                arguments: [path, position]
            )
            if next == nil {
                try fork(run, conversation, from: path, at: position + 1, replacing: replaced)
            } else if next != position + 1 {
                try database.execute(
                    sql: "UPDATE main.runs SET replaces = ? WHERE number = ?",
                    arguments: [replaced, run]
                )
            }
        }
    }

    /// Selects a new path without messages for the answer of a run.
    private func fork(
        _ run: Int64,
        _ conversation: Int64,
        from path: Int64,
        at position: Int,
        replacing replaced: Int64
    ) throws {
        let selected = try Int64.fetchOne(
            database,
            sql: "SELECT path FROM main.conversations WHERE number = ?",
            arguments: [conversation]
        )
        // Has the greatest number of all paths, so it is the last selected one of those with the same version.
        try database.execute(
            sql: """
                INSERT INTO main.paths (conversation, parent, forks_at, selected_at)
                    SELECT number, ?, ?, path_version FROM main.conversations WHERE number = ?
                """,
            arguments: [path, position, conversation]
        )
        let fork = database.lastInsertedRowID
        try database.execute(
            sql: "UPDATE main.conversations SET path = ?, path_count = path_count + 1 WHERE number = ?",
            arguments: [fork, conversation]
        )
        // A second regeneration of the same answer returns to the path of the first one.
        try database.execute(
            sql: "UPDATE main.runs SET path = ?, replaces = ? WHERE number = ?",
            arguments: [fork, selected == path ? replaced : selected, run]
        )
    }
}
