"""openai: the SDK's exception for each error, and whether the SDK retries."""
import asyncio

import openai
import pytest

from targets import DEMO, DIRECT, PROVIDED, Target, unique

FAKED = pytest.mark.parametrize("target", [*PROVIDED, DIRECT], indirect=True)
HELLO = [{"role": "user", "content": "Hello"}]


def error_response(status, message, *headers, **more):
    return {"error": {"status": status, "message": message, "headers": list(headers), **more}}


def ask(client, model, text, **more):
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": text}], **more)


@pytest.mark.parametrize("more, param, code", [
    (dict(messages=[]), "messages", "empty_array"),
    (dict(messages=[{"role": "nobody", "content": "x"}]), "messages[0].role", "invalid_value"),
    (dict(messages=[{"role": "user"}]), "messages[0].content", "missing_required_parameter"),
    (dict(messages=[{"role": "user", "content": 7}]), "messages[0].content", "invalid_type"),
    (dict(messages=[{"role": "tool", "content": "x"}]), "messages[0].tool_call_id", "missing_required_parameter"),
    (dict(messages="Hello"), "messages", "invalid_type"),
    (dict(temperature=3), "temperature", "decimal_above_max_value"),
    (dict(temperature="hot"), "temperature", "invalid_type"),
    (dict(n=2), "n", "integer_above_max_value"),
    (dict(max_completion_tokens=0), "max_completion_tokens", "integer_below_min_value"),
    (dict(stop=["a", "b", "c", "d", "e"]), "stop", "array_above_max_length"),
    (dict(tools=[{"type": "function", "function": {"name": "not a name"}}]), "tools[0].function.name", "invalid_value"),
    (dict(tool_choice="perhaps"), "tool_choice", "invalid_value"),
    (dict(response_format={"type": "yaml"}), "response_format.type", "invalid_value"),
    (dict(response_format={"type": "json_schema", "json_schema": {
        "name": "x", "strict": True, "schema": {"type": "object", "properties": {}}}}), None, None),
    (dict(stream_options={"include_usage": True}), "stream_options", None),
    (dict(model=""), None, None),
])
def test_bad_requests(client, more, param, code):
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(**{"model": DEMO, "messages": HELLO, **more})
    error = caught.value
    assert (error.param, error.code, error.type) == (param, code, "invalid_request_error")
    assert error.body["message"] and error.request_id


def test_invalid_json(client):
    with pytest.raises(openai.BadRequestError) as caught:
        client.post("/chat/completions", cast_to=object, content=b"{]", options={
            "headers": {"content-type": "application/json"}})
    assert caught.value.type == "invalid_request_error"


def test_unknown_path(client):
    with pytest.raises(openai.NotFoundError) as caught:
        client.fine_tuning.jobs.list()
    assert caught.value.code == "unknown_url" and caught.value.body["message"]


@pytest.mark.parametrize("model", ["openai/gpt-9", "ollama/missing:latest", "gemini/gemini-9", "demo/nothing", "nobody/knows", "whatever"])
@pytest.mark.parametrize("stream", [False, True])
def test_unknown_model(client, model, stream):
    with pytest.raises(openai.NotFoundError) as caught:
        ask(client, model, "Hello", stream=stream)
    assert (caught.value.code, caught.value.type, caught.value.param) == ("model_not_found", "invalid_request_error", "model")


def test_invalid_credential(strict):
    for key in ["sk-whatever", "sk-parley-0000", "a.b.c"]:
        target = Target(DEMO, strict.url + "/v1", None, key)
        with pytest.raises(openai.AuthenticationError) as caught:
            ask(target.client(), DEMO, "Hello")
        assert caught.value.code == "invalid_api_key" and caught.value.type == "invalid_request_error"
        with pytest.raises(openai.AuthenticationError):
            target.client().models.list()
        target.close()


def test_valid_credential(strict):
    target = Target(DEMO, strict.url + "/v1", None, strict.token("ann"))
    assert ask(target.client(), DEMO, "Hello").choices[0].message.content
    target.close()


