"""Every fault of a provider, in every dialect, as a stream and whole, with and without a fallback: what a client of /v1 sees, how
often the provider is asked, and what it may charge for.

The whole table: Tests/Clients/run.sh -k test_faults -s
"""
import concurrent.futures
import http.client
import json

import pytest

from fault_server import DIALECTS, FAULTS, MODEL, TEXT, FaultServer
from servers import LIMIT, UNREACHABLE, Parley

FAULTS = ["refused", *FAULTS]
FORMS = ["whole", "stream"]
CASES = [(dialect, form, fault, spare) for fault in FAULTS for dialect in DIALECTS for form in FORMS for spare in (False, True)]

# What a client of a provider without a fallback sees, how often the provider is asked, and how many of these requests it charges for.
# With a fallback the client sees the fallback's answer, and the provider is asked as often.
EXPECTED = {
    "refused": (503, "unavailable", 0, 0),
    "hung": (504, "timeout", 1, 1),
    "hung after head": (504, "timeout", 1, 1),
    "silent": (504, "timeout", 1, 1),
    "half-dead": (502, "upstream_error", 3, 3),
    "cut": (502, "upstream_error", 1, 1),
    "500": (503, "unavailable", 3, 0),
    "429": (429, "rate_limit_exceeded", 3, 0),
    "spent": (429, "insufficient_quota", 1, 0),
    "401": (502, "upstream_auth", 1, 0),
    "404": (404, "model_not_found", 1, 0),
    "too long": (400, "context_length_exceeded", 1, 0),
    "page": (502, "upstream_error", 1, 0),
    "empty": (502, "upstream_error", 1, 1),
    "error in 200": (502, "upstream_error", 3, 0),
}


def expected(dialect, form, fault, spare):
    """The status, the end, the requests to the provider, those that it charges for, and the requests to the fallback."""
    if fault == "cut":
        # A part of the answer has arrived, so nobody else is asked.
        return (200, "part, upstream_error", 1, 1, 0) if form == "stream" else (502, "upstream_error", 1, 1, 0)
    status, end, asked, charged = EXPECTED[fault]
    if dialect == "ollama" and fault in ("hung", "hung after head", "silent", "empty") and not spare:
        asked, charged = 3, 3  # Ollama costs nothing, so it may be asked again if there is nobody else.
    if dialect == "gemini" and fault == "error in 200":
        status, end = 503, "unavailable"  # its errors have a status of their own
    return (200, "answer", asked, charged, 1) if spare else (status, end, asked, charged, 0)


def name(dialect, form, fault, spare):
    """The name of the provider of a case, which may be short."""
    return f"{dialect}-{form}-{FAULTS.index(fault)}-{'spare' if spare else 'alone'}"


class Seen:
    """What a client saw, and what the provider and its fallback counted."""

    def __init__(self, status, text, error, isDone, asked=0, charged=0, spare=0):
        self.status, self.text, self.error, self.isDone = status, text, error, isDone
        self.asked, self.charged, self.spare = asked, charged, spare

    @property
    def end(self):
        """How the answer ended for the client."""
        if self.error is None and self.isDone and self.text.strip() == TEXT:
            return "answer"
        return f"{'part, ' if self.text else ''}{self.error or 'nothing'}"


def ask(port, model, isStreamed):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT)
    body = json.dumps({"model": model, "stream": isStreamed, "messages": [{"role": "user", "content": "How is it?"}]})
    connection.request("POST", "/v1/chat/completions", body, {"content-type": "application/json"})
    response = connection.getresponse()
    text, error, isDone = "", None, False
    if response.status != 200:
        error = json.loads(response.read())["error"]
    elif not isStreamed:
        choice, = json.loads(response.read())["choices"]
        text, isDone = choice["message"]["content"] or "", choice["finish_reason"] == "stop"
    else:
        for line in response.read().decode().split("\n"):
            if not line.startswith("data: "):
                continue
            if line == "data: [DONE]":
                isDone = True
                continue
            frame = json.loads(line[6:])
            error = frame.get("error", error)
            for choice in frame.get("choices", []):
                text += choice["delta"].get("content") or ""
    connection.close()
    return Seen(response.status, text, error and (error.get("code") or error["type"]), isDone)


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """The result of every case; each has a provider of its own, because breakers and budgets for retries belong to a provider."""
    server = FaultServer()
    providers, fallbacks = [], {}
    for case in CASES:
        dialect, form, fault, spare = case
        entry = server.add(name(*case), dialect, fault)
        if fault == "refused":
            entry["base_url"] = UNREACHABLE
        providers.append(entry)
        if spare:
            # Only OpenAI's dialect takes the size of a window from the file.
            providers.append(server.add("good-" + name(*case), "openai" if fault == "too long" else dialect))
            fallbacks[f"{name(*case)}/{MODEL}"] = [f"good-{name(*case)}/{MODEL}"]
    folder = tmp_path_factory.mktemp("faults")
    file = folder / "providers.json"
    file.write_text(json.dumps({"providers": providers, "fallbacks": fallbacks}))
    # Short enough to expire in a test, and long enough for a good answer on a slow machine.
    parley = Parley(folder, PROVIDERS_FILE=str(file), DEFAULT_MODEL="demo/demo", FIRST_TOKEN_TIMEOUT="5s", TOKEN_GAP_TIMEOUT="5s",
                    RATE_LIMIT_PER_MINUTE="0", RATE_LIMIT_PER_HOUR="0", MAX_CONCURRENT_RUNS="0", OLLAMA_BASE_URL=UNREACHABLE)

    def result(case):
        seen = ask(parley.port, f"{name(*case)}/{MODEL}", case[1] == "stream")
        seen.asked, seen.charged = server.requests[name(*case)], server.charged[name(*case)]
        seen.spare = server.requests.get("good-" + name(*case), 0)
        return seen

    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        results = dict(zip(CASES, pool.map(result, CASES)))
    parley.stop()
    server.stop()
    return results


def row(fault, dialect, form, spare, seen):
    return (f"| {fault} | {dialect} | {form} | {'yes' if spare else 'no'} | {seen.status} | {seen.end} | {seen.asked} | {seen.charged} "
            f"| {seen.spare} |")


@pytest.mark.parametrize("fault", FAULTS)
def test_fault(seen, fault):
    rows = {name(*case): (one.status, one.end, one.asked, one.charged, one.spare) for case, one in seen.items() if case[2] == fault}
    assert rows == {name(*case): expected(*case) for case in seen if case[2] == fault}


def test_table(seen):
    """Prints the table, with the dialects that agree in one row."""
    print("\n| fault | dialects | form | fallback | status | the client sees | asked | charged | fallback asked |")
    print("|---|---|---|---|---|---|---|---|---|")
    rows = {}
    for (dialect, form, fault, spare), one in seen.items():
        rows.setdefault((fault, row(fault, "{}", "{}", spare, one)), []).append((dialect, form))
    for (fault, line), found in rows.items():
        forms = {form: [d for d, f in found if f == form] for form in FORMS}
        if forms["whole"] == forms["stream"]:
            groups = [(forms["whole"], "both")]
        else:
            groups = [(dialects, form) for form, dialects in forms.items() if dialects]
        for dialects, form in groups:
            print(line.format("all" if dialects == DIALECTS else ", ".join(dialects), form))
