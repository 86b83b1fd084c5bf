import GRDB

/// The tables, by numbered migrations that are only ever added to.
///
/// Messages and runs are appended, whatever conversation they belong to: turns of many conversations at once share few
/// pages, and so a commit is small. A conversation's messages are found by a narrow index; its cost for a turn or a page
/// does not depend on how much else is stored. Events are rows only while their run goes; of a run that has ended the
/// lengths of its texts are kept (`cuts`), since the text itself is the answer's.
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
            number INTEGER NOT NULL PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            user TEXT NOT NULL,
            persona TEXT NOT NULL REFERENCES personas (id),
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            used_at INTEGER NOT NULL,
            message_count INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX conversations_by_user ON conversations (user, used_at);
        CREATE INDEX conversations_by_persona ON conversations (persona, user);

        CREATE TABLE messages (
            number INTEGER NOT NULL PRIMARY KEY,
            conversation INTEGER NOT NULL REFERENCES conversations (number),
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
            created_at INTEGER NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX messages_by_place ON messages (conversation, position);

        CREATE TABLE runs (
            message INTEGER NOT NULL PRIMARY KEY REFERENCES messages (number),
            answer INTEGER,
            id TEXT NOT NULL,
            status TEXT NOT NULL,
            last_event INTEGER NOT NULL,
            cuts TEXT,
            ending TEXT,
            created_at INTEGER NOT NULL,
            ended_at INTEGER
        ) STRICT;
        CREATE UNIQUE INDEX runs_by_id ON runs (id);
        CREATE INDEX runs_going ON runs (message) WHERE status IN ('queued', 'running');

        CREATE TABLE run_events (
            number INTEGER NOT NULL PRIMARY KEY,
            run TEXT NOT NULL,
            first INTEGER NOT NULL,
            lines BLOB NOT NULL
        ) STRICT;
        CREATE INDEX run_events_by_run ON run_events (run, first);
        """
}