def test_rate_limit(strict):
    """Parley's own limit: the SDK waits as long as Retry-After says, and then succeeds."""
    target = Target(DEMO, strict.url + "/v1", None, strict.token("bob"))
    client = target.client()
    with pytest.raises(openai.RateLimitError) as caught:
        for _ in range(200):
            client.models.list()
    error = caught.value
    assert error.code == "rate_limit_exceeded"
    headers = error.response.headers
    assert int(headers["retry-after"]) >= 1 and headers.get("x-should-retry") != "false"
    assert headers["x-ratelimit-limit-requests"] == "60" and headers["x-ratelimit-remaining-requests"] == "0"
    raw = target.client(max_retries=3).models.with_raw_response.list()
    assert raw.retries_taken >= 1 and list(raw.parse())
    target.close()


def test_concurrency_limit(strict):
    """The SDK retries until a call is accepted."""
    target = Target(DEMO, strict.url + "/v1", None, strict.token("eve"))

    async def ask(client):
        answer = await client.chat.completions.create(
            model=DEMO, messages=[{"role": "user", "content": "Count from 1 to 60, please."}])
        return answer.choices[0].finish_reason

    async def all_at_once(**settings):
        async with target.async_client(**settings) as client:
            return await asyncio.gather(*[ask(client) for _ in range(12)], return_exceptions=True)

    said = asyncio.run(all_at_once())
    refused = [error for error in said if isinstance(error, openai.RateLimitError)]
    assert refused and said.count("stop") == 12 - len(refused) >= 8
    assert {error.code for error in refused} == {"rate_limit_exceeded"}
    assert all(int(error.response.headers["retry-after"]) >= 1 for error in refused)
    assert asyncio.run(all_at_once(max_retries=6)) == ["stop"] * 12


def test_sdk_retries_the_fake(fakes):
    """Verifies the fake: the SDK retries after a 429 with a delay."""
    target, text = Target("gpt-4o-mini", fakes.urls["openai"] + "/v1", "openai"), unique("Again")
    fakes.answer("openai", text, error_response(429, "Rate limit reached.", "retry-after-ms: 20", type="requests",
                                         code="rate_limit_exceeded"))
    raw = target.client(max_retries=2).chat.completions.with_raw_response.create(
        model=target.model, messages=[{"role": "user", "content": text}])
    assert raw.retries_taken == 1 and raw.parse().choices[0].message.content == target.expected_answer(text)
    counts = [request["headers"]["x-stainless-retry-count"] for request in fakes.requests("openai", text)]
    assert counts == ["0", "1"]
    target.close()


@pytest.mark.parametrize("stream", [False, True])
def test_rate_limit_of_a_provider(parley, fakes, client, stream):
    """Parley retries a few times; then the SDK gets the error and retries."""
    text, busy = unique("Busy"), error_response(429, "Rate limit reached for gpt-5-nano.", "retry-after-ms: 20", type="requests",
                                         code="rate_limit_exceeded")
    fakes.answer("openai", text, *[busy] * 3)
    with pytest.raises(openai.RateLimitError) as caught:
        ask(client, "openai/gpt-5-nano", text, stream=stream)
    assert caught.value.code == "rate_limit_exceeded" and "Rate limit reached" in str(caught.value)
    assert int(caught.value.response.headers["retry-after"]) >= 1
    assert len(fakes.requests("openai", text)) == 3
    text = unique("Busy once")
    fakes.answer("openai", text, busy)
    answer = ask(client, "openai/gpt-5-nano", text, stream=stream)
    said = answer.choices[0].message.content if not stream else "".join(
        chunk.choices[0].delta.content or "" for chunk in answer)
    assert text in said and len(fakes.requests("openai", text)) == 2


def test_exhausted_quota_of_a_provider(parley, fakes):
    """Neither Parley nor the SDK retries."""
    target, text = Target("openai/gpt-4.1-nano", parley.url + "/v1", "openai"), unique("Spent")
    fakes.answer("openai", text, *[error_response(429, "You exceeded your current quota, please check your plan and billing details.",
                                           type="insufficient_quota", code="insufficient_quota")] * 9)
    with pytest.raises(openai.RateLimitError) as caught:
        ask(target.client(max_retries=2), target.model, text)
    asked = len(fakes.requests("openai", text))
    target.close()
    assert (asked, caught.value.response.headers.get("x-should-retry")) == (1, "false")


