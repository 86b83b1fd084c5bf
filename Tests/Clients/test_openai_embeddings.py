"""openai: embeddings as base64 (the SDK's default) and as numbers."""
import base64
import math
import struct

import openai
import pytest

from targets import DIRECT, EMBEDDING, Target, unique

HASH = EMBEDDING["demo"]
MODELS = {**EMBEDDING, DIRECT: "text-embedding-3-small"}


@pytest.fixture(params=list(MODELS))
def embedder(request, fakes):
    """A target with its embedding model."""
    url = fakes.urls["openai"] if request.param == DIRECT else request.getfixturevalue("parley").url
    target = Target(MODELS[request.param], url + "/v1", None)
    yield target
    target.close()


def test_one_text(embedder):
    """As base64 decoded by the SDK, as numbers, and as raw base64."""
    client, text = embedder.client(), unique("A cat on a mat")
    answer = client.embeddings.create(model=embedder.model, input=text)
    assert (answer.object, answer.model) == ("list", embedder.model)
    entry, = answer.data
    assert (entry.object, entry.index) == ("embedding", 0) and len(entry.embedding) > 3
    assert all(isinstance(number, float) for number in entry.embedding) and any(entry.embedding)
    assert answer.usage.prompt_tokens == answer.usage.total_tokens > 0
    plain = client.embeddings.create(model=embedder.model, input=text, encoding_format="float").data[0].embedding
    assert len(plain) == len(entry.embedding)
    assert all(math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9) for a, b in zip(plain, entry.embedding))
    packed = client.embeddings.create(model=embedder.model, input=text, encoding_format="base64").data[0].embedding
    assert struct.unpack(f"<{len(plain)}f", base64.b64decode(packed)) == tuple(entry.embedding)


def test_many_texts(embedder):
    client, texts = embedder.client(), [unique("x" * index + "Text") for index in range(40)]
    many = client.embeddings.create(model=embedder.model, input=texts).data
    assert [entry.index for entry in many] == list(range(40))
    assert many[29].embedding != many[28].embedding
    if not embedder.model.startswith("ollama"):  # its fake numbers the texts instead of hashing them
        one = client.embeddings.create(model=embedder.model, input=texts[29]).data[0]
        assert one.embedding == many[29].embedding


def test_dimensions(embedder):
    answer = embedder.client().embeddings.create(model=embedder.model, input=unique("Short"), dimensions=64)
    assert len(answer.data[0].embedding) == 64


def test_unknown_model(embedder):
    with pytest.raises(openai.NotFoundError) as caught:
        embedder.client().embeddings.create(model=embedder.model + "-missing", input="x")
    assert caught.value.code == "model_not_found"


def test_invalid_input(client):
    for input, param in [([], "input"), ("", "input"), ([1, 999_999], "input"), (["a", ""], "input")]:
        with pytest.raises(openai.BadRequestError) as caught:
            client.embeddings.create(model=HASH, input=input)
        assert caught.value.param == param and caught.value.type == "invalid_request_error"
    with pytest.raises(openai.BadRequestError):
        client.embeddings.create(model="demo/demo", input="x")


def test_hash_embedding_is_closer_for_shared_words(client):
    cat, kitten, stock = (entry.embedding for entry in client.embeddings.create(
        model=HASH, input=["a cat sat on the mat", "the cat sat on a mat", "shares fell on the market today"]).data)
    near, far = (sum(a * b for a, b in zip(cat, other)) for other in (kitten, stock))
    assert math.isclose(sum(a * a for a in cat), 1, rel_tol=1e-3) and near > far
