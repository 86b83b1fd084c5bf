"""google-genai, which verifies the fake Gemini of the provider tests."""
import asyncio
import base64

import pytest
from google import genai
from google.genai import errors, types

from servers import LIMIT
from test_openai_parameters import png

MODEL = "gemini-2.5-flash"
WEATHER = types.Tool(function_declarations=[types.FunctionDeclaration(
    name="get_weather", description="The weather at a place",
    parameters_json_schema={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]})])


def gemini(fakes, key="key-of-a-test", **options):
    return genai.Client(api_key=key, vertexai=False, http_options=types.HttpOptions(
        base_url=fakes.urls["gemini itself"], timeout=LIMIT * 1000, **options))


@pytest.fixture(params=["v1", "v1beta"])
def client(request, fakes):
    with gemini(fakes, api_version=request.param) as client:
        yield client


def test_generate(client):
    answer = client.models.generate_content(model=MODEL, contents="Hello", config=types.GenerateContentConfig(
        system_instruction="You are a test.", temperature=0.5, max_output_tokens=100, stop_sequences=["never"]))
    assert answer.text == "Hello from the fake."
    assert answer.candidates[0].finish_reason == types.FinishReason.STOP and answer.candidates[0].content.role == "model"
    usage = answer.usage_metadata
    thoughts = usage.thoughts_token_count or 0
    assert usage.total_token_count == usage.prompt_token_count + usage.candidates_token_count + thoughts
    assert answer.model_version == MODEL and answer.response_id


def test_stream(client):
    chunks = list(client.models.generate_content_stream(model=MODEL, contents="Hello"))
    assert "".join(chunk.text or "" for chunk in chunks) == "Hello from the fake." and len(chunks) > 1
    assert [chunk.candidates[0].finish_reason for chunk in chunks] == [None] * (len(chunks) - 1) + [types.FinishReason.STOP]
    assert chunks[-1].usage_metadata.total_token_count > 0


def test_async(fakes):
    async def stream():
        async with gemini(fakes).aio as client:
            return [chunk.text async for chunk in await client.models.generate_content_stream(model=MODEL, contents="Hi")]
    assert "".join(asyncio.run(stream())) == "Hello from the fake."


def test_thoughts(client):
    answer = client.models.generate_content(model=MODEL, contents="Hello", config=types.GenerateContentConfig(
        thinking_config=types.ThinkingConfig(include_thoughts=True, thinking_budget=100)))
    thought, *said = answer.candidates[0].content.parts
    assert thought.thought and thought.text and "".join(part.text for part in said) == "Hello from the fake."
    assert answer.usage_metadata.thoughts_token_count > 0


@pytest.mark.parametrize("model", [MODEL, "gemini-3-pro-preview"])
def test_tools(client, model):
    config = types.GenerateContentConfig(tools=[WEATHER], automatic_function_calling={"disable": True})
    asked = types.Content(role="user", parts=[types.Part(text="How is the weather?")])
    answer = client.models.generate_content(model=model, contents=[asked], config=config)
    call, = answer.function_calls
    assert call.name == "get_weather" and isinstance(call.args["city"], str)
    said = answer.candidates[0].content
    assert any(part.thought_signature for part in said.parts)
    result = types.Part(function_response=types.FunctionResponse(id=call.id, name=call.name, response={"result": "Sunny"}))
    final = client.models.generate_content(
        model=model, contents=[asked, said, types.Content(role="user", parts=[result])], config=config)
    assert "Sunny" in final.text and not final.function_calls
    if model == MODEL:
        return
    # This model requires its thought signature.
    for part in said.parts:
        part.thought_signature = None
    with pytest.raises(errors.ClientError) as caught:
        client.models.generate_content(
            model=model, contents=[asked, said, types.Content(role="user", parts=[result])], config=config)
    assert caught.value.code == 400 and "thought_signature" in caught.value.message


def test_tools_streamed(client):
    chunks = list(client.models.generate_content_stream(model=MODEL, contents="Weather?", config=types.GenerateContentConfig(
        tools=[WEATHER], tool_config=types.ToolConfig(function_calling_config=types.FunctionCallingConfig(mode="ANY")))))
    call, = [call for chunk in chunks for call in chunk.function_calls or []]
    assert call.name == "get_weather" and chunks[-1].candidates[0].finish_reason == types.FinishReason.STOP


def test_automatic_function_calls(client):
    def get_weather(city: str) -> str:
        """The weather at a place."""
        return f"Sunny in {city}"

    answer = client.models.generate_content(
        model=MODEL, contents="Weather?", config=types.GenerateContentConfig(tools=[get_weather]))
    assert "Sunny in" in answer.text


