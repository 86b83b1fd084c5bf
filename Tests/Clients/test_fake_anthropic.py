"""anthropic, which verifies the fake Anthropic of the provider tests."""
import base64

import anthropic
import pytest
from pydantic import TypeAdapter

from servers import LIMIT
from targets import unique
from test_openai_parameters import png

MODEL = "claude-sonnet-4-5-20250929"
ADAPTIVE = "claude-opus-5"
WEATHER = {"name": "get_weather", "description": "The weather at a place", "input_schema": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}
FAILURES = [(400, anthropic.BadRequestError, "invalid_request_error"), (401, anthropic.AuthenticationError, "authentication_error"),
            (402, anthropic.APIStatusError, "billing_error"), (403, anthropic.PermissionDeniedError, "permission_error"),
            (404, anthropic.NotFoundError, "not_found_error"), (413, anthropic.APIStatusError, "request_too_large"),
            (429, anthropic.RateLimitError, "rate_limit_error"), (500, anthropic.InternalServerError, "api_error"),
            (529, anthropic.InternalServerError, "overloaded_error")]


@pytest.fixture
def client(fakes):
    with anthropic.Anthropic(base_url=fakes.urls["anthropic"], api_key="a-key", timeout=LIMIT, max_retries=0) as client:
        yield client


def check(message):
    """Validates a message with the types of the SDK, which does not do so itself."""
    TypeAdapter(anthropic.types.Message).validate_python(message.model_dump(), strict=False)
    return message


def ask(client, text, **more):
    return check(client.messages.create(model=MODEL, max_tokens=2000, messages=[{"role": "user", "content": text}], **more))


def test_message(client):
    text = unique("Hello")
    message = ask(client, text, system="Be brief.")
    assert message.content[0].text == f"The fake {MODEL} heard: {text}"
    assert message.stop_reason == "end_turn" and message.usage.input_tokens > 0 and message.usage.output_tokens > 0


def test_stream(client):
    text = unique("Hello")
    with client.messages.stream(model=MODEL, max_tokens=2000, messages=[{"role": "user", "content": text}]) as stream:
        events = [event.type for event in stream]
        message = check(stream.get_final_message())
    assert message.content[0].text == f"The fake {MODEL} heard: {text}" and message.stop_reason == "end_turn"
    assert events[0] == "message_start" and events[-1] == "message_stop" and events.count("text") > 3


def test_raw_events(client):
    events = list(client.messages.create(model=MODEL, max_tokens=2000, stream=True, tools=[WEATHER],
                                         messages=[{"role": "user", "content": "Weather?"}]))
    adapter = TypeAdapter(anthropic.types.RawMessageStreamEvent)
    for event in events:
        if event.type != "ping":
            adapter.validate_python(event.model_dump())
    assert [event.type for event in events].count("content_block_start") == 1


@pytest.mark.parametrize("thinking", [{"type": "enabled", "budget_tokens": 1024}, {"type": "adaptive", "display": "summarized"}])
def test_thinking_and_tools(client, thinking):
    model = MODEL if thinking["type"] == "enabled" else ADAPTIVE
    request = dict(model=model, max_tokens=4000, tools=[WEATHER], thinking=thinking)
    asked = {"role": "user", "content": "Weather?"}
    with client.messages.stream(messages=[asked], **request) as stream:
        message = check(stream.get_final_message())
    thought, call = message.content
    assert thought.type == "thinking" and thought.thinking and thought.signature
    assert call.type == "tool_use" and call.name == "get_weather" and call.input["city"] and message.stop_reason == "tool_use"
    assert check(client.messages.create(messages=[asked], **request)).content == message.content
    result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "Sunny"}]}
    final = check(client.messages.create(messages=[asked, message.to_param(), result], **request))
    assert "Sunny" in final.content[-1].text
    changed = [block.model_dump(exclude_none=True) for block in message.content]
    changed[0]["thinking"] += "!"
    with pytest.raises(anthropic.BadRequestError, match="signature"):
        client.messages.create(messages=[asked, {"role": "assistant", "content": changed}, result], **request)
    if thinking["type"] == "enabled":
        with pytest.raises(anthropic.BadRequestError, match="Expected `thinking`"):
            client.messages.create(messages=[asked, {"role": "assistant", "content": changed[1:]}, result], **request)


