#!/usr/bin/env python3
"""Real processes, real kills, and an audit afterwards. Needs only Python's standard library; everything is on loopback.

    Tests/Chaos/chaos.py [--bin FOLDER] [--rounds N] [--seed S] [SCENARIO ...]
"""
import argparse
import asyncio
import inspect
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time

from audit import audit_file, audit_runs, audit_user
from client import Client, Cut
from provider import Provider
from stack import SERVICES, Stack

LIMIT = 20  # seconds that anything may take


class House:
    """One stack, its provider and its users, for all scenarios."""

    def __init__(self, stack, provider, rounds, chance):
        self.stack, self.provider, self.rounds, self.chance = stack, provider, rounds, chance
        self.clients, self.figures = [], {}
        self.count = 0

    async def client(self, name):
        self.count += 1
        client = Client(self.stack.port, f"{name}-{self.count}")
        await client.open()
        self.clients.append(client)
        return client

    def text(self, client, how=""):
        """A text that is said once; the provider answers as it says."""
        return f"{client.name}.{len(client.said)} {how}"


async def until(what, condition, limit=LIMIT):
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, f"{what} did not happen within {limit} s"
        await asyncio.sleep(0.005)


async def two_clients_on_one_conversation(house):
    """Their turns run one at a time, and both see all of it."""
    one = await house.client("pair")
    other = Client(one.port, one.name)
    other.token, other.conversation, other.said = one.token, one.conversation, one.said
    await asyncio.gather(*[c.say(f"{one.name}.{i}.{n} words=5 pace=1") for i, c in enumerate([one, other]) for n in range(4)])
    assert all(s.status == "completed" for s in one.said), [s.status for s in one.said]
    roles = [m["role"] for m in (await one.messages())[1:]]
    assert roles == ["user", "assistant"] * 8, roles


async def a_client_that_leaves(house):
    """Its answer is made all the same, and found later."""
    client = await house.client("leaver")
    for _ in range(5):
        said = await client.stream(house.text(client, "words=60 pace=5"), leave_after=3)
        await until("the whole answer", lambda: house.provider.of(said.text)[0].is_finished)
        await client.resume(said)
        assert said.status == "completed", said.status
        assert said.streamed == house.provider.of(said.text)[0].sent


async def a_reader_that_stalls(house):
    """It holds nobody up, costs little memory, and reads all of it when it comes back."""
    client, other = await house.client("staller"), await house.client("bystander")
    text = house.text(client, "words=20000")
    said = type((await other.say(house.text(other))))(text)
    client.said.append(said)
    status, _, reader, writer = await client.request("POST", client.path + "/messages", {"content": text}, "text/event-stream")
    assert status == 200
    reader._transport.pause_reading()
    await until("the end of the stalled run", lambda: house.provider.of(text) and house.provider.of(text)[0].is_finished)
    for _ in range(20):
        assert (await other.say(house.text(other))).status == "completed"
    house.figures["gateway with a stalled reader, MB PSS"] = round(house.stack.memory("gateway"), 1)
    reader._transport.resume_reading()
    await client.follow(said, reader, writer)
    assert said.status == "completed" and said.streamed == house.provider.of(text)[0].sent


async def a_stop(house):
    """Closes the provider's connection and keeps the text so far."""
    client = await house.client("stopper")
    times = []
    for how in ("words=500 pace=5", "words=500 stall=20"):
        text = house.text(client, how)
        task = asyncio.ensure_future(client.stream(text))
        await until("the run", lambda: client.said and client.said[-1].text == text and client.said[-1].streamed)
        said, start = client.said[-1], time.monotonic()
        status, run = await client.ask("POST", f"{client.path}/runs/{said.run}/cancel")
        assert status == 200 and run["status"] == "stopped", run
        generation = house.provider.of(said.text)[0]
        await until("the close of the provider's connection", lambda: generation.left_at)
        times.append(generation.left_at - start)
        await task
        assert said.status == "stopped" and said.answer["content"] == said.streamed, said.status
        again = (await client.ask("POST", f"{client.path}/runs/{said.run}/cancel"))[1]
        assert again == run
    house.figures["provider's connection closed after a stop, ms"] = round(max(times) * 1000, 1)


