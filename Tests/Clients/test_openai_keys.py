"""openai: Parley's API keys, and exhausted quotas."""
import asyncio
import threading
import time

import openai
import pytest

from servers import LIMIT, UNREACHABLE, Parley
from targets import COUNT, DEMO, Target, unique

MODEL = "openai/gpt-4o-mini"


@pytest.fixture
def limited(parley, request):
    """A target whose key has a quota of a number of requests a day."""
    user = f"user-{next(COUNT)}"
    parley.v1("PUT", f"/quotas/{user}", parley.token("admin", "--role", "admin"), {"requests": request.param})
    target = Target(MODEL, parley.url + "/v1", "openai", parley.command("key", "create", "--user", user).split()[-1])
    yield target
    target.close()


def messages(text):
    return [{"role": "user", "content": text}]


def test_key_until_it_is_revoked(strict):
    key = strict.command("key", "create", "--user", "ann").split()[-1]
    assert key.startswith("sk-parley-")
    target = Target(DEMO, strict.url + "/v1", None, key)
    client = target.client()
    assert client.chat.completions.create(model=DEMO, messages=messages("Hello")).choices[0].message.content
    id = strict.command("key", "list", "--user", "ann").split()[0]
    strict.command("key", "revoke", id)
    end = time.monotonic() + LIMIT
    with pytest.raises(openai.AuthenticationError) as caught:
        while time.monotonic() < end:
            client.models.list()
            time.sleep(0.2)
    assert caught.value.code == "invalid_api_key"
    target.close()


@pytest.mark.parametrize("stream", [False, True])
def test_key_revoked_during_a_request(strict, stream):
    """The request in progress fails at once, complete or streamed."""
    user = f"eve-{stream}".lower()
    key = strict.command("key", "create", "--user", user).split()[-1]
    target = Target(DEMO, strict.url + "/v1", None, key)
    client = target.client(max_retries=0)
    # The built-in model takes seconds for this.
    said = messages("Repeat after me: " + "so and so " * 1500)
    id = strict.command("key", "list", "--user", user).split()[0]
    threading.Timer(0.5, strict.command, ("key", "revoke", id)).start()
    start = time.monotonic()
    with pytest.raises(openai.APIError) as caught:
        answer = client.chat.completions.create(model=DEMO, messages=said, stream=stream)
        for _ in answer if stream else []:
            pass
    assert caught.value.code == "invalid_api_key"
    assert stream or caught.value.status_code == 401
    assert time.monotonic() - start < LIMIT
    target.close()


@pytest.mark.parametrize("limited", [2], indirect=True)
@pytest.mark.parametrize("stream", [False, True])
def test_exhausted_quota(limited, fakes, stream):
    """The SDK does not retry."""
    sent, text = [], unique("Mine")
    client = limited.client(max_retries=2, http_client=openai.DefaultHttpxClient(event_hooks={"request": [sent.append]}))
    for _ in range(2):
        client.chat.completions.create(model=MODEL, messages=messages(text))
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(model=MODEL, messages=messages(text), stream=stream)
    error = caught.value
    assert (error.code, error.type) == ("insufficient_quota", "insufficient_quota") and error.body["message"]
    assert error.response.headers["x-should-retry"] == "false"
    assert len(sent) == 3 and len(fakes.requests("openai", text)) == 2


@pytest.mark.parametrize("limited", [10], indirect=True)
def test_quota_with_concurrent_requests(limited, fakes):
    text = unique("Race")

    async def ask(client):
        try:
            await client.chat.completions.create(model=MODEL, messages=messages(text))
            return "answered"
        except openai.RateLimitError as error:
            return error.code

    async def race():
        async with limited.async_client() as client:
            return await asyncio.gather(*[ask(client) for _ in range(100)])

    said = asyncio.run(race())
    assert (said.count("answered"), said.count("insufficient_quota")) == (10, 90)
    assert len(fakes.requests("openai", text)) == 10


@pytest.mark.parametrize("waits", [True, False])
def test_usage_survives_a_restart(tmp_path, waits):
    """Usage just before `parley up` stops is counted after the next start."""
    first = Parley(tmp_path, DEFAULT_MODEL=DEMO, OLLAMA_BASE_URL=UNREACHABLE)
    try:
        token = first.token("fay")
        target = Target(DEMO, first.url + "/v1", None, token)
        used = target.client().chat.completions.create(model=DEMO, messages=messages("Hello")).usage
        end = time.monotonic() + LIMIT
        while waits and tokens(first, token) != used.total_tokens and time.monotonic() < end:
            time.sleep(0.05)
        target.close()
    finally:
        first.stop()
    second = Parley(tmp_path, DEFAULT_MODEL=DEMO, OLLAMA_BASE_URL=UNREACHABLE)
    try:
        assert tokens(second, token) == used.total_tokens
    finally:
        second.stop()


def tokens(parley, token):
    """The total number of tokens of the token's user."""
    usage = parley.v1("GET", "/usage", token)["usage"]
    return sum(row["prompt_tokens"] + row["completion_tokens"] for row in usage)
