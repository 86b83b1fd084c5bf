"""Constant load on the gateway: each worker sends its next call when the last one has ended, and records every call."""
import http.client
import json
import math
import threading
import time
from dataclasses import dataclass

CALL_LIMIT = 30  # seconds until a worker gives a call up


@dataclass
class Call:
    path: str
    started: float
    ended: float
    error: str | None

    @property
    def seconds(self):
        return self.ended - self.started


class Worker(threading.Thread):
    """A client with one connection. Half of the workers call /v1, the others write messages to a conversation."""

    def __init__(self, number, port, token, calls, stopping):
        super().__init__(daemon=True)
        self.number, self.port, self.token, self.calls, self.stopping = number, port, token, calls, stopping
        self.connection = None
        self.conversation = None if number % 2 else self.new_conversation()

    def run(self):
        while not self.stopping.is_set():
            path, body = self.next_request()
            started, error = time.monotonic(), None
            try:
                error = self.error_of(*self.request("POST", path, body))
            except (OSError, http.client.HTTPException) as failure:
                error = repr(failure)
            if error:
                self.connection = None
            self.calls.append(Call(path.split("/")[-1], started, time.monotonic(), error))

    def next_request(self):
        if self.conversation:
            return f"/api/v1/chat/conversations/{self.conversation}/messages", {"content": "Hello"}
        return "/v1/chat/completions", {"model": "demo/demo", "messages": [{"role": "user", "content": "Hello"}]}

    @staticmethod
    def error_of(status, answer):
        """Why a call counts as failed; `None` for a complete answer."""
        if status != 200:
            return f"{status} {answer.get('message') or answer.get('error', {}).get('message')}"
        if "assistant_message" in answer:
            state = answer["assistant_message"]["status"]
            return None if state == "completed" else f"the answer is {state}"
        return None if answer["choices"][0]["finish_reason"] == "stop" else "the answer is cut"

    def new_conversation(self):
        personas = self.request("GET", "/api/v1/influencers")[1]["influencers"]
        return self.request("POST", "/api/v1/chat/conversations", {"influencer_id": personas[0]["id"], "new": True})[1]["id"]

    def request(self, method, path, body=None):
        if not self.connection:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=CALL_LIMIT)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        self.connection.request(method, path, json.dumps(body) if body else None, headers)
        response = self.connection.getresponse()
        return response.status, json.loads(response.read() or b"null")


class Load:
    """A number of workers, from `with` to its end."""

    def __init__(self, port, token, workers):
        self.calls, self.stopping = [], threading.Event()
        self.workers = [Worker(number, port, token, self.calls, self.stopping) for number in range(workers)]

    def __enter__(self):
        for worker in self.workers:
            worker.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        deadline = time.monotonic() + CALL_LIMIT + 5
        for worker in self.workers:
            worker.join(max(0, deadline - time.monotonic()))


def percentile(calls, part):
    """A percentile of the durations in seconds; infinite without calls."""
    ordered = sorted(call.seconds for call in calls) or [math.inf]
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]
