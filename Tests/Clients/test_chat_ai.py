"""Seed 001: long lists, streams, failures of the model, and other users."""
import json
import threading
import time
import uuid

import httpx
import pytest

from servers import LIMIT
from targets import unique

COMPLETION = "/conversation/completion/"


class Chat:
    """A user of seed 001's interface."""

    def __init__(self, parley, user=None):
        self.parley, self.token = parley, parley.token(user or f"chatter-{uuid.uuid4()}")
        self.client = httpx.Client(base_url=parley.url, timeout=LIMIT, headers={"authorization": f"Bearer {self.token}"})

    def create(self, **headers):
        return self.client.post("/conversation", headers=headers).json()

    def send(self, conversation, message, stream=None, **headers):
        body = {"message": message} | ({} if stream is None else {"stream": stream})
        return self.client.post(COMPLETION + conversation, json=body, headers=headers)

    def stream(self, conversation, message):
        return self.client.stream("POST", COMPLETION + conversation, json={"message": message, "stream": True})

    def list(self):
        return self.client.get("/conversation").json()

    def messages(self, conversation):
        return next(one["messages"] for one in self.list() if one["id"] == conversation)

    def statuses(self, conversation):
        page = self.parley.v1("GET", f"/chat/conversations/{conversation}/messages?order=asc", self.token)
        return [(message["role"], message["status"]) for message in page["messages"]]


@pytest.fixture
def chat(parley):
    return Chat(parley)


@pytest.fixture
def fragile(required):
    """A user whose model is the fake OpenAI, which fails when a test says so."""
    return Chat(required)


def test_a_long_list_is_complete_and_in_order(chat):
    created = [chat.create() for _ in range(120)]
    for number in range(105):
        assert chat.send(created[3]["id"], f"Repeat after me: {number}").status_code == 200
    listed = chat.list()
    assert [one["id"] for one in listed] == [one["id"] for one in created]
    # The stored time is the precise one, truncated.
    assert all(precise["created_at"].startswith(stored["created_at"].removesuffix("000"))
               for precise, stored in zip(created, listed))
    messages = listed[3]["messages"]
    assert [message["author"] for message in messages] == ["user", "assistant"] * 105
    assert [message["content"] for message in messages[::2]] == [f"Repeat after me: {number}" for number in range(105)]
    assert chat.list() == listed
    assert all(one["messages"] == [] for index, one in enumerate(listed) if index != 3)


def test_the_list_has_only_conversations_of_this_interface_and_user(chat):
    own = chat.create()["id"]
    persona = chat.parley.v1("GET", "/influencers?limit=1", chat.token)["influencers"][0]["id"]
    chat.parley.v1("POST", "/chat/conversations", chat.token, {"influencer_id": persona})
    body = {"model": "demo/demo", "store": True, "messages": [{"role": "user", "content": "Hello"}]}
    assert chat.client.post("/v1/chat/completions", json=body).status_code == 200
    assert [one["id"] for one in chat.list()] == [own]
    assert Chat(chat.parley).list() == []


def test_the_history_reaches_the_model(fragile, fakes):
    conversation = fragile.create()["id"]
    first, second = unique("Remember this"), unique("And this")
    fragile.send(conversation, first)
    fragile.send(conversation, second)
    messages = fakes.requests("openai", second)[-1]["json"]["messages"]
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert messages[1]["content"] == first and messages[3]["content"] == second


def test_other_users_get_404(chat):
    conversation = chat.create()["id"]
    other = Chat(chat.parley)
    for stream in (False, True):
        answer = other.send(conversation, "Hello", stream)
        assert (answer.status_code, answer.json()) == (404, {"detail": "Conversation not found"})
    assert chat.messages(conversation) == []


def test_other_forms_of_the_id(chat):
    conversation = chat.create()["id"]
    for form in (conversation.upper(), conversation.replace("-", ""), "urn:uuid:" + conversation):
        assert chat.send(form, "Hello").status_code == 200
    assert len(chat.messages(conversation)) == 6


