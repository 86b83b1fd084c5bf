"""litellm as a client of Parley."""
import json

import pytest

from targets import DEMO, PROVIDED, unique

TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}
MODELS = pytest.mark.parametrize("target", PROVIDED, indirect=True)


@pytest.fixture(scope="module")
def litellm():
    import litellm
    litellm.telemetry = False
    litellm.suppress_debug_info = True
    return litellm


@pytest.fixture
def ask(litellm, target):
    """litellm takes the first part of the model name as the API dialect, and sends the rest."""
    def ask(text, **more):
        messages = more.pop("messages", [{"role": "user", "content": text}])
        return litellm.completion(model="openai/" + target.model, api_base=target.url, api_key="sk-whatever",
                                  messages=messages, timeout=90, num_retries=0, max_retries=0, **more)
    return ask


@MODELS
def test_completion(ask, target):
    text = unique("Through litellm")
    answer = ask(text)
    assert answer.choices[0].message.content == target.expected_answer(text)
    assert answer.choices[0].finish_reason == "stop" and answer.usage.total_tokens > 0


@MODELS
def test_stream(ask, target, litellm):
    text = unique("Streamed through litellm")
    chunks = list(ask(text, stream=True, stream_options={"include_usage": True}))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == target.expected_answer(text)
    whole = litellm.stream_chunk_builder(chunks)
    assert whole.choices[0].message.content == target.expected_answer(text) and whole.choices[0].finish_reason == "stop"
    assert whole.usage.prompt_tokens > 0


@MODELS
@pytest.mark.parametrize("stream", [False, True])
def test_tools(ask, target, litellm, stream):
    text = unique("Weather through litellm")
    answer = ask(text, tools=[TOOL], stream=stream)
    if stream:
        answer = litellm.stream_chunk_builder(list(answer))
    message = answer.choices[0].message
    call, = message.tool_calls
    assert answer.choices[0].finish_reason == "tool_calls"
    assert call.function.name == "get_weather" and json.loads(call.function.arguments).keys() == {"city"}
    final = ask(text, tools=[TOOL], messages=[
        {"role": "user", "content": text}, message.model_dump(),
        {"role": "tool", "tool_call_id": call.id, "content": "Sunny"}])
    assert final.choices[0].message.content == target.expected_answer(text, target.tool_suffix("Sunny"))


@pytest.mark.parametrize("model", ["demo/hash-embedding", "openai/text-embedding-3-small"])
def test_embedding(litellm, parley, model):
    answer = litellm.embedding(model="openai/" + model, api_base=parley.url + "/v1", api_key="sk-whatever",
                               input=["one", "two"])
    assert [entry["index"] for entry in answer.data] == [0, 1]
    assert len(answer.data[0]["embedding"]) > 7 and answer.usage.prompt_tokens > 0


@pytest.mark.parametrize("target", ["openai/gpt-4o-mini"], indirect=True)
def test_errors(ask, target, litellm, fakes):
    with pytest.raises(litellm.BadRequestError):
        ask("Hello", temperature=3)
    target.model = "openai/gpt-9"
    with pytest.raises(litellm.NotFoundError):
        ask("Hello")
    target.model, text = "absent/nothing", unique("Absent")
    with pytest.raises(litellm.ServiceUnavailableError):
        ask(text)


@pytest.mark.parametrize("target", [DEMO], indirect=True)
def test_invalid_credential(ask, target, litellm, strict):
    target.url = strict.url + "/v1"
    with pytest.raises(litellm.AuthenticationError):
        ask("Hello")


@pytest.mark.parametrize("model, server, path", [
    ("ollama_chat/llama3.2:latest", "ollama itself", ""), ("gemini/gemini-2.5-flash", "gemini itself", "/v1beta")])
def test_litellm_accepts_the_fake_providers(litellm, fakes, model, server, path):
    """litellm speaks all three dialects and verifies the fakes once more."""
    asked = dict(model=model, api_base=fakes.urls[server] + path, api_key="key", timeout=90, num_retries=0, max_retries=0,
                 messages=[{"role": "user", "content": "Hello"}])
    answer = litellm.completion(**asked)
    assert answer.choices[0].message.content == "Hello from the fake." and answer.usage.total_tokens > 0
    chunks = list(litellm.completion(**asked, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Hello from the fake."
    called = litellm.completion(**asked, tools=[TOOL]).choices[0]
    assert called.message.tool_calls[0].function.name == "get_weather"
