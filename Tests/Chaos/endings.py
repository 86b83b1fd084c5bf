"""SIGTERM of one service after another while answers stream: what goes on ends within the drain, and nothing is lost."""
import asyncio
import signal
import time

from client import Cut, Said
from house import LIMIT, few_at_a_time, read_on, until
from stack import SERVICES

SHORT, LONG = "words=40 pace=10", "words=600 pace=50"  # ends within any drain; outlasts all of them


async def terminations(house):
    """SIGTERM of each service in turn: each run completes, or is interrupted with what its client has read."""
    clients = await house.many("drainer", house.streams)
    probes = await house.many("prober", 2)
    ends = {}
    for service in ("conversation-svc", "inference-svc", "gateway", "media-svc", "transcription-svc"):
        assert service in SERVICES
        stop, start = asyncio.Event(), time.monotonic()
        hows = [how_long(house, index) for index in range(len(clients))]
        turns = [asyncio.ensure_future(turn(house, c, how)) for c, how in zip(clients, hows)]
        await until("all answers", lambda: house.provider.begun >= len(clients))
        probing = [asyncio.ensure_future(probe(house, client, stop, is_send)) for client, is_send in zip(probes, (False, True))]
        pid = house.stack.signal(service, signal.SIGTERM)
        done = asyncio.gather(*turns)
        await asyncio.wait_for(house.stack.until_replaced(service, pid), 2 * LIMIT)
        await asyncio.wait_for(house.stack.until_ready(), LIMIT)
        replaced = time.monotonic() - start
        said = await asyncio.wait_for(done, 4 * LIMIT)
        stop.set()
        gaps = await asyncio.gather(*probing)
        for client, one, how in zip(clients, said, hows):
            must_complete = how != LONG or service not in ("conversation-svc", "inference-svc")
            assert one.status == "completed" or (one.status == "interrupted" and not must_complete), (service, client.name, how, one.status)
        breaches = await few_at_a_time(16, [compare(house, c, s) for c, s in zip(clients, said)])
        assert not any(breaches), [b for b in breaches if b][:3]
        ends[service] = {status: sum(s.status == status for s in said) for status in ("completed", "interrupted")}
        house.figures[f"SIGTERM of {service} under {len(clients)} streams"] = (
            f"{ends[service]['completed']} completed, {ends[service]['interrupted']} interrupted, {sum(s.cuts for s in said)} clients cut and "
            f"back; replaced after {replaced:.1f} s; longest without an answer to a new read {gaps[0]:.0f} ms, a new message {gaps[1]:.0f} ms")


def how_long(house, index):
    """With many streams there are some that outlast every drain."""
    return SHORT if house.streams < 50 else LONG if index % 20 == 0 else "words=60 pace=50"


async def turn(house, client, how):
    """Streams an answer, and reads on after each cut."""
    said = Said(house.text(client, how))
    said.cuts = 0
    client.said.append(said)
    try:
        await client.send_stream(said)
    except (Cut, ConnectionError):
        said.cuts += 1
        await read_on(client, said)
    return said


async def probe(house, client, stop, is_send):
    """Asks all the time; the longest that it went without an answer, in ms."""
    longest, last = 0, time.monotonic()
    while not stop.is_set():
        try:
            if is_send:
                is_answered = (await client.say(house.text(client, "words=1"))).status == "completed"
            else:
                is_answered = (await client.ask("GET", f"{client.path}/messages?limit=1"))[0] == 200
        except (Cut, ConnectionError):
            is_answered = False
        now = time.monotonic()
        longest, last = (max(longest, now - last), now) if is_answered else (longest, last)
        await asyncio.sleep(0.02)
    return 1000 * max(longest, time.monotonic() - last)


async def compare(house, client, said):
    """What was read and read on, what is read afresh, what is stored, and what the provider sent, are the same."""
    again = Said(said.text)
    again.run = said.run
    await client.resume(again)
    stored = [m for m in (await client.messages())[-2:] if m["run_id"] == said.run and m["role"] == "assistant"]
    kept = stored[0]["content"] if stored else ""
    sent = house.provider.of(said.text)[0].sent
    if [said.streamed, again.streamed] != [kept, kept] or again.events != said.events or not sent.startswith(kept):
        return f"{said.text}: read {len(said.streamed)}, read again {len(again.streamed)}, stored {len(kept)}, sent {len(sent)} characters"
    return None if said.status != "completed" or kept == sent else f"{said.text}: completed, and not whole"
