"""openai: a client that disconnects closes the provider's connection at once, at every point of the answer."""
import asyncio
import time

import openai
import pytest

from servers import LIMIT
from targets import PROVIDED, unique

WINDOWS = ["before-head", "after-head", "middle", "before-end"]
AT_ONCE = 30  # seconds in which the provider's socket must be closed; every timeout of the service is longer
PROVIDERS = pytest.mark.parametrize("target", PROVIDED, indirect=True)


def messages(text):
    return [{"role": "user", "content": text}]


async def disconnect(target, fakes, text, stream, has_text):
    """Sends a request, disconnects in the middle of the answer, and returns how long the provider's socket stayed open."""
    said = asyncio.Event()

    async def ask(client):
        answer = await client.chat.completions.create(model=target.model, messages=messages(text), stream=stream)
        async with answer:
            async for chunk in answer:
                if chunk.choices and chunk.choices[0].delta.content:
                    said.set()

    async with target.async_client() as client:
        asking = asyncio.create_task(ask(client))
        await asyncio.to_thread(fakes.until, target.server, text, lambda request: True)
        if has_text:
            await asyncio.wait_for(said.wait(), LIMIT)
        await asyncio.sleep(0.1)
        request, = await asyncio.to_thread(fakes.requests, target.server, text)
        assert not request["isAbandoned"] and not asking.done(), "the answer ended before the client disconnected"
        asking.cancel()
        left = time.monotonic()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await asyncio.to_thread(fakes.until, target.server, text, lambda request: request["isAbandoned"])
        return time.monotonic() - left


@PROVIDERS
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "json"])
@pytest.mark.parametrize("window", WINDOWS)
def test_disconnect_closes_the_provider_connection(target, fakes, window, stream):
    text = unique("Leave")
    fakes.answer(target.server, text, {"cut": window, "ending": "stall"})
    has_text = stream and window in ("middle", "before-end")
    seconds = asyncio.run(disconnect(target, fakes, text, stream, has_text))
    assert seconds <= AT_ONCE, f"the provider's socket stayed open for {seconds:.2f} s"
    fakes.request(target.server, text)  # sent only once


@PROVIDERS
def test_closing_a_stream_closes_the_provider_connection(target, fakes):
    text = unique("Enough")
    fakes.answer(target.server, text, {"pace": 50})
    with target.client().chat.completions.create(model=target.model, messages=messages(text), stream=True) as stream:
        for chunk in stream:
            if chunk.choices[0].delta.content:
                break
    assert fakes.until(target.server, text, lambda request: request["isAbandoned"]) <= AT_ONCE


@PROVIDERS
def test_client_timeout_closes_the_provider_connection(target, fakes):
    text = unique("Hurry")
    fakes.answer(target.server, text, {"cut": "after-head"})
    with pytest.raises(openai.APITimeoutError):
        target.client(timeout=3).chat.completions.create(model=target.model, messages=messages(text))
    assert fakes.until(target.server, text, lambda request: request["isAbandoned"]) <= AT_ONCE
