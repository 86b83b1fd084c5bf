"""Users who say one thing after another, and the killing of services in a phase that the provider tells."""
import asyncio
import os
import signal
import time

from client import Cut
from house import LIMIT, ended, until
from provider import PHASES


class Gate:
    """Writers go through it before each message; while it is closed they gather there, with all their answers made."""

    def __init__(self, writers):
        self.writers, self.waiting = writers, 0
        self.opened = asyncio.Event()
        self.opened.set()

    async def enter(self, client):
        if self.opened.is_set():
            return
        if client.said and client.said[-1].run:
            await ended(client, client.said[-1].run)
        self.waiting += 1
        await self.opened.wait()
        self.waiting -= 1

    async def close(self):
        self.opened.clear()
        await until("the writers' rest", lambda: self.waiting == self.writers)


async def write(house, client, stop, gate=None):
    """Says one thing after another, in one way or the other, and minds no breaks."""
    while not stop.is_set():
        if gate:
            await gate.enter(client)
        # Most answers are short; some are long enough for their beginning to be old when something is killed.
        pace = 25 if house.chance.random() < 0.15 else house.chance.randint(0, 8)
        how = f"words={house.chance.randint(1, 40)} pace={pace}"
        try:
            if house.chance.random() < 0.5:
                await client.say(house.text(client, how))
            else:
                leave = house.chance.choice([None, None, 1, 3])
                await client.stream(house.text(client, how), leave_after=leave)
        except (Cut, ConnectionError):
            await asyncio.sleep(0.02)


class Stroke:
    """A kill: of whom, in which phase of which generation, and how long until the service was ready again."""

    def __init__(self, service, phase, generation):
        self.service, self.phase, self.generation = service, phase, generation
        self.at = time.monotonic()
        self.healed = None


async def strike(house, service, phase, dice, gate=None, over=None, age=0.0):
    """Kills a service in a phase and waits until it is ready again; `None` when all was over before the phase came.

    `age`: how many seconds old the generation must be.
    """
    pid = await asyncio.wait_for(house.stack.pid(service), LIMIT)
    if phase == "idle":
        await gate.close()
        await until("idleness", lambda: house.provider.going == 0)
        stroke = Stroke(service, phase, None)
        os.kill(pid, signal.SIGKILL)
        gate.opened.set()
    else:
        moment = house.provider.arm(phase, age=age)
        await asyncio.wait({moment.reached} | ({over} if over else set()), timeout=LIMIT, return_when=asyncio.FIRST_COMPLETED)
        assert moment.reached.done() or over, f"no generation reached the phase {phase} within {LIMIT} s"
        if not moment.reached.done():
            house.provider.disarm()
            return None
        # The phase lasts until the kill was done; where in it, is drawn: what was sent is still on its way through the house.
        if dice.random() < 0.7:
            await asyncio.sleep(dice.uniform(0, 0.006))
        stroke = Stroke(service, phase, moment.reached.result())
        os.kill(pid, signal.SIGKILL)
        moment.release()
    await asyncio.wait_for(house.stack.until_replaced(service, pid), LIMIT)
    # The gateway may still believe that the dead one is up: it is asked itself.
    await asyncio.wait_for(house.stack.until_ready(service), LIMIT)
    stroke.healed = time.monotonic() - stroke.at
    return stroke
