"""kill -9 of a random service in a random phase of a generation, while eight users talk."""
import asyncio
import time

from client import Cut
from house import LIMIT, ended, few_at_a_time, percentiles
from provider import PHASES
from stack import SERVICES
from writers import Gate, strike, write

ALL_PHASES = ["idle", *PHASES]
KEPT_AFTER = 0.3  # seconds; 100 ms are promised, and a busy machine has some more


def plan(dice, count):
    """Whom to kill when: each service in each phase once, as far as the count goes, and then at random."""
    size = len(SERVICES) * len(ALL_PHASES)
    start = dice.randrange(size)
    # Five services and six phases have no common divisor: counting both up meets each pair once.
    cells = [(SERVICES[i % len(SERVICES)], ALL_PHASES[i % len(ALL_PHASES)]) for i in range(start, start + size)]
    return cells[:count] + [(dice.choice(SERVICES), dice.choice(ALL_PHASES)) for _ in range(count - len(cells))]


async def kills(house):
    """kill -9 of services in all phases of a generation while eight users talk; the house heals by itself."""
    dice, stop, strokes = house.dice("kills"), asyncio.Event(), []
    clients = await house.many("writer", 8)
    gate = Gate(len(clients))
    writers = [asyncio.ensure_future(write(house, c, stop, gate)) for c in clients]
    watches = []
    try:
        for number, (service, phase) in enumerate(plan(dice, house.rounds * len(SERVICES))):
            # Some answers are old enough for their beginning to be on the disk.
            is_old = phase in ("middle", "last") and number >= 30 and dice.random() < 0.3
            stroke = await strike(house, service, phase, dice, gate, age=0.4 if is_old else 0)
            strokes.append(stroke)
            watches.append(asyncio.ensure_future(until_visible(clients, stroke)))
    finally:
        stop.set()
        gate.opened.set()
    await asyncio.wait_for(asyncio.gather(*writers), 2 * LIMIT)
    visible = [seconds for seconds in await asyncio.gather(*watches) if seconds is not None]
    report(house, clients, strokes, visible)
    await report_ends(house, clients, strokes)


async def until_visible(clients, stroke):
    """How long after a kill of a service that makes answers its client finds how its run ended."""
    if stroke.service not in ("conversation-svc", "inference-svc") or stroke.phase in ("idle", "done"):
        return None
    for client in clients:
        for said in client.said[-2:]:
            if said.text == stroke.generation.key and said.run:
                run = await ended(client, said.run)
                return time.monotonic() - stroke.at if run["status"] == "interrupted" else None
    return None


def report(house, clients, strokes, visible):
    figures = house.figures
    figures["kills"] = len(strokes)
    figures["messages said while services were killed"] = sum(len(c.said) for c in clients)
    figures["of them acknowledged"] = sum(s.is_acknowledged for c in clients for s in c.said)
    figures["ready again after a kill, ms, median, p95 and worst"] = percentiles([s.healed for s in strokes])
    for service in SERVICES:
        mine = [s for s in strokes if s.service == service]
        cells = ", ".join(f"{phase} {sum(s.phase == phase for s in mine)}" for phase in ALL_PHASES)
        figures[f"  {service}, {len(mine)} times"] = f"{percentiles([s.healed for s in mine])}; in the phases {cells}"
    seen = {(s.service, s.phase) for s in strokes}
    figures["  services × phases seen"] = f"{len(seen)} of {len(SERVICES) * len(ALL_PHASES)}"
    if visible:
        figures["an interrupted run is told as such, ms after the kill, median, p95 and worst"] = percentiles(visible)
    # The promise: p95 of at most a second. The worst may be a machine that does something else.
    assert percentiles([s.healed for s in strokes])[1] <= 1000 or len(strokes) < 20, "the 95th of 100 kills took more than a second"


async def report_ends(house, clients, strokes):
    """What became of the answers at which services were killed: they keep what was sent well before."""
    answers = {}
    for stored in await few_at_a_time(8, [calm(client) for client in clients]):
        said = {m["id"]: m["content"] for m in stored if m["role"] == "user"}
        answers.update({said[m["parent_id"]]: m for m in stored if m["role"] == "assistant" and m["parent_id"]})
    old = kept = 0
    for stroke in [s for s in strokes if s.generation]:
        answer, wanted = answers.get(stroke.generation.key), stroke.generation.sent_before(stroke.at - KEPT_AFTER)
        old, kept = old + (wanted > 0), kept + (0 < wanted <= len(answer["content"] if answer else ""))
        stroke.end = answer["status"] if answer else "without text"
        if wanted > len(answer["content"] if answer else ""):
            house.breaches.append(f"{stroke.service} was killed in the phase {stroke.phase} of {stroke.generation.key!r}: {wanted} characters "
                                  f"had been sent {KEPT_AFTER} s before, and {len(answer['content']) if answer else 0} are kept")
    house.figures[f"  answers at which something was killed with text older than {KEPT_AFTER} s, which was kept"] = f"{kept} of {old}"
    for phase in PHASES:
        ends = [s.end for s in strokes if s.service == "conversation-svc" and s.phase == phase]
        if ends:
            counts = ", ".join(f"{ends.count(end)} {end}" for end in sorted(set(ends)))
            house.figures[f"  answers at which conversation-svc was killed in the phase {phase}"] = counts


async def calm(client):
    """All messages of a user whose last run has ended."""
    while True:
        try:
            stored = await client.messages()
        except (Cut, ConnectionError):
            await asyncio.sleep(0.02)
            continue
        if stored[-1]["role"] != "user":
            return stored
        await ended(client, stored[-1]["run_id"])
        return await client.messages()
