"""Seed 004's stream, read by a client library for Server-Sent Events, and by a plain socket."""
import re
import socket

import httpx
import httpx_sse
import pytest

from servers import LIMIT
from targets import unique


@pytest.fixture
def client(parley):
    with httpx.Client(base_url=parley.url, timeout=LIMIT) as client:
        yield client


@pytest.fixture
def session(client):
    opened = client.get("/", params={"username": "TR"}).json()
    assert opened["message"] == "Welcome to the chat service TR!"
    return opened["session_id"]


def send(client, session, text, **headers):
    """Sends a message and returns its events."""
    with httpx_sse.connect_sse(client, "PUT", f"/chat/{session}", json={"payload": text}, headers=headers) as source:
        source.response.raise_for_status()
        return list(source.iter_sse())


def test_events_of_an_answer(client, session):
    events = send(client, session, unique("Tell me about your day"))
    assert len(events) > 1
    assert all(event.event == "message" and event.id == "" and event.retry is None for event in events)
    history = client.get(f"/chat_history/{session}").json()
    assert history["message_history"][-1] == {"role": "assistant", "content": "".join(event.data for event in events)}


def test_bytes_of_an_answer(parley, client, session):
    body = b'{"payload": "Hello! What is your name?"}'
    request = (f"PUT /chat/{session} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
               f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body
    with socket.create_connection(("127.0.0.1", parley.port), LIMIT) as connection:
        connection.sendall(request)
        received = b""
        while more := connection.recv(65536):
            received += more
    head, _, rest = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\ncontent-type: text/event-stream; charset=utf-8\r\n" in head.lower() + b"\r\n"
    stream = b""
    while True:
        size, _, rest = rest.partition(b"\r\n")
        if not (length := int(size, 16)):
            break
        stream, rest = stream + rest[:length], rest[length + 2:]
    assert rest == b"\r\n"
    events = stream.split(b"\r\n\r\n")
    assert events.pop() == b"" and events
    assert all(line.startswith(b"data: ") for event in events for line in event.split(b"\r\n"))
    history = client.get(f"/chat_history/{session}").json()["message_history"]
    assert history[-1]["content"].encode() == b"".join(
        b"\n".join(line[6:] for line in event.split(b"\r\n")) for event in events)


def test_a_client_that_disconnects_loses_no_answer(client, session):
    with httpx_sse.connect_sse(client, "PUT", f"/chat/{session}", json={"payload": "count to 99"}) as source:
        next(source.iter_sse())
    # A turn waits for the one before it.
    send(client, session, "Thanks!")
    history = client.get(f"/chat_history/{session}").json()["message_history"]
    assert [message["role"] for message in history] == ["user", "assistant"] * 2
    assert history[1]["content"].endswith("98, 99.")


def test_a_repeat_with_the_same_key_is_the_same_answer(client, session):
    headers = {"idempotency-key": unique("key")}
    answers = ["".join(event.data for event in send(client, session, "Hello", **headers)) for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(client.get(f"/chat_history/{session}").json()["message_history"]) == 2


def test_head_and_options_change_nothing(parley):
    headers = {"Authorization": "Bearer " + parley.token("head-test")}
    with httpx.Client(base_url=parley.url, timeout=LIMIT, headers=headers) as client:
        before = client.get("/status").json()["statistics"]
        paths = client.get("/openapi.json").json()["paths"]
        assert len(paths) > 40
        for path in paths:
            target = re.sub(r"\{[^}]*\}", "unknown", path)
            for method in ("HEAD", "OPTIONS"):
                for query in ("", "?username=head-test"):
                    assert client.request(method, target + query).status_code < 500 or "/proxy-" in target or "/audio/" in target
        assert client.get("/sessions", params={"username": "head-test"}).json()["sessions"] == []
        assert client.get("/status").json()["statistics"] == before
