import GRDB

extension FormerFile {
    /// Creates a file with two turns of an earlier version, in the columns that it has.
    static func createSmall(at path: String, version: Int) throws {
        try create(at: path, version: version) { database in
            try database.execute(
                sql: """
                    INSERT INTO personas VALUES ('p', 'p', 'P', '', '', '', 'x', '{}', 'Hi', '[]', 1, 1, 1);
                    INSERT INTO conversations (number, id, user, persona, created_at, updated_at, used_at, message_count)
                        VALUES (7, 'c', 'alice', 'p', 1, 2, 3, 5);
                    INSERT INTO messages (number, conversation, position, id, role, kind, content, status, parent, run,
                            created_at) VALUES
                        (1, 7, 0, 'm1', 'assistant', 'text', 'Hi', 'completed', NULL, NULL, 1),
                        (2, 7, 1, 'm2', 'user', 'text', 'One', 'completed', \(version == 1 ? "NULL" : "'m1'"), 'r1', 2),
                        (3, 7, 2, 'm3', 'assistant', 'text', 'uno', 'completed', 'm2', 'r1', 3),
                        (4, 7, 3, 'm4', 'user', 'text', 'Two', 'completed', \(version == 1 ? "NULL" : "'m3'"), 'r2', 4),
                        (9, 7, 4, 'm5', 'assistant', 'text', 'düe', 'completed', 'm4', 'r2', 5);
                    INSERT INTO runs (message, answer, id, status, last_event, cuts, ending, created_at, ended_at) VALUES
                        (2, 3, 'r1', 'completed', 3, '3', '{}', 2, 3), (4, 9, 'r2', 'completed', 4, '2 2', '{}', 4, 5);
                    """
            )
        }
    }
}
