"""openai: chat completions, streamed and complete, with usage and headers."""
import asyncio

import pytest

from targets import DEMO, DIRECT, PROVIDED, unique

ALL = pytest.mark.parametrize("target", [*PROVIDED, DEMO, DIRECT], indirect=True)
FAKED = pytest.mark.parametrize("target", [*PROVIDED, DIRECT], indirect=True)


def messages(text):
    return [{"role": "system", "content": "You are a test."}, {"role": "user", "content": text}]


def name(target):
    """The model name in the answer: OpenAI returns the name of the release."""
    return f"{target.model}-2024-07-18" if target.is_direct else target.model


@ALL
def test_complete_response(target):
    text = unique("Grüße, 你好 👩‍🍳 \"quoted\" \\ back")
    answer = target.client().chat.completions.create(model=target.model, messages=messages(text))
    assert (answer.object, answer.model) == ("chat.completion", name(target))
    assert answer.id.startswith("chatcmpl-") and answer.created > 1_700_000_000
    choice, = answer.choices
    assert (choice.index, choice.finish_reason, choice.message.role) == (0, "stop", "assistant")
    assert choice.message.tool_calls is None and choice.message.refusal is None and choice.logprobs is None
    if target.server:
        assert choice.message.content == target.expected_answer(text)
    else:
        assert "demo" in choice.message.content
    usage = answer.usage
    assert usage.prompt_tokens > 0 and usage.completion_tokens > 0
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


@ALL
def test_system_message_only(target):
    said = [{"role": "system", "content": unique("Greet the user.")}]
    for stream in (False, True):
        answer = target.client().chat.completions.create(model=target.model, messages=said, stream=stream)
        if stream:
            text = "".join(chunk.choices[0].delta.content or "" for chunk in answer)
        else:
            text = answer.choices[0].message.content
        assert text


@ALL
def test_stream(target):
    text = unique("Stream, 你好 👩‍🍳")
    stream = target.client().chat.completions.create(model=target.model, messages=messages(text), stream=True)
    chunks = list(stream)
    assert len({chunk.id for chunk in chunks}) == 1 and len({chunk.created for chunk in chunks}) == 1
    assert {(chunk.object, chunk.model) for chunk in chunks} == {("chat.completion.chunk", name(target))}
    choices = [chunk.choices[0] for chunk in chunks]  # each chunk has one, because usage was not requested
    assert all(chunk.usage is None for chunk in chunks)
    assert choices[0].delta.role == "assistant" and all(not choice.delta.role for choice in choices[1:])
    assert [choice.finish_reason for choice in choices] == [None] * (len(choices) - 1) + ["stop"]
    assert not choices[-1].delta.content
    said = "".join(choice.delta.content or "" for choice in choices)
    if target.server:
        assert said == target.expected_answer(text)
    else:
        assert "demo" in said


@ALL
def test_usage_of_a_stream(target):
    client, asked = target.client(), dict(model=target.model, messages=messages(unique("Count")))
    chunks = list(client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}))
    *before, last = chunks
    assert last.choices == [] and all(chunk.usage is None and chunk.choices for chunk in before)
    whole = client.chat.completions.create(**asked).usage
    assert last.usage.prompt_tokens == whole.prompt_tokens > 0
    assert last.usage.completion_tokens == whole.completion_tokens > 0
    assert last.usage.total_tokens == whole.total_tokens


@ALL
def test_stream_helper(target):
    """The SDK's accumulator, which is stricter than the plain stream."""
    text = unique("Accumulate")
    with target.client().chat.completions.stream(model=target.model, messages=messages(text)) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_completion()
    assert "content.delta" in kinds and kinds[-1] == "content.done"
    assert final.choices[0].finish_reason == "stop"
    assert not target.server or final.choices[0].message.content == target.expected_answer(text)


@ALL
def test_async(target):
    texts = [unique("Many at once") for _ in range(8)]

    async def one(client, text, stream):
        answer = await client.chat.completions.create(model=target.model, messages=messages(text), stream=stream)
        if not stream:
            return answer.choices[0].message.content
        return "".join([chunk.choices[0].delta.content or "" async for chunk in answer])

    async def all_at_once():
        async with target.async_client() as client:
            return await asyncio.gather(*[one(client, text, index % 2 == 0) for index, text in enumerate(texts)])

    said = asyncio.run(all_at_once())
    if target.server:
        assert said == [target.expected_answer(text) for text in texts]


@FAKED
def test_history_and_roles(target, fakes):
    text = unique("And now?")
    history = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "My name is Ann.", "name": "ann"},
               {"role": "assistant", "content": "Hello Ann."}, {"role": "user", "content": [{"type": "text", "text": text}]}]
    answer = target.client().chat.completions.create(model=target.model, messages=history)
    assert answer.choices[0].message.content == target.expected_answer(text)
    body = fakes.request(target.server, text)["body"]
    assert "Be brief." in body and "Hello Ann." in body and "My name is Ann." in body


@ALL
def test_raw_response(target):
    asked = dict(model=target.model, messages=messages(unique("Headers")))
    client = target.client()
    raw = client.chat.completions.with_raw_response.create(**asked)
    assert raw.headers["content-type"].startswith("application/json")
    assert raw.request_id and raw.parse()._request_id == raw.request_id
    with client.chat.completions.with_streaming_response.create(**asked, stream=True) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["x-request-id"] and response.headers["x-request-id"] != raw.request_id or target.is_direct
        lines = [line for line in response.iter_lines() if line]
    assert all(line.startswith("data: ") for line in lines) and lines[-1] == "data: [DONE]"


def test_request_id_of_the_client_is_kept(client):
    raw = client.chat.completions.with_raw_response.create(
        model=DEMO, messages=messages("Hello"), extra_headers={"x-request-id": "ours-1234"})
    assert raw.request_id == "ours-1234"


def test_model_name_without_provider(client):
    assert client.chat.completions.create(model="demo", messages=messages("Hello")).model == DEMO
