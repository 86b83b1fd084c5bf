"""What the clients talk to: each model behind Parley, and a fake itself, as the judge of both."""
import itertools
from dataclasses import dataclass, field

import openai

from house import LIMIT

# Parley's name of a model, and which fake is behind it.
MODELS = {"openai/gpt-4o-mini": "openai", "ollama/llama3.2:latest": "ollama"}
PROVIDED = list(MODELS)
DEMO = "demo/demo"
# The fake itself, without Parley.
DIRECT = "the fake itself"
COUNT = itertools.count(1)


@dataclass
class Target:
    """A model that is asked, and how."""
    model: str
    url: str
    # Which fake is behind it, if any.
    server: str | None
    key: str = "sk-whatever"
    clients: list = field(default_factory=list)

    @property
    def bare(self):
        """What the provider itself calls the model."""
        return self.model.partition("/")[2] or self.model

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

    def says(self, text, more=""):
        """What the fake answers to a text."""
        return f"The fake {self.bare} heard: {text}{more}"

    def close(self):
        for client in self.clients:
            client.close()


def unique(text):
    """A text that nobody said before, by which the fake's requests are told from each other."""
    return f"{text} no. {next(COUNT)}."
