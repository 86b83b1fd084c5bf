"""Kills random services in random phases of a generation while eight users write messages."""
import asyncio
import time

from user import Cut
from context import LIMIT, run_end, gather_limited, percentiles
from provider import PHASES
from stacks import SERVICES
from writers import Gate, kill_in_phase, write

ALL_PHASES = ["idle", *PHASES]


def plan(rng, count):
    """The services to kill, each with a phase: every combination once, then random ones."""
    size = len(SERVICES) * len(ALL_PHASES)
    start = rng.randrange(size)
    # 5 and 6 have no common divisor, so this visits each pair once.
    cells = [(SERVICES[i % len(SERVICES)], ALL_PHASES[i % len(ALL_PHASES)]) for i in range(start, start + size)]
    return cells[:count] + [(rng.choice(SERVICES), rng.choice(ALL_PHASES)) for _ in range(count - len(cells))]


async def kills(context):
    """The stack recovers from kill -9 of each service in all phases of a generation."""
    rng, stop, all_kills = context.new_rng("kills"), asyncio.Event(), []
    clients = await context.new_users("writer", 8)
    gate = Gate(len(clients))
    writers = [asyncio.ensure_future(write(context, c, stop, gate)) for c in clients]
    watches = []
    try:
        for number, (service, phase) in enumerate(plan(rng, context.rounds * len(SERVICES))):
            # Some answers are old enough that their first part is stored.
            is_old = phase in ("middle", "last") and number >= 30 and rng.random() < 0.3
            kill = await kill_in_phase(context, service, phase, rng, gate, age=0.4 if is_old else 0)
            all_kills.append(kill)
            watches.append(asyncio.ensure_future(until_reported(clients, kill)))
    finally:
        stop.set()
        gate.opened.set()
    await asyncio.wait_for(asyncio.gather(*writers), 2 * LIMIT)
    visible = [seconds for seconds in await asyncio.gather(*watches) if seconds is not None]
    report(context, clients, all_kills, visible)
    await report_ends(context, clients, all_kills)


async def until_reported(clients, kill):
    """The seconds from the kill of conversation-svc or inference-svc until the client sees the run as interrupted."""
    if kill.service not in ("conversation-svc", "inference-svc") or kill.phase in ("idle", "done"):
        return None
    for client in clients:
        for exchange in client.exchanges[-2:]:
            if exchange.text == kill.generation.key and exchange.run:
                run = await run_end(client, exchange.run)
                return time.monotonic() - kill.at if run["status"] == "interrupted" else None
    return None


def report(context, clients, all_kills, visible):
    figures = context.figures
    figures["kills"] = len(all_kills)
    figures["messages sent while services were killed"] = sum(len(c.exchanges) for c in clients)
    figures["of them acknowledged"] = sum(s.is_acknowledged for c in clients for s in c.exchanges)
    figures["ready again after a kill, ms, median, p95 and worst"] = percentiles([s.healed for s in all_kills])
    for service in SERVICES:
        mine = [s for s in all_kills if s.service == service]
        cells = ", ".join(f"{phase} {sum(s.phase == phase for s in mine)}" for phase in ALL_PHASES)
        figures[f"  {service}, {len(mine)} times"] = f"{percentiles([s.healed for s in mine])}; in the phases {cells}"
    seen = {(s.service, s.phase) for s in all_kills}
    figures["  services × phases seen"] = f"{len(seen)} of {len(SERVICES) * len(ALL_PHASES)}"
    if visible:
        figures["a run is reported as interrupted, ms after the kill, median, p95 and worst"] = percentiles(visible)
    # The maximum is not asserted: the machine may be busy with other work.
    assert percentiles([s.healed for s in all_kills])[1] <= 1000 or len(all_kills) < 20, "the 95th percentile is more than a second"


async def report_ends(context, clients, all_kills):
    """Answers during which a service was killed keep the text that was sent well before the kill."""
    answers = {}
    for stored in await gather_limited(8, [settled_messages(client) for client in clients]):
        exchange = {m["id"]: m["content"] for m in stored if m["role"] == "user"}
        answers.update({exchange[m["parent_id"]]: m for m in stored if m["role"] == "assistant" and m["parent_id"]})
    old = kept = 0
    for kill in [s for s in all_kills if s.generation]:
        answer, wanted = answers.get(kill.generation.key), kill.generation.sent_before(kill.at - context.stored_after)
        old, kept = old + (wanted > 0), kept + (0 < wanted <= len(answer["content"] if answer else ""))
        kill.end = answer["status"] if answer else "without text"
        if wanted > len(answer["content"] if answer else ""):
            context.violations.append(f"{kill.service} was killed in the phase {kill.phase} of {kill.generation.key!r}: {wanted} characters "
                                  f"had been sent {context.stored_after} s before, and {len(answer['content']) if answer else 0} are stored")
    context.figures[f"  interrupted answers with text older than {context.stored_after} s that was kept"] = f"{kept} of {old}"
    for phase in PHASES:
        ends = [s.end for s in all_kills if s.service == "conversation-svc" and s.phase == phase]
        if ends:
            counts = ", ".join(f"{ends.count(end)} {end}" for end in sorted(set(ends)))
            context.figures[f"  answers interrupted by a kill of conversation-svc in the phase {phase}"] = counts


async def settled_messages(client):
    """Waits until the last run of a user has ended, and returns all messages."""
    while True:
        try:
            stored = await client.messages()
        except (Cut, ConnectionError):
            await asyncio.sleep(0.02)
            continue
        if stored[-1]["role"] != "user":
            return stored
        await run_end(client, stored[-1]["run_id"])
        return await client.messages()
