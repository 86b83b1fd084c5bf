"""The processes that the clients are let loose on: the fake providers, and parley up before them."""
import json
import os
import socket
import subprocess
import threading
import time
import urllib.request

BIN = os.path.abspath(os.environ.get("BIN", ".build/debug"))
PORTS = ["GATEWAY_PORT", "CONVERSATION_PORT", "INFERENCE_PORT", "MEDIA_PORT", "TRANSCRIPTION_PORT"]
LIMIT = 20  # seconds that anything may take
UNHEARD = "http://127.0.0.1:9"  # nobody listens there


def environment(**settings):
    return dict(PATH=os.environ["PATH"], LD_LIBRARY_PATH=os.environ.get("LD_LIBRARY_PATH", ""), **settings)


def free_ports(count):
    held = [socket.socket() for _ in range(count)]
    for s in held:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


class Fakes:
    """The fake providers: told how to answer, asked what they saw, by lines of JSON."""

    def __init__(self):
        self.process = subprocess.Popen([os.path.join(BIN, "fake-providers")], env=environment(), text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.lock = threading.Lock()
        self.urls = json.loads(self.process.stdout.readline())

    def ask(self, **command):
        with self.lock:
            self.process.stdin.write(json.dumps(command) + "\n")
            self.process.stdin.flush()
            report = json.loads(self.process.stdout.readline())
        assert "fault" not in report, report["fault"]
        return report

    def answer(self, server, holding, *answers):
        """Tells a server how to answer the next requests whose body holds a text."""
        self.ask(server=server, holding=holding, answers=answers)

    def requests(self, server, holding):
        """The requests to a server whose body held a text, in order, their bodies read."""
        requests = self.ask(server=server, holding=holding)["requests"]
        for request in requests:
            request["json"] = json.loads(request["body"]) if request["body"] else None
        return requests

    def request(self, server, holding):
        """The one request whose body held a text."""
        requests = self.requests(server, holding)
        assert len(requests) == 1, f"{server} was asked {len(requests)} times: {requests}"
        return requests[0]

    def until(self, server, holding, condition, limit=LIMIT):
        """Waits until the last request that holds a text is as wanted; answers how long that took."""
        start = time.monotonic()
        while True:
            requests = self.requests(server, holding)
            if requests and condition(requests[-1]):
                return time.monotonic() - start
            assert time.monotonic() - start < limit, f"{server} saw no such request within {limit} s: {requests}"
            time.sleep(0.005)

    def stop(self):
        self.process.stdin.close()
        end(self.process)


class Parley:
    """parley up on a folder and ports of its own."""

    def __init__(self, folder, **settings):
        self.folder = str(folder)
        ports = free_ports(5)
        self.url = f"http://127.0.0.1:{ports[0]}"
        self.environment = environment(HOME=self.folder, DATA_DIR=os.path.join(self.folder, "data"),
                                       RUN_TIMEOUT="60s", **dict(zip(PORTS, map(str, ports))), **settings)
        self.log = open(os.path.join(self.folder, "up.log"), "ab")
        self.process = subprocess.Popen([os.path.join(BIN, "parley"), "up"], env=self.environment, cwd=self.folder,
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.until_ready()

    def until_ready(self, limit=60):
        limit += time.monotonic()
        while True:
            try:
                with urllib.request.urlopen(self.url + "/readyz", timeout=LIMIT) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() > limit:
                log = open(self.log.name).read()
                self.stop()
                raise AssertionError(f"parley up did not get ready: {log}")
            time.sleep(0.05)

    def command(self, *words):
        """What parley itself prints when it is asked on the same data."""
        return subprocess.run([os.path.join(BIN, "parley"), *words], env=self.environment, cwd=self.folder, check=True,
                              capture_output=True, text=True, timeout=LIMIT).stdout.strip()

    def token(self, user, *words):
        return self.command("token", "--user", user, *words)

    def v1(self, method, path, token, value=None):
        """Asks the native interface."""
        body = json.dumps(value).encode() if value is not None else None
        request = urllib.request.Request(self.url + "/api/v1" + path, body, method=method, headers={
            "authorization": f"Bearer {token}", "content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=LIMIT) as answer:
            return json.load(answer)

    def stop(self):
        self.process.terminate()
        end(self.process)
        self.log.close()


def end(process, limit=40):
    """Waits for a process of ours, and kills it, by its id, if it does not end by itself."""
    try:
        process.wait(limit)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise
