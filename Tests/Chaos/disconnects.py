"""Scenarios of users who disconnect in the middle of an answer, and of users who stop one."""
import asyncio
import time

from context import LIMIT, run_end, gather_limited, wait_until


async def client_disconnects(context):
    """A client that disconnects at any event of its answer finds the complete answer later."""
    rng = context.new_rng("leaving")
    count = 5 * context.rounds
    clients = await context.new_users("leaver", min(16, count))
    each = [count // len(clients) + (i < count % len(clients)) for i in range(len(clients))]
    places = [[rng.randint(1, 40) for _ in range(number)] for number in each]
    await gather_limited(16, [disconnect(context, client, mine) for client, mine in zip(clients, places)])
    context.figures["clients that disconnected and found the complete answer"] = count


async def disconnect(context, client, places):
    for place in places:
        exchange = await client.stream(context.text(client, "words=40 pace=5"), disconnect_after=place)
        left_at = len(exchange.events)
        run = await run_end(client, exchange.run)
        assert run["status"] == "completed", run
        if exchange.status is None:
            await client.resume(exchange)
        sent = context.provider.of(exchange.text)[0]
        assert sent.is_finished and exchange.status == "completed", (exchange.text, left_at, exchange.status)
        assert exchange.streamed == exchange.answer["content"] == sent.sent, (exchange.text, left_at)


async def user_stops(context):
    """A stop closes the provider's connection in every phase, and keeps the text so far."""
    rng = context.new_rng("stops")
    client = await context.new_user("stopper")
    times = {}
    for _ in range(min(context.rounds, 50)):
        for phase in ("asked", "first", "middle", "last", "stalled"):
            times.setdefault(phase, []).append(await stop(context, client, phase, rng.random() < 0.5))
    for phase, seconds in times.items():
        context.figures[f"provider's connection closed after a stop, {phase}, worst of {len(seconds)}, ms"] = round(max(seconds) * 1000, 1)


async def stop(context, client, phase, is_stream):
    """Stops one answer in a phase. Returns the seconds until the provider saw its connection closed."""
    text = context.text(client, "words=500 pace=5 stall=20" if phase == "stalled" else "words=20 pace=1")
    breakpoint = context.provider.arm("first" if phase == "stalled" else phase, hold=0 if phase == "stalled" else LIMIT)
    turn = asyncio.ensure_future(client.stream(text) if is_stream else client.send(text))
    await wait_until(f"the phase {phase}", breakpoint.reached.done)
    generation = breakpoint.reached.result()
    if phase == "stalled":
        await wait_until("the stall", lambda: generation.sent.count(" ") == 20)
    exchange = client.exchanges[-1]
    run = exchange.run or (await client.messages())[-1]["run_id"]
    start = time.monotonic()
    status, stopped = await client.ask("POST", f"{client.path}/runs/{run}/cancel")
    assert status == 200 and stopped["status"] == "stopped", stopped
    await wait_until("the close of the provider's connection", lambda: generation.left_at)
    await turn
    assert exchange.status == "stopped", exchange.status
    kept = exchange.answer["content"] if exchange.answer else ""
    assert generation.sent.startswith(kept) and not generation.is_finished, (phase, kept)
    assert not is_stream or kept == exchange.streamed, (phase, kept, exchange.streamed)
    assert phase != "stalled" or kept, "the text before the stall was not kept"
    assert (await client.ask("POST", f"{client.path}/runs/{run}/cancel"))[1] == stopped
    return generation.left_at - start
