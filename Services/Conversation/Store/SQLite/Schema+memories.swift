extension Schema {
    /// The tables of memories.
    ///
    /// `conversation` is the number of the conversation that a memory is known from, until that is deleted.
    ///
    /// `embedding` of a memory is the number of the model that embedded it, or 0. A memory that could not be embedded by that
    /// model has no vector. Words are stored as hashes. The owner of cleared memories has no user until their rows are
    /// deleted.
    static let memories = """
        CREATE TABLE memory_owners (
            number INTEGER NOT NULL PRIMARY KEY,
            user TEXT UNIQUE,
            memory_count INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE memories (
            number INTEGER NOT NULL PRIMARY KEY,
            id TEXT NOT NULL,
            owner INTEGER NOT NULL,
            text TEXT NOT NULL,
            digest INTEGER NOT NULL,
            source TEXT NOT NULL,
            conversation INTEGER,
            message TEXT,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            embedding INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE memory_words (
            owner INTEGER NOT NULL,
            word INTEGER NOT NULL,
            memory INTEGER NOT NULL,
            PRIMARY KEY (owner, word, memory)
        ) WITHOUT ROWID, STRICT;

        CREATE TABLE embedding_models (
            number INTEGER NOT NULL PRIMARY KEY,
            name TEXT NOT NULL,
            dimensions INTEGER NOT NULL,
            UNIQUE (name, dimensions)
        ) STRICT;

        CREATE TABLE memory_signatures (
            owner INTEGER NOT NULL,
            memory INTEGER NOT NULL,
            model INTEGER NOT NULL,
            bits BLOB NOT NULL,
            PRIMARY KEY (owner, memory)
        ) WITHOUT ROWID, STRICT;

        CREATE TABLE memory_vectors (
            memory INTEGER NOT NULL PRIMARY KEY,
            owner INTEGER NOT NULL,
            model INTEGER NOT NULL,
            vector BLOB NOT NULL
        ) STRICT;
        """

    /// The indexes of these tables.
    static let memoryIndexes = """
        CREATE UNIQUE INDEX memories_by_id ON memories (id);
        CREATE INDEX memories_by_owner ON memories (owner, number);
        CREATE INDEX memories_by_text ON memories (owner, digest);
        CREATE INDEX memories_by_conversation ON memories (conversation) WHERE conversation IS NOT NULL;
        CREATE INDEX memories_by_embedding ON memories (embedding, number DESC);
        """
}
