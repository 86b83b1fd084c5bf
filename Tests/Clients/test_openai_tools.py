"""openai: tool calls and tool results."""
import json

import pytest

from targets import DEMO, DIRECT, PROVIDED, unique

FAKED = pytest.mark.parametrize("target", [*PROVIDED, DIRECT], indirect=True)
WEATHER = {"type": "function", "function": {
    "name": "get_weather", "description": "The weather at a place",
    "parameters": {"type": "object", "additionalProperties": False, "required": ["city", "days"],
                   "properties": {"city": {"type": "string", "description": "a city"}, "days": {"type": "integer"},
                                  "unit": {"type": "string", "enum": ["°C", "°F"]}}}}}
TIME = {"type": "function", "function": {"name": "get_time", "parameters": {"type": "object", "properties": {}}}}
PLAIN = {"type": "function", "function": {"name": "plain"}}


def calls_of_response(client, asked):
    choice = client.chat.completions.create(**asked).choices[0]
    assert choice.finish_reason == "tool_calls" and not choice.message.content
    return [(call.id, call.function.name, call.function.arguments) for call in choice.message.tool_calls]


def calls_of_stream(client, asked):
    """Joins the pieces of each call by index, as clients do."""
    calls, reasons = {}, []
    for chunk in client.chat.completions.create(**asked, stream=True):
        choice = chunk.choices[0]
        reasons.append(choice.finish_reason)
        for piece in choice.delta.tool_calls or []:
            if piece.index not in calls:
                assert piece.index == len(calls) and piece.id and piece.type == "function" and piece.function.name
                calls[piece.index] = [piece.id, piece.function.name, piece.function.arguments or ""]
            else:
                assert not piece.id or piece.id == calls[piece.index][0]
                calls[piece.index][2] += piece.function.arguments
    assert reasons[-1] == "tool_calls" and set(reasons[:-1]) <= {None}
    return [tuple(calls[index]) for index in sorted(calls)]


BOTH = pytest.mark.parametrize("calls_of", [calls_of_response, calls_of_stream])


