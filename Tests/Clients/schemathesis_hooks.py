"""Rules between the parts of a request that a schema cannot express; requests that break them are not generated."""
import datetime
import json
from urllib.parse import unquote

import schemathesis


def value(container, name):
    """The value of a header or parameter; header names are case-insensitive."""
    for key, found in (container or {}).items():
        if key.lower() == name.lower():
            return found
    return None


# Limits in bytes, where a schema counts characters.
BYTES = {"name": 100, "user": 255, "user_id": 255, "client_message_id": 255, "Idempotency-Key": 255}


def is_too_long(container):
    return any(isinstance(text := value(container, name), str) and len(text.encode(errors="replace")) > limit
               for name, limit in BYTES.items())


# Only Ollama's models can be changed, and a name can begin with that of another provider.
OTHER_PROVIDERS = ("demo/", "openai/", "gemini/")
MODEL_CHANGES = {"/api/v1/models", "/api/v1/models/pulls", "/api/pull/", "/api/delete/", "/api/create/"}


def changes_other_model(case, body):
    names = []
    if case.path in MODEL_CHANGES:
        names = [body.get(name) for name in ("model", "model_name", "name", "basemodel", "from")]
    elif case.path == "/api/v1/models/{model}" and case.method.upper() == "DELETE":
        names = [value(case.path_parameters, "model")]
    return any(isinstance(name, str) and unquote(name).startswith(OTHER_PROVIDERS) for name in names)


def lacks_ability(case, body):
    """Whether a chat would need a model for embeddings, or the other way round."""
    model = body.get("model")
    return isinstance(model, str) and ("embed" in model) != (case.path == "/v1/embeddings") and "/" in model


@schemathesis.hook
def filter_case(context, case):
    body = case.body if isinstance(case.body, dict) else {}
    query = case.query or {}
    if any(map(is_too_long, (body, query, case.headers))):
        return False
    if changes_other_model(case, body) or lacks_ability(case, body):
        return False
    # Whether a number is a token depends on the vocabulary.
    if case.path == "/v1/embeddings" and isinstance(body.get("input"), list) and not all(
            isinstance(text, str) for text in body["input"]):
        return False
    # The tools of a turn are those that this server has.
    if isinstance(body.get("tools"), list) and any(isinstance(tool, str) for tool in body["tools"]):
        return False
    if case.path.startswith("/api/v1/memories") and len(str(body.get("text", "")).encode(errors="replace")) > 4096:
        return False
    # A search has one page, which is shorter.
    if case.path == "/api/v1/memories" and query.get("q") and ("offset" in query or "limit" in query):
        return False
    # Two idempotency keys must be equal.
    if value(case.headers, "Idempotency-Key") is not None and body.get("client_message_id") is not None:
        return False
    # Only a session that is opened has a key, and this path is also that of the health text.
    if case.path == "/" and value(case.headers, "Idempotency-Key") is not None and "username" not in query:
        return False
    # A cursor says where a page starts, so there is nothing to skip.
    if query.get("cursor") and query.get("offset"):
        return False
    # What a model can do is its own: it refuses recordings and images, and vectors of another length.
    if any(kind in json.dumps(body.get("messages")) for kind in ("input_audio", "image_url")):
        return False
    if isinstance(body.get("dimensions"), (int, float)) and not 16 <= body["dimensions"] <= 4096:
        return False
    # A report's first day is not after its last one, which is today by default.
    if query.get("from") or query.get("to"):
        return str(query.get("from") or "1970-01-01") <= str(query.get("to") or datetime.date.today())
    return True