async def a_provider_that_fails(house):
    """A cut is no verdict, a refusal is one, and nothing that came is lost."""
    client = await house.client("unlucky")
    for how, status in (("words=50 cut=7 pace=1", "interrupted"), ("status=500", "failed"), ("status=404", "failed"), ("cut=0", "interrupted")):
        said = await client.stream(house.text(client, how))
        assert said.status == status, (how, said.status)
        assert not said.streamed or said.answer["content"] == said.streamed == house.provider.of(said.text)[0].sent
    assert (await client.say(house.text(client))).status == "completed"


async def write(house, client, stop):
    """Says one thing after another, in one way or the other, and minds no breaks."""
    while not stop.is_set():
        how = f"words={house.chance.randint(1, 40)} pace={house.chance.randint(0, 8)}"
        try:
            if house.chance.random() < 0.5:
                await client.say(house.text(client, how))
            else:
                leave = house.chance.choice([None, None, 1, 3])
                await client.stream(house.text(client, how), leave_after=leave)
        except (Cut, ConnectionError):
            await asyncio.sleep(0.02)


async def kills(house):
    """kill -9 of one service after another while eight users talk; the house heals by itself."""
    healed = {name: [] for name in SERVICES}
    stop = asyncio.Event()
    clients = [await house.client("writer") for _ in range(8)]
    writers = [asyncio.ensure_future(write(house, c, stop)) for c in clients]
    for number in range(house.rounds * len(SERVICES)):
        service = SERVICES[number % len(SERVICES)] if number < len(SERVICES) else house.chance.choice(SERVICES)
        # The provider says when answers are on their way.
        await asyncio.wait_for(house.provider.until(house.chance.randint(1, 6)), LIMIT)
        start = time.monotonic()
        pid = house.stack.signal(service, signal.SIGKILL)
        await asyncio.wait_for(house.stack.until_replaced(service, pid), LIMIT)
        # The gateway may still believe that the dead one is up: it is asked itself.
        await asyncio.wait_for(house.stack.until_ready(service), LIMIT)
        healed[service].append(time.monotonic() - start)
    stop.set()
    await asyncio.wait_for(asyncio.gather(*writers), 2 * LIMIT)
    house.figures["kills"] = sum(map(len, healed.values()))
    house.figures["messages said while services were killed"] = sum(len(c.said) for c in clients)
    house.figures["of them acknowledged"] = sum(s.is_acknowledged for c in clients for s in c.said)
    times = sorted(t for all in healed.values() for t in all)
    house.figures["ready again after a kill, ms, median and worst"] = (round(times[len(times) // 2] * 1000), round(times[-1] * 1000))
    for service, times in healed.items():
        house.figures[f"  {service}, worst of {len(times)}"] = round(max(times) * 1000)


async def a_turn_that_waits(house):
    """It is answered after a kill of conversation-svc, since no provider was asked yet; the one before it is interrupted."""
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
        one = await house.client("pair")
        other = Client(one.port, one.name)
        other.token, other.conversation, other.said = one.token, one.conversation, one.said
        first = asyncio.ensure_future(one.stream(f"{one.name}.0 words=4000 pace=5"))
        await until("the first answer", lambda: one.said and one.said[0].streamed)
        second = asyncio.ensure_future(other.stream(f"{one.name}.1 words=5"))
        await until("the second's acknowledgement", lambda: len(one.said) > 1 and one.said[1].is_acknowledged)
        pid = house.stack.signal("conversation-svc", number)
        await asyncio.wait_for(asyncio.gather(first, second, return_exceptions=True), 2 * LIMIT)
        await asyncio.wait_for(house.stack.until_replaced("conversation-svc", pid), 2 * LIMIT)
        await asyncio.wait_for(house.stack.until_ready("conversation-svc"), LIMIT)
        end, states = time.monotonic() + LIMIT, []
        while states[1:] != ["completed"]:
            assert time.monotonic() < end, states
            states = [(await one.ask("GET", f"{one.path}/runs/{said.run}"))[1]["status"] for said in one.said]
        assert states[0] == "interrupted", states


async def terminations(house):
    """SIGTERM of one service after another while answers stream: what goes on, ends within the drain."""
    for service in ("conversation-svc", "inference-svc", "gateway"):
        clients = [await house.client("drainer") for _ in range(6)]
        turns = [asyncio.ensure_future(c.stream(house.text(c, "words=60 pace=10"))) for c in clients]
        await asyncio.wait_for(house.provider.until(6), LIMIT)
        pid = house.stack.signal(service, signal.SIGTERM)
        results = await asyncio.wait_for(asyncio.gather(*turns, return_exceptions=True), 2 * LIMIT)
        whole = sum(c.said[-1].status == "completed" for c in clients)
        assert whole == 6, f"{service}: {whole} of 6 answers were whole: {[c.said[-1].status for c in clients]} {results}"
        await asyncio.wait_for(house.stack.until_replaced(service, pid), 2 * LIMIT)
        await asyncio.wait_for(house.stack.until_ready(), LIMIT)


async def backups(house):
    """A backup at a random moment holds every message that was acknowledged before it began, and is sound."""
    stop = asyncio.Event()
    clients = [await house.client("writer") for _ in range(8)]
    writers = [asyncio.ensure_future(write(house, c, stop)) for c in clients]
    count = 5 * house.rounds
    for number in range(count):
        await asyncio.wait_for(house.provider.until(house.chance.randint(1, 6)), LIMIT)
        told = {s.message for c in clients for s in c.said if s.is_acknowledged}
        told |= {s.answer["id"] for c in clients for s in c.said if s.answer}
        file = f"{house.stack.data}/backup-{number}.sqlite"
        await house.stack.command("backup", file)
        database = sqlite3.connect(file)
        stored = {row[0] for row in database.execute("SELECT id FROM messages")}
        sound = database.execute("PRAGMA integrity_check").fetchall()
        database.close()
        assert told <= stored, f"backup {number} lacks {len(told - stored)} of {len(told)} messages"
        assert sound == [("ok",)], sound
        os.remove(file)
    stop.set()
    await asyncio.wait_for(asyncio.gather(*writers), 2 * LIMIT)
    house.figures["backups while eight users talk"] = count


SCENARIOS = [two_clients_on_one_conversation, a_client_that_leaves, a_reader_that_stalls, a_stop, a_provider_that_fails, a_turn_that_waits,
             kills, terminations, backups]


async def audit(house):
    """Waits until no run goes on, and checks everything."""
    breaches = []
    for client in house.clients:
        breaches += await audit_user(client, house.provider)
    breaches += await audit_runs(house.clients)
    breaches += audit_file(house.stack.data)
    users = house.clients[:3]
    stranger = await house.client("stranger")
    for client in users:
        status, _ = await stranger.ask("GET", f"{client.path}/messages")
        breaches += [] if status == 403 else [f"a stranger read {client.name}: {status}"]
    return breaches


async def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bin", default=".build/release", help="folder of the executables")
    parser.add_argument("--rounds", type=int, default=1, help="how often each service is killed")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=" ".join(s.__name__ for s in SCENARIOS))
    options = parser.parse_args()
    print(f"chaos: seed {options.seed}", flush=True)
    wanted = [s for s in SCENARIOS if not options.scenarios or s.__name__ in options.scenarios]
    with tempfile.TemporaryDirectory() as data:
        provider = Provider()
        await provider.start()
        stack = Stack(options.bin, data, provider.port)
        house = House(stack, provider, options.rounds, random.Random(options.seed))
        failures = []
        try:
            await asyncio.wait_for(stack.start(), LIMIT)
            for scenario in wanted:
                start = time.monotonic()
                try:
                    await scenario(house)
                    verdict = "ok"
                except (AssertionError, asyncio.TimeoutError, Cut) as error:
                    verdict = f"FAILED: {error!r} (line {inspect.trace()[-1].lineno})"
                    failures.append(scenario.__name__)
                print(f"chaos: {scenario.__name__}: {verdict} ({time.monotonic() - start:.1f} s)", flush=True)
            breaches = await audit(house)
        finally:
            code = await stack.stop()
            if failures:
                print(open(f"{data}/up.log").read()[-4000:])
        for breach in breaches[:40]:
            print(f"chaos: BREACH: {breach}")
        for name, value in house.figures.items():
            print(f"chaos: {name}: {value}")
        said = sum(len(c.said) for c in house.clients)
        print(f"chaos: {len(house.clients)} users, {said} messages, {len(breaches)} breaches, supervisor ended with {code}")
        return 1 if failures or breaches or code != 0 else 0


sys.exit(asyncio.run(main()))