def test_json(client):
    answer = client.models.generate_content(model=MODEL, contents="As JSON", config=types.GenerateContentConfig(
        response_mime_type="application/json",
        response_json_schema={"type": "object", "properties": {"answer": {"type": "string"}}}))
    assert answer.parsed == {"answer": "Hello"}


def test_image(client, fakes):
    client.models.generate_content(
        model=MODEL, contents=["What is this?", types.Part.from_bytes(data=png(), mime_type="image/png")])
    request = fakes.requests("gemini itself", "What is this?")[-1]
    part = request["json"]["contents"][0]["parts"][1]
    data = (part.get("inlineData") or part["inline_data"])["data"]
    assert base64.urlsafe_b64decode(data.replace("+", "-").replace("/", "_")) == png()
    with pytest.raises(errors.ClientError) as caught:
        client.models.generate_content(
            model=MODEL, contents=[types.Part.from_bytes(data=b"x", mime_type="application/zip")])
    assert (caught.value.code, caught.value.status) == (400, "INVALID_ARGUMENT")


def test_models(client):
    pager = client.models.list(config={"page_size": 4})
    names = [model.name for model in pager]
    assert f"models/{MODEL}" in names and len(names) == len(set(names)) > 4
    model = client.models.get(model=MODEL)
    assert model.name == f"models/{MODEL}" and model.input_token_limit > 1000
    assert "generateContent" in model.supported_actions


def test_count_tokens(client):
    assert client.models.count_tokens(model=MODEL, contents="Hello").total_tokens > 0


def test_embed(client):
    answer = client.models.embed_content(model="gemini-embedding-001", contents=["one", "three"])
    assert [vector.values[0] for vector in answer.embeddings] == [3, 5] and len(answer.embeddings[0].values) == 3072
    short = client.models.embed_content(model="gemini-embedding-001", contents="one",
                                        config=types.EmbedContentConfig(output_dimensionality=8))
    assert len(short.embeddings[0].values) == 8


def test_files(client, tmp_path):
    path = tmp_path / "sound.wav"
    path.write_bytes(b"RIFF" + bytes(20_000))
    file = client.files.upload(file=path, config={"mime_type": "audio/wav", "display_name": "a sound"})
    assert file.name.startswith("files/") and file.size_bytes == 20_004 and file.mime_type == "audio/wav"
    assert file.display_name == "a sound"
    for _ in range(5):
        file = client.files.get(name=file.name)
        if file.state == types.FileState.ACTIVE:
            break
    assert file.state == types.FileState.ACTIVE
    assert client.models.generate_content(model=MODEL, contents=["What is it?", file]).text
    assert file.name in [other.name for other in client.files.list()]
    client.files.delete(name=file.name)
    with pytest.raises(errors.ClientError) as caught:
        client.files.get(name=file.name)
    assert (caught.value.code, caught.value.status) == (403, "PERMISSION_DENIED")


def test_errors(client, fakes):
    with pytest.raises(errors.ClientError) as caught:
        client.models.generate_content(model="gemini-9", contents="Hello")
    assert (caught.value.code, caught.value.status) == (404, "NOT_FOUND") and "gemini-9" in caught.value.message
    for message, code, status, kind in [
            ("Quota one", 429, "RESOURCE_EXHAUSTED", errors.ClientError), ("Down one", 503, "UNAVAILABLE", errors.ServerError)]:
        fakes.answer("gemini itself", message, {"error": {
            "status": code, "code": status, "message": "Not now.",
            "details": '[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"7s"}]'}})
        with pytest.raises(kind) as caught:
            client.models.generate_content(model=MODEL, contents=message)
        assert (caught.value.code, caught.value.status, caught.value.message) == (code, status, "Not now.")
        assert caught.value.details["error"]["details"][0]["retryDelay"] == "7s"


def test_error_within_a_stream(client, fakes):
    fakes.answer("gemini itself", "Stumble", {"streamError": "The model is overloaded."})
    said = ""
    with pytest.raises(errors.APIError) as caught:
        for chunk in client.models.generate_content_stream(model=MODEL, contents="Stumble"):
            said += chunk.text or ""
    assert said == "The fake" and "The model is overloaded." in str(caught.value)


def test_invalid_key(fakes):
    with gemini(fakes, "bad-key") as client, pytest.raises(errors.ClientError) as caught:
        client.models.generate_content(model=MODEL, contents="Hello")
    assert caught.value.code == 400 and "API key not valid" in caught.value.message
