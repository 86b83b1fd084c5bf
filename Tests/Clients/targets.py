"""What the clients talk to: each model behind Parley, and a fake itself, as the judge of both."""
import itertools
from dataclasses import dataclass, field

import openai

from house import LIMIT

# Parley's name of a model, and which fake is behind it.
MODELS = {"openai/gpt-4o-mini": "openai", "ollama/llama3.2:latest": "ollama", "gemini/gemini-2.5-flash": "gemini"}
PROVIDED = list(MODELS)
VISION = {"ollama/llama3.2:latest": "ollama/llava:latest"}
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
        """A model of the same provider that takes images."""
        return VISION.get(self.model, self.model)

    def says(self, text, more="", model=None):
        """What the fake answers to a text."""
        model = (model or self.model).partition("/")[2] or self.model
        return f"The fake {model} heard: {text}{more}"

    @staticmethod
    def saw(*types):
        """What the fake adds to its answer when there were images."""
        return f" It saw {', '.join(types)}."

    @staticmethod
    def tools_said(*results):
        """What the fake adds to its answer once tools were called."""
        return f" The tools said: {'; '.join(results)}."

    def close(self):
        for client in self.clients:
            client.close()


def unique(text):
    """A text that nobody said before, by which the fake's requests are told from each other."""
    return f"{text} no. {next(COUNT)}."
