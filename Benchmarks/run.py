"""Starts a release build with a fake Ollama on free ports of 127.0.0.1, and measures it.

Client, services and model share the machine, so the figure that counts is the processor time of the services, read from /proc.
Prints one line per figure, and stops every process that it has started.
"""
import http.client
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import uuid

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "Tests", "Stack"))

from processes import SERVICES, cpu_seconds, end, free_ports  # noqa: E402
from stack import Stack  # noqa: E402

BIN, SECONDS = os.path.realpath(sys.argv[1]), float(sys.argv[2])


class BenchmarkStack(Stack):
    """A stack without limits in front of a fake Ollama that answers at once."""

    def __init__(self, data):
        fake_port, = free_ports(1)
        super().__init__(BIN, data, os.path.join(data, "up.log"), RATE_LIMIT_PER_MINUTE="0", RATE_LIMIT_PER_HOUR="0",
                         MAX_CONCURRENT_RUNS="0", OLLAMA_BASE_URL=f"http://127.0.0.1:{fake_port}", DEFAULT_MODEL="ollama/fake",
                         LOG_LEVEL="warning")
        self.fake = subprocess.Popen([sys.executable, os.path.join(HERE, "fake_ollama.py"), str(fake_port)])
        try:
            self.start_seconds = self.start()
        except BaseException:
            self.close_fake()
            raise

    def all_cpu_seconds(self):
        """Processor time of each service so far."""
        return {service: cpu_seconds(pid) for service, pid in self.service_pids().items()}

    def close(self):
        try:
            self.stop()
        finally:
            self.close_fake()

    def close_fake(self):
        self.fake.kill()
        self.fake.wait()


class Client:
    """A user with one conversation on one connection."""

    def __init__(self, port, user):
        self.http = http.client.HTTPConnection("127.0.0.1", port)
        self.headers = {"content-type": "application/json"}
        self.headers["authorization"] = "Bearer " + self.post("/auth/token", {"user_id": user})["access_token"]
        self.http.request("GET", "/api/v1/influencers")
        persona = json.load(self.http.getresponse())["influencers"][0]["id"]
        self.id = self.post("/api/v1/chat/conversations", {"influencer_id": persona, "new": True})["id"]

    def post(self, path, body):
        self.http.request("POST", path, json.dumps(body), self.headers)
        return json.load(self.http.getresponse())

    def turn(self):
        answer = self.post(f"/api/v1/chat/conversations/{self.id}/messages", {"content": "What is the meaning of life?"})
        assert answer["assistant_message"]["status"] == "completed", answer


def measure_turns(stack, clients, seconds):
    """Turns per second, and microseconds of processor time of each service per turn."""
    users = [Client(stack.port, f"user{i}-{uuid.uuid4()}") for i in range(clients)]
    counts, deadline = [0] * clients, time.monotonic() + seconds

    def talk(index):
        while time.monotonic() < deadline:
            users[index].turn()
            counts[index] += 1

    threads = [threading.Thread(target=talk, args=(i,)) for i in range(clients)]
    before, start = stack.all_cpu_seconds(), time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed, after, total = time.monotonic() - start, stack.all_cpu_seconds(), sum(counts)
    return total / elapsed, {name: (after[name] - before[name]) * 1e6 / total for name in SERVICES if name in after}


def insert_messages(data, messages):
    """Adds conversations of 100 messages each to the database of a stopped stack."""
    database = sqlite3.connect(os.path.join(data, "conversation.sqlite"))
    persona = database.execute("SELECT id FROM personas LIMIT 1").fetchone()[0]
    now = int(time.time() * 1e6)
    for _ in range(messages // 100):
        number = database.execute(
            "INSERT INTO conversations (id,user,persona,created_at,updated_at,used_at,message_count) VALUES (?,?,?,?,?,?,?)",
            (str(uuid.uuid4()), "somebody", persona, now, now, now, 100)).lastrowid
        database.executemany(
            "INSERT INTO messages (conversation,position,id,role,kind,content,status,created_at) VALUES (?,?,?,?,?,?,?,?)",
            [(number, i + 1, str(uuid.uuid4()), "user" if i % 2 == 0 else "assistant", "text", "word " * 40, "completed", now)
             for i in range(100)])
    database.commit()
    database.close()


class BusBenchmark:
    """Client and server of the bus without the services, one process each."""

    def __init__(self):
        self.server = subprocess.Popen([os.path.join(BIN, "bus-benchmark"), "serve"], stdout=subprocess.PIPE, text=True)
        self.port = self.server.stdout.readline().strip()

    def measure(self, mode, seconds):
        """Operations per second, and microseconds of processor time of both processes per operation."""
        client = subprocess.Popen([os.path.join(BIN, "bus-benchmark"), mode, self.port, str(seconds)], stdout=subprocess.PIPE, text=True)
        assert client.stdout.readline().strip() == "begin"
        before, start = cpu_seconds(self.server.pid) + cpu_seconds(client.pid), time.monotonic()
        # The client exits right after it has printed its count, so its processor time is read shortly before.
        time.sleep(seconds - 0.05)
        elapsed, after = time.monotonic() - start, cpu_seconds(self.server.pid) + cpu_seconds(client.pid)
        count = int(client.stdout.readline().split()[1]) * elapsed / seconds
        client.wait(10)
        return count / elapsed, (after - before) * 1e6 / count

    def close(self):
        self.server.terminate()
        end(self.server)


def report(name, value):
    print(f"{name:<44} {value}", flush=True)


def benchmark_bus():
    bus = BusBenchmark()
    try:
        for mode, name in (("call", "a bus call, 64 callers"), ("stream", "a bus stream's element, 64 streams of 50/s")):
            rate, cost = bus.measure(mode, SECONDS)
            report(name, f"{rate:.0f}/s, {cost:.1f} us CPU in both processes")
    finally:
        bus.close()


def benchmark_empty_database(data):
    """Returns the processor time of a turn with 16 clients, in microseconds."""
    stack = BenchmarkStack(data)
    try:
        report("ready after, first start", f"{stack.start_seconds * 1000:.0f} ms")
        time.sleep(2)
        report("idle memory of all six processes (PSS)", f"{stack.total_memory():.0f} MB")
        measure_turns(stack, 8, 2)
        totals = {}
        for clients in (1, 16, 64):
            rate, costs = measure_turns(stack, clients, SECONDS)
            totals[clients] = sum(costs.values())
            parts = ", ".join(f"{name} {cost:.0f}" for name, cost in costs.items() if cost >= 1)
            report(f"turns at {clients} clients", f"{rate:.0f}/s, {totals[clients]:.0f} us CPU a turn ({parts})")
        report("memory after that (PSS)", f"{stack.total_memory():.0f} MB")
        return totals[16]
    finally:
        stack.close()


def benchmark_full_database(data, cost_when_empty):
    insert_messages(data, 1_000_000)
    stack = BenchmarkStack(data)
    try:
        report("ready after, with 1,000,000 messages stored", f"{stack.start_seconds * 1000:.0f} ms")
        measure_turns(stack, 8, 2)
        cost = sum(measure_turns(stack, 16, SECONDS)[1].values())
        report("a turn with 1,000,000 messages stored", f"{cost:.0f} us CPU, {cost / cost_when_empty:.2f} times")
    finally:
        stack.close()


def main():
    benchmark_bus()
    with tempfile.TemporaryDirectory() as data:
        benchmark_full_database(data, benchmark_empty_database(data))


main()
