"""ollama, which verifies the fake Ollama of the provider tests."""
import asyncio
import base64

import ollama
import pytest

from servers import LIMIT
from targets import unique
from test_openai_parameters import png

MODEL = "llama3.2:latest"
WEATHER = {"type": "function", "function": {"name": "get_weather", "description": "The weather at a place", "parameters": {
    "type": "object", "properties": {"city": {"type": "string", "description": "a city"}}, "required": ["city"]}}}
# The fake of the provider tests, and the fake behind Parley, which repeats the message.
SERVERS = ["ollama itself", "ollama"]


@pytest.fixture(params=SERVERS)
def server(request):
    return request.param


@pytest.fixture
def client(fakes, server):
    return ollama.Client(host=fakes.urls[server], timeout=LIMIT)


def user(text, **more):
    return [{"role": "user", "content": text, **more}]


def said(server, text):
    return "Hello from the fake." if server == "ollama itself" else f"The fake {MODEL} heard: {text}"


def test_chat(client, server):
    text = unique("Grüße 你好")
    answer = client.chat(model=MODEL, messages=user(text), options={"temperature": 0.5, "seed": 7})
    assert answer.message.content == said(server, text) and answer.message.role == "assistant"
    assert (answer.model, answer.done, answer.done_reason) == (MODEL, True, "stop")
    assert answer.prompt_eval_count > 0 and answer.eval_count > 0 and answer.total_duration > 0
    assert not answer.message.tool_calls


def test_stream(client, server):
    text = unique("Streamed")
    chunks = list(client.chat(model=MODEL, messages=user(text), stream=True))
    assert "".join(chunk.message.content for chunk in chunks) == said(server, text)
    assert [chunk.done for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    assert chunks[-1].done_reason == "stop" and chunks[-1].eval_count > 0 and chunks[0].eval_count is None
    assert all(chunk.created_at and chunk.model == MODEL for chunk in chunks)


def test_async(fakes, server):
    async def stream():
        client = ollama.AsyncClient(host=fakes.urls[server], timeout=LIMIT)
        return [chunk.message.content async for chunk in await client.chat(model=MODEL, messages=user("Hi"), stream=True)]
    assert "".join(asyncio.run(stream())) == said(server, "Hi")


@pytest.mark.parametrize("stream", [False, True])
def test_tools(client, stream):
    messages = user("How is the weather?")
    answer = client.chat(model=MODEL, messages=messages, tools=[WEATHER], stream=stream)
    chunks = list(answer) if stream else [answer]
    call, = [call for chunk in chunks for call in chunk.message.tool_calls or []]
    assert call.function.name == "get_weather" and isinstance(call.function.arguments["city"], str)
    assert chunks[-1].done and chunks[-1].done_reason == "stop"
    called = next(chunk.message for chunk in chunks if chunk.message.tool_calls)
    final = client.chat(model=MODEL, tools=[WEATHER], messages=[
        *messages, called, {"role": "tool", "content": "Sunny", "tool_name": "get_weather"}])
    assert final.message.content and not final.message.tool_calls


def test_thinking(fakes):
    client = ollama.Client(host=fakes.urls["ollama itself"], timeout=LIMIT)
    answer = client.chat(model=MODEL, messages=user("Think"), think=True)
    assert answer.message.thinking and answer.message.content == "Hello from the fake."
    chunks = list(client.chat(model=MODEL, messages=user("Think"), think=True, stream=True))
    assert "".join(chunk.message.thinking or "" for chunk in chunks) == answer.message.thinking


def test_images_and_formats(client, fakes, server):
    text = unique("What is this?")
    answer = client.chat(model=MODEL, messages=user(text, images=[png()]), format="json")
    assert answer.message.content.startswith("{")
    sent = fakes.request(server, text)["json"]
    assert sent["messages"][0]["images"] == [base64.b64encode(png()).decode()] and sent["format"] == "json"


def test_embed(client):
    many = client.embed(model="nomic-embed-text", input=["one", "two", "three"])
    assert len(many.embeddings) == 3 and all(len(vector) == len(many.embeddings[0]) for vector in many.embeddings)
    assert many.model == "nomic-embed-text" and many.prompt_eval_count > 0
    assert len(client.embed(model="nomic-embed-text", input="one").embeddings) == 1
    assert len(client.embed(model="nomic-embed-text", input="one", dimensions=2).embeddings[0]) == 2


def test_list_and_show(client):
    model, = [model for model in client.list().models if model.model == MODEL]
    assert model.size > 0 and len(model.digest) == 64 and model.modified_at and model.details.family == "llama"
    shown = client.show(MODEL)
    assert shown.modelinfo["llama.context_length"] == 131_072 and "completion" in shown.capabilities
    assert shown.template and shown.details.parameter_size == "3.2B"
    assert client.ps().models is not None


def test_pull_create_delete(client):
    steps = list(client.pull("fetched:1b", stream=True))
    assert steps[0].status == "pulling manifest" and steps[-1].status == "success"
    layers = {}
    for step in steps:
        if step.digest:
            assert step.total and (step.completed or 0) >= layers.get(step.digest, 0) and (step.completed or 0) <= step.total
            layers[step.digest] = step.completed or 0
    assert len(layers) > 1
    assert client.pull("fetched:1b").status == "success"
    assert "fetched:1b" in [model.model for model in client.list().models]
    steps = list(client.create(model="mine", from_="fetched:1b", system="You are mine.", stream=True))
    assert steps[-1].status == "success"
    assert client.create(model="mine", from_="fetched:1b").status == "success"
    assert "mine:latest" in [model.model for model in client.list().models]
    assert client.chat(model="mine", messages=user("Hello")).message.content
    for name in ["mine", "fetched:1b"]:
        assert client.delete(name).status == "success"
        with pytest.raises(ollama.ResponseError) as caught:
            client.show(name)
        assert caught.value.status_code == 404
    with pytest.raises(ollama.ResponseError) as caught:
        client.delete("mine")
    assert caught.value.status_code == 404


def test_pull_of_an_unknown_model(client):
    with pytest.raises(ollama.ResponseError) as caught:
        list(client.pull("missing", stream=True))
    assert "file does not exist" in caught.value.error


def test_errors(client, fakes, server):
    with pytest.raises(ollama.ResponseError) as caught:
        client.chat(model="missing", messages=user("Hello"))
    assert caught.value.status_code == 404 and caught.value.error == "model 'missing' not found"
    text = unique("Busy")
    fakes.answer(server, text, {"error": {
        "status": 503, "message": "server busy, please try again.  maximum pending requests exceeded"}})
    with pytest.raises(ollama.ResponseError) as caught:
        client.chat(model=MODEL, messages=user(text))
    assert caught.value.status_code == 503 and caught.value.error.startswith("server busy")


def test_error_within_a_stream(client, fakes, server):
    text, heard = unique("Stumble"), ""
    fakes.answer(server, text, {"streamError": "an error was encountered while running the model"})
    with pytest.raises(ollama.ResponseError) as caught:
        for chunk in client.chat(model=MODEL, messages=user(text), stream=True):
            heard += chunk.message.content
    assert heard == "The fake" and "encountered" in caught.value.error
