#!/usr/bin/env python3
"""Measures conversations in a large database, for one or more builds, on a copy of the file for each.

    Benchmarks/large_store_bench.py FILE BIN [BIN ...] [--seconds S]

FILE is a database of large_store.py, and FILE.json lies beside it. BIN is a folder of executables. Each build gets a copy of the
file, a fake Ollama and free ports of 127.0.0.1. Client, services and model share the machine; compare only figures of one run.
"""
import argparse
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "Tests", "Stack"))

import stack as stack_module  # noqa: E402
from processes import free_ports, memory  # noqa: E402

stack_module.START_LIMIT = 3600  # seconds: a migration of the whole file may come first
ALL = "/api/v1/chat/conversations"
PAUSE = 0.05  # seconds between two turns of a client that talks while something else is measured


class LargeStack(stack_module.Stack):
    """A stack without limits on a copy of a database, in front of a fake Ollama that answers at once."""

    def __init__(self, binaries, folder, file):
        fake_port, = free_ports(1)
        shutil.copy(file, os.path.join(folder, "conversation.sqlite"))
        super().__init__(binaries, folder, os.path.join(folder, "up.log"), folder=folder, RATE_LIMIT_PER_MINUTE="0",
                         RATE_LIMIT_PER_HOUR="0", MAX_CONCURRENT_RUNS="0", OLLAMA_BASE_URL=f"http://127.0.0.1:{fake_port}",
                         DEFAULT_MODEL="ollama/fake", LOG_LEVEL="warning", AUTH_MODE="open")
        self.fake = subprocess.Popen([sys.executable, os.path.join(HERE, "fake_ollama.py"), str(fake_port)])

    def size(self, suffix=""):
        """Size of the database file or of its log, in megabytes."""
        path = os.path.join(self.data, "conversation.sqlite" + suffix)
        return os.path.getsize(path) / 1e6 if os.path.exists(path) else 0

    def close(self):
        try:
            self.stop()
        finally:
            self.fake.kill()
            self.fake.wait()


class Client:
    """A user on one connection."""

    def __init__(self, port, user):
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        self.headers = {"content-type": "application/json"}
        self.headers["authorization"] = "Bearer " + self.ask("POST", "/auth/token", {"user_id": user})["access_token"]

    def ask(self, method, path, body=None):
        self.http.request(method, path, None if body is None else json.dumps(body), self.headers)
        response = self.http.getresponse()
        data = response.read()
        assert response.status in (200, 201, 204), (method, path, response.status, data[:500])
        return json.loads(data) if data else None

    def open_new(self):
        persona = self.ask("GET", "/api/v1/influencers")["influencers"][0]["id"]
        self.path = f"{ALL}/" + self.ask("POST", ALL, {"influencer_id": persona, "new": True})["id"]

    def turn(self):
        answer = self.ask("POST", self.path + "/messages", {"content": "What is the meaning of life?"})
        assert answer["assistant_message"]["status"] == "completed", answer


class Talkers:
    """Clients that send one message after another; collects the duration of each turn."""

    def __init__(self, stack, count, pause):
        self.pause, self.is_over, self.turns, self.errors = pause, threading.Event(), [], []
        self.clients = [Client(stack.port, f"talker-{number}") for number in range(count)]
        for client in self.clients:
            client.open_new()
            client.turn()
        self.threads = [threading.Thread(target=self.talk, args=(client,)) for client in self.clients]
        self.largest_log, self.stack = 0, stack
        self.threads.append(threading.Thread(target=self.watch_log))

    def talk(self, client):
        try:
            while not self.is_over.is_set():
                start = time.monotonic()
                client.turn()
                self.turns.append((start, time.monotonic() - start))
                self.is_over.wait(self.pause)
        except (AssertionError, OSError, http.client.HTTPException) as error:
            self.errors.append(error)

    def watch_log(self):
        while not self.is_over.wait(0.01):
            self.largest_log = max(self.largest_log, self.stack.size("-wal"))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        for thread in self.threads:
            thread.join()
        assert not self.errors, self.errors[0]

    def since(self, start):
        """The durations of the turns that began after a time."""
        return [seconds for began, seconds in self.turns if began >= start]


def timed(work, count=1):
    """The durations of calls, in seconds."""
    durations = []
    for _ in range(count):
        start = time.monotonic()
        work()
        durations.append(time.monotonic() - start)
    return durations


