import GRDB

/// The database schema.
///
/// Messages of all conversations are appended to shared tables, so concurrent turns change few pages and commits are
/// small. `messages` has one narrow row per message; the text and everything else that may be long is in `contents` and
/// never changes.
///
/// The messages of a conversation form a tree: `parent` is the number of the preceding message and never changes; for
/// the first messages it is minus the conversation's number. `sibling` is the index among the messages with the same
/// parent and role.
///
/// A conversation has one or more paths. A path consists of the rows with its number in `path_messages` and, below
/// `forks_at`, of its parent path. So a fork costs one row, and no path is ever rewritten. The conversation's `path` is
/// the selected one; `path_version` counts its changes, and `selected_at` is the version at which a path was last
/// selected. `message_count` is the number of messages on it, `total_count` the number on all paths. The messages of a path have increasing positions, without gaps as long as every question was answered
/// before the next one was stored; ``PathRows/reserve`` positions are left free for an answer that is stored later. A
/// message has the same position on all paths; `path` is the first one it was stored on.
///
/// The `state` of a conversation is 0, or 1 while it is being imported, or 2 after its deletion, until its rows are
/// deleted.
///
/// Events are stored only while their run is unfinished. For a finished run, `cuts` has the sizes of the events of each
/// step, and the text is in the step's message. `owner` is the number of the process that may change the run.
///
/// `counters` has the numbers of stored objects, which are too many to be counted for each request, and the number of the
/// last change of a key or quota.
///
/// An empty `api_key` in `usage` and `reservations` means that no key was used. A reservation exists from before a
/// model is called until its usage is known; the commit that deletes it adds the usage.
enum Schema {
    /// Creates the tables and indexes in an empty database.
    static func create(in database: GRDB.Database) throws {
        try createTables(in: database)
        try database.execute(sql: indexes)
        try setVersion(in: database)
    }

    /// Creates the tables without the indexes.
    static func createTables(in database: GRDB.Database) throws {
        try database.execute(sql: conversations)
        try database.execute(sql: runs)
        try database.execute(sql: access)
        try database.execute(sql: memories)
    }

    /// Marks the database as complete and of the current version.
    static func setVersion(in database: GRDB.Database) throws {
        try database.execute(
            sql: """
                PRAGMA application_id = \(SchemaVersion.applicationID);
                PRAGMA user_version = \(SchemaVersion.current);
                """
        )
    }

    private static let conversations = """
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
            updated_at INTEGER NOT NULL,
            status TEXT NOT NULL DEFAULT 'active',
            tools TEXT NOT NULL DEFAULT '[]',
            prompt_form TEXT NOT NULL DEFAULT 'messages'
        ) WITHOUT ROWID, STRICT;

        CREATE TABLE conversations (
            number INTEGER NOT NULL PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            user TEXT NOT NULL,
            persona TEXT NOT NULL REFERENCES personas (id),
            state INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            used_at INTEGER NOT NULL,
            path INTEGER NOT NULL,
            path_version INTEGER NOT NULL,
            path_count INTEGER NOT NULL,
            message_count INTEGER NOT NULL,
            total_count INTEGER NOT NULL,
            has_instructions INTEGER NOT NULL,
            read_at INTEGER
        ) STRICT;

        CREATE TABLE conversation_instructions (
            conversation INTEGER NOT NULL PRIMARY KEY REFERENCES conversations (number),
            text TEXT NOT NULL
        ) STRICT;

        CREATE TABLE paths (
            number INTEGER NOT NULL PRIMARY KEY,
            conversation INTEGER NOT NULL,
            parent INTEGER,
            forks_at INTEGER NOT NULL,
            selected_at INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE path_messages (
            path INTEGER NOT NULL,
            position INTEGER NOT NULL,
            message INTEGER NOT NULL,
            PRIMARY KEY (path, position)
        ) WITHOUT ROWID, STRICT;

        CREATE TABLE messages (
            number INTEGER NOT NULL PRIMARY KEY,
            id TEXT NOT NULL,
            conversation INTEGER NOT NULL,
            path INTEGER NOT NULL,
            position INTEGER NOT NULL,
            parent INTEGER NOT NULL,
            sibling INTEGER NOT NULL,
            role TEXT NOT NULL,
            status TEXT NOT NULL,
            run TEXT,
            token_count INTEGER,
            bytes INTEGER NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE contents (
            message INTEGER NOT NULL PRIMARY KEY,
            kind TEXT NOT NULL,
            text TEXT NOT NULL,
            media_urls TEXT,
            audio_url TEXT,
            audio_seconds INTEGER,
            metadata TEXT,
            tools TEXT,
            reasoning TEXT,
            cuts TEXT
        ) STRICT;
        """