@FAKED
@BOTH
def test_tool_call_and_result(target, calls_of):
    client, text = target.client(), unique("How is the weather?")
    asked = dict(model=target.model, messages=[{"role": "user", "content": text}], tools=[WEATHER])
    (id, name, arguments), = calls_of(client, asked)
    assert name == "get_weather" and id
    given = json.loads(arguments)
    assert isinstance(given["city"], str) and isinstance(given["days"], int)
    asked["messages"] += [
        {"role": "assistant", "content": None,
         "tool_calls": [{"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}]},
        {"role": "tool", "tool_call_id": id, "content": "Sunny, 21 °C"}]
    answer = client.chat.completions.create(**asked).choices[0]
    assert answer.finish_reason == "stop" and not answer.message.tool_calls
    assert answer.message.content == target.expected_answer(text, target.tool_suffix("Sunny, 21 °C"))


@FAKED
@BOTH
def test_parallel_tool_calls(target, calls_of):
    client, text = target.client(), unique("Weather and time")
    asked = dict(model=target.model, messages=[{"role": "user", "content": text}], tools=[WEATHER, TIME])
    calls = calls_of(client, asked)
    assert [name for _, name, _ in calls] == ["get_weather", "get_time"]
    assert len({id for id, _, _ in calls}) == 2 and calls[1][2] == "{}"
    asked["messages"].append({"role": "assistant", "tool_calls": [
        {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}} for id, name, arguments in calls]})
    # In a different order than the calls: the ids identify them.
    asked["messages"] += [{"role": "tool", "tool_call_id": calls[1][0], "content": "noon"},
                          {"role": "tool", "tool_call_id": calls[0][0], "content": [{"type": "text", "text": "rain"}]}]
    answer = client.chat.completions.create(**asked).choices[0]
    # Parley sends results in the order of their calls.
    results = ["noon", "rain"] if target.is_direct else ["rain", "noon"]
    assert answer.message.content == target.expected_answer(text, target.tool_suffix(*results))


@FAKED
def test_parse_helper(target):
    """The SDK's accumulator of streamed calls."""
    text = unique("Parse the weather")
    function = WEATHER["function"]
    strict = {**function["parameters"], "additionalProperties": False, "required": [*function["parameters"]["properties"]]}
    tool = {**WEATHER, "function": {**function, "strict": True, "parameters": strict}}
    with target.client().chat.completions.stream(
            model=target.model, messages=[{"role": "user", "content": text}], tools=[tool]) as stream:
        done = [event for event in stream if event.type == "tool_calls.function.arguments.done"]
        final = stream.get_final_completion().choices[0]
    assert [event.name for event in done] == ["get_weather"]
    call, = final.message.tool_calls
    assert call.function.parsed_arguments == json.loads(done[0].arguments)


@FAKED
def test_tool_choice(target, fakes):
    client, text = target.client(), unique("No tool, please")
    asked = dict(model=target.model, messages=[{"role": "user", "content": text}], tools=[WEATHER, TIME])
    answer = client.chat.completions.create(**asked, tool_choice="none").choices[0]
    assert answer.message.content == target.expected_answer(text) and not answer.message.tool_calls
    named = {"type": "function", "function": {"name": "get_time"}}
    (_, name, _), = calls_of_response(client, dict(asked, tool_choice=named))
    assert name == "get_time"
    assert calls_of_response(client, dict(asked, tool_choice="required"))


@BOTH
@pytest.mark.parametrize("keeps", [True, False], ids=["kept", "lost"])
def test_thought_signatures_of_gemini(parley, fakes, client, calls_of, keeps):
    """The newest model rejects its own call without the signature, and clients drop unknown fields."""
    text, model = unique("Sign the weather"), "gemini/gemini-3-pro-preview"
    asked = dict(model=model, messages=[{"role": "user", "content": text}], tools=[WEATHER])
    if keeps:
        message = client.chat.completions.create(**asked).choices[0].message.model_dump(exclude_none=True)
    else:
        (id, name, arguments), = calls_of(client, asked)
        message = {"role": "assistant", "tool_calls": [
            {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}]}
    asked["messages"] += [message, {"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": "Sunny"}]
    assert "The tools said: Sunny." in client.chat.completions.create(**asked).choices[0].message.content
    part = fakes.requests("gemini", text)[-1]["json"]["contents"][1]["parts"][0]
    assert part["thoughtSignature"].startswith("CiQBcsjafNPr7hUn") == keeps


@BOTH
def test_tool_calls_of_the_demo_model(client, calls_of):
    """It calls the tool that the message names, and repeats the tool's result."""
    asked = dict(model=DEMO, messages=[{"role": "user", "content": "Use get_weather, please."}], tools=[WEATHER])
    (id, name, arguments), = calls_of(client, asked)
    assert name == "get_weather" and json.loads(arguments).keys() >= {"city", "days"}
    asked["messages"] += [
        {"role": "assistant",
         "tool_calls": [{"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}]},
        {"role": "tool", "tool_call_id": id, "content": "Sunny, 21 °C"}]
    answer = client.chat.completions.create(**asked).choices[0]
    assert answer.finish_reason == "stop" and "Sunny, 21 °C" in answer.message.content


@pytest.mark.parametrize("target", ["openai/gpt-4o-mini", DIRECT], indirect=True)
def test_tool_parameters_sent_to_openai(target, fakes):
    text = unique("Told of tools")
    calls_of_response(target.client(), dict(
        model=target.model, messages=[{"role": "user", "content": text}], tools=[WEATHER, PLAIN],
        tool_choice="auto", parallel_tool_calls=False))
    body = fakes.request("openai", text)["json"]
    assert body["tools"] == [WEATHER, PLAIN]
    assert (body["tool_choice"], body["parallel_tool_calls"]) == ("auto", False)
