#!/usr/bin/env python3
"""Real processes, real kills, and an audit afterwards. Needs only Python's standard library; everything is on loopback.

    Tests/Chaos/chaos.py [--bin FOLDER] [--seed S] [--rounds N] [--sends N] [--streams N] [--watchers N] [SCENARIO ...]

At its defaults it takes half a minute. docs/reliability.md says how the record was made.
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
from client import Cut
from endings import terminations
from house import LIMIT, House
from kills import kills
from leaving import a_client_that_leaves, a_stop
from provider import Provider
from retries import retried_sends
from stack import Stack
from talks import (a_provider_that_fails, a_reader_that_stalls, a_turn_that_waits, backups, turns_that_wait_and_newcomers,
                   two_clients_on_one_conversation)
from watchers import many_watchers

SCENARIOS = [two_clients_on_one_conversation, a_client_that_leaves, a_reader_that_stalls, a_stop, a_provider_that_fails, a_turn_that_waits,
             turns_that_wait_and_newcomers, many_watchers, kills, retried_sends, terminations, backups]


def options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bin", default=".build/release", help="folder of the executables")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--rounds", type=int, default=1, help="how often each service is killed, and five clients leave")
    parser.add_argument("--sends", type=int, default=60, help="messages that are retried under a key")
    parser.add_argument("--streams", type=int, default=6, help="answers that stream while a service is ended")
    parser.add_argument("--watchers", type=int, default=20, help="watchers of slow answers")
    parser.add_argument("--keep", metavar="FOLDER", help="keeps the data and the logs in this folder")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=" ".join(s.__name__ for s in SCENARIOS))
    chosen = parser.parse_args()
    unknown = set(chosen.scenarios) - {s.__name__ for s in SCENARIOS}
    if unknown:
        parser.error(f"there is no scenario {', '.join(sorted(unknown))}")
    return chosen


async def play(house, scenario):
    """Plays one scenario; answers whether all that it asserts was so."""
    start, verdict = time.monotonic(), "ok"
    try:
        await scenario(house)
    except (AssertionError, asyncio.TimeoutError, Cut, KeyError) as error:
        verdict = f"FAILED: {error!r} ({os.path.basename(inspect.trace()[-1].filename)}:{inspect.trace()[-1].lineno})"
    house.provider.disarm()
    print(f"chaos: {scenario.__name__}: {verdict} ({time.monotonic() - start:.1f} s)", flush=True)
    return verdict == "ok"


async def main(chosen):
    print(f"chaos: seed {chosen.seed}", flush=True)
    with contextlib.nullcontext(chosen.keep) if chosen.keep else tempfile.TemporaryDirectory() as data:
        os.makedirs(data, exist_ok=True)
        provider = Provider()
        await provider.start()
        # As many answers at once as the largest scenario wants.
        stack = Stack(chosen.bin, data, provider.port, PROVIDER_CONCURRENCY="1024", PROVIDER_QUEUE="1024")
        house = House(stack, provider, chosen.rounds, random.Random(chosen.seed), chosen.sends, chosen.streams, chosen.watchers)
        failures, breaches = [], []
        try:
            await asyncio.wait_for(stack.start(), LIMIT)
            for scenario in [s for s in SCENARIOS if not chosen.scenarios or s.__name__ in chosen.scenarios]:
                if not await play(house, scenario):
                    failures.append(scenario.__name__)
            start = time.monotonic()
            breaches = await audit(house)
            print(f"chaos: audit ({time.monotonic() - start:.1f} s)", flush=True)
        finally:
            code = await stack.stop()
            if failures:
                print(open(f"{data}/up.log").read()[-4000:])
        for breach in breaches[:100]:
            print(f"chaos: BREACH: {breach}")
        for name, value in house.figures.items():
            print(f"chaos: {name}: {value}")
        said = sum(len(c.said) for c in house.clients)
        print(f"chaos: {len(house.clients)} users, {said} messages, {len(breaches)} breaches, supervisor ended with {code}")
        return 1 if failures or breaches or code != 0 else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(options())))
