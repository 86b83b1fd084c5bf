#!/usr/bin/env python3
"""Cuts the power of a stack again and again while eight users write messages, and checks that no acknowledged message is lost.

    Tests/Chaos/power_cuts.py [--bin FOLDER] [--cuts N] [--seed S] [--forget-wal-syncs] [--failing-disk]

DATA_DIR is on the disk of power_cut_disk.py, which loses unsynced data, all or in part. The next round continues with the content after
the cut. With --forget-wal-syncs the disk ignores an fsync of SQLite's write-ahead log until the next checkpoint, like
`synchronous=NORMAL`: this must lose messages, which shows that the checks detect losses. Needs the packages python3-fusepy and libfuse2,
and /dev/fuse.
"""
import argparse
import asyncio
import collections
import contextlib
import copy
import os
import random
import shutil
import signal
import sys
import tempfile
import time

from audit import audit_file, audit_runs, audit_user, wait_until_idle
from user import User, Cut
from context import LIMIT, gather_limited, percentiles
from disk_image import DATABASE, stored
from power import Disk, kill
from provider import Provider
from stacks import chaos_stack
from writers import write

USERS = 8


class PowerCuts:
    """The users, their exchanges, and the disk content that passes from round to round."""

    def __init__(self, options, folder, provider):
        self.options, self.folder, self.provider = options, folder, provider
        self.rng = random.Random(options.seed)  # for the users
        self.cut_rng = random.Random(f"{options.seed} cuts")  # for the cuts, independent of the users
        self.image = os.path.join(folder, "image-0")
        os.mkdir(self.image)
        self.users, self.everybody = [], []
        self.checked = collections.Counter()  # by user, the number of exchanges that are checked over HTTP
        self.found_lost = set()
        self.figures = collections.Counter()
        self.ready, self.violations = [], []

    def text(self, client, how=""):
        return f"{client.name}.{len(client.exchanges)} {how}"

    def replace_oldest_user(self):
        """Replaces the oldest user with a new one in each round. The exchanges of all users stay recorded."""
        keep = [] if self.options.forget_wal_syncs else self.users[1:]
        while len(keep) < USERS:
            keep.append(User(0, f"user-{len(self.everybody) + 1}"))
            self.everybody.append(keep[-1])
        self.users = keep

    async def talk(self, client, stop):
        try:
            if not client.conversation:
                await client.open()
        except (Cut, ConnectionError, KeyError):
            return  # the power was cut before there was a conversation: the next round opens one
        await write(self, client, stop)

    async def begin(self, disk):
        """Starts a stack on the disk, and gives its port to the users."""
        stack = chaos_stack(self.options.bin, disk.mount, self.provider.port)
        start = time.monotonic()
        try:
            async with asyncio.timeout(LIMIT):
                await stack.start()
        except BaseException as error:
            with contextlib.suppress(OSError):
                print(stack.log_tail())
            kill(stack)
            if isinstance(error, asyncio.CancelledError):
                raise
            raise AssertionError(f"the stack does not start after a power cut: {error!r}") from error
        self.ready.append(time.monotonic() - start)
        for client in self.everybody:
            client.port = stack.port
        return stack

    async def check(self):
        """Checks over HTTP that all exchanges since the last check are stored and that their runs have ended."""
        clients = [c for c in self.everybody if c.conversation and len(c.exchanges) > self.checked[c]]
        await gather_limited(8, [wait_until_idle(c) for c in clients])
        self.violations += sum(await gather_limited(8, [audit_user(c, self.provider) for c in clients]), [])
        recent = []
        for client in clients:
            recent.append(copy.copy(client))
            recent[-1].exchanges = client.exchanges[self.checked[client]:]
            self.checked[client] = len(client.exchanges)
        self.violations += await audit_runs(recent)

    async def round(self, number):
        """One round: starts with the disk content of the last round and ends with a power cut."""
        after = os.path.join(self.folder, f"image-{number}")
        # The first round creates the database; only later syncs are ignored.
        forget = ["--forget=-wal"] if self.options.forget_wal_syncs and number > 1 else []
        fail = ["--fail"] if self.options.failing_disk else []
        disk = Disk(self.folder, self.image, after, self.cut_rng.getrandbits(32), *forget, *fail)
        kinds = [self.in_talk] * 5 + [self.in_an_operation] * 2 + [self.in_a_checkpoint] * 2 + [self.in_recovery]
        kind = self.in_talk if self.options.forget_wal_syncs or number == 1 else self.cut_rng.choice(kinds)
        try:
            problem = await disk.start()
            assert not problem, problem
            report = await kind(disk)
            assert report, f"the disk sent no report: {open(disk.errors).read()[-1000:]}"
        finally:
            await disk.end()
        self.figures[f"cuts {kind.__name__.replace('_', ' ')}"] += 1
        self.figures["cuts within a write or an fsync"] += report["cut"] != "the command"
        self.figures["cuts within one of the database"] += report["cut"].endswith(DATABASE)
        self.figures["fsyncs of the log"] += report["syncs"].get(DATABASE + "-wal", 0)
        self.figures["fsyncs of the database"] += report["syncs"].get(DATABASE, 0)
        self.figures["cuts at which files were not synced"] += report["torn"] > 0
        shutil.rmtree(self.image)
        self.image = after
        self.audit_image()

    async def in_talk(self, disk, arm=lambda stack: None, limit=0):
        """Cuts the power while answers stream, or waits until the disk cuts it at an armed operation."""
        stack = await self.begin(disk)
        stop, talks = asyncio.Event(), []
        try:
            if not self.options.forget_wal_syncs:
                await self.check()
            self.replace_oldest_user()
            for client in self.users:
                client.port = stack.port
            talks = [asyncio.ensure_future(self.talk(client, stop)) for client in self.users]
            await asyncio.sleep(self.cut_rng.uniform(0.05, 0.9))
            await asyncio.wait_for(self.provider.wait_until(self.cut_rng.randint(1, 6)), LIMIT)
            await asyncio.sleep(self.cut_rng.uniform(0, 0.02))
            arm(stack)
            if limit:
                await disk.cut_report(limit)
        finally:
            stop.set()
            kill(stack, disk)
            results = await asyncio.gather(*talks, return_exceptions=True)
        await stack.until_ended()
        self.violations += [f"a user received an invalid response: {result!r}" for result in results if isinstance(result, Exception)]
        return await disk.cut_report()

    async def in_an_operation(self, disk):
        """Cuts the power within a write or an fsync of the write-ahead log."""
        count = self.cut_rng.randint(1, 300)
        return await self.in_talk(disk, lambda stack: disk.command("arm", DATABASE + "-wal", count), 5)

    async def in_a_checkpoint(self, disk):
        """Cuts the power during the checkpoint that conversation-svc does when it stops."""
        count = self.cut_rng.randint(1, 25)

        def arm(stack):
            disk.command("arm", DATABASE, count)
            stack.signal("conversation-svc", signal.SIGTERM)
        return await self.in_talk(disk, arm, 3)

    async def in_recovery(self, disk):
        """Cuts the power of a stack while it recovers from a power cut."""
        stack = chaos_stack(self.options.bin, disk.mount, self.provider.port)

        async def nothing():
            pass
        stack.until_ready = nothing
        try:
            await stack.start()
            if self.cut_rng.random() < 0.5:
                disk.command("arm", "*", self.cut_rng.randint(1, 40))
                await disk.cut_report(1)
            else:
                await asyncio.sleep(self.cut_rng.uniform(0, 0.4))
        finally:
            kill(stack, disk)
        await stack.until_ended()
        return await disk.cut_report()

    def audit_image(self):
        """Compares all exchanges with the disk content after a cut, and runs SQLite's checks on it."""
        rows, violations = stored(self.image)
        self.violations += violations
        self.figures["corrupt files"] += bool(violations)
        texts = collections.Counter(content for role, content in rows.values() if role == "user")
        doubled = [text for text, count in texts.items() if count > 1]
        self.figures["stored twice"] = len(doubled)
        self.violations += [f"{text!r} is stored {texts[text]} times" for text in doubled]
        for client in self.everybody:
            for exchange in client.exchanges:
                received = [(exchange.message, ("user", exchange.text))] if exchange.is_acknowledged else []
                received += [(exchange.answer["id"], ("assistant", exchange.answer["content"]))] if exchange.answer else []
                self.found_lost |= {(client.name, exchange.text, row[0]) for key, row in received if rows.get(key) != row}

    def lost(self, role):
        return [(name, text) for name, text, who in sorted(self.found_lost) if who == role]

    async def last(self):
        """Starts the stack a last time without a power cut, and checks all exchanges."""
        disk = Disk(self.folder, self.image, os.path.join(self.folder, "image-last"), 0)
        problem = await disk.start()
        assert not problem, problem
        stack = None
        try:
            stack = await self.begin(disk)
            await self.check()
            clients = [c for c in self.everybody if c.conversation]
            self.violations += sum(await gather_limited(8, [audit_user(c, self.provider) for c in clients]), [])
            self.violations += audit_file(disk.mount)
            code = await stack.stop()
            self.violations += [f"the supervisor ended with {code}"] if code else []
        finally:
            if stack:
                kill(stack)
            await disk.end()

    def count(self):
        exchanges = [s for c in self.everybody for s in c.exchanges]
        answered = [s for s in exchanges if s.answer]
        figures = {"users": len(self.everybody), "messages sent, rejected ones included": len(exchanges),
                   "of them acknowledged": sum(s.is_acknowledged for s in exchanges),
                   "acknowledged and lost": len(self.lost("user")), "complete answers received": len(answered),
                   "received and lost or changed": len(self.lost("assistant"))}
        return {**figures, **self.figures, "ready again, ms, median, 95 % and worst": percentiles(self.ready)}


