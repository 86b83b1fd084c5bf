"""Starts a release build beside a stand-in for Ollama, on loopback and free ports, and measures it.

What counts is the processor time that the services take, read from /proc, since client and upstream share the machine.
Prints one line a figure; everything that is started is ended.
"""
import http.client
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import uuid

BIN, SECONDS = os.path.realpath(sys.argv[1]), float(sys.argv[2])
HERE = os.path.dirname(os.path.realpath(__file__))
TICK = os.sysconf("SC_CLK_TCK")
SERVICES = ["gateway", "conversation-svc", "inference-svc", "media-svc", "transcription-svc"]


def free_ports(count):
    held = [socket.socket() for _ in range(count)]
    for s in held:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


class Stack:
    """parley up on a data folder, until it is closed."""

    def __init__(self, data):
        *ports, fake = free_ports(6)
        names = ["GATEWAY_PORT", "CONVERSATION_PORT", "INFERENCE_PORT", "MEDIA_PORT", "TRANSCRIPTION_PORT"]
        env = dict(os.environ, DATA_DIR=data, RATE_LIMIT_PER_MINUTE="0", RATE_LIMIT_PER_HOUR="0", MAX_CONCURRENT_RUNS="0",
                   OLLAMA_BASE_URL=f"http://127.0.0.1:{fake}", DEFAULT_MODEL="ollama/fake", LOG_LEVEL="warning",
                   **{n: str(p) for n, p in zip(names, ports)})
        self.port = ports[0]
        self.fake = subprocess.Popen([sys.executable, os.path.join(HERE, "fake_ollama.py"), str(fake)])
        start = time.monotonic()
        self.parley = subprocess.Popen([os.path.join(BIN, "parley"), "up"], env=env, stdout=subprocess.PIPE, text=True)
        for line in self.parley.stdout:
            if "Parley is up" in line:
                break
        self.ready = time.monotonic() - start
        threading.Thread(target=lambda: [None for _ in self.parley.stdout], daemon=True).start()
        children = subprocess.run(["pgrep", "-P", str(self.parley.pid)], capture_output=True, text=True).stdout.split()
        self.pids = {os.path.basename(os.readlink(f"/proc/{p}/exe")): int(p) for p in children}

    def cpu(self):
        """Processor seconds of each service so far."""
        return {name: cpu_of(pid) for name, pid in self.pids.items()}

    def memory(self):
        """PSS of all processes in MB."""
        pids = list(self.pids.values()) + [self.parley.pid]
        texts = [open(f"/proc/{p}/smaps_rollup").read() for p in pids]
        return sum(int(re.search(r"^Pss:\s+(\d+)", t, re.M)[1]) for t in texts) / 1024

    def close(self):
        for process, sign in ((self.parley, signal.SIGTERM), (self.fake, signal.SIGKILL)):
            process.send_signal(sign)
            process.wait(40)


class Client:
    """One user with one conversation on one connection."""

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


def turns(stack, clients, seconds):
    """Turns a second, and microseconds of each service a turn."""
    people = [Client(stack.port, f"user{i}-{uuid.uuid4()}") for i in range(clients)]
    counts, end = [0] * clients, time.monotonic() + seconds

    def talk(index):
        while time.monotonic() < end:
            people[index].turn()
            counts[index] += 1

    threads = [threading.Thread(target=talk, args=(i,)) for i in range(clients)]
    before, start = stack.cpu(), time.monotonic()
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    elapsed, after, total = time.monotonic() - start, stack.cpu(), sum(counts)
    return total / elapsed, {n: (after[n] - before[n]) * 1e6 / total for n in SERVICES if n in after}


def fill(data, messages):
    """Adds conversations of 100 messages each, straight into the file of a stack that is stopped."""
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


class Bus:
    """The two ends of the bus alone, each a process."""

    def __init__(self):
        self.server = subprocess.Popen([os.path.join(BIN, "bus-benchmark"), "serve"], stdout=subprocess.PIPE, text=True)
        self.port = self.server.stdout.readline().strip()

    def ask(self, how, seconds):
        """How many a second, and microseconds of both ends for each."""
        client = subprocess.Popen([os.path.join(BIN, "bus-benchmark"), how, self.port, str(seconds)], stdout=subprocess.PIPE, text=True)
        assert client.stdout.readline().strip() == "begin"
        before, start = cpu_of(self.server.pid) + cpu_of(client.pid), time.monotonic()
        # The client is gone once it has said how many there were, so its time is read just before.
        time.sleep(seconds - 0.05)
        elapsed, after = time.monotonic() - start, cpu_of(self.server.pid) + cpu_of(client.pid)
        count = int(client.stdout.readline().split()[1]) * elapsed / seconds
        client.wait(10)
        return count / elapsed, (after - before) * 1e6 / count

    def close(self):
        self.server.terminate()
        self.server.wait(30)


def cpu_of(pid):
    """Processor seconds of a process so far."""
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def say(name, value):
    print(f"{name:<44} {value}", flush=True)


def main():
    bus = Bus()
    try:
        for how, what in (("call", "a bus call, 64 callers"), ("stream", "a bus stream's element, 64 streams of 50/s")):
            rate, cost = bus.ask(how, SECONDS)
            say(what, f"{rate:.0f}/s, {cost:.1f} us CPU in both processes")
    finally:
        bus.close()
    with tempfile.TemporaryDirectory() as data:
        stack = Stack(data)
        try:
            say("ready after, first start", f"{stack.ready * 1000:.0f} ms")
            time.sleep(2)
            say("idle memory of all six processes (PSS)", f"{stack.memory():.0f} MB")
            turns(stack, 8, 2)
            small = 0
            for clients in (1, 16, 64):
                rate, cost = turns(stack, clients, SECONDS)
                parts = ", ".join(f"{n} {c:.0f}" for n, c in cost.items() if c >= 1)
                say(f"turns at {clients} clients", f"{rate:.0f}/s, {sum(cost.values()):.0f} us CPU a turn ({parts})")
                small = sum(cost.values()) if clients == 16 else small
            say("memory after that (PSS)", f"{stack.memory():.0f} MB")
        finally:
            stack.close()
        fill(data, 1_000_000)
        stack = Stack(data)
        try:
            say("ready after, with 1,000,000 messages stored", f"{stack.ready * 1000:.0f} ms")
            turns(stack, 8, 2)
            _, cost = turns(stack, 16, SECONDS)
            say("a turn with 1,000,000 messages stored", f"{sum(cost.values()):.0f} us CPU, {sum(cost.values()) / small:.2f} times")
        finally:
            stack.close()


main()
