"""openai: images, response formats, log probabilities, and the parameters that reach the providers."""
import base64
import json
import struct
import zlib

import pydantic
import pytest

from targets import DEMO, DIRECT, PROVIDED, unique

FAKED = pytest.mark.parametrize("target", [*PROVIDED, DIRECT], indirect=True)
ALL = pytest.mark.parametrize("target", [*PROVIDED, DEMO, DIRECT], indirect=True)
SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
          "required": ["name", "age"], "additionalProperties": False}


def ask(target, text, **more):
    return target.client().chat.completions.create(
        model=target.model, messages=[{"role": "user", "content": text}], **more).choices[0]


def png():
    """One white pixel."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(b"\0\xff")) + chunk(b"IEND", b""))


@FAKED
def test_image(target, fakes):
    text, data = unique("What is this?"), base64.b64encode(png()).decode()
    answer = target.client().chat.completions.create(model=target.vision, messages=[{"role": "user", "content": [
        {"type": "text", "text": text},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}", "detail": "low"}}]}])
    assert answer.choices[0].message.content == target.expected_answer(text, target.image_suffix("image/png"), model=target.vision)
    assert data in fakes.request(target.server, text)["body"].replace("\\/", "/")


def test_image_for_the_demo_model(client):
    data = base64.b64encode(png()).decode()
    answer = client.chat.completions.create(model=DEMO, messages=[{"role": "user", "content": [
        {"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}]}])
    assert "PNG" in answer.choices[0].message.content and "1 × 1" in answer.choices[0].message.content


@ALL
def test_json(target):
    text = unique("Say it as JSON")
    assert json.loads(ask(target, text, response_format={"type": "json_object"}).message.content)


@ALL
def test_json_schema(target, fakes):
    text = unique("Say it by a schema")
    said = ask(target, text, response_format={
        "type": "json_schema", "json_schema": {"name": "person", "strict": True, "schema": SCHEMA}})
    assert json.loads(said.message.content).keys() == {"name", "age"}
    assert target.is_direct or said.model_extra["format_verdict"] == {"valid": True}
    assert not target.server or '"age"' in fakes.request(target.server, text)["body"]


@ALL
def test_parse_helper(target):
    class Person(pydantic.BaseModel):
        name: str
        age: int

    message = target.client().chat.completions.parse(
        model=target.model, messages=[{"role": "user", "content": unique("A person")}],
        response_format=Person).choices[0].message
    assert isinstance(message.parsed, Person)


@FAKED
def test_token_limit_and_stop_sequences(target):
    text = unique("one two three four five")
    whole = target.expected_answer(text)
    cut = ask(target, text, max_completion_tokens=3)
    assert (cut.finish_reason, cut.message.content) == ("length", " ".join(whole.split(" ")[:3]))
    old = ask(target, text, max_tokens=3)
    assert (old.finish_reason, old.message.content) == ("length", cut.message.content)
    stopped = ask(target, text, stop=[" three", "never"])
    assert (stopped.finish_reason, stopped.message.content) == ("stop", whole.partition(" three")[0])


def test_token_limit_and_stop_sequences_of_the_demo_model(client):
    def say(**more):
        return client.chat.completions.create(
            model=DEMO, messages=[{"role": "user", "content": "Hello"}], **more).choices[0]
    assert len(say(max_completion_tokens=2).message.content.split()) == 2
    assert say(max_completion_tokens=2).finish_reason == "length"
    assert "demo" not in say(stop="demo").message.content


@pytest.mark.parametrize("target", ["openai/gpt-4o-mini", "ollama/llama3.2:latest", DIRECT], indirect=True)
@pytest.mark.parametrize("streamed", [False, True])
def test_logprobs(target, streamed):
    text = unique("How likely?")
    asked = dict(model=target.model, messages=[{"role": "user", "content": text}], logprobs=True, top_logprobs=2)
    if streamed:
        tokens = [token for chunk in target.client().chat.completions.create(**asked, stream=True)
                  if chunk.choices[0].logprobs for token in chunk.choices[0].logprobs.content or []]
    else:
        tokens = target.client().chat.completions.create(**asked).choices[0].logprobs.content
    assert "".join(token.token for token in tokens) == target.expected_answer(text)
    assert all(token.logprob == -0.25 and len(token.top_logprobs) == 2 for token in tokens)
    assert bytes(tokens[0].bytes) == tokens[0].token.encode()


def test_parameters_sent_to_openai(parley, fakes, client):
    text = unique("Everything")
    client.chat.completions.create(
        model="openai/gpt-4o-mini", messages=[{"role": "user", "content": text}], temperature=0.5, top_p=0.25, seed=7,
        stop=["never"], presence_penalty=0.5, frequency_penalty=-0.5, max_completion_tokens=50, n=1, user="ann",
        reasoning_effort="low", metadata={"a": "b"}, extra_body={"top_k": 4, "unknown_parameter": True})
    request = fakes.request("openai", text)
    assert request["headers"]["authorization"] == "Bearer sk-of-the-fake"
    body = request["json"]
    assert body["model"] == "gpt-4o-mini" and body["messages"] == [{"role": "user", "content": text}]
    expected = dict(temperature=0.5, top_p=0.25, seed=7, stop=["never"], presence_penalty=0.5, frequency_penalty=-0.5,
                    reasoning_effort="low", max_tokens=50)
    assert {name: body.get(name) for name in expected} == expected
    assert body["top_k"] == 4 and body["unknown_parameter"] is True
    assert "user" not in body and "metadata" not in body


def test_parameters_sent_to_ollama(parley, fakes, client):
    text = unique("Everything")
    client.chat.completions.create(
        model="ollama/llama3.2", messages=[{"role": "user", "content": text}], temperature=0.5, top_p=0.25, seed=7,
        stop=["never"], presence_penalty=0.5, frequency_penalty=-0.5, max_completion_tokens=50,
        extra_body={"top_k": 4, "min_p": 0.125})
    options = fakes.request("ollama", text)["json"]["options"]
    expected = dict(temperature=0.5, top_p=0.25, seed=7, stop=["never"], presence_penalty=0.5, frequency_penalty=-0.5,
                    num_predict=50, top_k=4, min_p=0.125)
    assert {name: options.get(name) for name in expected} == expected
    assert options["num_ctx"] == 8192
