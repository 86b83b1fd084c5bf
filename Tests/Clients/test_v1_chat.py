"""The native API: what the document of seed 003 says and its clients send, compared byte by byte where it was observed."""
import os
import re
import uuid

import pytest

from servers import UNREACHABLE, Parley
from targets import COUNT, DEMO, unique
from v1_client import CHAT, TIME, call, in_an_hour, is_compact, jwt, open_conversation

INFLUENCER = ["id", "name", "display_name", "avatar_url", "description", "category", "created_at", "conversation_count"]
CONVERSATION = ["id", "user_id", "influencer", "created_at", "updated_at", "message_count", "last_message"]
MESSAGE = ["id", "role", "content", "message_type", "media_urls", "audio_url", "audio_duration_seconds", "token_count",
           "created_at"]
SECRET = "a-secret-of-32-bytes-at-least-for-the-tests-of-tokens"


@pytest.fixture
def user(parley):
    """The name of a user with nothing stored, and a token."""
    name = f"v1-user-{next(COUNT)}"
    return name, parley.token(name)


@pytest.fixture
def token(user):
    return user[1]


@pytest.fixture(scope="module")
def admin(parley):
    return parley.token("v1-admin", "--role", "admin")


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    """A Parley whose secret for tokens is known."""
    parley = Parley(tmp_path_factory.mktemp("signed"), AUTH_MODE="required", JWT_SECRET_KEY=SECRET, DEFAULT_MODEL=DEMO,
                    JWT_ISSUER="yral_auth", OLLAMA_BASE_URL=UNREACHABLE)
    yield parley
    parley.stop()


def first_keys(value, keys):
    """Checks that the first members are these, in order."""
    assert list(value)[:len(keys)] == keys, list(value)
    return value


def send(parley, token, conversation, value, **headers):
    return call(parley, "POST", f"{CHAT}/{conversation}/messages", token, value, **headers)


def test_the_nine_steps_of_the_integration_script(parley, user):
    """Health, the first id of the list as grep finds it, token, create, list, send, history, delete."""
    name, token = user
    assert call(parley, "GET", "/health").status == 200
    listed = call(parley, "GET", "/api/v1/influencers").body.decode()
    influencer = re.search(r'"id":"([^"]*)"', listed).group(1)
    assert listed.startswith('{"influencers":[{"id":"' + influencer)
    created = call(parley, "POST", CHAT, token, {"influencer_id": influencer})
    assert created.status == 201
    conversation = re.search(r'"id":"([^"]*)"', created.body.decode()).group(1)
    assert created.json["user_id"] == name and created.json["influencer"]["id"] == influencer
    again = call(parley, "POST", CHAT, token, {"influencer_id": influencer})
    assert again.status == 200 and again.json["id"] == conversation
    assert [c["id"] for c in call(parley, "GET", CHAT, token).json["conversations"]] == [conversation]
    sent = send(parley, token, conversation, {"content": "Hello! Can you help me?", "message_type": "text"})
    assert sent.status == 200
    history = call(parley, "GET", f"{CHAT}/{conversation}/messages?limit=10", token).json
    assert [m["id"] for m in history["messages"][:2]] == [
        sent.json["assistant_message"]["id"], sent.json["user_message"]["id"]]
    deleted = call(parley, "DELETE", f"{CHAT}/{conversation}", token)
    assert deleted.body == (
        '{"success":true,"message":"Conversation deleted successfully",'
        f'"deleted_conversation_id":"{conversation}","deleted_messages_count":{history["total"]}}}').encode()
    call(parley, "GET", f"{CHAT}/{conversation}/messages", token).error(404, "not_found")


