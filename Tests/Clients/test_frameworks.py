"""LangChain, LlamaIndex and pydantic-ai, unmodified, over every dialect behind Parley."""
import asyncio
import json

import pydantic
import pytest

from targets import EMBEDDING, PROVIDED, unique

DIALECTS = pytest.mark.parametrize("target", PROVIDED, indirect=True)
EMBEDDERS = pytest.mark.parametrize("model", EMBEDDING.values())


class Person(pydantic.BaseModel):
    """A person."""
    name: str
    age: int


def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"Sunny in {city}"


# LangChain

@pytest.fixture
def langchain(target):
    from langchain_openai import ChatOpenAI
    return ChatOpenAI(model=target.model, base_url=target.url, api_key=target.key, max_retries=0, timeout=90)


@DIALECTS
def test_langchain_chat_and_stream(langchain, target):
    text = unique("Through LangChain")
    answer = langchain.invoke(text)
    assert answer.content == target.expected_answer(text)
    assert answer.usage_metadata["input_tokens"] > 0 and answer.response_metadata["finish_reason"] == "stop"
    chunks = list(langchain.stream(text))
    assert "".join(chunk.content for chunk in chunks) == target.expected_answer(text)


@DIALECTS
@pytest.mark.parametrize("stream", [False, True])
def test_langchain_tools(langchain, target, stream):
    from langchain_core.messages import HumanMessage
    from langchain_core.tools import tool
    bound = langchain.bind_tools([tool(get_weather)])
    text = unique("Weather through LangChain")
    history = [HumanMessage(text)]
    if stream:
        answer = None
        for chunk in bound.stream(history):
            answer = chunk if answer is None else answer + chunk
    else:
        answer = bound.invoke(history)
    call, = answer.tool_calls
    assert call["name"] == "get_weather" and isinstance(call["args"]["city"], str)
    history += [answer, tool(get_weather).invoke(call)]
    final = bound.invoke(history)
    assert final.content == target.expected_answer(text, target.tool_suffix(f"Sunny in {call['args']['city']}"))


@DIALECTS
def test_langchain_structured_output(langchain, target):
    for method in ("json_schema", "function_calling"):
        person = langchain.with_structured_output(Person, method=method).invoke(unique("A person"))
        assert isinstance(person, Person)


@EMBEDDERS
def test_langchain_embeddings(parley, fakes, model):
    """By default LangChain sends texts as arrays of token numbers."""
    from langchain_openai import OpenAIEmbeddings
    embedder = OpenAIEmbeddings(model=model, base_url=parley.url + "/v1", api_key="sk-whatever", max_retries=0)
    texts = [unique("Grüße, 你好 👩‍🍳, tokens"), unique("And a second text")]
    vectors = embedder.embed_documents(texts)
    assert len(vectors) == 2 and len(vectors[0]) == len(vectors[1]) > 3 and vectors[0] != vectors[1]
    plain = OpenAIEmbeddings(model=model, base_url=parley.url + "/v1", api_key="sk-whatever", max_retries=0,
                             check_embedding_ctx_length=False)
    assert len(plain.embed_query(texts[0])) == len(vectors[0])
    server = model.partition("/")[0]
    if server in ("ollama", "gemini"):
        # The tokens have become the texts again.
        sent = fakes.requests(server, texts[0])[0]["json"]
        found = sent["input"] if server == "ollama" else [
            request["content"]["parts"][0]["text"] for request in sent["requests"]]
        assert found == texts


# pydantic-ai

@pytest.fixture
def agent(target):
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider
    model = OpenAIChatModel(target.model, provider=OpenAIProvider(openai_client=target.async_client()))
    return lambda **more: Agent(model, **more)


@DIALECTS
def test_pydantic_ai_chat_and_stream(agent, target):
    text = unique("Through pydantic-ai")

    async def run():
        whole = await agent().run(text)
        async with agent().run_stream(text) as streamed:
            return whole, [piece async for piece in streamed.stream_text(delta=True, debounce_by=None)]

    whole, pieces = asyncio.run(run())
    assert whole.output == target.expected_answer(text) == "".join(pieces)


