"""Many clients watch many runs: all read the same bytes. Measures the cost."""
import asyncio
import re
import time

from user import Exchange
from context import LIMIT, gather_limited, wait_until

HEAVY = ("gateway", "conversation-svc")


class Reading(asyncio.Protocol):
    """A client that only stores the bytes, so that its own cost is low."""

    def __init__(self, request):
        self.request, self.data = request, bytearray()
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        transport.write(self.request)

    def data_received(self, data):
        self.data += data

    def connection_lost(self, error):
        self.ended.set_result(error)

    def frames(self):
        """The received events without comments. Fails if the body is incomplete."""
        head, _, rest = bytes(self.data).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        body, place = [], 0
        while True:
            line = rest.index(b"\r\n", place)
            size = int(rest[place:line], 16)
            if size == 0:
                break
            body.append(rest[line + 2:line + 2 + size])
            place = line + size + 4
        return [frame for frame in b"".join(body).split(b"\n\n") if frame and not frame.startswith(b":")]


async def watch(client, run, after=0, is_header=False):
    """Reads the events of a run after a number, to the end."""
    query = "" if is_header else f"?after={after}"
    head = f"GET {client.path}/runs/{run}/events{query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept: text/event-stream\r\n"
    head += f"Authorization: Bearer {client.token}\r\n" + (f"Last-Event-ID: {after}\r\n" if is_header else "")
    reading = Reading(head.encode() + b"\r\n")
    await asyncio.get_running_loop().create_connection(lambda: reading, "127.0.0.1", client.port)
    await reading.ended
    return reading.frames()


async def many_watchers(context):
    """Many clients watch one slow answer of each user, and all read the same events."""
    rng = context.new_rng("watchers")
    runs = max(4, context.watchers // 10)
    each = context.watchers // runs
    how = "words=200 pace=50" if runs >= 50 else "words=50 pace=10"
    clients = await context.new_users("watched", runs)
    used = {service: context.stack.cpu_seconds(service) for service in HEAVY}
    start, tops, stop = time.monotonic(), {service: 0 for service in HEAVY}, asyncio.Event()
    meter = asyncio.ensure_future(measure(context, tops, stop))
    turns = [asyncio.ensure_future(c.stream(context.text(c, how))) for c in clients]
    await wait_until("all answers", lambda: context.provider.started == runs and all(c.exchanges[-1].run for c in clients))
    watches = []
    for number in range(runs * each):
        client = clients[number % runs]
        after = rng.randint(0, client.exchanges[-1].events[-1][0])
        watches.append((client, after, asyncio.ensure_future(watch(client, client.exchanges[-1].run, after, rng.random() < 0.5))))
        if number % 20 == 0:
            await asyncio.sleep(0.01)
    is_early = context.provider.active == runs
    await asyncio.wait_for(asyncio.gather(*turns, *[task for _, _, task in watches]), 4 * LIMIT)
    seconds = {service: context.stack.cpu_seconds(service) - used[service] for service in HEAVY}
    lasted = time.monotonic() - start
    stop.set()
    await meter
    whole = dict(zip(clients, await gather_limited(16, [watch(c, c.exchanges[-1].run) for c in clients])))
    wrong = sum(task.result() != whole[client][after:] for client, after, task in watches)
    assert all(isinstance(c.exchanges[-1], Exchange) and c.exchanges[-1].status == "completed" for c in clients)
    assert all(numbers(frames) == list(range(1, len(frames) + 1)) for frames in whole.values())
    assert not wrong, f"{wrong} of {len(watches)} watchers read other events than a read after the end"
    events = sum(len(task.result()) for _, _, task in watches) + sum(len(c.exchanges[-1].events) for c in clients)
    context.figures[f"{len(watches)} watchers of {runs} answers"] = (
        f"{events} events in {lasted:.1f} s{'' if is_early else ' (some started after the first answer had ended)'}; each read the same events; "
        + ", ".join(f"{s} {seconds[s]:.2f} processor seconds, at most {tops[s]:.1f} MB" for s in HEAVY))


def numbers(frames):
    return [int(re.match(rb"id: (\d+)\n", frame)[1]) for frame in frames]


async def measure(context, tops, stop):
    """Records the maximum memory of the services."""
    while not stop.is_set():
        for service in tops:
            tops[service] = max(tops[service], context.stack.memory(service))
        await asyncio.sleep(0.25)