def test_influencers(parley, token):
    answer = call(parley, "GET", "/api/v1/influencers")
    assert answer.headers["content-type"] == "application/json" and is_compact(answer.body)
    page = answer.json
    assert list(page) == ["influencers", "total", "limit", "offset"] and (page["limit"], page["offset"]) == (50, 0)
    assert page["total"] == len(page["influencers"]) > 0
    for influencer in page["influencers"]:
        first_keys(influencer, INFLUENCER)
        assert influencer["conversation_count"] is None and TIME.fullmatch(influencer["created_at"])
        # What the mobile client reads without a default.
        assert all(isinstance(influencer[key], str) for key in [*INFLUENCER[:7], "is_active"])
        assert influencer["is_active"] in ("active", "coming_soon")
        assert not {"system_instructions", "personality_traits", "tools"} & influencer.keys()
    times = [influencer["created_at"] for influencer in page["influencers"]]
    assert times == sorted(times, reverse=True)
    one = page["influencers"][1]
    second = call(parley, "GET", "/api/v1/influencers?limit=1&offset=1").json
    assert second["influencers"] == [one] and (second["limit"], second["offset"]) == (1, 1)
    conversation = open_conversation(parley, token, one["id"])
    found = call(parley, "GET", f"/api/v1/influencers/{one['id']}").json
    assert found["conversation_count"] >= 1 and {**found, "conversation_count": None} == one
    for spelling in [one["id"].upper(), one["id"].replace("-", ""), "urn:uuid:" + one["id"]]:
        assert call(parley, "GET", f"/api/v1/influencers/{spelling}").json["id"] == one["id"]
    assert call(parley, "GET", f"/api/v1/influencers/{uuid.uuid4()}").error(404, "not_found") == "Influencer not found"
    call(parley, "GET", "/api/v1/influencers/maya").error(404, "not_found")
    call(parley, "DELETE", f"{CHAT}/{conversation}", token)


def test_conversations(parley, user):
    name, token = user
    people = call(parley, "GET", "/api/v1/influencers").json["influencers"]
    created = [call(parley, "POST", CHAT, token, {"influencer_id": person["id"]}) for person in people[:3]]
    greeted = created[0].json
    first_keys(greeted, CONVERSATION)
    first_keys(greeted["influencer"], INFLUENCER[:4])
    assert is_compact(created[0].body) and greeted["user_id"] == name and greeted["message_count"] == 1
    # The greeting is the first message.
    assert list(greeted["last_message"]) == ["content", "role", "created_at"]
    assert greeted["last_message"]["role"] == "assistant"
    assert greeted["last_message"]["content"] == people[0]["initial_greeting"]
    assert greeted["influencer"]["suggested_messages"] == people[0]["suggested_messages"]
    assert greeted["unread_count"] == 1 and [m["role"] for m in greeted["recent_messages"]] == ["assistant"]
    assert TIME.fullmatch(greeted["created_at"]) and TIME.fullmatch(greeted["updated_at"])
    send(parley, token, greeted["id"], {"content": "Hi", "message_type": "text"})
    page = call(parley, "GET", CHAT, token).json
    assert list(page)[:4] == ["conversations", "total", "limit", "offset"]
    assert (page["total"], page["limit"], page["offset"]) == (3, 20, 0)
    order = [created[0].json["id"], created[2].json["id"], created[1].json["id"]]
    assert [c["id"] for c in page["conversations"]] == order
    used = page["conversations"][0]
    assert used["message_count"] == 3 and used["last_message"]["role"] == "assistant"
    assert [m["role"] for m in used["recent_messages"]] == ["assistant", "user", "assistant"]
    filtered = call(parley, "GET", f"{CHAT}?influencer_id={people[1]['id']}&limit=5", token).json
    assert [c["id"] for c in filtered["conversations"]] == [created[1].json["id"]] and filtered["total"] == 1
    assert call(parley, "GET", f"{CHAT}?limit=1&offset=1", token).json["conversations"][0]["id"] == order[1]


