"""The requests of the re-implemented services, read from files, and the comparison of their answers.

A file in `seeds/` has the `user` as whom its requests are sent where a credential is required, and a list of `steps`:

- `name`, `method`, `path`, `headers`, `flags` of curl, and `body`: a text, or a value that is sent as indented JSON.
- `admin`: the step needs the role admin. `names_user`: the request carries the name of the user.
- `status`, `answer_headers`, and either `answer` (JSON) or `text`, to compare with.
- `save`: names for members of the answer, which later steps insert as `{name}`.

In what is compared, a text that begins with `$` is a pattern of `PATTERNS`, or a regular expression after `$re:`; every
other value must be equal. The members of an object must come in the same order. `["$each", value]` is a list, not empty,
whose elements are all like the value.
"""
import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from servers import LIMIT

FOLDER = Path(__file__).parent / "seeds"
FILES = sorted(FOLDER.glob("*.json"))
DATE, TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}", r"[0-9]{2}:[0-9]{2}:[0-9]{2}"
PATTERNS = {
    "string": r".*",
    "text": r".+",
    "uuid": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "hex32": r"[0-9a-f]{32}",
    "microseconds-z": rf"{DATE}T{TIME}\.[0-9]{{6}}Z",
    "milliseconds": rf"{DATE}T{TIME}(\.[0-9]{{3}}000)?",
}
KINDS = {"int": int, "number": (int, float), "boolean": bool, "object": dict, "list": list}


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        # Duplicate members would be lost without a trace.
        return json.loads(self.body, object_pairs_hook=unique_members)


def unique_members(pairs):
    members = dict(pairs)
    assert len(members) == len(pairs), f"An object has a member twice: {pairs}"
    return members


def curl(url, method, path, headers=(), body=None, flags=()):
    """Sends a request with curl and returns the answer to the last request of a redirection."""
    command = ["curl", "-sS", *flags, "--max-time", str(LIMIT), "-i", "-X", method]
    for name, value in dict(headers).items():
        command += ["-H", f"{name}: {value}"]
    if body is not None:
        command += ["-d", body]
    output = subprocess.run([*command, url + path], capture_output=True, timeout=LIMIT + 5)
    assert output.returncode == 0, f"curl ended with {output.returncode}: {output.stderr.decode()}"
    rest = output.stdout
    while True:
        head, _, rest = rest.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split()[1])
        fields = dict(line.lower().split(": ", 1) for line in lines[1:])
        if not (status < 200 or status in (301, 302, 303, 307, 308) and "-L" in flags):
            return Answer(status, fields, rest)
        if status >= 300:
            rest = rest[int(fields.get("content-length", 0)):]


def request_body(step, saved):
    body = step.get("body")
    if body is None:
        return None
    text = body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)
    return insert(text, saved)


def insert(text, saved):
    """Replaces `{name}` by what was saved under the name."""
    for name, value in saved.items():
        text = text.replace("{" + name + "}", value)
    return text


def compare(found, expected, place="answer"):
    """Asserts that a decoded JSON value is like the expected one."""
    if isinstance(expected, str) and expected.startswith("$"):
        return compare_pattern(found, expected[1:], place)
    if isinstance(expected, dict):
        assert isinstance(found, dict), f"{place} is no object: {found!r}"
        assert list(found) == list(expected), f"{place} has the members {list(found)}, not {list(expected)}"
        for name, value in expected.items():
            compare(found[name], value, f"{place}.{name}")
    elif isinstance(expected, list) and expected[:1] == ["$each"]:
        assert isinstance(found, list) and found, f"{place} is no list with elements: {found!r}"
        for index, value in enumerate(found):
            compare(value, expected[1], f"{place}[{index}]")
    elif isinstance(expected, list):
        assert isinstance(found, list) and len(found) == len(expected), f"{place} has other elements: {found!r}"
        for index, value in enumerate(expected):
            compare(found[index], value, f"{place}[{index}]")
    else:
        assert type(found) is type(expected) and found == expected, f"{place} is {found!r}, not {expected!r}"


def compare_pattern(found, name, place):
    if name == "any":
        return
    if name in KINDS:
        assert isinstance(found, KINDS[name]) and (name == "boolean") == isinstance(found, bool), \
            f"{place} is no {name}: {found!r}"
        return
    pattern = name.removeprefix("re:") if name.startswith("re:") else PATTERNS[name]
    assert isinstance(found, str) and re.fullmatch(pattern, found, re.DOTALL), f"{place} is not like ${name}: {found!r}"


def check(answer, step):
    """Asserts that an answer is as the step says."""
    assert answer.status == step["status"], f"status {answer.status}: {answer.body[:500]!r}"
    for name, value in step.get("answer_headers", {}).items():
        compare(answer.headers.get(name), value, f"header {name}")
    if "answer" in step:
        # Compact JSON, as all originals write it.
        text = answer.body.decode()
        assert text == json.dumps(answer.json, separators=(",", ":"), ensure_ascii=False), f"not compact: {text[:500]}"
        compare(answer.json, step["answer"])
    if "text" in step:
        compare(answer.body.decode(), step["text"], "body")


def save(answer, step, saved):
    for name, path in step.get("save", {}).items():
        value = answer.json
        for key in path:
            value = value[key]
        saved[name] = value