    private static let runs = """
        CREATE TABLE owners (
            number INTEGER NOT NULL PRIMARY KEY,
            started_at INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE runs (
            number INTEGER NOT NULL PRIMARY KEY,
            id TEXT NOT NULL,
            conversation INTEGER NOT NULL,
            message INTEGER,
            purpose TEXT,
            path INTEGER,
            replaces INTEGER,
            owner INTEGER NOT NULL,
            status TEXT NOT NULL,
            options TEXT,
            model TEXT,
            api_key TEXT,
            last_event INTEGER NOT NULL,
            step INTEGER,
            step_event INTEGER NOT NULL DEFAULT 1,
            answer INTEGER,
            ending TEXT,
            created_at INTEGER NOT NULL,
            ended_at INTEGER
        ) STRICT;

        CREATE TABLE run_events (
            number INTEGER NOT NULL PRIMARY KEY,
            run TEXT NOT NULL,
            first INTEGER NOT NULL,
            lines BLOB NOT NULL
        ) STRICT;

        CREATE TABLE set_aside (
            kind TEXT NOT NULL,
            number INTEGER NOT NULL,
            reason TEXT NOT NULL,
            found_at INTEGER NOT NULL,
            PRIMARY KEY (kind, number)
        ) WITHOUT ROWID, STRICT;

        CREATE TABLE request_keys (
            scope TEXT NOT NULL,
            route TEXT NOT NULL,
            key TEXT NOT NULL,
            result TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            PRIMARY KEY (scope, route, key)
        ) WITHOUT ROWID, STRICT;
        """

    static let creationIndex = """
        CREATE INDEX conversations_by_creation ON conversations (persona, user, number) WHERE state = 0;
        """

    /// Created after the rows of a former file are copied, which is faster than filling them row by row.
    static let indexes = """
        \(creationIndex)
        \(memoryIndexes)
        CREATE INDEX conversations_by_user ON conversations (user, used_at, number) WHERE state = 0;
        CREATE INDEX conversations_by_persona ON conversations (persona, user, used_at, number) WHERE state = 0;
        CREATE INDEX conversations_to_purge ON conversations (number) WHERE state != 0;
        CREATE INDEX paths_by_conversation ON paths (conversation);
        CREATE UNIQUE INDEX messages_by_id ON messages (id);
        CREATE INDEX messages_by_parent ON messages (parent, role, sibling);
        CREATE UNIQUE INDEX runs_by_id ON runs (id);
        CREATE INDEX runs_by_message ON runs (message) WHERE message IS NOT NULL;
        CREATE INDEX runs_without_question ON runs (conversation) WHERE message IS NULL;
        CREATE INDEX runs_unfinished ON runs (conversation, number) WHERE status IN ('queued', 'running');
        CREATE INDEX run_events_by_run ON run_events (run, first);
        CREATE INDEX request_keys_by_age ON request_keys (created_at);
        CREATE INDEX api_keys_by_user ON api_keys (user, number);
        CREATE INDEX usage_by_day ON usage (day);
        CREATE INDEX usage_by_key ON usage (api_key, day);
        CREATE INDEX usage_batches_by_age ON usage_batches (created_at);
        CREATE INDEX reservations_by_user ON reservations (user);
        CREATE INDEX reservations_by_key ON reservations (api_key);
        CREATE INDEX reservations_by_end ON reservations (expires_at) WHERE expires_at IS NOT NULL;
        """
}