def test_messages(parley, token):
    conversation = open_conversation(parley, token)
    text = unique('Grüße "you"\n😀')
    turn = send(parley, token, conversation, {"content": text, "message_type": "text"})
    assert turn.status == 200 and is_compact(turn.body)
    first_keys(turn.json, ["user_message", "assistant_message"])
    asked, answered = turn.json["user_message"], turn.json["assistant_message"]
    for message in (asked, answered):
        first_keys(message, MESSAGE)
        assert TIME.fullmatch(message["created_at"]) and message["message_type"] == "text"
        assert message["media_urls"] == [] and message["audio_url"] is None and message["status"] == "completed"
    assert asked["content"] == text and asked["role"] == "user" and answered["role"] == "assistant"
    assert answered["token_count"] > 0
    newest = call(parley, "GET", f"{CHAT}/{conversation}/messages", token).json
    assert list(newest)[:5] == ["conversation_id", "messages", "total", "limit", "offset"]
    assert (newest["conversation_id"], newest["total"], newest["limit"], newest["offset"]) == (conversation, 3, 50, 0)
    oldest = call(parley, "GET", f"{CHAT}/{conversation}/messages?order=asc", token).json
    assert oldest["messages"] == newest["messages"][::-1]
    assert [m["role"] for m in oldest["messages"]] == ["assistant", "user", "assistant"]
    one = call(parley, "GET", f"{CHAT}/{conversation}/messages?limit=1&offset=2&order=asc", token).json
    assert one["messages"] == [oldest["messages"][2]]


@pytest.mark.parametrize("path, ranges", [
    ("/api/v1/influencers", {"limit": ["0", "101", "x", "-1", "1.5", ""], "offset": ["-1", "x"]}),
    (CHAT, {"limit": ["0", "101", "x"], "offset": ["-1"], "influencer_id": ["x"]}),
    (CHAT + "/{id}/messages", {"limit": ["0", "201"], "offset": ["-1"], "order": ["ASC", "newest"]}),
])
def test_limits_of_lists(parley, token, path, ranges):
    path = path.replace("{id}", open_conversation(parley, token))
    for name, values in ranges.items():
        for value in values:
            assert f"`{name}`" in call(parley, "GET", f"{path}?{name}={value}", token).error(400, "bad_request")
    limit = 200 if path.endswith("messages") else 100
    assert call(parley, "GET", f"{path}?limit={limit}", token).json["limit"] == limit


# The bodies of the document.
DOCUMENTED = [
    {"content": "Your message here", "message_type": "text"},
    {"content": "Analyze this image", "message_type": "multimodal", "media_urls": ["https://example.com/image.jpg"]},
    {"message_type": "audio", "audio_url": "https://example.com/audio.mp3", "audio_duration_seconds": 15},
    {"message_type": "image", "media_urls": ["https://example.com/image.jpg"]},
]


@pytest.mark.parametrize("body", DOCUMENTED, ids=lambda body: body["message_type"])
def test_documented_messages(parley, token, body):
    conversation = open_conversation(parley, token)
    turn = send(parley, token, conversation, body).json
    stored = call(parley, "GET", f"{CHAT}/{conversation}/messages?order=asc&offset=1", token).json["messages"]
    for message in (turn["user_message"], stored[0]):
        expected = {"content": "", "media_urls": [], "audio_url": None, "audio_duration_seconds": None, **body}
        assert {key: message[key] for key in expected} == expected
    assert turn["assistant_message"]["message_type"] == "text" and turn["assistant_message"]["content"]
    assert [m["role"] for m in stored] == ["user", "assistant"]


