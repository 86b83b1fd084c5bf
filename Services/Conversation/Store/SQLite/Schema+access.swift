extension Schema {
    /// The tables of counters, API keys, usage and quotas.
    static let access = """
        CREATE TABLE counters (
            name TEXT NOT NULL PRIMARY KEY,
            value INTEGER NOT NULL
        ) WITHOUT ROWID, STRICT;

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

        CREATE TABLE usage_batches (
            id TEXT NOT NULL PRIMARY KEY,
            created_at INTEGER NOT NULL
        ) WITHOUT ROWID, STRICT;

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
            expires_at INTEGER,
            answer_limit INTEGER
        ) WITHOUT ROWID, STRICT;
        """
}