@DIALECTS
def test_pydantic_ai_tools(agent, target):
    text, calls = unique("Weather through pydantic-ai"), []

    def weather(city: str) -> str:
        """The weather in a city."""
        calls.append(city)
        return get_weather(city)

    result = asyncio.run(agent(tools=[weather]).run(text))
    assert len(calls) == 1
    assert result.output == target.expected_answer(text, target.tool_suffix(f"Sunny in {calls[0]}"))


@DIALECTS
def test_pydantic_ai_structured_output(agent, target):
    from pydantic_ai import NativeOutput

    async def run():
        return [(await agent(output_type=output).run(unique("A person"))).output for output in (Person, NativeOutput(Person))]

    assert all(isinstance(person, Person) for person in asyncio.run(run()))


# LlamaIndex

@pytest.fixture
def llama(target):
    from llama_index.llms.openai_like import OpenAILike
    return OpenAILike(model=target.model, api_base=target.url, api_key=target.key, is_chat_model=True,
                      is_function_calling_model=True, context_window=8192, max_retries=0, timeout=90)


@DIALECTS
def test_llama_index_chat_and_stream(llama, target):
    from llama_index.core.llms import ChatMessage
    text = unique("Through LlamaIndex")
    messages = [ChatMessage(role="user", content=text)]
    assert llama.chat(messages).message.content == target.expected_answer(text)
    pieces = [chunk.delta for chunk in llama.stream_chat(messages)]
    assert "".join(piece or "" for piece in pieces) == target.expected_answer(text)


@DIALECTS
def test_llama_index_tools(llama, target):
    from llama_index.core.llms import ChatMessage
    from llama_index.core.tools import FunctionTool
    text = unique("Weather through LlamaIndex")
    tool = FunctionTool.from_defaults(get_weather)
    history = [ChatMessage(role="user", content=text)]
    answer = llama.chat_with_tools([tool], chat_history=history)
    call, = llama.get_tool_calls_from_response(answer)
    assert call.tool_name == "get_weather"
    history += [answer.message, ChatMessage(role="tool", content=get_weather(**call.tool_kwargs),
                                            additional_kwargs={"tool_call_id": call.tool_id})]
    final = llama.chat(history)
    assert final.message.content == target.expected_answer(text, target.tool_suffix(get_weather(**call.tool_kwargs)))


@DIALECTS
def test_llama_index_structured_output(llama):
    from llama_index.core.llms import ChatMessage
    person = llama.as_structured_llm(Person).chat([ChatMessage(role="user", content=unique("A person"))]).raw
    assert isinstance(person, Person)


@EMBEDDERS
def test_llama_index_embeddings(parley, model):
    from llama_index.embeddings.openai_like import OpenAILikeEmbedding
    embedder = OpenAILikeEmbedding(model_name=model, api_base=parley.url + "/v1", api_key="sk-whatever", max_retries=0)
    vectors = embedder.get_text_embedding_batch([unique("one"), unique("two")])
    assert len(vectors) == 2 and len(vectors[0]) == len(vectors[1]) > 3


# The official SDK, on interfaces that are not there

@pytest.mark.parametrize("call, advice", [
    (lambda client: client.responses.create(model="demo/demo", input="Hello"), "/v1/chat/completions"),
    (lambda client: client.completions.create(model="demo/demo", prompt="Hello"), "/v1/chat/completions"),
    (lambda client: client.moderations.create(input="Hello"), "/v1/chat/completions"),
    (lambda client: client.images.generate(prompt="A cat"), "Images"),
    (lambda client: client.files.list(), "Files"),
    (lambda client: client.batches.list(), "Batches"),
])
def test_missing_interfaces_name_what_to_use(client, call, advice):
    import openai
    with pytest.raises(openai.NotFoundError) as caught:
        call(client)
    assert caught.value.code == "unknown_url" and advice in caught.value.body["message"]


def test_ignored_options_are_named(client, parley):
    raw = client.chat.completions.with_raw_response.create(
        model="gemini/gemini-2.5-flash", messages=[{"role": "user", "content": unique("Options")}],
        logit_bias={"50256": -100}, extra_body={"min_p": 0.1, "api_base": "http://127.0.0.1:9"})
    assert set(raw.headers["x-parley-ignored-options"].split(", ")) == {"logit_bias", "min_p", "api_base"}
    assert json.loads(raw.text)["choices"]