def test_a_stream_is_the_stored_text(chat):
    conversation = chat.create()["id"]
    with chat.stream(conversation, "Grüße 👩‍👩‍👧 漢字") as answer:
        assert answer.status_code == 200 and answer.headers["content-type"] == "text/plain; charset=utf-8"
        # Each chunk is valid by itself: no scalar is split.
        text = "".join(chunk.decode() for chunk in answer.iter_raw())
    assert text and chat.messages(conversation)[-1]["content"] == text


def test_a_client_that_leaves_finds_the_whole_answer(fragile, fakes):
    conversation, text = fragile.create()["id"], unique("I am leaving")
    fakes.answer("openai", text, {"pace": 30})
    with fragile.stream(conversation, text) as answer:
        next(answer.iter_raw())
    messages = eventually(lambda: fragile.messages(conversation), lambda messages: len(messages) == 2)
    assert messages[1]["content"] == f"The fake gpt-4o-mini heard: {text}"
    assert fragile.statuses(conversation) == [("user", "completed"), ("assistant", "completed")]


@pytest.mark.parametrize("stream", [False, True])
def test_a_model_that_fails_before_the_first_text(fragile, fakes, stream):
    conversation, text = fragile.create()["id"], unique("Fail")
    fakes.answer("openai", text, {"error": {"status": 400, "message": "No."}})
    answer = fragile.send(conversation, text, stream)
    assert answer.status_code == 502 and answer.headers["content-type"] == "application/json"
    assert list(answer.json()) == ["detail"] and answer.json()["detail"]
    assert [message["content"] for message in fragile.messages(conversation)] == [text]
    assert fragile.statuses(conversation) == [("user", "failed")]
    # The conversation goes on.
    assert fragile.send(conversation, unique("Again")).status_code == 200


def test_a_model_that_fails_after_the_first_text(fragile, fakes):
    conversation, text = fragile.create()["id"], unique("Cut me off")
    fakes.answer("openai", text, {"cut": "middle", "ending": "reset"})
    with fragile.stream(conversation, text) as answer:
        assert answer.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            for _ in answer.iter_raw():
                pass
    # What was shown is not lost.
    messages = eventually(lambda: fragile.messages(conversation), lambda messages: len(messages) == 2)
    assert messages[1]["content"] and fragile.statuses(conversation)[1] == ("assistant", "interrupted")


def test_repeated_requests(chat):
    first = chat.create(**{"idempotency-key": "k"})
    assert chat.create(**{"idempotency-key": "k"}) == first
    answers = [chat.send(first["id"], "Once", **{"idempotency-key": "m"}) for _ in range(2)]
    assert answers[0].json() == answers[1].json() and len(chat.messages(first["id"])) == 2
    streamed = chat.send(first["id"], "Once", True, **{"idempotency-key": "m"})
    assert streamed.text == answers[0].json()["content"]
    other = chat.send(first["id"], "Twice", **{"idempotency-key": "m"})
    assert other.status_code == 422 and isinstance(other.json()["detail"], str)


def test_conversations_that_are_created_while_the_list_is_read(chat):
    for _ in range(60):
        chat.create()
    stop = threading.Event()

    def create():
        for _ in range(60):
            if not stop.is_set():
                chat.create()

    thread = threading.Thread(target=create)
    thread.start()
    try:
        lists = [[one["id"] for one in chat.list()] for _ in range(5)]
    finally:
        stop.set()
        thread.join()
    for earlier, later in zip(lists, lists[1:]):
        assert later[:len(earlier)] == earlier and len(set(later)) == len(later)


def eventually(read, is_met):
    end = time.monotonic() + LIMIT
    while not is_met(value := read()):
        assert time.monotonic() < end, f"Not in time: {json.dumps(value)[:500]}"
        time.sleep(0.02)
    return value
