"""Scenarios of users who leave in the middle of an answer, and of users who stop one."""
import asyncio
import time

from house import LIMIT, ended, few_at_a_time, until


async def a_client_that_leaves(house):
    """It leaves at any of its answer's events; the answer is made all the same, and found later, whole."""
    dice = house.dice("leaving")
    count = 5 * house.rounds
    clients = await house.many("leaver", min(16, count))
    each = [count // len(clients) + (i < count % len(clients)) for i in range(len(clients))]
    places = [[dice.randint(1, 40) for _ in range(number)] for number in each]
    await few_at_a_time(16, [leave(house, client, mine) for client, mine in zip(clients, places)])
    house.figures["clients that left in the middle and found the whole answer"] = count


async def leave(house, client, places):
    for place in places:
        said = await client.stream(house.text(client, "words=40 pace=5"), leave_after=place)
        left_at = len(said.events)
        run = await ended(client, said.run)
        assert run["status"] == "completed", run
        if said.status is None:
            await client.resume(said)
        sent = house.provider.of(said.text)[0]
        assert sent.is_finished and said.status == "completed", (said.text, left_at, said.status)
        assert said.streamed == said.answer["content"] == sent.sent, (said.text, left_at)


async def a_stop(house):
    """Closes the provider's connection in every phase, and keeps the text so far."""
    dice = house.dice("stops")
    client = await house.client("stopper")
    times = {}
    for _ in range(min(house.rounds, 50)):
        for phase in ("asked", "first", "middle", "last", "stalled"):
            times.setdefault(phase, []).append(await stop(house, client, phase, dice.random() < 0.5))
    for phase, seconds in times.items():
        house.figures[f"provider's connection closed after a stop, {phase}, worst of {len(seconds)}, ms"] = round(max(seconds) * 1000, 1)


async def stop(house, client, phase, is_stream):
    """Stops one answer in a phase; how long it took until the provider saw its connection closed."""
    text = house.text(client, "words=500 pace=5 stall=20" if phase == "stalled" else "words=20 pace=1")
    moment = house.provider.arm("first" if phase == "stalled" else phase, hold=0 if phase == "stalled" else LIMIT)
    turn = asyncio.ensure_future(client.stream(text) if is_stream else client.say(text))
    await until(f"the phase {phase}", moment.reached.done)
    generation = moment.reached.result()
    if phase == "stalled":
        await until("the stall", lambda: generation.sent.count(" ") == 20)
    said = client.said[-1]
    run = said.run or (await client.messages())[-1]["run_id"]
    start = time.monotonic()
    status, stopped = await client.ask("POST", f"{client.path}/runs/{run}/cancel")
    assert status == 200 and stopped["status"] == "stopped", stopped
    await until("the close of the provider's connection", lambda: generation.left_at, limit=10)
    await turn
    assert said.status == "stopped", said.status
    kept = said.answer["content"] if said.answer else ""
    assert generation.sent.startswith(kept) and not generation.is_finished, (phase, kept)
    assert not is_stream or kept == said.streamed, (phase, kept, said.streamed)
    assert phase != "stalled" or kept, "the text that had come before the silence was not kept"
    assert (await client.ask("POST", f"{client.path}/runs/{run}/cancel"))[1] == stopped
    return generation.left_at - start
