#!/usr/bin/env python3
"""Creates a large database of conversations, with schema version 5, for large_store_bench.py and for tests of migrations.

    Benchmarks/large_store.py FILE [--conversations N] [--of-one-user N] [--long-messages N] [--messages N]

The user `many` has many conversations of three messages, the user `long` one conversation with many messages, which are stored
between those of the others, as if they had come over the months. Every answer has its run. With the defaults the file has
0.9 GB. FILE.json names the rows that a benchmark asks for. Needs Python's standard library only.
"""
import argparse
import json
import os
import random
import sqlite3
import time

# The schema that the migrations 0001 to 0005 create. It never changes.
TABLES = """
    CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
    CREATE TABLE personas (id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE, display_name TEXT NOT NULL,
        avatar_url TEXT NOT NULL, description TEXT NOT NULL, category TEXT NOT NULL, instructions TEXT NOT NULL,
        traits TEXT NOT NULL, greeting TEXT NOT NULL, suggested_messages TEXT NOT NULL, is_active INTEGER NOT NULL,
        created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL) WITHOUT ROWID, STRICT;
    CREATE TABLE conversations (number INTEGER NOT NULL PRIMARY KEY, id TEXT NOT NULL UNIQUE, user TEXT NOT NULL,
        persona TEXT NOT NULL REFERENCES personas (id), created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
        used_at INTEGER NOT NULL, message_count INTEGER NOT NULL, path_version INTEGER NOT NULL DEFAULT 0,
        instructions TEXT) STRICT;
    CREATE TABLE messages (number INTEGER NOT NULL PRIMARY KEY,
        conversation INTEGER NOT NULL REFERENCES conversations (number), position INTEGER NOT NULL, id TEXT NOT NULL,
        role TEXT NOT NULL, kind TEXT NOT NULL, content TEXT NOT NULL, media_urls TEXT, audio_url TEXT,
        audio_seconds INTEGER, status TEXT NOT NULL, parent TEXT, run TEXT, token_count INTEGER,
        created_at INTEGER NOT NULL, branch INTEGER NOT NULL DEFAULT 0, sibling INTEGER NOT NULL DEFAULT 0,
        is_chosen INTEGER NOT NULL DEFAULT 1, metadata TEXT, tools TEXT) STRICT;
    CREATE TABLE run_events (number INTEGER NOT NULL PRIMARY KEY, run TEXT NOT NULL, first INTEGER NOT NULL,
        lines BLOB NOT NULL) STRICT;
    CREATE TABLE runs (number INTEGER NOT NULL PRIMARY KEY, message INTEGER NOT NULL REFERENCES messages (number),
        id TEXT NOT NULL, status TEXT NOT NULL, last_event INTEGER NOT NULL, answer INTEGER, replaces INTEGER, cuts TEXT,
        ending TEXT, created_at INTEGER NOT NULL, ended_at INTEGER, api_key TEXT, model TEXT) STRICT;
    CREATE TABLE request_keys (conversation INTEGER NOT NULL REFERENCES conversations (number), route TEXT NOT NULL,
        key TEXT NOT NULL, run TEXT NOT NULL, created_at INTEGER NOT NULL,
        PRIMARY KEY (conversation, route, key)) WITHOUT ROWID, STRICT;
    CREATE TABLE api_keys (number INTEGER NOT NULL PRIMARY KEY, id TEXT NOT NULL UNIQUE, digest TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL, user TEXT NOT NULL, role TEXT NOT NULL, requests_per_minute INTEGER, requests_per_hour INTEGER,
        concurrent_runs INTEGER, created_at INTEGER NOT NULL, expires_at INTEGER, last_used_at INTEGER) STRICT;
    CREATE TABLE usage (user TEXT NOT NULL, day INTEGER NOT NULL, api_key TEXT NOT NULL, model TEXT NOT NULL,
        requests INTEGER NOT NULL, prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL,
        estimated_tokens INTEGER NOT NULL, cost INTEGER, unpriced_requests INTEGER NOT NULL,
        PRIMARY KEY (user, day, api_key, model)) WITHOUT ROWID, STRICT;
    CREATE TABLE usage_batches (id TEXT NOT NULL PRIMARY KEY, created_at INTEGER NOT NULL) WITHOUT ROWID, STRICT;
    CREATE TABLE quotas (subject TEXT NOT NULL PRIMARY KEY, period TEXT NOT NULL, requests INTEGER, tokens INTEGER,
        cost INTEGER, concurrent_runs INTEGER, changed_at INTEGER NOT NULL) WITHOUT ROWID, STRICT;
    CREATE TABLE reservations (id TEXT NOT NULL PRIMARY KEY, user TEXT NOT NULL, api_key TEXT NOT NULL, model TEXT NOT NULL,
        prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL, cost INTEGER NOT NULL,
        created_at INTEGER NOT NULL, expires_at INTEGER, answer_limit INTEGER) WITHOUT ROWID, STRICT;
"""
INDEXES = """
    CREATE INDEX conversations_by_user ON conversations (user, used_at);
    CREATE INDEX conversations_by_persona ON conversations (persona, user);
    CREATE INDEX run_events_by_run ON run_events (run, first);
    CREATE UNIQUE INDEX messages_by_place ON messages (conversation, position, branch);
    CREATE UNIQUE INDEX messages_by_id ON messages (id);
    CREATE UNIQUE INDEX runs_by_id ON runs (id);
    CREATE INDEX runs_by_message ON runs (message);
    CREATE INDEX runs_going ON runs (number) WHERE status IN ('queued', 'running');
    CREATE INDEX request_keys_by_age ON request_keys (created_at);
    CREATE INDEX api_keys_by_user ON api_keys (user, number);
    CREATE INDEX usage_by_day ON usage (day);
    CREATE INDEX usage_by_key ON usage (api_key, day);
    CREATE INDEX usage_batches_by_age ON usage_batches (created_at);
    CREATE INDEX reservations_by_user ON reservations (user);
    CREATE INDEX reservations_by_key ON reservations (api_key);
    CREATE INDEX reservations_by_end ON reservations (expires_at) WHERE expires_at IS NOT NULL;
"""
MIGRATIONS = ["0001 conversations, messages and runs", "0002 branches and request keys", "0003 keys, usage and quotas",
              "0004 limits of answers", "0005 conversations that were held elsewhere"]
