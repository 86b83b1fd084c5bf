"""Sends SIGTERM to one service after another while answers stream: runs end within the drain time, and no text is lost."""
import asyncio
import signal
import time

from user import Cut, Exchange
from context import LIMIT, gather_limited, resume_to_end, wait_until
from stacks import SERVICES

SHORT, LONG = "words=40 pace=10", "words=600 pace=50"  # ends within the drain time of every service; does not


async def terminations(context):
    """After SIGTERM each run completes, or is interrupted with the text that its client has read."""
    clients = await context.new_users("drainer", context.streams)
    probes = await context.new_users("prober", 2)
    ends = {}
    for service in ("conversation-svc", "inference-svc", "gateway", "media-svc", "transcription-svc"):
        assert service in SERVICES
        stop, start = asyncio.Event(), time.monotonic()
        hows = [how_long(context, index) for index in range(len(clients))]
        turns = [asyncio.ensure_future(turn(context, c, how)) for c, how in zip(clients, hows)]
        await wait_until("all answers", lambda: context.provider.started >= len(clients))
        probing = [asyncio.ensure_future(probe(context, client, stop, is_send)) for client, is_send in zip(probes, (False, True))]
        pid = context.stack.signal(service, signal.SIGTERM)
        done = asyncio.gather(*turns)
        await asyncio.wait_for(context.stack.until_replaced(service, pid), 2 * LIMIT)
        await asyncio.wait_for(context.stack.until_ready(), LIMIT)
        replaced = time.monotonic() - start
        exchange = await asyncio.wait_for(done, 4 * LIMIT)
        stop.set()
        gaps = await asyncio.gather(*probing)
        for client, one, how in zip(clients, exchange, hows):
            must_complete = how != LONG or service not in ("conversation-svc", "inference-svc")
            assert one.status == "completed" or (one.status == "interrupted" and not must_complete), (service, client.name, how, one.status)
        violations = await gather_limited(16, [compare(context, c, s) for c, s in zip(clients, exchange)])
        assert not any(violations), [b for b in violations if b][:3]
        ends[service] = {status: sum(s.status == status for s in exchange) for status in ("completed", "interrupted")}
        context.figures[f"SIGTERM of {service} under {len(clients)} streams"] = (
            f"{ends[service]['completed']} completed, {ends[service]['interrupted']} interrupted, {sum(s.cuts for s in exchange)} clients cut and "
            f"back; replaced after {replaced:.1f} s; longest time without a successful read {gaps[0]:.0f} ms, without a successful message {gaps[1]:.0f} ms")


def how_long(context, index):
    """Of many streams some are longer than the drain time."""
    return SHORT if context.streams < 50 else LONG if index % 20 == 0 else "words=60 pace=50"


async def turn(context, client, how):
    """Streams an answer, and resumes after each cut connection."""
    exchange = Exchange(context.text(client, how))
    exchange.cuts = 0
    client.exchanges.append(exchange)
    try:
        await client.send_stream(exchange)
    except (Cut, ConnectionError):
        exchange.cuts += 1
        await resume_to_end(client, exchange)
    return exchange


async def probe(context, client, stop, is_send):
    """Sends requests all the time and returns the longest time without a successful one, in ms."""
    longest, last = 0, time.monotonic()
    while not stop.is_set():
        try:
            if is_send:
                is_answered = (await client.send(context.text(client, "words=1"))).status == "completed"
            else:
                is_answered = (await client.ask("GET", f"{client.path}/messages?limit=1"))[0] == 200
        except (Cut, ConnectionError):
            is_answered = False
        now = time.monotonic()
        longest, last = (max(longest, now - last), now) if is_answered else (longest, last)
        await asyncio.sleep(0.02)
    return 1000 * max(longest, time.monotonic() - last)


async def compare(context, client, exchange):
    """The streamed text, the text of a second read, the stored text and the text of the provider are equal."""
    again = Exchange(exchange.text)
    again.run = exchange.run
    await client.resume(again)
    stored = [m for m in (await client.messages())[-2:] if m["run_id"] == exchange.run and m["role"] == "assistant"]
    kept = stored[0]["content"] if stored else ""
    sent = context.provider.of(exchange.text)[0].sent
    if [exchange.streamed, again.streamed] != [kept, kept] or again.events != exchange.events or not sent.startswith(kept):
        return f"{exchange.text}: read {len(exchange.streamed)}, read again {len(again.streamed)}, stored {len(kept)}, sent {len(sent)} characters"
    return None if exchange.status != "completed" or kept == sent else f"{exchange.text}: completed, and not complete in the database"
