"""Many watchers on many runs: all read the same bytes, and what that costs."""
import asyncio
import re
import time

from client import Said
from house import LIMIT, few_at_a_time, until

HEAVY = ("gateway", "conversation-svc")


class Reading(asyncio.Protocol):
    """A watcher that does no more than to keep the bytes, so that it is not what is measured."""

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
        """The events that came, without comments; refuses a body without its proper end."""
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
    """Reads a run's events after a number, to their end."""
    query = "" if is_header else f"?after={after}"
    head = f"GET {client.path}/runs/{run}/events{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: text/event-stream\r\n"
    head += f"Authorization: Bearer {client.token}\r\n" + (f"Last-Event-ID: {after}\r\n" if is_header else "")
    reading = Reading(head.encode() + b"\r\n")
    await asyncio.get_running_loop().create_connection(lambda: reading, "127.0.0.1", client.port)
    await reading.ended
    return reading.frames()


async def many_watchers(house):
    """A slow answer for each of many users, each watched by many: what they read is one and the same."""
    dice = house.dice("watchers")
    runs = max(4, house.watchers // 10)
    each = house.watchers // runs
    how = "words=200 pace=50" if runs >= 50 else "words=50 pace=10"
    clients = await house.many("watched", runs)
    used = {service: house.stack.seconds(service) for service in HEAVY}
    start, tops, stop = time.monotonic(), {service: 0 for service in HEAVY}, asyncio.Event()
    meter = asyncio.ensure_future(measure(house, tops, stop))
    turns = [asyncio.ensure_future(c.stream(house.text(c, how))) for c in clients]
    await until("all answers", lambda: house.provider.begun == runs and all(c.said[-1].run for c in clients))
    watches = []
    for number in range(runs * each):
        client = clients[number % runs]
        after = dice.randint(0, client.said[-1].events[-1][0])
        watches.append((client, after, asyncio.ensure_future(watch(client, client.said[-1].run, after, dice.random() < 0.5))))
        if number % 20 == 0:
            await asyncio.sleep(0.01)
    is_early = house.provider.going == runs
    await asyncio.wait_for(asyncio.gather(*turns, *[task for _, _, task in watches]), 4 * LIMIT)
    seconds = {service: house.stack.seconds(service) - used[service] for service in HEAVY}
    lasted = time.monotonic() - start
    stop.set()
    await meter
    whole = dict(zip(clients, await few_at_a_time(16, [watch(c, c.said[-1].run) for c in clients])))
    wrong = sum(task.result() != whole[client][after:] for client, after, task in watches)
    assert all(isinstance(c.said[-1], Said) and c.said[-1].status == "completed" for c in clients)
    assert all(numbers(frames) == list(range(1, len(frames) + 1)) for frames in whole.values())
    assert not wrong, f"{wrong} of {len(watches)} watchers did not read what is read after the end"
    told = sum(len(task.result()) for _, _, task in watches) + sum(len(c.said[-1].events) for c in clients)
    house.figures[f"{len(watches)} watchers of {runs} answers"] = (
        f"{told} events in {lasted:.1f} s{'' if is_early else ' (some came after the first end)'}; each read what is read after the end; "
        + ", ".join(f"{s} {seconds[s]:.2f} processor seconds, {tops[s]:.1f} MB at the top" for s in HEAVY))


def numbers(frames):
    return [int(re.match(rb"id: (\d+)\n", frame)[1]) for frame in frames]


async def measure(house, tops, stop):
    """The most memory that the services take meanwhile."""
    while not stop.is_set():
        for service in tops:
            tops[service] = max(tops[service], house.stack.memory(service))
        await asyncio.sleep(0.25)
