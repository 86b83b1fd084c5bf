"""Stacks as the chaos tests start them. Makes the modules of Tests/Stack importable."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Stack"))

from async_stack import AsyncStack  # noqa: E402
from processes import SERVICES  # noqa: E402, F401


def chaos_stack(binaries, data, provider_port, **settings):
    """A stack without rate limits whose model is the provider at a port."""
    return AsyncStack(binaries, data, os.path.join(data, "up.log"), RATE_LIMIT_PER_MINUTE="0", RATE_LIMIT_PER_HOUR="0",
                      OLLAMA_BASE_URL=f"http://127.0.0.1:{provider_port}", DEFAULT_MODEL="ollama/fake", LOG_LEVEL="warning", **settings)
