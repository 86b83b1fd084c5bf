"""The servers that the clients call: each model behind Parley, and a fake without Parley."""
import itertools
from dataclasses import dataclass, field

import openai

from servers import LIMIT

# The model names in Parley, and the fake server behind each.
MODELS = {"openai/gpt-4o-mini": "openai", "ollama/llama3.2:latest": "ollama", "gemini/gemini-2.5-flash": "gemini",
          "anthropic/claude-sonnet-4-5-20250929": "anthropic"}
PROVIDED = list(MODELS)
VISION = {"ollama/llama3.2:latest": "ollama/llava:latest"}
DEMO = "demo/demo"
# The fake server without Parley in front.
DIRECT = "the fake itself"
COUNT = itertools.count(1)


@dataclass
class Target:
    """A model and the server that provides it."""
    model: str
    url: str
    # The fake server behind the model, if any.
    server: str | None
    key: str = "sk-whatever"
    clients: list = field(default_factory=list)

    @property
    def is_direct(self):
        return "/" not in self.model

    def client(self, **settings):
        client = openai.OpenAI(**self.settings(settings))
        self.clients.append(client)
        return client

    def async_client(self, **settings):
        return openai.AsyncOpenAI(**self.settings(settings))

    def settings(self, settings):
        return {"base_url": self.url, "api_key": self.key, "timeout": LIMIT, "max_retries": 0, **settings}

    @property
    def vision(self):
        """A model of the same provider that accepts images."""
        return VISION.get(self.model, self.model)

    def expected_answer(self, text, more="", model=None):
        """The answer of the fake to a text."""
        model = (model or self.model).partition("/")[2] or self.model
        return f"The fake {model} heard: {text}{more}"

    @staticmethod
    def image_suffix(*types):
        """What the fake appends to its answer to images."""
        return f" It saw {', '.join(types)}."

    @staticmethod
    def tool_suffix(*results):
        """What the fake appends to its answer to tool results."""
        return f" The tools said: {'; '.join(results)}."

    def close(self):
        for client in self.clients:
            client.close()


def unique(text):
    """A text that no other test uses, which identifies the request in the fake."""
    return f"{text} no. {next(COUNT)}."
