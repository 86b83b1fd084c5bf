"""Every operation × every caller × own and foreign objects, made from the OpenAPI document."""
import base64
import copy
import hashlib
import hmac
import http.client
import itertools
import json
import os
import time
import urllib.parse

import pytest

from authorization import ADMINS_ONLY, CALLERS, FOREIGN, IDENTIFIED, NAMES, SHARED, SHARED_OPERATIONS, expected, kinds
from servers import LIMIT, Parley

OWNERS = {"user": "alice", "key": "alice", "other": "bob", "admin": "root", "revoked": "alice", "expired": "alice",
          "nobody": "alice"}
COUNT = itertools.count()


@pytest.fixture(scope="module")
def guarded(own_fakes, tmp_path_factory):
    parley = Parley(tmp_path_factory.mktemp("guarded"), AUTH_MODE="required", DEFAULT_MODEL="openai/gpt-4o-mini",
                    RATE_LIMIT_PER_MINUTE="0", RATE_LIMIT_PER_HOUR="0", MAX_CONCURRENT_RUNS="0",
                    OPENAI_BASE_URL=own_fakes.urls["openai"] + "/v1", OPENAI_API_KEY="sk-of-the-fake",
                    OLLAMA_BASE_URL=own_fakes.urls["ollama"])
    yield parley
    parley.stop()


