"""Rules between the parts of a request that a schema cannot express; requests that break them are not generated."""
import json

import schemathesis


def value(container, name):
    """The value of a header or parameter; header names are case-insensitive."""
    for key, found in (container or {}).items():
        if key.lower() == name.lower():
            return found
    return None


@schemathesis.hook
def filter_case(context, case):
    body = case.body if isinstance(case.body, dict) else {}
    query = case.query or {}
    # Two idempotency keys must be equal.
    if value(case.headers, "Idempotency-Key") is not None and body.get("client_message_id") is not None:
        return False
    # A cursor says where a page starts, so there is nothing to skip.
    if query.get("cursor") and query.get("offset"):
        return False
    # What a model can do is its own: it refuses recordings and images, and vectors of another length.
    if any(kind in json.dumps(body.get("messages")) for kind in ("input_audio", "image_url")):
        return False
    if isinstance(body.get("dimensions"), int) and not 16 <= body["dimensions"] <= 4096:
        return False
    # A report's first day is not after its last one.
    if query.get("from") or query.get("to"):
        return str(query.get("from") or "1970-01-01") <= str(query.get("to") or "9999-12-31")
    return True
