"""The context that all scenarios share: one stack, its provider, its users and the figures of the report."""
import asyncio
import os
import random
import time

from user import Cut, User

LIMIT = 90  # seconds until anything counts as hung


class Context:
    def __init__(self, stack, provider, tools, rounds, rng, sends=60, streams=6, watchers=20, stored_after=5):
        self.stack, self.provider, self.tools, self.rounds, self.rng = stack, provider, tools, rounds, rng
        self.sends, self.streams, self.watchers, self.stored_after = sends, streams, watchers, stored_after
        self.users, self.figures, self.violations = [], {}, []
        self.count = 0
        self.seed = rng.getrandbits(64)

    async def new_user(self, name, is_audited=True):
        """Creates a user; `is_audited`: whether each answer is compared with what the provider sent."""
        self.count += 1
        client, is_limited = User(self.stack.port, f"{name}-{self.count}"), self.count % 2
        await client.open()
        if is_limited:
            await self.limit(client)
        if is_audited:
            self.users.append(client)
        return client

    async def limit(self, client):
        """Sets a quota that is never reached, so that each turn of this user makes a reservation."""
        operator = User(self.stack.ports["conversation-svc"], "operator")
        with open(os.path.join(self.stack.data, "bus-token")) as file:
            operator.token = file.read().strip()
        quota = {"period": "month", "requests": 1_000_000, "tokens": 1_000_000_000, "concurrentRuns": 1000}
        status, answer = await operator.ask(
            "POST", "/quotas/set", {"subject": f"user:{client.name}", "quota": quota}, {"x-principal": "operator;role=admin"})
        assert status == 200, answer

    async def new_users(self, name, count):
        """Creates a number of users, a few at a time."""
        return await gather_limited(16, [self.new_user(name) for _ in range(count)])

    def new_rng(self, name):
        """A random number generator that is independent of the others."""
        return random.Random(f"{self.seed} {name}")

    def text(self, client, how=""):
        """A text that is sent once, and that controls how the provider answers."""
        # Without spaces around it, which v1 removes; the full stop keeps it from being the beginning of another text.
        return f"{client.name}.{len(client.exchanges)}. {how}".rstrip()


async def wait_until(what, condition, limit=LIMIT):
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, f"{what} did not happen within {limit} s"
        await asyncio.sleep(0.005)


async def gather_limited(count, coroutines):
    """The results of coroutines, of which at most `count` run at once."""
    gate = asyncio.Semaphore(count)

    async def one(coroutine):
        async with gate:
            return await coroutine
    return await asyncio.gather(*[one(coroutine) for coroutine in coroutines])


async def run_end(client, run, limit=LIMIT):
    """Waits until a run has ended and returns it. Retries while services are down."""
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


async def resume_to_end(client, exchange):
    """Reads the events of a run to the end, and resumes after each cut connection."""
    end = time.monotonic() + 2 * LIMIT
    while exchange.status in (None, "cut"):
        assert time.monotonic() < end, f"{client.name}: the events of {exchange.run} did not come to an end"
        try:
            await client.resume(exchange)
        except (Cut, ConnectionError, AssertionError):
            await asyncio.sleep(0.02)


def percentiles(seconds):
    """Median, 95th percentile and maximum, in milliseconds."""
    ordered = sorted(seconds)
    return tuple(round(1000 * ordered[min(len(ordered) - 1, int(len(ordered) * part))], 1) for part in (0.5, 0.95, 1))