@pytest.mark.parametrize("body, expected", [
    ({"content": "x", "message_type": "TEXT"}, {"message_type": "text"}),
    ({"content": 80, "message_type": "text"}, {"content": "80"}),
    ({"content": "  x \n", "message_type": " text "}, {"content": "x"}),
    ({"content": "x", "message_type": "text", "media_urls": None, "audio_url": None, "audio_duration_seconds": None},
     {"media_urls": [], "audio_url": None}),
    ({"content": "x", "message_type": "text", "media_urls": ["a"]}, {"media_urls": ["a"], "message_type": "text"}),
    ({"content": "x", "message_type": "multimodal", "media_urls": "a"}, {"media_urls": ["a"]}),
    ({"content": None, "message_type": "Image", "media_urls": [" a "]}, {"content": "", "media_urls": ["a"]}),
    ({"message_type": "audio", "audio_url": " a ", "audio_duration_seconds": "15"},
     {"audio_url": "a", "audio_duration_seconds": 15}),
    ({"message_type": "audio", "audio_url": "a", "audio_duration_seconds": 15.0}, {"audio_duration_seconds": 15}),
    ({"content": "x" * 4000, "message_type": "text"}, {}),
    ({"message_type": "image", "media_urls": ["a"] * 10}, {}),
    ({"message_type": "audio", "audio_url": "a", "audio_duration_seconds": 300}, {"audio_duration_seconds": 300}),
])
def test_lenient_messages(parley, token, body, expected):
    message = send(parley, token, open_conversation(parley, token), body).json["user_message"]
    assert {key: message[key] for key in expected} == expected


@pytest.mark.parametrize("body, member", [
    ({}, "content"), ({"message_type": "text"}, "content"), ({"content": " ", "message_type": "text"}, "content"),
    ({"content": "x" * 4001, "message_type": "text"}, "content"), ({"content": {}, "message_type": "text"}, "content"),
    ({"content": True, "message_type": "text"}, "content"), ({"content": "x", "message_type": "video"}, "message_type"),
    ({"content": "x", "message_type": 1}, "message_type"),
    ({"content": "x", "message_type": "multimodal"}, "media_urls"),
    ({"message_type": "image"}, "media_urls"), ({"message_type": "image", "media_urls": []}, "media_urls"),
    ({"message_type": "image", "media_urls": None}, "media_urls"),
    ({"message_type": "image", "media_urls": ["a"] * 11}, "media_urls"),
    ({"message_type": "image", "media_urls": [1]}, "media_urls"),
    ({"message_type": "audio"}, "audio_url"), ({"message_type": "audio", "audio_url": None}, "audio_url"),
    ({"message_type": "audio", "audio_url": "a", "audio_duration_seconds": 15.5}, "audio_duration_seconds"),
    ({"message_type": "audio", "audio_url": "a", "audio_duration_seconds": 301}, "audio_duration_seconds"),
    ({"message_type": "audio", "audio_url": "a", "audio_duration_seconds": -1}, "audio_duration_seconds"),
])
def test_invalid_messages(parley, token, body, member):
    conversation = open_conversation(parley, token)
    assert member in send(parley, token, conversation, body).error(400, "bad_request")
    assert call(parley, "GET", f"{CHAT}/{conversation}/messages", token).json["total"] == 1


def test_malformed_requests(parley, token):
    conversation = open_conversation(parley, token)
    for path in (CHAT, f"{CHAT}/{conversation}/messages"):
        for data in (b"", b"{", b"[]", b"null", b'"x"', b"\xff", b'{"content":"a","content":"b"}'):
            call(parley, "POST", path, token, data=data).error(400, "bad_request")
        call(parley, "POST", path, token, data=b"{}", content_type="text/plain").error(415)
        call(parley, "POST", path, token, data=b" " * 1_100_000).error(413, "payload_too_large")
    assert "influencer_id" in call(parley, "POST", CHAT, token, {}).error(400, "bad_request")
    call(parley, "POST", CHAT, token, {"influencer_id": "x"}).error(400, "bad_request")
    call(parley, "POST", CHAT, token, {"influencer_id": 1}).error(400, "bad_request")
    message = call(parley, "POST", CHAT, token, {"influencer_id": str(uuid.uuid4())}).error(404, "not_found")
    assert message == "Influencer not found"
    call(parley, "GET", "/api/v1/nowhere", token).error(404, "not_found")
    wrong = call(parley, "PUT", CHAT, token, {})
    wrong.error(405, "method_not_allowed")
    assert {"GET", "POST"} <= set(wrong.headers["allow"].replace(" ", "").split(","))


