#!/usr/bin/env python3
"""Kills, stops and overloads services of a running stack, and audits the stored data afterwards.

    Tests/Chaos/chaos.py [--bin FOLDER] [--seed S] [--rounds N] [--sends N] [--streams N] [--watchers N]
                         [--stored-after SECONDS] [SCENARIO ...]

Needs only Python's standard library and listens on 127.0.0.1. With the defaults it takes half a minute. docs/reliability.md explains it.
"""
import argparse
import asyncio
import contextlib
import inspect
import os
import random
import sys
import tempfile
import time

from audit import audit
from user import Cut
from terminations import terminations
from context import LIMIT, Context
from kills import kills
from disconnects import client_disconnects, user_stops
from provider import Provider
from retries import retried_sends
from stacks import chaos_stack
from conversations import (failing_provider, stalled_reader, queued_turn, backups, queued_and_new_turns,
                   two_clients_on_one_conversation)
from tool_rounds import tool_rounds
from tool_server import ToolServer
from watchers import many_watchers

SCENARIOS = [two_clients_on_one_conversation, client_disconnects, stalled_reader, user_stops, failing_provider, queued_turn,
             queued_and_new_turns, many_watchers, kills, tool_rounds, retried_sends, terminations, backups]


def options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bin", default=".build/release", help="folder of the executables")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--rounds", type=int, default=1, help="how often each service is killed, five clients disconnect, and kills hit a round of tool calls")
    parser.add_argument("--sends", type=int, default=60, help="messages that are retried with an idempotency key")
    parser.add_argument("--streams", type=int, default=6, help="answers that stream while a service is stopped")
    parser.add_argument("--watchers", type=int, default=20, help="clients that watch slow answers")
    # By design 0.1; a busy machine takes longer, so the default only finds text that is not stored at all.
    parser.add_argument("--stored-after", type=float, default=5, metavar="SECONDS", help="time within which sent text must be stored")
    parser.add_argument("--keep", metavar="FOLDER", help="keeps data and logs in this folder")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=" ".join(s.__name__ for s in SCENARIOS))
    chosen = parser.parse_args()
    unknown = set(chosen.scenarios) - {s.__name__ for s in SCENARIOS}
    if unknown:
        parser.error(f"unknown scenario: {', '.join(sorted(unknown))}")
    return chosen


async def run_scenario(context, scenario):
    """Runs one scenario and returns whether it passed."""
    start, result = time.monotonic(), "ok"
    try:
        await scenario(context)
    except (AssertionError, asyncio.TimeoutError, Cut, KeyError) as error:
        result = f"FAILED: {error!r} ({os.path.basename(inspect.trace()[-1].filename)}:{inspect.trace()[-1].lineno})"
    context.provider.disarm()
    print(f"chaos: {scenario.__name__}: {result} ({time.monotonic() - start:.1f} s)", flush=True)
    return result == "ok"


async def main(chosen):
    print(f"chaos: seed {chosen.seed}", flush=True)
    with contextlib.nullcontext(chosen.keep) if chosen.keep else tempfile.TemporaryDirectory() as data:
        os.makedirs(data, exist_ok=True)
        provider, tools = Provider(), ToolServer()
        await provider.start()
        await tools.start()
        # The largest scenario needs this many concurrent answers.
        stack = chaos_stack(chosen.bin, data, provider.port, PROVIDER_CONCURRENCY="1024", PROVIDER_QUEUE="1024",
                            IMAGES_URL=f"http://127.0.0.1:{tools.port}/v1")
        context = Context(stack, provider, tools, chosen.rounds, random.Random(chosen.seed), chosen.sends, chosen.streams, chosen.watchers,
                          chosen.stored_after)
        failures, violations = [], []
        try:
            await asyncio.wait_for(stack.start(), LIMIT)
            for scenario in [s for s in SCENARIOS if not chosen.scenarios or s.__name__ in chosen.scenarios]:
                if not await run_scenario(context, scenario):
                    failures.append(scenario.__name__)
            start = time.monotonic()
            violations = await audit(context)
            print(f"chaos: audit ({time.monotonic() - start:.1f} s)", flush=True)
        finally:
            code = await stack.stop()
            if failures:
                print(stack.log_tail())
        for violation in violations[:100]:
            print(f"chaos: VIOLATION: {violation}")
        for name, value in context.figures.items():
            print(f"chaos: {name}: {value}")
        messages = sum(len(c.exchanges) for c in context.users)
        print(f"chaos: {len(context.users)} users, {messages} messages, {len(violations)} violations, supervisor ended with {code}")
        return 1 if failures or violations or code != 0 else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(options())))