def test_provider_rejects_the_configured_key(parley, fakes):
    """The server's key is wrong, not the client's: 502 instead of 401, without a retry."""
    target, text = Target("openai/gpt-4.1-nano", parley.url + "/v1", "openai"), unique("Unknown")
    fakes.answer("openai", text, error_response(401, "Incorrect API key provided: sk-of-the-fake.", code="invalid_api_key"))
    with pytest.raises(openai.InternalServerError) as caught:
        ask(target.client(max_retries=2), target.model, text)
    assert (caught.value.status_code, caught.value.code) == (502, "upstream_auth")
    assert len(fakes.requests("openai", text)) == 1
    target.close()


@pytest.mark.parametrize("model, server", [("openai/gpt-4.1-nano", "openai"), ("ollama/llama3.2:latest", "ollama")])
@pytest.mark.parametrize("status", [500, 503])
def test_provider_errors(client, fakes, model, server, status):
    text = unique("Fail")
    fakes.answer(server, text, error_response(status, "The server had an error.", "retry-after-ms: 1", type="server_error"),
                 error_response(status, "The server had an error.", "retry-after-ms: 1", type="server_error"),
                 error_response(status, "The server had an error.", "retry-after-ms: 1", type="server_error"))
    with pytest.raises(openai.InternalServerError) as caught:
        ask(client, model, text)
    assert caught.value.status_code in (502, 503) and "The server had an error." in str(caught.value)
    assert len(fakes.requests(server, text)) == 3
    answer = ask(client, model, unique("Well again"))
    assert answer.choices[0].finish_reason == "stop"


def test_unreachable_provider(client):
    with pytest.raises(openai.InternalServerError) as caught:
        ask(client, "absent/nothing", "Hello")
    assert caught.value.status_code == 503 and "absent" in str(caught.value)
    assert int(caught.value.response.headers["retry-after"]) >= 1


def test_context_length_exceeded(client, fakes):
    text = unique("Long")
    fakes.answer("openai", text, error_response(
        400, "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens.",
        param="messages", code="context_length_exceeded"))
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, "openai/gpt-4o-mini", text)
    assert (caught.value.code, caught.value.param) == ("context_length_exceeded", "messages")


@pytest.mark.parametrize("target", PROVIDED, indirect=True)
def test_provider_rejects_the_request(target, fakes):
    text = unique("Refused")
    fakes.answer(target.server, text, error_response(400, "The fake does not like this."))
    with pytest.raises(openai.BadRequestError) as caught:
        ask(target.client(), target.model, text)
    assert "The fake does not like this." in str(caught.value) and caught.value.type == "invalid_request_error"


@FAKED
def test_error_within_a_stream(target, fakes):
    text, said = unique("Stumble"), ""
    fakes.answer(target.server, text, {"streamError": "the model runner has stopped"})
    with pytest.raises(openai.APIError) as caught:
        for chunk in ask(target.client(), target.model, text, stream=True):
            said += chunk.choices[0].delta.content or ""
            assert chunk.choices[0].finish_reason is None
    assert "the model runner has stopped" in caught.value.message and said == "The fake"


@pytest.mark.parametrize("target", PROVIDED, indirect=True)
@pytest.mark.parametrize("ending", ["close", "reset"])
def test_cut_stream_raises(target, fakes, ending):
    """A cut stream must not look complete: the SDK raises."""
    text, said = unique("Cut"), ""
    fakes.answer(target.server, text, {"cut": "middle", "ending": ending, "pace": 1})
    with pytest.raises(openai.APIError) as caught:
        for chunk in ask(target.client(), target.model, text, stream=True):
            said += chunk.choices[0].delta.content or ""
            assert chunk.choices[0].finish_reason is None
    assert caught.value.code == "upstream_error"
    assert said and said != target.expected_answer(text) and target.expected_answer(text).startswith(said)


def test_full_queue_of_a_provider(client, fakes):
    """One call at a time and no queue: the second call gets 503 with Retry-After."""
    text = unique("Alone")
    fakes.answer("openai", text, {"cut": "middle"})
    with ask(client, "narrow/gpt-4o-mini", text, stream=True) as first:
        next(iter(first))
        with pytest.raises(openai.InternalServerError) as caught:
            ask(client, "narrow/gpt-4o-mini", "Me too")
        assert caught.value.status_code == 503 and int(caught.value.response.headers["retry-after"]) >= 1
    fakes.until("openai", text, lambda request: request["isAbandoned"])
    assert ask(client, "narrow/gpt-4o-mini", unique("Now")).choices[0].finish_reason == "stop"