PERSONAS = [f"019aa3b5-0000-7000-8000-{number:012d}" for number in range(4)]
GREETING = "Hello! What shall we talk about?"
QUESTION = "What is the meaning of life, and how sure can anybody be of it?"
ANSWER = "The meaning of life is a question that people have asked for a very long time and nobody knows for sure. " * 3
ENDING = json.dumps({"status": "completed", "model": "ollama/fake", "timing": {"queue": 0.1, "firstToken": 2, "upstream": 3, "total": 4},
                     "usage": {"promptTokens": 100, "completionTokens": 60, "isEstimated": False},
                     "context": {"messagesUsed": 2, "messagesLeftOut": 0, "tokensEstimated": 100, "window": 8192},
                     "attempts": [{"model": "ollama/fake", "outcome": "answered", "milliseconds": 3}], "finishReason": "stop"})
CUTS = " ".join(["5"] * 60)
START, SPAN = 1_767_225_600_000_000, 25_000_000_000_000  # microseconds: the first of January of 2026, and ten months
BATCH = 20_000


class Writer:
    """Collects rows and inserts them in batches."""

    def __init__(self, database):
        self.database, self.random = database, random.Random(5)
        self.rows = {"conversations": [], "messages": [], "runs": []}
        self.message = self.run = 0

    def identifier(self, at):
        """A UUID of version 7."""
        milliseconds, bits = at // 1000, self.random.getrandbits(74)
        return (f"{milliseconds >> 16:08x}-{milliseconds & 0xFFFF:04x}-7{bits >> 62:03x}-"
                f"{0x8000 | bits >> 48 & 0x3FFF:04x}-{bits & 0xFFFFFFFFFFFF:012x}")

    def add(self, table, *values):
        rows = self.rows[table]
        rows.append(values)
        if len(rows) == BATCH:
            self.flush(table)

    def flush(self, table):
        rows, columns = self.rows[table], {
            "conversations": "number, id, user, persona, created_at, updated_at, used_at, message_count",
            "messages": "number, conversation, position, id, role, kind, content, status, parent, run, token_count, created_at",
            "runs": "number, message, id, status, last_event, answer, cuts, ending, created_at, ended_at, model",
        }[table]
        marks = ", ".join("?" * (columns.count(",") + 1))
        self.database.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
        rows.clear()

    def greeting(self, conversation, at):
        """Adds the first message of a conversation and returns its id."""
        self.message += 1
        id = self.identifier(at)
        self.add("messages", self.message, conversation, 0, id, "assistant", "text", GREETING, "completed", None, None, 12, at)
        return id

    def exchange(self, conversation, position, parent, at):
        """Adds a question and its answer, and returns their ids."""
        question, answer, run = (self.identifier(at + number) for number in (0, 2000, 1000))
        self.message, self.run = self.message + 2, self.run + 1
        self.add("messages", self.message - 1, conversation, position, question, "user", "text", QUESTION, "completed", parent, run, 20, at)
        self.add("messages", self.message, conversation, position + 1, answer, "assistant", "text", ANSWER, "completed", question, run, 60,
                 at + 2000)
        self.add("runs", self.run, self.message - 1, run, "completed", 62, self.message, CUTS, ENDING, at, at + 2000, "ollama/fake")
        return question, answer


