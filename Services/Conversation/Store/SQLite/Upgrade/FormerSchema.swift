import GRDB

/// The schemas of versions 1 to 5, as numbered migrations; they never change.
///
/// A file with one of these versions is first brought to version 5 and then copied to the current ``Schema``, see
/// ``SchemaUpgrade``.
enum FormerSchema {
    static var migrator: DatabaseMigrator {
        // No check of the whole file: its references are enforced on every write.
        var migrator = DatabaseMigrator().disablingDeferredForeignKeyChecks()
        migrator.registerMigration("0001 conversations, messages and runs") { database in
            try database.execute(sql: first)
        }
        migrator.registerMigration("0002 branches and request keys") { database in
            try database.execute(sql: second)
        }
        migrator.registerMigration("0003 keys, usage and quotas") { database in
            try database.execute(sql: third)
        }
        migrator.registerMigration("0004 limits of answers") { database in
            try database.execute(sql: "ALTER TABLE reservations ADD COLUMN answer_limit INTEGER")
        }
        migrator.registerMigration("0005 conversations that were held elsewhere") { database in
            try database.execute(sql: fifth)
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

    private static let second = """
        ALTER TABLE messages ADD COLUMN branch INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE messages ADD COLUMN sibling INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE messages ADD COLUMN is_chosen INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE conversations ADD COLUMN path_version INTEGER NOT NULL DEFAULT 0;
        UPDATE messages SET parent = (
            SELECT p.id FROM messages p WHERE p.conversation = messages.conversation
                AND p.position < messages.position ORDER BY p.position DESC LIMIT 1
        ) WHERE role = 'user';
        DROP INDEX messages_by_place;
        CREATE UNIQUE INDEX messages_by_place ON messages (conversation, position, branch);
        CREATE UNIQUE INDEX messages_by_id ON messages (id);

        CREATE TABLE runs_of_messages (
            number INTEGER NOT NULL PRIMARY KEY,
            message INTEGER NOT NULL REFERENCES messages (number),
            id TEXT NOT NULL,
            status TEXT NOT NULL,
            last_event INTEGER NOT NULL,
            answer INTEGER,
            replaces INTEGER,
            cuts TEXT,
            ending TEXT,
            created_at INTEGER NOT NULL,
            ended_at INTEGER
        ) STRICT;
        INSERT INTO runs_of_messages (message, id, status, last_event, answer, cuts, ending, created_at, ended_at)
            SELECT message, id, status, last_event, answer, cuts, ending, created_at, ended_at FROM runs ORDER BY message;
        DROP TABLE runs;
        ALTER TABLE runs_of_messages RENAME TO runs;
        CREATE UNIQUE INDEX runs_by_id ON runs (id);
        CREATE INDEX runs_by_message ON runs (message);
        CREATE INDEX runs_going ON runs (number) WHERE status IN ('queued', 'running');

        CREATE TABLE request_keys (
            conversation INTEGER NOT NULL REFERENCES conversations (number),
            route TEXT NOT NULL,
            key TEXT NOT NULL,
            run TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            PRIMARY KEY (conversation, route, key)
        ) WITHOUT ROWID, STRICT;
        CREATE INDEX request_keys_by_age ON request_keys (created_at);
        """

    private static let third = """
        ALTER TABLE messages ADD COLUMN metadata TEXT;

        CREATE TABLE api_keys (
            number INTEGER NOT NULL PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            digest TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            user TEXT NOT NULL,
            role TEXT NOT NULL,
            requests_per_minute INTEGER,
            requests_per_hour INTEGER,
            concurrent_runs INTEGER,
            created_at INTEGER NOT NULL,
            expires_at INTEGER,
            last_used_at INTEGER
        ) STRICT;
        CREATE INDEX api_keys_by_user ON api_keys (user, number);
        ALTER TABLE runs ADD COLUMN api_key TEXT;
        ALTER TABLE runs ADD COLUMN model TEXT;

        CREATE TABLE usage (
            user TEXT NOT NULL,
            day INTEGER NOT NULL,
            api_key TEXT NOT NULL,
            model TEXT NOT NULL,
            requests INTEGER NOT NULL,
            prompt_tokens INTEGER NOT NULL,
            completion_tokens INTEGER NOT NULL,
            estimated_tokens INTEGER NOT NULL,
            cost INTEGER,
            unpriced_requests INTEGER NOT NULL,
            PRIMARY KEY (user, day, api_key, model)
        ) WITHOUT ROWID, STRICT;
        CREATE INDEX usage_by_day ON usage (day);
        CREATE INDEX usage_by_key ON usage (api_key, day);

        CREATE TABLE usage_batches (
            id TEXT NOT NULL PRIMARY KEY,
            created_at INTEGER NOT NULL
        ) WITHOUT ROWID, STRICT;
        CREATE INDEX usage_batches_by_age ON usage_batches (created_at);

        CREATE TABLE quotas (
            subject TEXT NOT NULL PRIMARY KEY,
            period TEXT NOT NULL,
            requests INTEGER,
            tokens INTEGER,
            cost INTEGER,
            concurrent_runs INTEGER,
            changed_at INTEGER NOT NULL
        ) WITHOUT ROWID, STRICT;

        CREATE TABLE reservations (
            id TEXT NOT NULL PRIMARY KEY,
            user TEXT NOT NULL,
            api_key TEXT NOT NULL,
            model TEXT NOT NULL,
            prompt_tokens INTEGER NOT NULL,
            completion_tokens INTEGER NOT NULL,
            cost INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            expires_at INTEGER
        ) WITHOUT ROWID, STRICT;
        CREATE INDEX reservations_by_user ON reservations (user);
        CREATE INDEX reservations_by_key ON reservations (api_key);
        CREATE INDEX reservations_by_end ON reservations (expires_at) WHERE expires_at IS NOT NULL;
        """

    private static let fifth = """
        ALTER TABLE conversations ADD COLUMN instructions TEXT;
        ALTER TABLE messages ADD COLUMN tools TEXT;
        """
}
