"""Requests to Anthropic that Parley makes, verified by the types of Anthropic's SDK."""
import base64

import openai
import pytest
from anthropic.types import message_create_params
from pydantic import TypeAdapter

from servers import LIMIT
from targets import unique
from test_openai_parameters import png

MODEL = "anthropic/claude-sonnet-4-5-20250929"
ADAPTIVE = "anthropic/claude-opus-5"
# The SDK does not know what version 2023-06-01 of the API still accepts.
OLDER = {"temperature", "top_p", "top_k"}
REQUEST = TypeAdapter(message_create_params.MessageCreateParamsStreaming)
WEATHER = {"type": "function", "function": {"name": "get.weather", "description": "The weather at a place", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}


def complete(value):
    """Evaluates the arrays of a validated value, which pydantic validates when they are read."""
    if isinstance(value, dict):
        return {name: complete(member) for name, member in value.items()}
    if value is None or isinstance(value, (str, int, float)):
        return value
    return [complete(element) for element in value]


@pytest.fixture
def client(parley):
    with openai.OpenAI(base_url=parley.url + "/v1", api_key="sk-whatever", timeout=LIMIT, max_retries=0) as client:
        yield client


@pytest.fixture
def recorded(fakes):
    def recorded(text):
        """The last request with a text, valid by the types of the SDK."""
        request = fakes.requests("anthropic", text)[-1]
        assert request["headers"]["anthropic-version"] == "2023-06-01" and request["path"] == "/v1/messages"
        body = request["json"]
        newer = {name: value for name, value in body.items() if name not in OLDER}
        # Members that the SDK does not know are missing in the result.
        assert complete(REQUEST.validate_python(newer)) == newer
        return body
    return recorded


def test_everything(client, recorded):
    text = unique("Look at it")
    image = "data:image/png;base64," + base64.b64encode(png()).decode()
    answer = client.chat.completions.create(
        model=MODEL, temperature=1.5, top_p=0.5, max_tokens=500, stop=["END"], tools=[WEATHER], tool_choice="none",
        seed=1, user="someone", messages=[
            {"role": "system", "content": "Be kind. " * 600}, {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello."}, {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": image}}]}])
    assert "image/png" in answer.choices[0].message.content
    body = recorded(text)
    assert body["temperature"] == 1 and "top_p" not in body and body["tool_choice"] == {"type": "none"}
    assert [block["text"] for block in body["system"]][1:] == ["Be brief."] and "metadata" not in body
    assert body["system"][-1]["cache_control"] == {"type": "ephemeral"}


@pytest.mark.parametrize("model", [MODEL, ADAPTIVE])
@pytest.mark.parametrize("stream", [False, True])
def test_thinking_survives_a_client(client, recorded, model, stream):
    text = unique("Weather?")
    request = dict(model=model, tools=[WEATHER], reasoning_effort="high")
    messages = [{"role": "user", "content": text}]
    if stream:
        message = {"role": "assistant", "content": None, "tool_calls": [], "reasoning_content": ""}
        for chunk in client.chat.completions.create(messages=messages, stream=True, **request):
            delta = chunk.choices[0].delta.model_dump(exclude_none=True)
            message["reasoning_content"] += delta.get("reasoning_content", "")
            for piece in delta.get("tool_calls", []):
                if piece["index"] == len(message["tool_calls"]):
                    message["tool_calls"].append({**piece, "function": {"name": piece["function"]["name"], "arguments": ""}})
                message["tool_calls"][piece["index"]]["function"]["arguments"] += piece["function"].get("arguments", "")
            if "extra_content" in delta:
                message["extra_content"] = delta["extra_content"]
    else:
        message = client.chat.completions.create(messages=messages, **request).choices[0].message.model_dump(exclude_none=True)
    assert message["reasoning_content"] and message["tool_calls"][0]["function"]["name"] == "get.weather"
    result = {"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": "Sunny"}
    final = client.chat.completions.create(messages=[*messages, message, result], **request)
    assert "Sunny" in final.choices[0].message.content
    body = recorded(text)
    assert [block["type"] for block in body["messages"][1]["content"]] == ["thinking", "tool_use"]
    assert body["thinking"]["type"] == ("enabled" if model == MODEL else "adaptive")
    # A client that keeps only what OpenAI documents gets an answer as well.
    plain = {name: message[name] for name in ("role", "tool_calls")}
    for call in plain["tool_calls"]:
        call.pop("extra_content", None)
    final = client.chat.completions.create(messages=[*messages, plain, result], **request)
    assert "Sunny" in final.choices[0].message.content
    body = recorded(text)
    assert [block["type"] for block in body["messages"][1]["content"]] == ["tool_use"]


def test_schema(client, recorded):
    text = unique("As JSON")
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
    client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": text}], response_format={
        "type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": schema}})
    assert recorded(text)["output_config"]["format"] == {"type": "json_schema", "schema": schema}


def test_repaired_history(client, recorded):
    text = unique("And now?")
    call = {"id": "call.1", "type": "function", "function": {"name": "get.weather", "arguments": ""}}
    client.chat.completions.create(model=MODEL, messages=[
        {"role": "assistant", "content": "Hello."}, {"role": "user", "content": "How is it?"},
        {"role": "assistant", "content": None, "tool_calls": [call]}, {"role": "user", "content": text}])
    body = recorded(text)
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user", "assistant", "user"]
    assert body["messages"][-1]["content"][0]["is_error"] is True
