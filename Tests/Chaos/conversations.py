"""Conversation scenarios: two clients, a stalled reader, a failing provider, queued turns, backups."""
import asyncio
import os
import signal
import sqlite3
import time

from user import User, Cut, Exchange
from context import LIMIT, run_end, wait_until
from writers import write


async def two_clients_on_one_conversation(context):
    """Turns of two clients of one conversation run one at a time, and both clients see all messages."""
    one = await context.new_user("pair")
    other = User(one.port, one.name)
    other.token, other.conversation, other.exchanges = one.token, one.conversation, one.exchanges
    await asyncio.gather(*[c.send(f"{one.name}.{i}.{n} words=5 pace=1") for i, c in enumerate([one, other]) for n in range(4)])
    assert all(s.status == "completed" for s in one.exchanges), [s.status for s in one.exchanges]
    roles = [m["role"] for m in (await one.messages())[1:]]
    assert roles == ["user", "assistant"] * 8, roles


async def stalled_reader(context):
    """A stalled reader delays no other user, uses little memory, and gets the complete answer when it reads on."""
    client, other = await context.new_user("staller"), await context.new_user("bystander")
    text = context.text(client, "words=20000")
    exchange = Exchange(text)
    client.exchanges.append(exchange)
    status, _, reader, writer = await client.request("POST", client.path + "/messages", {"content": text}, "text/event-stream")
    assert status == 200
    reader._transport.pause_reading()
    await wait_until("the end of the stalled run", lambda: context.provider.of(text) and context.provider.of(text)[0].is_finished)
    for _ in range(20):
        assert (await other.send(context.text(other))).status == "completed"
    context.figures["gateway with a stalled reader, MB PSS"] = round(context.stack.memory("gateway"), 1)
    reader._transport.resume_reading()
    await client.follow(exchange, reader, writer)
    assert exchange.status == "completed" and exchange.streamed == context.provider.of(text)[0].sent


async def failing_provider(context):
    """A cut connection interrupts the run, an error response fails it, and received text is kept."""
    client = await context.new_user("unlucky")
    for how, status in (("words=50 cut=7 pace=1", "interrupted"), ("status=500", "failed"), ("status=404", "failed"), ("cut=0", "interrupted")):
        exchange = await client.stream(context.text(client, how))
        assert exchange.status == status, (how, exchange.status)
        assert not exchange.streamed or exchange.answer["content"] == exchange.streamed == context.provider.of(exchange.text)[0].sent
    assert (await client.send(context.text(client))).status == "completed"


async def queued_turn(context):
    """A queued turn is answered after a kill of conversation-svc, because no provider was called yet; the running turn is interrupted."""
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
        one = await context.new_user("pair")
        other = User(one.port, one.name)
        other.token, other.conversation, other.exchanges = one.token, one.conversation, one.exchanges
        first = asyncio.ensure_future(one.stream(f"{one.name}.0 words=4000 pace=5"))
        await wait_until("the first answer", lambda: one.exchanges and one.exchanges[0].streamed)
        second = asyncio.ensure_future(other.stream(f"{one.name}.1 words=5"))
        await wait_until("the second's acknowledgement", lambda: len(one.exchanges) > 1 and one.exchanges[1].is_acknowledged)
        pid = context.stack.signal("conversation-svc", number)
        await asyncio.wait_for(asyncio.gather(first, second, return_exceptions=True), 2 * LIMIT)
        await asyncio.wait_for(context.stack.until_replaced("conversation-svc", pid), 2 * LIMIT)
        await asyncio.wait_for(context.stack.until_ready("conversation-svc"), LIMIT)
        end, states = time.monotonic() + LIMIT, []
        while states[1:] != ["completed"]:
            assert time.monotonic() < end, states
            states = [(await one.ask("GET", f"{one.path}/runs/{exchange.run}"))[1]["status"] for exchange in one.exchanges]
        assert states[0] == "interrupted", states


async def queued_and_new_turns(context):
    """After a kill of conversation-svc new turns arrive at once, and no queued turn is answered twice."""
    users = await context.new_users("pair", 40)
    for number in range(min(2 * context.rounds, 50)):
        # Earlier exchanges belong to earlier rounds.
        before = {user: len(user.exchanges) for user in users}
        going = [asyncio.ensure_future(u.stream(f"{u.name}.{number}.0 words=4000 pace=10")) for u in users]
        await wait_until("the first answers", lambda: all(u.exchanges[before[u]:] and u.exchanges[-1].streamed for u in users))
        going += [asyncio.ensure_future(u.stream(f"{u.name}.{number}.{n} words=5 pace=2")) for u in users for n in (1, 2, 3)]
        await wait_until("the others' acknowledgement",
                    lambda: all(len(u.exchanges) == before[u] + 4 and all(s.is_acknowledged for s in u.exchanges[-3:]) for u in users))
        context.stack.signal("conversation-svc", signal.SIGKILL)
        going += [asyncio.ensure_future(send_until_acknowledged(u, f"{u.name}.{number}.new{n} words=2")) for u in users for n in (1, 2)]
        await asyncio.wait_for(asyncio.gather(*going, return_exceptions=True), 2 * LIMIT)
        for user in users:
            await check_waiting(context, user, [exchange for exchange in user.exchanges[before[user]:] if exchange.run])


async def check_waiting(context, user, exchange):
    """The first turn is interrupted, all others are answered, and the provider was called once for each."""
    states = [(await run_end(user, s.run))["status"] for s in exchange]
    calls = {s.text: len(context.provider.calls(s.text)) for s in exchange}
    assert set(calls.values()) == {1}, f"calls of the provider: {calls}"
    assert states == ["interrupted"] + ["completed"] * (len(states) - 1), states


async def send_until_acknowledged(client, text):
    """Sends a new message until one is acknowledged."""
    for number in range(2000):
        try:
            exchange = await client.stream(f"{text} try={number}")
            if exchange.is_acknowledged:
                return
        except (Cut, ConnectionError):
            pass
        await asyncio.sleep(0.001)


async def backups(context):
    """A backup at a random time contains every message that was acknowledged before it started, and passes SQLite's checks."""
    stop = asyncio.Event()
    clients = [await context.new_user("writer") for _ in range(8)]
    writers = [asyncio.ensure_future(write(context, c, stop)) for c in clients]
    count = 5 * context.rounds
    for number in range(count):
        await asyncio.wait_for(context.provider.wait_until(context.rng.randint(1, 6)), LIMIT)
        expected = {s.message for c in clients for s in c.exchanges if s.is_acknowledged}
        expected |= {s.answer["id"] for c in clients for s in c.exchanges if s.answer}
        file = f"{context.stack.data}/backup-{number}.sqlite"
        await context.stack.command("backup", file)
        database = sqlite3.connect(file)
        stored = {row[0] for row in database.execute("SELECT id FROM messages")}
        sound = database.execute("PRAGMA integrity_check").fetchall()
        database.close()
        assert expected <= stored, f"backup {number} lacks {len(expected - stored)} of {len(expected)} messages"
        assert sound == [("ok",)], sound
        os.remove(file)
    stop.set()
    await asyncio.wait_for(asyncio.gather(*writers), 2 * LIMIT)
    context.figures["backups while eight users talk"] = count
