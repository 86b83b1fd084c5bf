-- The schema of version 6, with a few rows.

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
    state INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL,
    path INTEGER NOT NULL,
    path_version INTEGER NOT NULL,
    path_count INTEGER NOT NULL,
    message_count INTEGER NOT NULL,
    total_count INTEGER NOT NULL,
    has_instructions INTEGER NOT NULL
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

INSERT INTO personas (id, name, display_name, avatar_url, description, category, instructions, traits, greeting, suggested_messages, is_active, created_at, updated_at) VALUES
    ('019aa3b5-e818-7910-beeb-8da1658eec67', 'maya-kitchen', 'Maya Fernandes', '/maya.svg', 'A home cook.', 'cooking', 'Be friendly.', '{"energy":"warm"}', 'Hi!', '["What can I cook?"]', 1, 1763683199000000, 1763683199000000),
    ('019aa3b5-ec00-7e22-ae78-9e6aa1b965f4', 'assistant', 'Assistant', '/assistant.svg', 'A model without a character of its own.', 'assistant', 'You answer what is asked.', '{}', '', '[]', 0, 1763683200000000, 1763683200000000);
INSERT INTO conversations (number, id, user, persona, state, created_at, updated_at, used_at, path, path_version, path_count, message_count, total_count, has_instructions) VALUES
    (1, '01a226ba-b50e-79d8-907a-3d22d1e1b021', 'alice', '019aa3b5-e818-7910-beeb-8da1658eec67', 0, 1795946099982946, 1795946101009109, 1795946101007170, 1, 0, 1, 3, 3, 0),
    (2, '01a226ba-b912-7fc4-99a5-064d959eee27', 'alice', '019aa3b5-ec00-7e22-ae78-9e6aa1b965f4', 0, 1795946101011239, 1795946101011239, 1795946101011239, 2, 0, 1, 0, 0, 1);
INSERT INTO conversation_instructions VALUES (2, 'Be brief.');
INSERT INTO paths VALUES (1, 1, NULL, 0, 0), (2, 2, NULL, 0, 0);
INSERT INTO path_messages VALUES (1, 0, 1), (1, 1, 2), (1, 2, 3);
INSERT INTO messages VALUES
    (1, '01a226ba-b50e-7d73-a2f3-0f1c54e10ccd', 1, 1, 0, -1, 0, 'assistant', 'completed', NULL, 1, 3, 1795946099982946),
    (2, '01a226ba-b512-776e-8cc8-5c16cdc4ba94', 1, 1, 1, 1, 0, 'user', 'completed', '01a226ba-b512-74ee-996c-f1419d8e44ee', 5, 3, 1795946099986793),
    (3, '01a226ba-b516-705b-9858-05df95be66e0', 1, 1, 2, 2, 0, 'assistant', 'completed', '01a226ba-b512-74ee-996c-f1419d8e44ee', 2, 3, 1795946099990553);
INSERT INTO contents (message, kind, text) VALUES (1, 'text', 'Hi!'), (2, 'text', 'One'), (3, 'text', 'uno');
INSERT INTO runs (number, id, conversation, message, purpose, path, replaces, owner, status, options, model, api_key, last_event, step, answer, ending, created_at, ended_at) VALUES
    (1, '01a226ba-b512-74ee-996c-f1419d8e44ee', 1, 2, NULL, 1, NULL, 0, 'completed', '{"model":"demo/demo","temperature":0.5}', 'demo/demo', NULL, 3, NULL, 3, '{}', 1795946099986793, 1795946099990553);
INSERT INTO request_keys VALUES ('conversation 01a226ba-b50e-79d8-907a-3d22d1e1b021', 'messages', 'k1', '01a226ba-b512-74ee-996c-f1419d8e44ee', 1795946099986793);
INSERT INTO counters VALUES ('conversations', 2), ('messages', 3), ('conversations with 019aa3b5-e818-7910-beeb-8da1658eec67', 1), ('conversations with 019aa3b5-ec00-7e22-ae78-9e6aa1b965f4', 1);

PRAGMA application_id = 0x5061726C;
PRAGMA user_version = 6;