def test_conversations_of_others(parley, token):
    """They are forbidden, and unknown ones are not found."""
    conversation = open_conversation(parley, token)
    other = parley.token(f"other-{next(COUNT)}")
    body = {"content": "x", "message_type": "text"}
    requests = [("GET", "/messages", None), ("POST", "/messages", body), ("DELETE", "", None), ("POST", "/read", None)]
    for method, path, value in requests:
        foreign = call(parley, method, f"{CHAT}/{conversation}{path}", other, value)
        assert foreign.error(403, "forbidden") == "Not your conversation"
        for unknown in (uuid.uuid4(), "x"):
            missing = call(parley, method, f"{CHAT}/{unknown}{path}", token, value)
            assert missing.error(404, "not_found") == "Conversation not found"
    assert call(parley, "GET", CHAT, other).json["conversations"] == []
    assert call(parley, "GET", f"{CHAT}/{conversation}/messages", token).json["total"] == 1


def test_read_marks(parley, token):
    conversation = open_conversation(parley, token)

    def unread():
        listed = call(parley, "GET", CHAT, token).json["conversations"][0]
        return listed["unread_count"], [m["is_read"] for m in listed["recent_messages"]]

    assert unread() == (1, [False])
    send(parley, token, conversation, {"content": "Hi", "message_type": "text"})
    # Who writes has read what was before.
    assert unread() == (1, [False, True, True])
    read = call(parley, "POST", f"{CHAT}/{conversation}/read", token)
    assert list(read.json) == ["id", "unread_count", "last_read_at"]
    assert (read.json["id"], read.json["unread_count"]) == (conversation, 0) and TIME.fullmatch(read.json["last_read_at"])
    assert unread() == (0, [True, True, True])


def test_a_failed_model_call_keeps_the_message_and_runs_again(parley, fakes, token):
    conversation, text = open_conversation(parley, token), unique("Stumble")
    body = {"content": text, "message_type": "text", "model": "openai/gpt-4o-mini"}
    # Not retried by Parley.
    fakes.answer("openai", text, {"error": {"status": 400, "message": "No.", "headers": []}})
    failed = send(parley, token, conversation, body, idempotency_key="k1")
    failed.error(503, "service_unavailable")
    details = failed.json["details"]
    assert details["user_message"]["status"] == "failed" and details["user_message"]["content"] == text
    stored = call(parley, "GET", f"{CHAT}/{conversation}/messages", token).json["messages"]
    assert (stored[0]["id"], stored[0]["status"]) == (details["user_message"]["id"], "failed")
    again = send(parley, token, conversation, body, idempotency_key="k1")
    assert again.status == 200 and again.json["user_message"]["id"] == details["user_message"]["id"]
    stored = call(parley, "GET", f"{CHAT}/{conversation}/messages", token).json["messages"]
    assert [m["status"] for m in stored] == ["completed"] * 3
    count = len(fakes.requests("openai", text))
    assert send(parley, token, conversation, body, idempotency_key="k1").json == again.json
    assert len(fakes.requests("openai", text)) == count
    changed = send(parley, token, conversation, {**body, "content": "another"}, idempotency_key="k1")
    changed.error(422, "idempotency_key_reused")


def test_an_unreachable_provider_is_503(parley, token):
    body = {"content": "x", "message_type": "text", "model": "absent/nothing"}
    send(parley, token, open_conversation(parley, token), body).error(503, "service_unavailable")


def test_the_message_reaches_the_model_once(parley, fakes, token):
    text = unique("Once")
    body = {"content": text, "message_type": "text", "model": "openai/gpt-4o-mini"}
    send(parley, token, open_conversation(parley, token), body)
    messages = fakes.request("openai", text)["json"]["messages"]
    assert [m["role"] for m in messages] == ["system", "assistant", "user"]
    assert sum(m["content"] == text for m in messages) == 1


