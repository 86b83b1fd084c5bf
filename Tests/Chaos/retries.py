"""Retries messages with idempotency keys at random points, as JSON and as streams, while services are killed."""
import asyncio
import time
from collections import Counter

from user import Cut, Exchange
from context import LIMIT, gather_limited, wait_until
from provider import PHASES
from stacks import SERVICES
from writers import kill_in_phase

FINAL = ("completed", "interrupted", "stopped")  # a retry returns these results; a failed run is repeated
BUSY = tuple(f"refused {status}" for status in (429, 502, 503, 504))


class KeyedSend:
    """One message with one idempotency key, and the result of each attempt."""

    def __init__(self, context, client, rng, tally):
        refusal = " refuse=1" if rng.random() < 0.06 else ""
        text = context.text(client, f"words={rng.randint(1, 20)} pace={rng.randint(0, 4)}{refusal}")
        self.context, self.client, self.rng, self.tally = context, client, rng, tally
        self.exchange = Exchange(text)
        self.key = f"{client.name}.{len(client.exchanges)}"
        self.attempts = []
        client.exchanges.append(self.exchange)

    @property
    def ends(self):
        return [one for one in self.attempts if one.status in FINAL]

    async def perform(self):
        """The first attempt, one to three retries at random points, and more until one attempt succeeds."""
        running = [asyncio.ensure_future(self.send_once())]
        for _ in range(self.rng.randint(1, 3)):
            await self.wait_before_retry(running[-1])
            running.append(asyncio.ensure_future(self.send_once()))
            if self.rng.random() < 0.03:
                await self.try_other_content()
        await asyncio.gather(*running)
        end = time.monotonic() + 2 * LIMIT
        while not self.ends:
            assert time.monotonic() < end, f"no answer to {self.exchange.text!r}: {[one.status for one in self.attempts]}"
            await asyncio.sleep(0.02)
            await self.send_once()
        if self.rng.random() < 0.1:
            await self.try_other_content()
        self.compare()

    async def wait_before_retry(self, last):
        """Waits before the next attempt: not at all, until the message is stored, until the provider is called, or until the last attempt ends."""
        what = self.rng.choice(["none", "stored", "asked", "over", "over"])
        conditions = {"none": lambda: True, "stored": lambda: any(t.is_acknowledged for t in self.attempts),
                      "asked": lambda: self.context.provider.of(self.exchange.text), "over": lambda: False}
        await wait_until("the end of an attempt", lambda: last.done() or conditions[what](), limit=2 * LIMIT)

    def form(self):
        """The key as a header or as a field of the body."""
        return ({"Idempotency-Key": self.key}, {}) if self.rng.random() < 0.7 else ({}, {"client_message_id": self.key})

    async def send_once(self):
        """Sends the message once, as JSON or as a stream; may disconnect before the answer is complete."""
        attempt = Exchange(self.exchange.text)
        self.attempts.append(attempt)
        self.tally["retries"] += len(self.attempts) > 1
        headers, fields = self.form()
        leaves = self.rng.random() < 0.35
        try:
            if self.rng.random() < 0.5:
                await self.client.send_stream(attempt, headers, fields, self.rng.randint(1, 15) if leaves else None)
            else:
                patience = self.rng.uniform(0, 0.06) if leaves else 2 * LIMIT
                await asyncio.wait_for(self.client.send_whole(attempt, headers, fields), patience)
        except (Cut, ConnectionError, asyncio.TimeoutError):
            pass
        self.tally[f"attempts with the result {attempt.status or 'disconnected'}"] += 1
        if (attempt.status or "").startswith("refused") and attempt.status not in BUSY:
            self.violation(f"an attempt was {attempt.status}")
            await asyncio.sleep(0.05)

    async def try_other_content(self):
        """A different text with the key of a stored message gets 422, whatever the state of the message."""
        other = Exchange(f"{self.exchange.text} other")
        end = time.monotonic() + LIMIT
        while any(t.is_acknowledged for t in self.attempts) and time.monotonic() < end:
            headers, fields = self.form()
            try:
                await self.client.send_stream(other, headers, fields) if self.rng.random() < 0.5 \
                    else await self.client.send_whole(other, headers, fields)
            except (Cut, ConnectionError):
                continue
            if other.status not in BUSY:
                is_right = other.status == "refused 422" and not self.context.provider.of(other.text)
                self.tally["422, right" if is_right else "422, wrong"] += 1
                return None if is_right else self.violation(f"a different text with its key was {other.status}")
            await asyncio.sleep(0.02)

    def violation(self, what):
        self.context.violations.append(f"{self.exchange.text!r} with the key {self.key}: {what}")

    def compare(self):
        """All attempts received the same message and answer. Merges them into the exchange."""
        exchange, end = self.exchange, self.ends[-1]
        if len({one.message for one in self.attempts if one.message}) > 1:
            self.violation("the attempts received different messages")
        ends = {(t.status, t.run, t.answer and t.answer["id"], t.answer and t.answer["content"]) for t in self.ends}
        if len(ends) > 1:
            self.violation(f"its attempts received different results: {sorted(map(str, ends))}")
        streams = sorted((t for t in self.attempts if t.events and t.run == end.run), key=lambda t: len(t.events))
        for stream in streams:
            if stream.events[0][0] != 1:
                self.violation(f"a stream began with event {stream.events[0][0]}")
            if end.status == "completed" and streams[-1].events[:len(stream.events)] != stream.events:
                number = next((i for i, (a, b) in enumerate(zip(stream.events, streams[-1].events)) if a != b), len(streams[-1].events))
                self.violation(f"two streams differ from event {number + 1} on")
        exchange.is_acknowledged = any(t.is_acknowledged for t in self.attempts)
        exchange.message, exchange.run, exchange.answer, exchange.status = end.message, end.run, end.answer, end.status
        if streams:
            exchange.events, exchange.streamed = streams[-1].events, streams[-1].streamed
        self.tally[f"messages that ended {exchange.status}"] += 1
        # Ten thousand messages with all attempts would take much memory.
        self.attempts = []


