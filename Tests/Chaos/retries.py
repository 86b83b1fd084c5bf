"""Sends that are retried under their key at random points, as JSON and as streams, while services are killed."""
import asyncio
import time
from collections import Counter

from client import Cut, Said
from house import LIMIT, few_at_a_time, until
from provider import PHASES
from stack import SERVICES
from writers import strike

FINAL = ("completed", "interrupted", "stopped")  # what a retry finds again; what has failed runs again
BUSY = tuple(f"refused {status}" for status in (429, 502, 503, 504))


class Send:
    """One message under one key: all that was tried, and what each try was told."""

    def __init__(self, house, client, dice, tally):
        refusal = " refuse=1" if dice.random() < 0.06 else ""
        text = house.text(client, f"words={dice.randint(1, 20)} pace={dice.randint(0, 4)}{refusal}")
        self.house, self.client, self.dice, self.tally = house, client, dice, tally
        self.said = Said(text)
        self.key = f"{client.name}.{len(client.said)}"
        self.tries = []
        client.said.append(self.said)

    @property
    def ends(self):
        return [told for told in self.tries if told.status in FINAL]

    async def perform(self):
        """The first try, one to three retries at random points, and more until an answer has come through."""
        going = [asyncio.ensure_future(self.attempt())]
        for _ in range(self.dice.randint(1, 3)):
            await self.a_moment(going[-1])
            going.append(asyncio.ensure_future(self.attempt()))
            if self.dice.random() < 0.03:
                await self.try_other_content()
        await asyncio.gather(*going)
        end = time.monotonic() + 2 * LIMIT
        while not self.ends:
            assert time.monotonic() < end, f"no answer to {self.said.text!r}: {[told.status for told in self.tries]}"
            await asyncio.sleep(0.02)
            await self.attempt()
        if self.dice.random() < 0.1:
            await self.try_other_content()
        self.compare()

    async def a_moment(self, last):
        """Until the next try: none at all, until the message is stored, until the provider is asked, or until the last try is over."""
        what = self.dice.choice(["none", "stored", "asked", "over", "over"])
        conditions = {"none": lambda: True, "stored": lambda: any(t.is_acknowledged for t in self.tries),
                      "asked": lambda: self.house.provider.of(self.said.text), "over": lambda: False}
        await until("an end of a try", lambda: last.done() or conditions[what](), limit=2 * LIMIT)

    def form(self):
        """The key as a header, or as a field of the body."""
        return ({"Idempotency-Key": self.key}, {}) if self.dice.random() < 0.7 else ({}, {"client_message_id": self.key})

    async def attempt(self):
        """Tries once, as JSON or as a stream; may leave the stream at any event, or hang up on the JSON."""
        told = Said(self.said.text)
        self.tries.append(told)
        self.tally["retries"] += len(self.tries) > 1
        headers, fields = self.form()
        leaves = self.dice.random() < 0.35
        try:
            if self.dice.random() < 0.5:
                await self.client.send_stream(told, headers, fields, self.dice.randint(1, 15) if leaves else None)
            else:
                patience = self.dice.uniform(0, 0.06) if leaves else 2 * LIMIT
                await asyncio.wait_for(self.client.send_whole(told, headers, fields), patience)
        except (Cut, ConnectionError, asyncio.TimeoutError):
            pass
        self.tally[f"tries told {told.status or 'nothing more'}"] += 1
        if (told.status or "").startswith("refused") and told.status not in BUSY:
            self.breach(f"a try was {told.status}")
            await asyncio.sleep(0.05)

    async def try_other_content(self):
        """Another text under the key of a message that is stored is refused with 422, whatever has become of the message."""
        other = Said(f"{self.said.text} other")
        end = time.monotonic() + LIMIT
        while any(t.is_acknowledged for t in self.tries) and time.monotonic() < end:
            headers, fields = self.form()
            try:
                await self.client.send_stream(other, headers, fields) if self.dice.random() < 0.5 \
                    else await self.client.send_whole(other, headers, fields)
            except (Cut, ConnectionError):
                continue
            if other.status not in BUSY:
                is_right = other.status == "refused 422" and not self.house.provider.of(other.text)
                self.tally["422, right" if is_right else "422, wrong"] += 1
                return None if is_right else self.breach(f"another text under its key was {other.status}")
            await asyncio.sleep(0.02)

    def breach(self, what):
        self.house.breaches.append(f"{self.said.text!r} under the key {self.key}: {what}")

    def compare(self):
        """Whoever was told of the message or of its answer was told the same; what is said of it is all of that."""
        said, end = self.said, self.ends[-1]
        if len({told.message for told in self.tries if told.message}) > 1:
            self.breach("more than one message was told")
        ends = {(t.status, t.run, t.answer and t.answer["id"], t.answer and t.answer["content"]) for t in self.ends}
        if len(ends) > 1:
            self.breach(f"its tries were told different ends: {sorted(map(str, ends))}")
        streams = sorted((t for t in self.tries if t.events and t.run == end.run), key=lambda t: len(t.events))
        for told in streams:
            if told.events[0][0] != 1:
                self.breach(f"a stream began with event {told.events[0][0]}")
            if end.status == "completed" and streams[-1].events[:len(told.events)] != told.events:
                number = next((i for i, (a, b) in enumerate(zip(told.events, streams[-1].events)) if a != b), len(streams[-1].events))
                self.breach(f"two streams were told different events, from number {number + 1} on")
        said.is_acknowledged = any(t.is_acknowledged for t in self.tries)
        said.message, said.run, said.answer, said.status = end.message, end.run, end.answer, end.status
        if streams:
            said.events, said.streamed = streams[-1].events, streams[-1].streamed
        self.tally[f"sends that ended {said.status}"] += 1
        # Ten thousand sends with all their tries would take much room.
        self.tries = []