async def missing_requirement():
    """Why no disk can be mounted here; `None` if it can."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "/dev/fuse is missing or not accessible"
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(f"{folder}/image")
        disk = Disk(folder, f"{folder}/image", f"{folder}/after", 0)
        reason = await disk.start()
        await disk.end()
    return reason


async def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bin", default=".build/release", help="folder of the executables")
    parser.add_argument("--cuts", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--forget-wal-syncs", action="store_true", help="shows that lost messages are detected")
    parser.add_argument("--failing-disk", action="store_true", help="the disk returns only errors for at least 0.1 s before each cut")
    options = parser.parse_args()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)
    reason = await missing_requirement()
    if reason:
        print(f"power cuts: SKIPPED: {reason}")
        return 0
    print(f"power cuts: seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        provider = Provider()
        await provider.start()
        cuts = PowerCuts(options, folder, provider)
        return await run(cuts, options)


async def run(cuts, options):
    start, done = time.monotonic(), 0
    try:
        for done in range(1, options.cuts + 1):
            await cuts.round(done)
            if done % 25 == 0:
                print(f"power cuts: {done}: {len(cuts.lost('user'))} lost ({(time.monotonic() - start) / done:.1f} s each)", flush=True)
        if not options.forget_wal_syncs:
            await cuts.last()
    except (AssertionError, asyncio.TimeoutError, Cut, ConnectionError) as error:
        cuts.violations.append(f"cut {done}: {error!r}")
    for name, value in cuts.count().items():
        print(f"power cuts: {name}: {value}")
    losses = [f"{name}: the message {text!r} was acknowledged and is lost" for name, text in cuts.lost("user")]
    losses += [f"{name}: the answer to {text!r} was received and differs from the stored answer" for name, text in cuts.lost("assistant")]
    for violation in (cuts.violations if options.forget_wal_syncs else losses + cuts.violations)[:40]:
        print(f"power cuts: VIOLATION: {violation}")
    print(f"power cuts: {done} cuts, {len(losses)} losses, {len(cuts.violations)} other violations, {time.monotonic() - start:.0f} s")
    if options.forget_wal_syncs:
        return 0 if cuts.lost("user") and not cuts.violations else 1
    return 1 if losses or cuts.violations else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
