"""Fixtures: one Parley in open mode with the fake providers behind it, and one that requires credentials."""
import json

import pytest

from servers import UNREACHABLE, FakeProviders, Parley
from targets import DEMO, DIRECT, MODELS, Target


@pytest.fixture(scope="session")
def fakes():
    fakes = FakeProviders()
    yield fakes
    fakes.stop()


@pytest.fixture(scope="module")
def own_fakes():
    """Fake providers for tests that delete models."""
    fakes = FakeProviders()
    yield fakes
    fakes.stop()


@pytest.fixture(scope="session")
def parley(fakes, tmp_path_factory):
    """In open mode, without limits, with each fake as a provider and one unreachable provider."""
    folder = tmp_path_factory.mktemp("parley")
    file = folder / "providers.json"
    file.write_text(json.dumps({"providers": [
        {"name": "absent", "base_url": UNREACHABLE + "/v1", "models": ["nothing"]},
        {"name": "narrow", "base_url": fakes.urls["openai"] + "/v1", "models": ["gpt-4o-mini"], "concurrency": 1, "queue": 0},
    ]}))
    parley = Parley(folder, PROVIDERS_FILE=str(file), DEFAULT_MODEL=DEMO,
                    RATE_LIMIT_PER_MINUTE="0", RATE_LIMIT_PER_HOUR="0", MAX_CONCURRENT_RUNS="0",
                    OPENAI_BASE_URL=fakes.urls["openai"] + "/v1", OPENAI_API_KEY="sk-of-the-fake",
                    OLLAMA_BASE_URL=fakes.urls["ollama"],
                    GEMINI_BASE_URL=fakes.urls["gemini"], GEMINI_API_KEY="key-of-the-fake",
                    ANTHROPIC_BASE_URL=fakes.urls["anthropic"], ANTHROPIC_API_KEY="key-of-the-fake")
    yield parley
    parley.stop()


@pytest.fixture(scope="session")
def strict(tmp_path_factory):
    """Requires a credential, and allows 60 requests a minute and 8 concurrent calls of each user."""
    parley = Parley(tmp_path_factory.mktemp("strict"), AUTH_MODE="required", DEFAULT_MODEL=DEMO,
                    RATE_LIMIT_PER_MINUTE="60", OLLAMA_BASE_URL=UNREACHABLE)
    yield parley
    parley.stop()


@pytest.fixture(scope="session")
def required(fakes, tmp_path_factory):
    """Requires a credential, without limits, with the fake OpenAI as the default model and the fake Ollama."""
    parley = Parley(tmp_path_factory.mktemp("required"), AUTH_MODE="required", DEFAULT_MODEL="openai/gpt-4o-mini",
                    RATE_LIMIT_PER_MINUTE="0", RATE_LIMIT_PER_HOUR="0", MAX_CONCURRENT_RUNS="0",
                    OPENAI_BASE_URL=fakes.urls["openai"] + "/v1", OPENAI_API_KEY="sk-of-the-fake",
                    OLLAMA_BASE_URL=fakes.urls["ollama"])
    yield parley
    parley.stop()


@pytest.fixture
def target(request, fakes):
    """The model that the test selects with its parameter."""
    if request.param == DIRECT:
        target = Target("gpt-4o-mini", fakes.urls["openai"] + "/v1", "openai")
    else:
        target = Target(request.param, request.getfixturevalue("parley").url + "/v1", MODELS.get(request.param))
    yield target
    target.close()


@pytest.fixture
def client(parley):
    """OpenAI's client with Parley as its server."""
    target = Target(DEMO, parley.url + "/v1", None)
    yield target.client()
    target.close()