async def retried_sends(house):
    """Under its key each message is stored once, answered once, and asked of the provider once, however often it is sent."""
    dice, tally = house.dice("retries"), Counter()
    clients = await house.many("sender", min(16, house.sends))
    counts = [house.sends // len(clients) + (i < house.sends % len(clients)) for i in range(len(clients))]
    users = asyncio.gather(*[send_all(house, c, house.dice(c.name), tally, count) for c, count in zip(clients, counts)])
    killing = asyncio.ensure_future(kill_meanwhile(house, dice, tally, users))
    try:
        await users
    finally:
        await killing
    stored = await few_at_a_time(16, [client.messages() for client in clients])
    for client, messages in zip(clients, stored):
        found = Counter(m["content"] for m in messages if m["role"] == "user")
        answers = Counter(m["parent_id"] for m in messages if m["role"] == "assistant")
        for said in client.said:
            tally["missing"] += found[said.text] == 0 or (said.status == "completed" and answers[said.message] == 0)
            tally["duplicates"] += max(0, found[said.text] - 1) + max(0, answers[said.message] - 1)
            tally["second calls"] += second_calls(house.provider.of(said.text))
    house.figures["sends, each retried under its key"] = sum(counts)
    for name in ["retries", "kills", "duplicates", "missing", "second calls", "422, right", "422, wrong"]:
        house.figures[f"  {name}"] = tally.pop(name, 0)
    for name in sorted(n for n in tally if " " in n):
        house.figures[f"  {name}"] = tally[name]
    wrong = {n: house.figures[f"  {n}"] for n in ("duplicates", "missing", "second calls", "422, wrong")}
    assert not any(wrong.values()), wrong


def second_calls(generations):
    """How often the provider was asked again after it had taken a question: only what it refused may be asked again."""
    taken = [i for i, g in enumerate(generations) if not g.is_refused]
    return len(generations) - 1 - taken[0] if taken else 0


async def send_all(house, client, dice, tally, count):
    """Half of the users send one message after another, the others up to three at once, so that turns wait as well."""
    client.is_ordered = dice.random() < 0.5

    async def send():
        tally["begun"] += 1
        await Send(house, client, dice, tally).perform()
    await few_at_a_time(1 if client.is_ordered else 3, [send() for _ in range(count)])


async def kill_meanwhile(house, dice, tally, users):
    """A kill for each 40 sends, but three at least."""
    count = max(3, house.sends // 40)
    for number in range(count):
        while tally["begun"] < (number + 0.5) * house.sends / count and not users.done():
            await asyncio.sleep(0.005)
        if users.done() or not await strike(house, dice.choice(SERVICES), dice.choice(PHASES), dice, over=users):
            return
        tally["kills"] += 1
