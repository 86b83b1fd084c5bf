"""curl: the bytes of the stream."""
import json
import subprocess

import pytest

from servers import LIMIT
from targets import DEMO, PROVIDED, unique


def curl(parley, model, text, **more):
    body = json.dumps({"model": model, "stream": True, "messages": [{"role": "user", "content": text}], **more})
    return subprocess.Popen(["curl", "-sSN", "--max-time", str(LIMIT), "-D", "-", parley.url + "/v1/chat/completions",
                             "-H", "content-type: application/json", "-d", body], stdout=subprocess.PIPE)


@pytest.mark.parametrize("model", [*PROVIDED, DEMO])
def test_events_of_a_stream(parley, model):
    process = curl(parley, model, unique("On the wire"), stream_options={"include_usage": True})
    output = process.communicate(timeout=LIMIT + 5)[0].decode()
    head, _, body = output.partition("\r\n\r\n")
    head = head.lower()
    assert head.startswith("http/1.1 200") and "content-type: text/event-stream" in head
    assert "cache-control: no-cache" in head and "x-accel-buffering: no" in head and "x-request-id: " in head
    assert body.endswith("\n\n") and "\r" not in body
    events = body[:-2].split("\n\n")
    assert all(event.startswith("data: ") and "\n" not in event for event in events)
    assert events[-1] == "data: [DONE]"
    chunks = [json.loads(event[6:]) for event in events[:-1]]
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert chunks[-2]["choices"][0]["finish_reason"] == "stop" and chunks[-2]["usage"] is None
    assert chunks[-1]["choices"] == [] and chunks[-1]["usage"]["total_tokens"] > 0
    assert all(chunk.keys() >= {"id", "object", "created", "model", "choices"} for chunk in chunks)


def test_killed_client_closes_the_provider_connection(parley, fakes):
    text = unique("Killed")
    fakes.answer("openai", text, {"cut": "middle"})
    process = curl(parley, "openai/gpt-4o-mini", text)
    while b'"content"' not in process.stdout.readline():
        pass
    process.kill()
    process.wait()
    process.stdout.close()
    assert fakes.until("openai", text, lambda request: request["isAbandoned"]) <= 1