def milliseconds(durations):
    """Median, 99th percentile and maximum as text."""
    ordered = sorted(durations)
    if not ordered:
        return "none"
    if len(ordered) == 1:
        return f"{1000 * ordered[0]:.1f} ms"
    at = [ordered[min(len(ordered) - 1, int(len(ordered) * part))] for part in (0.5, 0.99, 1)]
    return "p50 {:.1f}, p99 {:.1f}, max {:.1f} ms".format(*(1000 * one for one in at))


def during(stack, clients, seconds, work):
    """Does `work` while clients talk, `seconds` after they began; the turns until `seconds` after its end."""
    with Talkers(stack, clients, PAUSE) as talkers:
        time.sleep(seconds)
        before = talkers.since(0)
        start = time.monotonic()
        work()
        took = time.monotonic() - start
        time.sleep(seconds)
        return took, before, talkers.since(start), talkers.largest_log


def measure(stack, names, seconds, report):
    many, long = Client(stack.port, names["many"]["user"]), Client(stack.port, names["long"]["user"])
    persona, path = names["many"]["persona"], f"{ALL}/{names['long']['conversation']}"
    for clients in (1, 16, 64):
        with Talkers(stack, clients, 0) as talkers:
            time.sleep(seconds)
        report(f"a persisted turn, {clients} clients", f"{len(talkers.turns) / seconds:.0f}/s, {milliseconds(talkers.since(0))}")
    report("open an existing conversation of the user “many”",
           milliseconds(timed(lambda: many.ask("POST", ALL, {"influencer_id": persona}), 50)))
    report("list 20 of its conversations", milliseconds(timed(lambda: many.ask("GET", ALL + "?limit=20"), 20)))
    middle = names["many"]["conversations"] // 2
    report("list 20 in the middle, by offset", milliseconds(timed(lambda: many.ask("GET", f"{ALL}?limit=20&offset={middle}"), 20)))
    report("the open /status", milliseconds(timed(lambda: many.ask("GET", "/status"), 10)))
    before = f"{path}/messages?limit=50&before={names['long']['middleQuestion']}"
    report("a page in the middle of the long conversation", milliseconds(timed(lambda: long.ask("GET", before), 50)))
    offset = f"{path}/messages?limit=50&offset={names['long']['messages'] // 2}"
    report("the same by offset", milliseconds(timed(lambda: long.ask("GET", offset), 20)))
    question = f"{path}/messages/{names['long']['earlyQuestion']}"
    for name, work in (
        ("edit the second question", lambda: long.ask("POST", question + "/edit", {"content": "What else?"})),
        ("select the path of before", lambda: long.ask("POST", question + "/select", {})),
        ("delete the long conversation", lambda: long.ask("DELETE", path)),
    ):
        took, alone, together, log = during(stack, 64, seconds, work)
        report(f"{name}, while 64 clients talk", milliseconds([took]))
        report("  their turns before", milliseconds(alone))
        report("  their turns meanwhile, and after", milliseconds(together))
        report("  largest log", f"{log:.0f} MB")
    report("memory of conversation-svc", f"{memory(stack.service_pids()['conversation-svc']):.0f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file")
    parser.add_argument("binaries", nargs="+", metavar="BIN")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--folder", help="folder for the copies; default: that of temporary files")
    options = parser.parse_args()
    with open(options.file + ".json") as file:
        names = json.load(file)
    results = {}
    for index, binaries in enumerate(options.binaries):
        print(f"== {binaries}", flush=True)

        def report(name, value):
            # Two rows may have the same name, in different sections.
            results.setdefault((name, sum(1 for key in results if key[0] == name and index in results[key])), {})[index] = value
            print(f"{name:<52} {value}", flush=True)

        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            stack = LargeStack(binaries, folder, options.file)
            try:
                report("the file", f"{stack.size():.0f} MB")
                report("start until ready, with the migration", f"{stack.start():.1f} s")
                report("the file after the start", f"{stack.size():.0f} MB")
                stack.stop()
                report("start until ready, again", f"{stack.start():.2f} s")
                measure(stack, names, options.seconds, report)
            finally:
                stack.close()
    if len(options.binaries) > 1:
        print("\n| | " + " | ".join(options.binaries) + " |")
        print("|---" * (1 + len(options.binaries)) + "|")
        for (name, _), values in results.items():
            print(f"| {name.strip()} | " + " | ".join(values.get(index, "") for index in range(len(options.binaries))) + " |")


if __name__ == "__main__":
    main()