def signed(secret, **claims):
    def encoded(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")
    text = encoded(b'{"alg":"HS256","typ":"JWT"}') + b"." + encoded(json.dumps(claims).encode())
    return (text + b"." + encoded(hmac.new(secret.encode(), text, hashlib.sha256).digest())).decode()


class Callers:
    """The credential of each caller, and objects of each user."""

    def __init__(self, parley):
        self.parley = parley
        self.tokens = {name: parley.token(name) for name in ("alice", "bob")}
        self.tokens["root"] = parley.token("root", "--role", "admin")
        keys = [parley.v1("POST", "/keys", self.tokens["alice"], {"name": f"key {n}"}) for n in range(2)]
        parley.v1("DELETE", f"/keys/{keys[1]['id']}", self.tokens["alice"])
        with open(os.path.join(parley.data, "jwt-secret")) as file:
            secret = file.read().strip()
        expired = signed(secret, iss="parley", user_id="alice", iat=1, exp=int(time.time()) - 1)
        # The same token without the past expiry is accepted: only that makes the other one invalid.
        assert self.status("GET", "/api/v1/keys", bearer=signed(
            secret, iss="parley", user_id="alice", exp=int(time.time()) + 600)) == 200
        bearers = {"user": self.tokens["alice"], "other": self.tokens["bob"], "admin": self.tokens["root"],
                   "expired": expired}
        self.headers = {name: {"Authorization": f"Bearer {bearer}"} for name, bearer in bearers.items()}
        self.headers |= {"nobody": {}, "key": {"X-API-Key": keys[0]["key"]}, "revoked": {"X-API-Key": keys[1]["key"]}}
        self.persona = parley.v1("GET", "/influencers?limit=1", self.tokens["alice"])["influencers"][0]["id"]

    def status(self, method, target, bearer=None, headers=None, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.parley.port, timeout=LIMIT)
        try:
            headers = dict(headers or {})
            if bearer:
                headers["Authorization"] = f"Bearer {bearer}"
            if body is not None:
                headers["Content-Type"] = "application/json"
            connection.request(method, target, body=json.dumps(body) if body is not None else None, headers=headers)
            response = connection.getresponse()
            self.last = response.read(4000)
            return response.status
        finally:
            connection.close()

    def objects(self, wanted, owner):
        """A new object of each kind, which the request may change or delete."""
        token, made = self.tokens[owner], {"name": owner, "model": "openai/gpt-4o-mini", "file": "page.js",
                                           "influencer": self.persona}
        if wanted & {"conversation", "message", "run"}:
            conversation = self.parley.v1("POST", "/chat/conversations", token,
                                          {"influencer_id": self.persona, "new": True})["id"]
            turn = self.parley.v1("POST", f"/chat/conversations/{conversation}/messages", token,
                                  {"content": f"Hello {next(COUNT)}"})
            made |= {"conversation": conversation, "message": turn["user_message"]["id"],
                     "answer": turn["assistant_message"]["id"], "run": turn["user_message"]["run_id"]}
        if "thread" in wanted:
            made["thread"] = self.answer("POST", "/conversation", token)["id"]
        if "agent" in wanted:
            made["agent"] = self.answer("POST", "/prompt?prompt=Hello", token)["conversation_id"]
        if "session" in wanted:
            made["session"] = self.answer("GET", f"/?username={owner}", token)["session_id"]
        if "memory" in wanted:
            made["memory"] = self.parley.v1("POST", "/memories", token, {"text": f"Likes {next(COUNT)}"})["id"]
        if "key" in wanted:
            made["key"] = self.parley.v1("POST", "/keys", token, {"name": f"key {next(COUNT)}"})["id"]
        if "job" in wanted:
            made["job"] = self.parley.v1("POST", "/models/pulls", self.tokens["root"],
                                         {"model": "ollama/llama3.2"})["id"]
        return made


    def influencer(self):
        """A new influencer, which may be changed and deleted."""
        return self.parley.v1("POST", "/influencers", self.tokens["root"], {
            "name": f"tester-{next(COUNT)}", "display_name": "Tester", "description": "Tests.", "category": "tests",
            "system_instructions": "You test."})["id"]

    def answer(self, method, target, token):
        status = self.status(method, target, bearer=token)
        assert status == 200, (target, status, self.last)
        return json.loads(self.last)


@pytest.fixture(scope="module")
def callers(guarded):
    return Callers(guarded)


@pytest.fixture(scope="module")
def document(callers):
    connection = http.client.HTTPConnection("127.0.0.1", callers.parley.port, timeout=LIMIT)
    connection.request("GET", "/openapi.json")
    return json.loads(connection.getresponse().read())


def body_of(operation):
    """The example of the request's body."""
    content = operation.get("requestBody", {}).get("content", {})
    return copy.deepcopy(content.get("application/json", {}).get("example"))


def named_places(operation):
    """Where the request names a user: `query user`, `body username`."""
    queries = [f"query {one['name']}" for one in operation.get("parameters", [])
               if one["in"] == "query" and one["name"] in NAMES]
    return queries + [f"body {name}" for name in body_of(operation) or {} if name in NAMES]


def requests(document):
    """Each operation, and each with foreign objects or a foreign name; with its access level and its query."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            name = f"{method.upper()} {path}"
            known = {one["name"] for one in operation.get("parameters", [])}
            variants = [(query, access) for query, access in SHARED_OPERATIONS.get(name, [({}, operation["x-access"])])
                        if set(query) <= known]
            levels = set(operation["x-access"].split(" or "))
            assert levels == {access for _, access in variants}, f"{name}: declare {levels} in authorization.py"
            for query, access in variants:
                yield method.upper(), path, operation, access, query, None
                if any(kind in FOREIGN for kind in kinds(path).values()):
                    yield method.upper(), path, operation, access, query, "object"
                for place in named_places(operation):
                    if name not in SHARED_OPERATIONS or place.split()[1] in query:
                        yield method.upper(), path, operation, access, query, place


def send(callers, caller, method, path, operation, fixed_query, foreign):
    wanted = kinds(path)
    owner = OWNERS[caller]
    stranger = "bob" if owner == "alice" else "alice"
    made = callers.objects(set(wanted.values()), stranger if foreign == "object" else owner)
    # An answer is regenerated, a question is edited.
    if path.endswith("/regenerate"):
        made["message"] = made["answer"]
    if "influencer" in wanted.values() and method != "GET":
        made["influencer"] = callers.influencer()
    if method == "DELETE":
        made["model"] = "ollama/llama3.2:latest"
    target = path
    for name, kind in wanted.items():
        target = target.replace(f"{{{name}}}", urllib.parse.quote(made[kind], safe=""))
    body = body_of(operation)
    query = {one["name"]: one.get("example", owner) for one in operation.get("parameters", [])
             if one["in"] == "query" and one.get("required")}
    query |= {name: owner if value == "NAME" else value for name, value in fixed_query.items()}
    for place in named_places(operation):
        part, name = place.split()
        used = stranger if place == foreign else owner
        if part == "body":
            body[name] = used
        elif place == foreign or name in query:
            query[name] = used
    if isinstance(body, dict) and "influencer_id" in body:
        body["influencer_id"] = callers.persona
    if f"{method} {path}" not in ADMINS_ONLY and str((body or {}).get("model", "demo"))[:4] != "demo":
        body["model"] = "openai/gpt-4o-mini"
    if isinstance(body, dict) and "text" in body:
        # Two memories of a user differ.
        body["text"] += f" {next(COUNT)}"
    if query:
        target += "?" + urllib.parse.urlencode(query)
    return callers.status(method, target, headers=callers.headers[caller], body=body)


def test_every_operation_for_every_caller(callers, document):
    wrong, count = [], 0
    for method, path, operation, access, query, foreign in requests(document):
        name = f"{method} {path}"
        for caller in CALLERS if foreign is None else IDENTIFIED:
            count += 1
            status = send(callers, caller, method, path, operation, query, foreign)
            wanted = expected(name, path, access, caller, foreign is not None)
            allowed = status < 400 if wanted is None else status == wanted
            if not allowed:
                wrong.append(f"{name} as {caller}, {foreign or 'own'}: {status}, not {wanted or 'allowed'}: "
                             f"{callers.last[:200]}")
    print(f"{count} requests")
    assert not wrong, "\n".join(wrong)
    assert count > 300


def test_documented_security_is_the_access_level(document):
    """In the mode `required`, `security` says who needs a credential."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            needs_none = operation["security"] == [] or {} in operation["security"]
            levels = operation["x-access"].split(" or ")
            assert needs_none == any(level in ("unchecked", "anyone", "adminOrLoopback") for level in levels), path


def test_every_kind_is_used_and_declared(document):
    used = {kind for path in document["paths"] for kind in kinds(path).values()}
    assert used <= SHARED | set(FOREIGN) | {"message", "run"}
