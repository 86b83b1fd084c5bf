"""Users who write one message after another, and kills of services in a phase of a generation."""
import asyncio
import os
import signal
import time

from user import Cut
from context import LIMIT, run_end, wait_until


class Gate:
    """Stops all writers between two messages: while it is closed, no answer is in progress."""

    def __init__(self, writers):
        self.writers, self.waiting = writers, 0
        self.opened = asyncio.Event()
        self.opened.set()

    async def enter(self, client):
        if self.opened.is_set():
            return
        if client.exchanges and client.exchanges[-1].run:
            await run_end(client, client.exchanges[-1].run)
        self.waiting += 1
        await self.opened.wait()
        self.waiting -= 1

    async def close(self):
        self.opened.clear()
        await wait_until("the pause of all writers", lambda: self.waiting == self.writers)


async def write(context, client, stop, gate=None):
    """Writes one message after another, as JSON or as a stream, and continues after cut connections."""
    while not stop.is_set():
        if gate:
            await gate.enter(client)
        # Most answers are short. Some are long, so that their first part is stored when a service is killed.
        pace = 25 if context.rng.random() < 0.15 else context.rng.randint(0, 8)
        how = f"words={context.rng.randint(1, 40)} pace={pace}"
        try:
            if context.rng.random() < 0.5:
                await client.send(context.text(client, how))
            else:
                leave = context.rng.choice([None, None, 1, 3])
                await client.stream(context.text(client, how), disconnect_after=leave)
        except (Cut, ConnectionError):
            await asyncio.sleep(0.02)


class Kill:
    """A kill of a service in a phase of a generation, and the seconds until the service was ready again."""

    def __init__(self, service, phase, generation):
        self.service, self.phase, self.generation = service, phase, generation
        self.at = time.monotonic()
        self.healed = None


async def kill_in_phase(context, service, phase, rng, gate=None, over=None, age=0.0):
    """Kills a service in a phase and waits until it is ready again. Returns `None` if `over` ended before the phase.

    `age`: minimum age of the generation, in seconds.
    """
    pid = await asyncio.wait_for(context.stack.pid(service), LIMIT)
    if phase == "idle":
        await gate.close()
        await wait_until("the end of all generations", lambda: context.provider.active == 0)
        kill = Kill(service, phase, None)
        os.kill(pid, signal.SIGKILL)
        gate.opened.set()
    else:
        breakpoint = context.provider.arm(phase, age=age)
        await asyncio.wait({breakpoint.reached} | ({over} if over else set()), timeout=LIMIT, return_when=asyncio.FIRST_COMPLETED)
        assert breakpoint.reached.done() or over, f"no generation reached the phase {phase} within {LIMIT} s"
        if not breakpoint.reached.done():
            context.provider.disarm()
            return None
        # The generation stays in the phase until the kill. A short delay varies how far the sent text has got.
        if rng.random() < 0.7:
            await asyncio.sleep(rng.uniform(0, 0.006))
        kill = Kill(service, phase, breakpoint.reached.result())
        os.kill(pid, signal.SIGKILL)
        breakpoint.release()
    await asyncio.wait_for(context.stack.until_replaced(service, pid), LIMIT)
    # Asks the service itself, because the gateway may not have noticed the kill yet.
    await asyncio.wait_for(context.stack.until_ready(service), LIMIT)
    kill.healed = time.monotonic() - kill.at
    return kill
