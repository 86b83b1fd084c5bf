"""Every request of the documents of the re-implemented services, in open mode and with credentials."""
import json
import time
from pathlib import Path

import pytest

from seeds import FILES, check, compare, curl, insert, request_body, save
from targets import DEMO


class Client:
    """Sends the steps of a file to a server, as a user where credentials are required."""

    def __init__(self, parley, is_open, user):
        self.parley, self.is_open, self.user, self.saved = parley, is_open, user, {}
        self.url = f"localhost:{parley.port}"
        self.tokens = {}

    def token(self, user, role):
        if (user, role) not in self.tokens:
            self.tokens[user, role] = self.parley.token(user, *(["--role", role] if role else []))
        return self.tokens[user, role]

    def send(self, step, user=None, role=None):
        headers = dict(step.get("headers", {}))
        if user:
            headers["Authorization"] = "Bearer " + self.token(user, role)
        return curl(self.url, step["method"], insert(step["path"], self.saved), headers,
                    request_body(step, self.saved), step.get("flags", ()))

    def run(self, step):
        if self.is_open:
            answer = self.send(step)
        else:
            self.check_access(step)
            answer = self.send(step, self.user, "admin" if step.get("admin") else None)
        check(answer, step)
        save(answer, step, self.saved)

    def check_access(self, step):
        """Requests without a credential, and those of users who may not send them."""
        if step.get("access") == "anyone":
            return
        assert self.send(step).status in (401, 307)
        if step.get("admin"):
            assert self.send(step, self.user).status == 403
        if step.get("names_user"):
            assert self.send(step, "another").status == 403
            assert self.send(step, "another", "admin").status == step["status"]


@pytest.mark.parametrize("mode", ["open", "required"])
@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_requests_of_a_document(file, mode, request):
    seed = json.loads(file.read_text())
    # The demo model follows the document's example; the fake OpenAI calls every tool that it is given.
    guarded = "strict" if seed.get("needs_demo") else "required"
    parley = request.getfixturevalue("parley" if mode == "open" else guarded)
    client = Client(parley, mode == "open", seed["user"])
    for step in seed["steps"]:
        try:
            client.run(step)
        except AssertionError as error:
            raise AssertionError(f"{step['name']}: {error}") from error


def test_memory_file_of_a_user(parley):
    """The readable mirror of seed 000 follows the conversation, in the document's format."""
    user, url = "../reader of files", f"localhost:{parley.port}"
    file = Path(parley.data) / "conversationMemory" / "%2E.%2Freader%20of%20files_memory.txt"
    texts = []
    for text in ("What is the meaning of life?", "Can you elaborate on happiness?"):
        body = json.dumps({"model": DEMO, "text": text, "username": user})
        answer = curl(url, "POST", "/api/prompt/", {"Content-Type": "application/json"}, body)
        assert answer.status == 200
        texts.append(f"User: {text}\nAI: {answer.json['text']}\n")
    wait_until(lambda: file.exists() and file.read_text() == "\n".join(texts))


def wait_until(condition, limit=60):

    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, "The condition was not met in time."
        time.sleep(0.02)


@pytest.mark.parametrize("found, expected, is_like", [
    ({"a": 1, "b": "x"}, {"a": "$int", "b": "$text"}, True),
    ({"b": "x", "a": 1}, {"a": "$int", "b": "$text"}, False),
    ({"a": 1, "b": "x", "c": 1}, {"a": "$int", "b": "$text"}, False),
    (True, "$int", False), (1, True, False), (1.0, 1, False), (None, None, True), ("", "$text", False),
    ([1, 2], ["$each", "$int"], True), ([], ["$each", "$int"], False), ([1, "x"], ["$each", "$int"], False),
    ([1], [1, 2], False), ("2023-12-04T17:28:52.678004Z", "$microseconds-z", True),
    ("2023-12-04T17:28:52.678000", "$milliseconds", True), ("2023-12-04T17:28:52", "$milliseconds", True),
    ("2023-12-04T17:28:52.678004", "$milliseconds", False), ("ab", "$re:a.", True), ("abc", "$re:a.", False),
])
def test_comparison(found, expected, is_like):
    try:
        compare(found, expected)
    except AssertionError:
        assert not is_like
    else:
        assert is_like
