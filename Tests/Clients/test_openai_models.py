"""openai: the list of models, and one of them."""
import openai
import pytest

from targets import DEMO, PROVIDED


def test_list_of_models(client):
    page = client.models.list()
    assert page.object == "list"
    found = {model.id: model for model in page}
    assert {*PROVIDED, DEMO, "demo/hash-embedding", "openai/text-embedding-3-small", "absent/nothing"} <= found.keys()
    assert all(model.object == "model" and isinstance(model.created, int) for model in found.values())
    assert found[DEMO].owned_by == "demo" and found["ollama/llama3.2:latest"].owned_by == "ollama"


@pytest.mark.parametrize("name", [*PROVIDED, DEMO, "demo/hash-embedding"])
def test_one_model(client, name):
    model = client.models.retrieve(name)
    assert (model.id, model.object, model.owned_by) == (name, "model", name.partition("/")[0])


def test_model_without_provider_name(client):
    assert client.models.retrieve("demo").id == DEMO


@pytest.mark.parametrize("name", ["nobody/knows", "demo/nothing", "nothing-of-the-kind"])
def test_unknown_model(client, name):
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve(name)
    assert (caught.value.code, caught.value.type) == ("model_not_found", "invalid_request_error")
