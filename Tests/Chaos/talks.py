"""Scenarios of users who talk: two at once, one who does not read, a provider that fails, a turn that waits, backups."""
import asyncio
import os
import signal
import sqlite3
import time

from client import Client, Cut, Said
from house import LIMIT, ended, until
from writers import write


async def two_clients_on_one_conversation(house):
    """Their turns run one at a time, and both see all of it."""
    one = await house.client("pair")
    other = Client(one.port, one.name)
    other.token, other.conversation, other.said = one.token, one.conversation, one.said
    await asyncio.gather(*[c.say(f"{one.name}.{i}.{n} words=5 pace=1") for i, c in enumerate([one, other]) for n in range(4)])
    assert all(s.status == "completed" for s in one.said), [s.status for s in one.said]
    roles = [m["role"] for m in (await one.messages())[1:]]
    assert roles == ["user", "assistant"] * 8, roles


async def a_reader_that_stalls(house):
    """It holds nobody up, costs little memory, and reads all of it when it comes back."""
    client, other = await house.client("staller"), await house.client("bystander")
    text = house.text(client, "words=20000")
    said = Said(text)
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


async def a_provider_that_fails(house):
    """A cut is no verdict, a refusal is one, and nothing that came is lost."""
    client = await house.client("unlucky")
    for how, status in (("words=50 cut=7 pace=1", "interrupted"), ("status=500", "failed"), ("status=404", "failed"), ("cut=0", "interrupted")):
        said = await client.stream(house.text(client, how))
        assert said.status == status, (how, said.status)
        assert not said.streamed or said.answer["content"] == said.streamed == house.provider.of(said.text)[0].sent
    assert (await client.say(house.text(client))).status == "completed"


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


async def turns_that_wait_and_newcomers(house):
    """After a kill of conversation-svc new turns come at once, and none of those that waited is answered twice."""
    users = await house.many("pair", 40)
    for number in range(min(2 * house.rounds, 50)):
        # Everything so far is another round's.
        before = {user: len(user.said) for user in users}
        going = [asyncio.ensure_future(u.stream(f"{u.name}.{number}.0 words=4000 pace=10")) for u in users]
        await until("the first answers", lambda: all(u.said[before[u]:] and u.said[-1].streamed for u in users))
        going += [asyncio.ensure_future(u.stream(f"{u.name}.{number}.{n} words=5 pace=2")) for u in users for n in (1, 2, 3)]
        await until("the others' acknowledgement",
                    lambda: all(len(u.said) == before[u] + 4 and all(s.is_acknowledged for s in u.said[-3:]) for u in users))
        house.stack.signal("conversation-svc", signal.SIGKILL)
        going += [asyncio.ensure_future(insist(u, f"{u.name}.{number}.new{n} words=2")) for u in users for n in (1, 2)]
        await asyncio.wait_for(asyncio.gather(*going, return_exceptions=True), 2 * LIMIT)
        for user in users:
            await check_waiting(house, user, [said for said in user.said[before[user]:] if said.run])


async def check_waiting(house, user, said):
    """The first is interrupted, all others are answered, and the provider was asked once for each."""
    states = [(await ended(user, s.run))["status"] for s in said]
    calls = {s.text: len(house.provider.calls(s.text)) for s in said}
    assert set(calls.values()) == {1}, f"the provider was asked so often: {calls}"
    assert states == ["interrupted"] + ["completed"] * (len(states) - 1), states


async def insist(client, text):
    """Says something new each time until it is accepted."""
    for number in range(2000):
        try:
            said = await client.stream(f"{text} try={number}")
            if said.is_acknowledged:
                return
        except (Cut, ConnectionError):
            pass
        await asyncio.sleep(0.001)


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
