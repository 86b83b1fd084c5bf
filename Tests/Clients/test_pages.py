"""The native API: lists that are read page by page, and requests that are repeated."""
import urllib.parse
import uuid

import pytest

ALL = "/chat/conversations"


@pytest.fixture
def token(parley):
    return parley.token(f"reader-{uuid.uuid4()}")


def opened(parley, token, **headers):
    persona = parley.v1("GET", "/influencers?limit=1", token)["influencers"][0]["id"]
    return parley.v1("POST", ALL, token, {"influencer_id": persona, "new": True}, **headers)["id"]


def test_conversations_by_cursor(parley, token):
    oldest, middle, newest = (opened(parley, token) for _ in range(3))
    first = parley.v1("GET", f"{ALL}?limit=1", token)
    assert [one["id"] for one in first["conversations"]] == [newest] and first["total"] == 3
    # A conversation that was listed is used: the next page starts where the first one ended.
    parley.v1("POST", f"{ALL}/{newest}/messages", token, {"content": "Hello"})
    rest = parley.v1("GET", f"{ALL}?limit=5&cursor={urllib.parse.quote(first['next'], safe='')}", token)
    assert [one["id"] for one in rest["conversations"]] == [middle, oldest] and rest["next"] is None


@pytest.mark.parametrize("order, member", [("asc", "after"), ("desc", "before")])
def test_messages_by_next(parley, token, order, member):
    conversation = opened(parley, token)
    for text in ("One", "Two"):
        parley.v1("POST", f"{ALL}/{conversation}/messages", token, {"content": text})
    path = f"{ALL}/{conversation}/messages?order={order}"
    whole = parley.v1("GET", path, token)
    assert whole["next"] is None and len(whole["messages"]) >= 4
    read, more = [], ""
    while more is not None:
        page = parley.v1("GET", f"{path}&limit=1" + more, token)
        read += page["messages"]
        more = page["next"] and f"&{member}={page['next']}"
    assert read == whole["messages"]


def test_repeated_creations(parley, token):
    first = opened(parley, token, idempotency_key="k")
    assert opened(parley, token, idempotency_key="k") == first != opened(parley, token)
    keys = [parley.v1("POST", "/keys", token, {"name": "laptop"}, idempotency_key="k") for _ in range(2)]
    assert keys[0] == keys[1] and parley.v1("GET", "/keys", token)["total"] == 1