def test_tokens(signed):
    claims = {"user_id": "ann", "exp": in_an_hour(), "iss": "yral_auth"}

    def refused(authorization):
        headers = {"authorization": authorization} if authorization is not None else {}
        answer = call(signed, "GET", CHAT, **headers)
        assert answer.headers["www-authenticate"] == "Bearer"
        return answer.error(401, "unauthorized")

    good = jwt(SECRET, claims)
    for accepted in ("Bearer ", "bearer ", "BEARER "):
        assert call(signed, "GET", CHAT, authorization=accepted + good).status == 200
    assert call(signed, "GET", CHAT, jwt(SECRET, {**claims, "user_id": None, "sub": "ann"})).status == 200
    assert refused(None) == "Missing authorization header"
    for wrong in ("", "Bearer", good, f"Token {good}", f"Bearer {good} x"):
        assert refused(wrong) == "Invalid authorization header format. Expected: Bearer <token>"
    assert refused("Bearer " + jwt(SECRET, {**claims, "exp": 1})) == "Token has expired"
    assert refused("Bearer " + jwt(SECRET, {**claims, "iss": "someone"})) == "Invalid token issuer"
    missing = {key: value for key, value in claims.items() if key != "user_id"}
    assert refused("Bearer " + jwt(SECRET, missing)) == "Invalid token: missing user_id"
    for name in ("iss", "exp"):
        assert refused("Bearer " + jwt(SECRET, {k: v for k, v in claims.items() if k != name})) == "Invalid token"
    assert refused("Bearer " + jwt("another-secret-of-32-bytes-at-least", claims)) == "Invalid token"
    assert refused("Bearer " + jwt(SECRET, claims, {"alg": "none", "typ": "JWT"})) == "Invalid token"
    # Health and the list of influencers need none.
    for path in ("/health", "/api/v1/influencers"):
        assert call(signed, "GET", path).status == 200
    call(signed, "GET", "/api/v1/influencers", "x.y.z").error(401, "unauthorized")


def test_rate_limit(strict):
    token = strict.token(f"fast-{next(COUNT)}")
    answers = [call(strict, "GET", CHAT, token) for _ in range(65)]
    limited = [answer for answer in answers if answer.status == 429]
    assert limited and answers[0].status == 200
    answer = limited[-1]
    answer.error(429, "rate_limit_exceeded")
    details = answer.json["details"]
    assert (details["limit_type"], details["limit"]) == ("per_minute", 60)
    assert answer.headers["retry-after"] == str(details["retry_after"]) and details["retry_after"] >= 1
    assert answer.headers["x-ratelimit-limit-minute"] == "60" and answer.headers["x-ratelimit-remaining-minute"] == "0"
    assert answers[0].headers["x-ratelimit-limit-hour"] == "5000"


def test_health_and_status(parley):
    answer = call(parley, "GET", "/health", x_correlation_id="trace-1")
    assert answer.status == 200 and answer.headers["x-correlation-id"] == "trace-1"
    health = answer.json
    assert list(health) == ["status", "timestamp", "services"] and health["status"] == "healthy"
    assert TIME.fullmatch(health["timestamp"]) and {"database", "gemini_api"} <= health["services"].keys()
    for service in health["services"].values():
        assert list(service) == ["status", "latency_ms", "error", "pool_size", "pool_free"]
        assert service["status"] in ("up", "down")
    status = call(parley, "GET", "/status").json
    assert list(status) == ["service", "version", "environment", "uptime_seconds", "database", "statistics", "timestamp"]
    assert list(status["database"]) == ["connected", "pool_size", "active_connections"]
    assert list(status["statistics"]) == ["total_conversations", "total_messages", "active_influencers"]
    assert status["statistics"]["active_influencers"] == call(parley, "GET", "/api/v1/influencers").json["total"]
    assert call(parley, "GET", "/health").headers["x-correlation-id"]


