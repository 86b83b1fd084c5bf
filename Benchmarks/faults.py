#!/usr/bin/env python3
"""Measures how long an answer takes when the first provider fails and another one can answer.

    Benchmarks/faults.py [BIN] [--tries N] [--at-once N] [--first-token SECONDS] [--dialect NAME]

BIN is a folder of executables (default: .build/release). Each fault gets a provider and a fallback of its own, and N requests, half of
them as streams. The time is that to the first text of a stream, and to the whole answer otherwise. Client, services and providers
share the machine; compare only figures of one run.
"""
import argparse
import concurrent.futures
import http.client
import json
import os
import statistics
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "Tests", "Stack"))

from fault_server import DIALECTS, MODEL, TEXT, FaultServer  # noqa: E402
from stack import Stack  # noqa: E402

FAULTS = ["hung", "hung after head", "silent", "half-dead", "spent", "500"]
LIMIT = 300  # seconds until anything counts as hung


def ask(port, model, isStreamed):
    """Returns the seconds to the answer, or `None` if it is not complete."""
    began = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT)
    body = json.dumps({"model": model, "stream": isStreamed, "messages": [{"role": "user", "content": "How is it?"}]})
    connection.request("POST", "/v1/chat/completions", body, {"content-type": "application/json"})
    response = connection.getresponse()
    text, first = "", None
    if response.status == 200 and not isStreamed:
        text = json.loads(response.read())["choices"][0]["message"]["content"] or ""
    elif response.status == 200:
        for line in response:
            if not line.startswith(b"data: {"):
                continue
            for choice in json.loads(line[6:]).get("choices", []):
                text += choice["delta"].get("content") or ""
            if text and first is None:
                first = time.monotonic()
    connection.close()
    return (first or time.monotonic()) - began if text.strip() == TEXT else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bin", nargs="?", default=".build/release")
    parser.add_argument("--tries", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--first-token", type=int, default=5)
    parser.add_argument("--dialect", choices=DIALECTS, default="openai")
    options = parser.parse_args()
    server = FaultServer()
    providers, fallbacks = [], {}
    for fault in [None, *FAULTS]:
        case = (fault or "none").replace(" ", "-")
        providers += [server.add(case, options.dialect, fault), server.add(case + "-spare", options.dialect)]
        fallbacks[f"{case}/{MODEL}"] = [f"{case}-spare/{MODEL}"]
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "providers.json"), "w") as file:
            json.dump({"providers": providers, "fallbacks": fallbacks}, file)
        stack = Stack(options.bin, os.path.join(folder, "data"), os.path.join(folder, "up.log"), folder=folder, HOME=folder,
                      PROVIDERS_FILE=file.name, DEFAULT_MODEL="demo/demo", FIRST_TOKEN_TIMEOUT=f"{options.first_token}s",
                      RATE_LIMIT_PER_MINUTE="0", RATE_LIMIT_PER_HOUR="0", MAX_CONCURRENT_RUNS="0",
                      OLLAMA_BASE_URL="http://127.0.0.1:9")
        stack.start()
        try:
            measure(stack, server, options)
        finally:
            stack.stop()
            server.stop()


def measure(stack, server, options):
    print(f"{options.tries} requests for each fault, {options.at_once} at once, FIRST_TOKEN_TIMEOUT={options.first_token}s, "
          f"{options.dialect}")
    print("| fault | answered | p50, ms | p99, ms | longest, ms | asked | fallback asked |")
    print("|---|---|---|---|---|---|---|")
    for fault in [None, *FAULTS]:
        case = (fault or "none").replace(" ", "-")
        with concurrent.futures.ThreadPoolExecutor(options.at_once) as pool:
            times = list(pool.map(lambda number: ask(stack.port, f"{case}/{MODEL}", number % 2 == 0), range(options.tries)))
        answered = sorted(1000 * one for one in times if one is not None)
        p50, p99 = (statistics.quantiles(answered, n=100)[index] if len(answered) > 1 else float("nan") for index in (49, 98))
        print(f"| {fault or 'none'} | {len(answered)} of {len(times)} | {p50:.1f} | {p99:.1f} | {max(answered, default=0):.0f} "
              f"| {server.requests[case]} | {server.requests[case + '-spare']} |", flush=True)


main()