def fill(writer, options):
    """Adds all rows, and returns those that a benchmark asks for."""
    count, pairs = options.conversations, options.long_messages // 2
    step = SPAN // count
    long = {"user": "long", "conversation": writer.identifier(START)}
    parent, pair = writer.greeting(1, START), 0
    others = max(0, options.messages - options.long_messages - 3 * options.of_one_user) // 3
    many = used = 0
    for number in range(2, count + 1):
        at = START + number * step
        is_many = many * (count - 1) < options.of_one_user * (number - 1)
        has_messages = is_many or used * (count - options.of_one_user) < others * (number - 1 - many)
        many, used = many + is_many, used + (has_messages and not is_many)
        user = "many" if is_many else f"user-{number % (count // 3 + 1)}"
        writer.add("conversations", number, writer.identifier(at), user, writer.random.choice(PERSONAS), at, at, at, 3 if has_messages else 0)
        if has_messages:
            writer.exchange(number, 1, writer.greeting(number, at), at)
        while pair * (count - 1) < pairs * (number - 1):
            question, parent = writer.exchange(1, 2 * pair + 1, parent, at + 10_000)
            if pair == 1:
                long["earlyQuestion"] = question
            if pair == pairs // 2:
                long["middleQuestion"] = question
            pair += 1
    end = START + SPAN
    writer.add("conversations", 1, long["conversation"], long["user"], PERSONAS[0], START, end, end, 2 * pair + 1)
    for table in writer.rows:
        writer.flush(table)
    return {"many": {"user": "many", "persona": PERSONAS[1], "conversations": many}, "long": {**long, "messages": 2 * pair + 1}}


def create(options):
    database = sqlite3.connect(options.file, isolation_level=None)
    # The file is of no use until it is complete.
    database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; BEGIN;" + TABLES)
    database.executemany("INSERT INTO grdb_migrations VALUES (?)", [(one,) for one in MIGRATIONS])
    database.executemany(
        "INSERT INTO personas VALUES (?, ?, ?, '', 'A persona of the benchmark.', 'other', 'You answer questions.', '{}', ?, '[]', 1, ?, ?)",
        [(id, f"bench-{number}", f"Bench {number}", GREETING, START, START) for number, id in enumerate(PERSONAS)])
    names = fill(Writer(database), options)
    database.executescript(INDEXES)  # which commits first
    names["counts"] = {table: database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
                       for table in ("conversations", "messages", "runs")}
    database.close()
    with open(options.file + ".json", "w") as file:
        json.dump(names, file, indent=1)
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file")
    parser.add_argument("--conversations", type=int, default=1_000_000)
    parser.add_argument("--of-one-user", type=int, default=100_000, help="conversations of the user “many”")
    parser.add_argument("--long-messages", type=int, default=100_000, help="messages of the conversation of the user “long”")
    parser.add_argument("--messages", type=int, default=1_000_000, help="messages of all conversations")
    options = parser.parse_args()
    if os.path.exists(options.file):
        parser.error(f"{options.file} already exists.")
    start = time.monotonic()
    names = create(options)
    print(f"{options.file}: {names['counts']}, {os.path.getsize(options.file) / 1e6:.0f} MB, {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
