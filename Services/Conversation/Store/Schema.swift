import GRDB

/// The tables, by numbered migrations that are only ever added to.
///
/// Rows of one conversation lie together: `messages` and `runs` are keyed by their conversation first, so that the cost of
/// a turn or a page does not depend on how much else is stored.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("0001 conversations, messages and runs") { database in
            try database.execute(sql: first)
        }
        return migrator
    }

    private static let first = """
        CREATE TABLE personas (
            id TEXT NOT NULL PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            display_name TEXT NOT NULL,
            avatar_url TEXT NOT NULL,
            description TEXT NOT NULL,
            category TEXT NOT NULL,
            instructions TEXT NOT NULL,
            traits TEXT NOT NULL,
            greeting TEXT NOT NULL,
            suggested_messages TEXT NOT NULL,
            is_active INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL
        ) WITHOUT ROWID, STRICT;

        CREATE TABLE conversations (
            id TEXT NOT NULL PRIMARY KEY,
            user TEXT NOT NULL,
            persona TEXT NOT NULL REFERENCES personas (id),
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            message_count INTEGER NOT NULL
        ) WITHOUT ROWID, STRICT;
        CREATE INDEX conversations_by_user ON conversations (user, updated_at);
        CREATE INDEX conversations_by_persona ON conversations (persona, user);

        CREATE TABLE messages (
            conversation TEXT NOT NULL REFERENCES conversations (id),
            position INTEGER NOT NULL,
            id TEXT NOT NULL,
            role TEXT NOT NULL,
            kind TEXT NOT NULL,
            content TEXT NOT NULL,
            media_urls TEXT,
            audio_url TEXT,
            audio_seconds INTEGER,
            status TEXT NOT NULL,
            parent TEXT,
            run TEXT,
            token_count INTEGER,
            created_at INTEGER NOT NULL,
            PRIMARY KEY (conversation, position)
        ) WITHOUT ROWID, STRICT;

        CREATE TABLE runs (
            conversation TEXT NOT NULL REFERENCES conversations (id),
            id TEXT NOT NULL,
            status TEXT NOT NULL,
            model TEXT,
            user_position INTEGER NOT NULL,
            user_message TEXT NOT NULL,
            assistant_message TEXT,
            last_event INTEGER NOT NULL,
            prompt_tokens INTEGER,
            completion_tokens INTEGER,
            is_usage_estimated INTEGER,
            fault TEXT,
            created_at INTEGER NOT NULL,
            ended_at INTEGER,
            PRIMARY KEY (conversation, id)
        ) WITHOUT ROWID, STRICT;
        CREATE INDEX runs_going ON runs (conversation, id) WHERE status IN ('queued', 'running');

        CREATE TABLE run_events (
            conversation TEXT NOT NULL,
            run TEXT NOT NULL,
            first INTEGER NOT NULL,
            last INTEGER NOT NULL,
            lines BLOB NOT NULL,
            PRIMARY KEY (conversation, run, first)
        ) WITHOUT ROWID, STRICT;
        """
}