def test_parallel_calls(client):
    tools = [WEATHER, {"name": "now", "input_schema": {"type": "object"}}]
    message = ask(client, "Both?", tools=tools)
    assert [block.name for block in message.content] == ["get_weather", "now"] and message.content[1].input == {}
    single = ask(client, "One?", tools=tools, tool_choice={"type": "auto", "disable_parallel_tool_use": True})
    assert len(single.content) == 1
    assert ask(client, "None?", tools=tools, tool_choice={"type": "none"}).content[0].type == "text"


def test_json(client):
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
    message = ask(client, "JSON?", output_config={"format": {"type": "json_schema", "schema": schema}})
    assert message.content[0].text.startswith("{")


def test_image(client):
    source = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(png()).decode()}
    message = client.messages.create(model=MODEL, max_tokens=100, messages=[{"role": "user", "content": [
        {"type": "image", "source": source}, {"type": "text", "text": "What?"}]}])
    assert "image/png" in message.content[0].text


def test_limit_and_stop(client):
    cut = client.messages.create(model=MODEL, max_tokens=3, messages=[{"role": "user", "content": "a b c d e f"}])
    assert cut.stop_reason == "max_tokens"
    stopped = ask(client, "before END after", stop_sequences=["END"])
    assert (stopped.stop_reason, stopped.stop_sequence) == ("stop_sequence", "END")


def test_models(client):
    models = list(client.models.list(limit=2))
    adapter = TypeAdapter(anthropic.types.ModelInfo)
    for model in models:
        adapter.validate_python(model.model_dump())
    assert len(models) == 6 and len({model.id for model in models}) == 6
    assert client.models.retrieve(MODEL).max_tokens == 64_000
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("claude-9")


@pytest.mark.parametrize("status, kind, type", FAILURES)
def test_errors(client, fakes, status, kind, type):
    text = unique("Fail")
    fakes.answer("anthropic", text, {"error": {"status": status, "type": type, "message": "Not now."}})
    with pytest.raises(kind) as caught:
        ask(client, text)
    assert caught.value.status_code == status and caught.value.body["error"] == {"type": type, "message": "Not now."}


def test_error_within_a_stream(client, fakes):
    text = unique("Stumble")
    fakes.answer("anthropic", text, {"streamError": "Overloaded"})
    said = ""
    with pytest.raises(anthropic.APIStatusError, match="Overloaded"):
        with client.messages.stream(model=MODEL, max_tokens=100, messages=[{"role": "user", "content": text}]) as stream:
            for piece in stream.text_stream:
                said += piece
    assert said == "The fake"


@pytest.mark.parametrize("change, words", [
    (dict(max_tokens=100_000), "maximum allowed number"), (dict(messages=[]), "at least one message"),
    (dict(messages=[{"role": "user", "content": " "}]), "non-whitespace"),
    (dict(messages=[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "It is "}]), "trailing whitespace"),
    (dict(messages=[{"role": "assistant", "content": "Hi"}]), "user"), (dict(stop_sequences=[" "]), "non-whitespace"),
    (dict(thinking={"type": "enabled", "budget_tokens": 1000}), "1024"), (dict(thinking={"type": "adaptive"}), "not supported"),
    (dict(tools=[WEATHER], tool_choice={"type": "any"}, thinking={"type": "enabled", "budget_tokens": 1024}), "tool_choice"),
    (dict(extra_body={"temperature": 1.5}), "temperature"), (dict(extra_body={"something": 1}), "Extra inputs"),
])
def test_refusals(client, change, words):
    request = dict(model=MODEL, max_tokens=2000, messages=[{"role": "user", "content": "Hi"}])
    with pytest.raises(anthropic.BadRequestError, match=words):
        client.messages.create(**{**request, **change})


def test_invalid_key(fakes):
    with anthropic.Anthropic(base_url=fakes.urls["anthropic"], api_key="bad-key", max_retries=0) as client:
        with pytest.raises(anthropic.AuthenticationError):
            ask(client, "Hi")
