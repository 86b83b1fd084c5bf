"""What all scenarios share: one stack, its provider, its users, and the figures that come out."""
import asyncio
import os
import random
import time

from client import Client, Cut

LIMIT = 20  # seconds that anything may take


class House:
    """One stack, its provider and its users, for all scenarios."""

    def __init__(self, stack, provider, rounds, chance, sends=60, streams=6, watchers=20):
        self.stack, self.provider, self.rounds, self.chance = stack, provider, rounds, chance
        self.sends, self.streams, self.watchers = sends, streams, watchers
        self.clients, self.figures, self.breaches = [], {}, []
        self.count = 0
        self.seed = chance.getrandbits(64)

    async def client(self, name):
        self.count += 1
        client, is_limited = Client(self.stack.port, f"{name}-{self.count}"), self.count % 2
        await client.open()
        if is_limited:
            await self.limit(client)
        self.clients.append(client)
        return client

    async def limit(self, client):
        """A quota that is never reached, so that all this user's turns are reserved and settled."""
        operator = Client(self.stack.ports["conversation-svc"], "operator")
        with open(os.path.join(self.stack.data, "bus-token")) as file:
            operator.token = file.read().strip()
        quota = {"period": "month", "requests": 1_000_000, "tokens": 1_000_000_000, "concurrentRuns": 1000}
        status, answer = await operator.ask(
            "POST", "/quotas/set", {"subject": f"user:{client.name}", "quota": quota}, {"x-principal": "operator;role=admin"})
        assert status == 200, answer

    async def many(self, name, count):
        """So many users, a few of whom come in at a time."""
        return await few_at_a_time(16, [self.client(name) for _ in range(count)])

    def dice(self, name):
        """Chance of one's own, which nobody else's draws disturb."""
        return random.Random(f"{self.seed} {name}")

    def text(self, client, how=""):
        """A text that is said once; the provider answers as it says."""
        return f"{client.name}.{len(client.said)} {how}"


async def until(what, condition, limit=LIMIT):
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, f"{what} did not happen within {limit} s"
        await asyncio.sleep(0.005)


async def few_at_a_time(count, works):
    """The results of many coroutines, of which so many run at once."""
    gate = asyncio.Semaphore(count)

    async def one(work):
        async with gate:
            return await work
    return await asyncio.gather(*[one(work) for work in works])


async def ended(client, run, limit=LIMIT):
    """A run, once it has ended; whatever is down meanwhile is asked again."""
    end = time.monotonic() + limit
    while True:
        status, value = 0, None
        try:
            status, value = await client.ask("GET", f"{client.path}/runs/{run}")
        except (Cut, ConnectionError):
            pass
        if status == 200 and value["status"] not in ("queued", "running"):
            return value
        assert status in (0, 200, 502, 503, 504), f"{client.name}: the run {run} cannot be read: {status} {value}"
        assert time.monotonic() < end, f"{client.name}: the run {run} did not end within {limit} s: {status} {value}"
        await asyncio.sleep(0.01)


async def read_on(client, said):
    """Reads a run's events to their end, coming back after each cut."""
    end = time.monotonic() + 2 * LIMIT
    while said.status in (None, "cut"):
        assert time.monotonic() < end, f"{client.name}: the events of {said.run} did not come to an end"
        try:
            await client.resume(said)
        except (Cut, ConnectionError, AssertionError):
            await asyncio.sleep(0.02)


def percentiles(seconds):
    """Median, 95th of a hundred and worst, in milliseconds."""
    ordered = sorted(seconds)
    return tuple(round(1000 * ordered[min(len(ordered) - 1, int(len(ordered) * part))], 1) for part in (0.5, 0.95, 1))
