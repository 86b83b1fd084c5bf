#!/usr/bin/env python3
"""Measures the search in memories: 100,000 of one user and 100,000 of many users.

    Benchmarks/memories.py [BIN] [--memories N] [--users N] [--queries N]

BIN is a folder of executables (default: .build/release). The services use the built-in models. Client and services share the
machine; compare only figures of one run.
"""
import argparse
import os
import random
import sqlite3
import sys
import tempfile
import threading
import time
import urllib.parse

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "Tests", "Stack"))
sys.path.insert(0, HERE)

from large_store_bench import Client, milliseconds, timed  # noqa: E402
from stack import Stack  # noqa: E402

WRITERS = 16
SYLLABLES = [a + b for a in "bcdfghjklmnprstvwz" for b in "aeiou"]


def vocabulary(count=20_000):
    """Made-up words; the first ones are used most."""
    source = random.Random(1)
    words = set()
    while len(words) < count:
        words.add("".join(source.choice(SYLLABLES) for _ in range(source.randint(2, 4))))
    return sorted(words)


WORDS = vocabulary()


def word(source):
    """A word whose frequency falls with its rank, as in natural texts."""
    return WORDS[min(len(WORDS) - 1, int(len(WORDS) ** source.random()) - 1)]


def fact(source):
    return f"The user's {word(source)} is " + " ".join(word(source) for _ in range(10))


def fill(stack, owners):
    """Creates one memory for each name in `owners`, on several connections."""
    owners, lock, errors = iter(owners), threading.Lock(), []

    def write(number):
        source, clients = random.Random(number), {}
        try:
            while True:
                with lock:
                    owner = next(owners, None)
                if owner is None:
                    return
                if owner not in clients:
                    clients[owner] = Client(stack.port, owner)
                clients[owner].ask("POST", "/api/v1/memories", {"text": fact(source)})
        except (AssertionError, OSError) as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors[0]
    return time.monotonic() - start


def wait_until_embedded(stack):
    start = time.monotonic()
    while True:
        with sqlite3.connect(f"file:{stack.data}/conversation.sqlite?mode=ro", uri=True, timeout=30) as database:
            left, = database.execute("SELECT COUNT(*) FROM memories WHERE embedding = 0").fetchone()
        if left == 0:
            return time.monotonic() - start
        time.sleep(0.5)


def queries(kind, count):
    source = random.Random(kind)
    for _ in range(count):
        if kind == "a rare word":
            yield WORDS[source.randrange(len(WORDS) // 2, len(WORDS))]
        elif kind == "the most frequent words":
            yield " ".join(WORDS[:3])
        else:
            yield " ".join(word(source) for _ in range(8))


def search(client, text, limit=8):
    return client.ask("GET", f"/api/v1/memories?limit={limit}&q=" + urllib.parse.quote(text))["memories"]


def together(clients, texts):
    """Every client sends its share of the queries at the same time; the durations, and queries per second."""
    durations, lock = [], threading.Lock()

    def ask(number):
        for text in texts[number::len(clients)]:
            own = timed(lambda: search(clients[number], text))
            with lock:
                durations.extend(own)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(clients))]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return durations, len(durations) / (time.monotonic() - start)


def measure(stack, users, count, report):
    clients = [Client(stack.port, user) for user in users]
    report("first search after the start", milliseconds(timed(lambda: search(clients[0], "zuzuzu"))))
    for kind in ("a rare word", "the most frequent words", "eight words"):
        texts = list(queries(kind, count))
        each = [timed(lambda: search(clients[index % len(clients)], text))[0] for index, text in enumerate(texts)]
        report(f"search for {kind}, 1 client", milliseconds(each))
    eight = [Client(stack.port, users[index % len(users)]) for index in range(8)]
    durations, rate = together(eight, list(queries("eight words", count * 2)))
    report("the same, 8 clients", f"{rate:.0f}/s, {milliseconds(durations)}")
    report("create a memory", milliseconds(timed(lambda: clients[0].ask("POST", "/api/v1/memories", {"text": fact(random)}), 100)))
    source = random.Random(5)
    clients[0].open_new()
    message = {"content": "Tell me about " + " ".join(word(source) for _ in range(8))}
    turns = timed(lambda: clients[0].ask("POST", clients[0].path + "/messages", message), count)
    report("a turn with memories, 1 client", milliseconds(turns))
    report("memory of conversation-svc", f"{stack.memory('conversation-svc'):.0f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("binaries", nargs="?", default=".build/release", metavar="BIN")
    parser.add_argument("--memories", type=int, default=100_000)
    parser.add_argument("--users", type=int, default=1000, help="number of users who share the second set")
    parser.add_argument("--queries", type=int, default=300)
    options = parser.parse_args()

    def report(name, value):
        print(f"{name:<44} {value}", flush=True)

    for count in (1, options.users):
        users = [f"user-{number}" for number in range(count)]
        print(f"== {options.memories} memories of {count} user(s)", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            stack = Stack(options.binaries, folder, os.path.join(folder, "up.log"), RATE_LIMIT_PER_MINUTE="0",
                          RATE_LIMIT_PER_HOUR="0", MAX_CONCURRENT_RUNS="0", LOG_LEVEL="warning", AUTH_MODE="open",
                          DEFAULT_MODEL="demo/demo")
            try:
                stack.start()
                # One below the maximum of a user, so that more can be created.
                total = options.memories - 200 if count == 1 else options.memories
                seconds = fill(stack, (users[number % count] for number in range(total)))
                report("memories created per second", f"{total / seconds:.0f}")
                report("embedded, after the last creation", f"{wait_until_embedded(stack):.1f} s")
                report("the file", f"{os.path.getsize(folder + '/conversation.sqlite') / 1e6:.0f} MB")
                stack.stop()
                report("start until ready", f"{stack.start():.2f} s")
                measure(stack, users[:50], options.queries, report)
                if count == 1:
                    other = Client(stack.port, "nobody")
                    other.open_new()
                    body = {"content": "Tell me about something"}
                    turns = timed(lambda: other.ask("POST", other.path + "/messages", body), options.queries)
                    report("a turn of a user without memories, 1 client", milliseconds(turns))
                    cleared = timed(lambda: Client(stack.port, users[0]).ask("DELETE", "/api/v1/memories"))
                    report("delete all", milliseconds(cleared))
            finally:
                stack.stop()


if __name__ == "__main__":
    main()
