"""The processes that the clients talk to: the fake providers, and `parley up` in front of them."""
import importlib.util
import json
import os
import subprocess
import threading
import time
import urllib.request

from processes import clean_environment, end
from stack import Stack

BIN = os.path.abspath(os.environ.get("BIN", ".build/debug"))
LIMIT = 90  # seconds until anything counts as hung
# litellm brings the vocabulary cl100k_base under the name that tiktoken gives its downloads.
TOKENIZERS = os.path.join(os.path.dirname(importlib.util.find_spec("litellm").origin), "litellm_core_utils", "tokenizers")
VOCABULARY = os.path.join(TOKENIZERS, "9b5ad71b2ce5302211f9c61530b329a4922fc6a4")
os.environ["TIKTOKEN_CACHE_DIR"] = TOKENIZERS
UNREACHABLE = "http://127.0.0.1:9"  # nothing listens there


class FakeProviders:
    """The fake provider servers, which are controlled by lines of JSON on their standard input."""

    def __init__(self):
        self.process = subprocess.Popen([os.path.join(BIN, "fake-providers")], env=clean_environment(), text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.lock = threading.Lock()
        self.urls = json.loads(self.process.stdout.readline())

    def send(self, **command):
        with self.lock:
            self.process.stdin.write(json.dumps(command) + "\n")
            self.process.stdin.flush()
            report = json.loads(self.process.stdout.readline())
        assert "fault" not in report, report["fault"]
        return report

    def answer(self, server, containing, *answers):
        """Sets how a server answers the next requests whose body contains a text."""
        self.send(server=server, containing=containing, answers=answers)

    def requests(self, server, containing):
        """The requests to a server whose body contains a text, in order, with their bodies decoded."""
        requests = self.send(server=server, containing=containing)["requests"]
        for request in requests:
            request["json"] = json.loads(request["body"]) if request["body"] else None
        return requests

    def request(self, server, containing):
        """The only request whose body contains a text."""
        requests = self.requests(server, containing)
        assert len(requests) == 1, f"{server} received {len(requests)} requests: {requests}"
        return requests[0]

    def until(self, server, containing, condition, limit=LIMIT):
        """Waits until the last request that contains a text meets a condition. Returns the seconds this took."""
        start = time.monotonic()
        while True:
            requests = self.requests(server, containing)
            if requests and condition(requests[-1]):
                return time.monotonic() - start
            assert time.monotonic() - start < limit, f"{server} received no such request within {limit} s: {requests}"
            time.sleep(0.005)

    def stop(self):
        self.process.stdin.close()
        end(self.process)


class Parley(Stack):
    """`parley up` in a folder of its own, ready when it is constructed."""

    def __init__(self, folder, **settings):
        folder = str(folder)
        super().__init__(BIN, os.path.join(folder, "data"), os.path.join(folder, "up.log"), folder=folder, HOME=folder,
                         RUN_TIMEOUT="60s", **settings)
        self.start()

    def token(self, user, *options):
        return self.command("token", "--user", user, *options)

    def v1(self, method, path, token, value=None, **headers):
        """Calls the native API and returns the decoded response."""
        body = json.dumps(value).encode() if value is not None else None
        request = urllib.request.Request(self.url + "/api/v1" + path, body, method=method, headers={
            "authorization": f"Bearer {token}", "content-type": "application/json",
            **{name.replace("_", "-"): text for name, text in headers.items()}})
        with urllib.request.urlopen(request, timeout=LIMIT) as response:
            return json.load(response)
