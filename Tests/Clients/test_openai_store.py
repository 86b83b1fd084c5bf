"""openai: calls with store=True become conversations, which the native API reads and continues."""
import json
import urllib.error

import pytest

from targets import DEMO, PROVIDED, Target, unique
from test_openai_tools import WEATHER, calls_of_stream, calls_of_response

HEADER = "x-parley-conversation"
KINDS = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


@pytest.fixture
def token(parley):
    """A token of the user that open mode assigns to requests without a credential."""
    return parley.token("local")


def stored_messages(parley, token, conversation):
    return parley.v1("GET", f"/chat/conversations/{conversation}/messages?order=asc", token)["messages"]


def call(client, stream, **asked):
    """The answer and the id of the stored conversation."""
    raw = client.chat.completions.with_raw_response.create(stream=stream, store=True, **asked)
    answer = raw.parse()
    if stream:
        return "".join(chunk.choices[0].delta.content or "" for chunk in answer), raw.headers[HEADER]
    return answer.choices[0].message.content, raw.headers[HEADER]


@KINDS
@pytest.mark.parametrize("target", [*PROVIDED, DEMO], indirect=True)
def test_stored_call_continues_in_the_native_api(target, parley, token, stream):
    text = unique("Grüße, 👩‍🍳")
    messages = [{"role": "system", "content": "You are a test."}, {"role": "user", "content": text}]
    answer, conversation = call(target.client(), stream, model=target.model, messages=messages, metadata={"of": "mine"})
    user, assistant = stored_messages(parley, token, conversation)
    assert (user["role"], user["content"]) == ("user", text)
    assert (assistant["role"], assistant["content"]) == ("assistant", answer) and answer
    run = parley.v1("GET", f"/chat/conversations/{conversation}/runs/{assistant['run_id']}", token)
    assert (run["model"], run["status"], run["finish_reason"]) == (target.model, "completed", "stop")
    assert run["usage"]["prompt_tokens"] > 0 and run["usage"]["completion_tokens"] > 0
    listed = parley.v1("GET", "/chat/conversations?limit=100", token)["conversations"]
    assert conversation in [one["id"] for one in listed]
    parley.v1("POST", f"/chat/conversations/{conversation}/messages", token, {"content": "And now?"})
    assert [message["role"] for message in stored_messages(parley, token, conversation)] == ["user", "assistant"] * 2


@pytest.mark.parametrize("calls_of", [calls_of_response, calls_of_stream])
@pytest.mark.parametrize("target", PROVIDED, indirect=True)
def test_stored_tool_calls(target, parley, token, calls_of):
    client, text = target.client(), unique("How is the weather?")
    asked = dict(model=target.model, messages=[{"role": "user", "content": text}], tools=[WEATHER], store=True)
    (id, name, arguments), = calls_of(client, asked)
    function = {"name": name, "arguments": arguments}
    asked["messages"] += [
        {"role": "assistant", "content": None, "tool_calls": [{"id": id, "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": id, "content": "Sunny, 21 °C"}]
    _, conversation = call(client, False, model=target.model, messages=asked["messages"], tools=[WEATHER])
    messages = stored_messages(parley, token, conversation)
    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "assistant"]
    assert messages[1]["tool_calls"][0]["function"] == function and messages[2]["tool_call_id"] == id
    # The call without tool results is stored as a conversation too.
    listed = parley.v1("GET", "/chat/conversations?limit=100", token)["conversations"]
    first = [one for one in listed if one["message_count"] == 2 and one["recent_messages"][1]["content"] == text]
    assert [one["recent_messages"][0]["tool_calls"][0]["function"]["name"] for one in first] == [name]
    again = parley.v1("POST", f"/chat/conversations/{conversation}/messages", token, {"content": unique("And now?")})
    assert again["assistant_message"]["status"] == "completed"


@KINDS
def test_nothing_is_stored_without_store(parley, client, token, stream):
    before = parley.v1("GET", "/chat/conversations?limit=1", token)["total"]
    for store in (False, None):
        raw = client.chat.completions.with_raw_response.create(
            model=DEMO, messages=[{"role": "user", "content": "Hello"}], stream=stream, store=store)
        if stream:
            list(raw.parse())
        assert HEADER not in raw.headers
    assert parley.v1("GET", "/chat/conversations?limit=1", token)["total"] == before


def test_stored_call_of_another_user_is_forbidden(strict):
    target = Target(DEMO, strict.url + "/v1", None, key=strict.token("ann"))
    _, conversation = call(target.client(), True, model=DEMO, messages=[{"role": "user", "content": "Hello"}])
    target.close()
    assert len(stored_messages(strict, strict.token("ann"), conversation)) == 2
    with pytest.raises(urllib.error.HTTPError) as refused:
        stored_messages(strict, strict.token("bob"), conversation)
    assert refused.value.code == 403 and json.load(refused.value)["error"]
