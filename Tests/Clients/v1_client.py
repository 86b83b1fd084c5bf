"""A client of the native API that shows the bytes of the responses."""
import base64
import hashlib
import hmac
import json
import re
import time
import urllib.error
import urllib.request
from dataclasses import dataclass

from servers import LIMIT

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
CHAT = "/api/v1/chat/conversations"


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    def error(self, status, name=None):
        """Checks that the answer is exactly an error envelope, and returns its message."""
        assert self.status == status, (self.status, self.body)
        envelope = self.json
        assert list(envelope) == ["error", "message", "details"], envelope
        assert isinstance(envelope["details"], dict) and envelope["message"]
        assert name is None or envelope["error"] == name, envelope
        return envelope["message"]


def call(parley, method, path, token=None, value=None, data=None, **headers):
    """Sends a request with `value` as JSON, or `data` as it is."""
    headers = {name.replace("_", "-"): text for name, text in headers.items()}
    if token:
        headers["authorization"] = f"Bearer {token}"
    if value is not None:
        data = json.dumps(value).encode()
    if data is not None:
        headers.setdefault("content-type", "application/json")
    request = urllib.request.Request(parley.url + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=LIMIT) as response:
            return Answer(response.status, dict_of(response.headers), response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, dict_of(error.headers), error.read())


def dict_of(headers):
    return {name.lower(): text for name, text in headers.items()}


def is_compact(body):
    """Whether JSON has no white space between its tokens, and its characters are not escaped."""
    return body == json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False).encode()


def encoded(value):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwt(secret, claims, header=None):
    """A token with any claims, signed with HS256."""
    text = f"{encoded(header or {'alg': 'HS256', 'typ': 'JWT'})}.{encoded(claims)}"
    return text + "." + encoded(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())


def in_an_hour():
    return int(time.time()) + 3600


def open_conversation(parley, token, influencer=None, **more):
    """Opens a new conversation and returns its id."""
    influencer = influencer or call(parley, "GET", "/api/v1/influencers").json["influencers"][0]["id"]
    answer = call(parley, "POST", CHAT, token, {"influencer_id": influencer, "new": True, **more})
    assert answer.status == 201, answer
    return answer.json["id"]
