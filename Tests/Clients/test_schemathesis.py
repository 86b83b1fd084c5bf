"""Generated requests against the OpenAPI document: no server error, no status, header or body that is not documented.

By default a short form runs. EXAMPLES sets the number of generated requests for each operation, and SEED the seed; then
requests at and beyond every limit are sent, too:
    EXAMPLES=200 SEED=7 Tests/Clients/run.sh -k schemathesis
"""
import json
import os
import subprocess
import sys

import pytest

from servers import Parley

HOOKS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "schemathesis_hooks.py")
EXAMPLES = os.environ.get("EXAMPLES")
SEED = os.environ.get("SEED", "1")

CONFIGURATION = """
hooks = {hooks}

[auth.openapi.bearer]
bearer = {key}

[auth.openapi.key]
api_key = {key}

[generation]
allow-x00 = false
database = "none"

# A valid request can be refused because of the server's state: 404, 409, or 422 for an idempotency key that was used for
# another request. Nothing may answer with 5xx.
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "401", "403", "404", "409", "422", "429"]

# Too large is a refusal, too.
[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "406", "409", "413", "414", "415", "422", "428", "429", "431", "5xx"]

# Whether a message can be edited or regenerated depends on the message, and whether a model can be pulled on its provider.
# Seed 000 has no 422.
[[operations]]
include-path-regex = "/(edit|regenerate|api/(prompt|pull|delete|create)/|api/v1/models(/pulls)?)$"
checks.positive_data_acceptance.expected-statuses = ["2xx", "3xx", "400", "401", "403", "404", "409", "422", "429"]

# Speech is not available in this version, which these operations say.
[[operations]]
include-path-regex = "^/(proxy-|audio/)"
checks.not_a_server_error.enabled = false
checks.positive_data_acceptance.enabled = false
"""


@pytest.fixture(scope="module")
def served(own_fakes, tmp_path_factory):
    """Requires credentials and has no limits; the fake servers are the providers."""
    parley = Parley(tmp_path_factory.mktemp("documented"), AUTH_MODE="required", DEFAULT_MODEL="openai/gpt-4o-mini",
                    RATE_LIMIT_PER_MINUTE="0", RATE_LIMIT_PER_HOUR="0", MAX_CONCURRENT_RUNS="0",
                    OPENAI_BASE_URL=own_fakes.urls["openai"] + "/v1", OPENAI_API_KEY="sk-of-the-fake",
                    OLLAMA_BASE_URL=own_fakes.urls["ollama"],
                    GEMINI_BASE_URL=own_fakes.urls["gemini"], GEMINI_API_KEY="key-of-the-fake")
    yield parley
    parley.stop()


def test_generated_requests(served, tmp_path):
    key = served.v1("POST", "/keys", served.token("root", "--role", "admin"), {"name": "schemathesis", "role": "admin"})
    file = tmp_path / "schemathesis.toml"
    file.write_text(CONFIGURATION.format(hooks=json.dumps(HOOKS), key=json.dumps(key["key"])))
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(file), "run", served.url + "/openapi.json",
               "--max-examples", EXAMPLES or "10", "--seed", SEED,
               "--phases", "examples,coverage,fuzzing,stateful" if EXAMPLES else "examples,fuzzing,stateful", "--continue-on-failure", "--no-shrink",
               "--warnings", "off", "--request-timeout", "60", "--no-color"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=2000)
    # A request can have a megabyte.
    print("\n".join(line[:1000] for line in result.stdout.splitlines())[-20000:])
    assert result.returncode == 0, result.stderr[-2000:]