async def retried_sends(context):
    """With its key each message is stored once, answered once, and sent to the provider once, however often it is retried."""
    rng, tally = context.new_rng("retries"), Counter()
    clients = await context.new_users("sender", min(16, context.sends))
    counts = [context.sends // len(clients) + (i < context.sends % len(clients)) for i in range(len(clients))]
    users = asyncio.gather(*[send_all(context, c, context.new_rng(c.name), tally, count) for c, count in zip(clients, counts)])
    killing = asyncio.ensure_future(kill_meanwhile(context, rng, tally, users))
    try:
        await users
    finally:
        await killing
    stored = await gather_limited(16, [client.messages() for client in clients])
    for client, messages in zip(clients, stored):
        found = Counter(m["content"] for m in messages if m["role"] == "user")
        answers = Counter(m["parent_id"] for m in messages if m["role"] == "assistant")
        for exchange in client.exchanges:
            tally["missing"] += found[exchange.text] == 0 or (exchange.status == "completed" and answers[exchange.message] == 0)
            tally["duplicates"] += max(0, found[exchange.text] - 1) + max(0, answers[exchange.message] - 1)
            tally["second calls"] += second_calls(context.provider.of(exchange.text))
    context.figures["messages, each retried with its key"] = sum(counts)
    for name in ["retries", "kills", "duplicates", "missing", "second calls", "422, right", "422, wrong"]:
        context.figures[f"  {name}"] = tally.pop(name, 0)
    for name in sorted(n for n in tally if " " in n):
        context.figures[f"  {name}"] = tally[name]
    wrong = {n: context.figures[f"  {n}"] for n in ("duplicates", "missing", "second calls", "422, wrong")}
    assert not any(wrong.values()), wrong


def second_calls(generations):
    """The number of calls after the provider accepted one: only rejected calls may be retried."""
    accepted = [i for i, g in enumerate(generations) if not g.is_refused]
    return len(generations) - 1 - accepted[0] if accepted else 0


async def send_all(context, client, rng, tally, count):
    """Half of the users send one message after another, the others up to three at once, so that turns are queued too."""
    client.is_ordered = rng.random() < 0.5

    async def send():
        tally["started"] += 1
        await KeyedSend(context, client, rng, tally).perform()
    await gather_limited(1 if client.is_ordered else 3, [send() for _ in range(count)])


async def kill_meanwhile(context, rng, tally, users):
    """One kill per 40 messages, at least three."""
    count = max(3, context.sends // 40)
    for number in range(count):
        while tally["started"] < (number + 0.5) * context.sends / count and not users.done():
            await asyncio.sleep(0.005)
        if users.done() or not await kill_in_phase(context, rng.choice(SERVICES), rng.choice(PHASES), rng, over=users):
            return
        tally["kills"] += 1