def test_influencers_of_admins(parley, fakes, admin, token):
    """Create, use, change while a conversation goes on, discontinue, and bring back."""
    name = f"tea-taster-{os.getpid()}-{next(COUNT)}"
    path = "/api/v1/influencers"
    profile = {
        "name": name, "display_name": "Tea Taster 🍵", "avatar_url": "https://example.com/tea.png",
        "description": "Knows every leaf.", "category": "cooking",
        "system_instructions": "You are a tea taster. Today is {current_date}.",
        "personality_traits": {"energy_level": "calm", "communication_style": "short", "emoji_usage": True,
                               "expertise": ["green tea", "oolong"]},
        "initial_greeting": "Which tea?", "suggested_messages": ["For the morning?"], "tools": ["recall_memory"]}
    call(parley, "POST", path, token, profile).error(403, "forbidden")
    call(parley, "POST", path, None, profile).error(401, "unauthorized")
    made = call(parley, "POST", path, admin, profile, idempotency_key=name)
    assert made.status == 201 and is_compact(made.body)
    first_keys(made.json, INFLUENCER)
    assert {key: made.json[key] for key in profile} == profile and made.json["is_active"] == "active"
    assert list(made.json["personality_traits"]) == list(profile["personality_traits"])
    assert call(parley, "POST", path, admin, profile, idempotency_key=name).json == made.json
    call(parley, "POST", path, admin, profile).error(409, "conflict")
    call(parley, "POST", path, admin, {**profile, "name": "Not a slug"}).error(400, "bad_request")
    tea = f"{path}/{made.json['id']}"
    assert call(parley, "GET", path).json["influencers"][0]["id"] == made.json["id"]
    public = call(parley, "GET", tea, token).json
    assert not {"system_instructions", "personality_traits", "tools"} & public.keys()

    conversation = open_conversation(parley, token, made.json["id"])

    def system(text):
        answer = send(parley, token, conversation, {"content": text, "message_type": "text",
                                                    "model": "openai/gpt-4o-mini", "tools": []})
        assert answer.status == 200, answer
        return fakes.request("openai", text)["json"]["messages"][0]["content"]

    first = system(unique("First"))
    date = re.fullmatch(
        r"You are a tea taster\. Today is (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\.\n\nYour manner: energy level: calm; "
        "communication style: short; emoji usage: yes; expertise: green tea, oolong\\.", first).group(1)
    assert system(unique("Second")) == first
    changed = call(parley, "PATCH", tea, admin, {"system_instructions": "You are a coffee taster since {current_date}.",
                                                 "personality_traits": {}})
    assert changed.json["system_instructions"].startswith("You are a coffee") and changed.json["name"] == name
    assert system(unique("Third")) == f"You are a coffee taster since {date}."

    deleted = call(parley, "DELETE", tea, admin)
    assert list(deleted.json) == ["success", "message", "deleted_influencer_id"]
    assert made.json["id"] not in [i["id"] for i in call(parley, "GET", path).json["influencers"]]
    assert call(parley, "GET", tea).json["is_active"] == "discontinued"
    body = {"content": "x", "message_type": "text"}
    assert "no longer available" in send(parley, token, conversation, body).error(403, "forbidden")
    other = parley.token(f"late-{next(COUNT)}")
    call(parley, "POST", CHAT, other, {"influencer_id": made.json["id"]}).error(403, "forbidden")
    assert call(parley, "GET", f"{CHAT}/{conversation}/messages", token).json["total"] == 7
    listed = call(parley, "GET", CHAT, token).json["conversations"][0]
    assert listed["influencer"]["is_active"] == "discontinued"
    soon = call(parley, "PATCH", tea, admin, {"is_active": "coming_soon"}).json
    assert soon["is_active"] == "coming_soon"
    assert "not available yet" in send(parley, token, conversation, body).error(403, "forbidden")
    call(parley, "PATCH", tea, admin, {"is_active": "active"})
    assert send(parley, token, conversation, body).status == 200
    call(parley, "DELETE", tea, admin)
