"""The declared outcome of every operation for every caller, in the authentication mode `required`.

The access level comes from the OpenAPI document. What it cannot say, whose objects a caller may use, stands here. An
operation with a parameter that is not declared fails the test.
"""
import re

# The callers. `user` owns the foreign objects of the others; `key` is an API key of `user`.
CALLERS = ["nobody", "user", "other", "admin", "key", "revoked", "expired"]
IDENTIFIED = {"user", "other", "admin", "key"}

# What the parameters of paths stand for: a pattern of paths, and the kind of each parameter.
PARAMETERS = [
    (r"/api/v1/chat/conversations/\{id\}.*", {"id": "conversation", "message": "message", "run": "run"}),
    (r"/api/v1/keys/\{id\}", {"id": "key"}),
    (r"/api/v1/quotas/\{principal\}", {"principal": "name"}),
    (r"/api/v1/influencers/\{id\}", {"id": "influencer"}),
    (r"/api/v1/models/pulls/\{job\}.*", {"job": "job"}),
    (r"/(api/)?v1/models/\{model\}", {"model": "model"}),
    (r"/docs/\{file\}", {"file": "file"}),
    (r"/api/v1/memories/\{id\}", {"id": "memory"}),
    (r"/conversation/completion/\{id\}", {"id": "thread"}),
    (r"/conversation/\{conversation_id\}", {"conversation_id": "agent"}),
    (r"/chat(_history)?/\{session_id\}", {"session_id": "session"}),
    (r"/audio/\{username\}", {"username": "name"}),
]

# The kinds that everybody shares.
SHARED = {"influencer", "job", "model", "file"}

# The status for a foreign object: for a user, and for an admin (None: allowed).
FOREIGN = {"conversation": (403, 403), "key": (404, None), "name": (403, None), "memory": (404, 404),
           "thread": (404, 404), "agent": (404, 404), "session": (404, None)}

# Members of bodies and parameters of queries that name a user: an admin may name anybody, a user only themselves.
NAMES = {"user", "username", "user_id"}
FOREIGN_NAME = (403, None)

# Operations that several surfaces share: a query with which one of them answers, and the access level of that one.
SHARED_OPERATIONS = {"GET /": [({}, "anyone"), ({"username": "NAME"}, "localInOpenMode")]}

# Operations that need something that this server does not have: the status of allowed requests.
UNAVAILABLE = {"GET /proxy-transcribe": 501, "POST /proxy-send-transcription": 501, "GET /audio/{username}": 501}

# Operations that only admins may use, beside those whose access level says so.
ADMINS_ONLY = {
    "POST /api/v1/models", "DELETE /api/v1/models/{model}", "POST /api/v1/models/pulls",
    "DELETE /api/v1/models/pulls/{job}", "PUT /api/v1/quotas/{principal}", "POST /api/pull/", "POST /api/delete/",
    "POST /api/create/",
}

# Operations that API keys of the role user may not use.
TOKENS_ONLY = {"POST /api/v1/keys", "PATCH /api/v1/keys/{id}", "DELETE /api/v1/keys/{id}"}


def kinds(path):
    """The kind of each parameter of a path."""
    names = re.findall(r"\{(\w+)\}", path)
    for pattern, known in PARAMETERS:
        if re.fullmatch(pattern, path) and set(names) <= set(known):
            return {name: known[name] for name in names}
    assert not names, f"{path}: declare the parameters {names} in authorization.py"
    return {}


def expected(operation, path, access, caller, is_foreign):
    """The status that the caller must get, or None if the request must be allowed."""
    if access == "unchecked":
        return None
    if caller in ("revoked", "expired"):
        return 401
    if caller == "nobody":
        return None if access in ("anyone", "adminOrLoopback") else 401
    if operation in UNAVAILABLE:
        return UNAVAILABLE[operation]
    if access == "admin" and caller != "admin":
        return 403
    if operation in ADMINS_ONLY and caller != "admin" or operation in TOKENS_ONLY and caller == "key":
        return 403
    if not is_foreign:
        return None
    rules = [FOREIGN[kind] for kind in kinds(path).values() if kind in FOREIGN] or [FOREIGN_NAME]
    for_user, for_admin = rules[0]
    return for_admin if caller == "admin" else for_user
