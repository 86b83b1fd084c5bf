#!/usr/bin/env python3
"""Cuts the power under a house in which eight users talk, again and again, and checks that nothing that was told is lost.

    Tests/Chaos/power_cuts.py [--bin FOLDER] [--cuts N] [--seed S] [--forget-wal-syncs] [--failing-disk]

All of DATA_DIR is on the disk of power_cut_disk.py, which forgets what was not synced, or holds it in part. What it holds after a cut is
the disk of the next round. With --forget-wal-syncs the disk answers an fsync of SQLite's log without doing it, until the log is written
back, as `synchronous=NORMAL` would have it: then messages must be found lost, or else these checks see nothing. Needs the packages
python3-fusepy and libfuse2, and /dev/fuse.
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

from audit import audit_file, audit_runs, audit_user, rest
from client import Client, Cut
from house import LIMIT, few_at_a_time, percentiles
from image import DATABASE, stored
from power import Disk, kill
from provider import Provider
from stack import Stack
from writers import write

USERS = 8


class PowerCuts:
    """The users, what they were told, and the disk that goes from round to round."""

    def __init__(self, options, folder, provider):
        self.options, self.folder, self.provider = options, folder, provider
        self.chance = random.Random(options.seed)  # what the users draw
        self.dice = random.Random(f"{options.seed} cuts")  # when and how the power goes, whatever the users draw
        self.image = os.path.join(folder, "image-0")
        os.mkdir(self.image)
        self.users, self.everybody = [], []
        self.checked = collections.Counter()  # by user, how much of what was said is checked over HTTP
        self.found_lost = set()
        self.figures = collections.Counter()
        self.ready, self.breaches = [], []

    def text(self, client, how=""):
        return f"{client.name}.{len(client.said)} {how}"

    def renew(self):
        """The user who is there for longest goes with each round and another comes; the one that went is remembered."""
        keep = [] if self.options.forget_wal_syncs else self.users[1:]
        while len(keep) < USERS:
            keep.append(Client(0, f"user-{len(self.everybody) + 1}"))
            self.everybody.append(keep[-1])
        self.users = keep

    async def talk(self, client, stop):
        try:
            if not client.conversation:
                await client.open()
        except (Cut, ConnectionError, KeyError):
            return  # the power went before there was a conversation: another one is opened in the next round
        await write(self, client, stop)

    async def begin(self, disk):
        """Starts a house on the disk; the users know its new port."""
        stack = Stack(self.options.bin, disk.mount, self.provider.port)
        start = time.monotonic()
        try:
            async with asyncio.timeout(LIMIT):
                await stack.start()
        except BaseException as error:
            with contextlib.suppress(OSError):
                print(open(f"{disk.mount}/up.log").read()[-4000:])
            kill(stack)
            if isinstance(error, asyncio.CancelledError):
                raise
            raise AssertionError(f"after a power cut the house does not start: {error!r}") from error
        self.ready.append(time.monotonic() - start)
        for client in self.everybody:
            client.port = stack.port
        return stack

    async def check(self):
        """What was said since the last check, over HTTP: of whoever talked, all is there, and all runs have ended."""
        clients = [c for c in self.everybody if c.conversation and len(c.said) > self.checked[c]]
        await few_at_a_time(8, [rest(c) for c in clients])
        self.breaches += sum(await few_at_a_time(8, [audit_user(c, self.provider) for c in clients]), [])
        recent = []
        for client in clients:
            recent.append(copy.copy(client))
            recent[-1].said = client.said[self.checked[client]:]
            self.checked[client] = len(client.said)
        self.breaches += await audit_runs(recent)

    async def round(self, number):
        """One life of the disk, from the image before to the image after."""
        after = os.path.join(self.folder, f"image-{number}")
        # The first round makes the file; what is told from then on can be forgotten.
        forget = ["--forget=-wal"] if self.options.forget_wal_syncs and number > 1 else []
        fail = ["--fail"] if self.options.failing_disk else []
        disk = Disk(self.folder, self.image, after, self.dice.getrandbits(32), *forget, *fail)
        kinds = [self.in_talk] * 5 + [self.in_an_operation] * 2 + [self.in_a_checkpoint] * 2 + [self.in_recovery]
        kind = self.in_talk if self.options.forget_wal_syncs or number == 1 else self.dice.choice(kinds)
        try:
            hindrance = await disk.start()
            assert not hindrance, hindrance
            report = await kind(disk)
            assert report, f"the disk says nothing: {open(disk.errors).read()[-1000:]}"
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
        """Cuts the power while answers are on their way, or when the disk does it by itself."""
        stack = await self.begin(disk)
        stop, talks = asyncio.Event(), []
        try:
            if not self.options.forget_wal_syncs:
                await self.check()
            self.renew()
            for client in self.users:
                client.port = stack.port
            talks = [asyncio.ensure_future(self.talk(client, stop)) for client in self.users]
            await asyncio.sleep(self.dice.uniform(0.05, 0.9))
            await asyncio.wait_for(self.provider.until(self.dice.randint(1, 6)), LIMIT)
            await asyncio.sleep(self.dice.uniform(0, 0.02))
            arm(stack)
            if limit:
                await disk.told(limit)
        finally:
            stop.set()
            kill(stack, disk)
            results = await asyncio.gather(*talks, return_exceptions=True)
        await stack.process.wait()
        self.breaches += [f"a user was told nonsense: {result!r}" for result in results if isinstance(result, Exception)]
        return await disk.told()

    async def in_an_operation(self, disk):
        """Cuts the power within a write or an fsync of the log."""
        count = self.dice.randint(1, 300)
        return await self.in_talk(disk, lambda stack: disk.command("arm", DATABASE + "-wal", count), 5)

    async def in_a_checkpoint(self, disk):
        """Cuts the power while the log is written back to the database, by a conversation-svc that ends."""
        count = self.dice.randint(1, 25)

        def arm(stack):
            disk.command("arm", DATABASE, count)
            stack.signal("conversation-svc", signal.SIGTERM)
        return await self.in_talk(disk, arm, 3)

    async def in_recovery(self, disk):
        """Cuts the power of a house that starts after a power cut."""
        stack = Stack(self.options.bin, disk.mount, self.provider.port)

        async def nothing():
            pass
        stack.until_ready = nothing
        try:
            await stack.start()
            if self.dice.random() < 0.5:
                disk.command("arm", "*", self.dice.randint(1, 40))
                await disk.told(1)
            else:
                await asyncio.sleep(self.dice.uniform(0, 0.4))
        finally:
            kill(stack, disk)
        await stack.process.wait()
        return await disk.told()

    def audit_image(self):
        """What was ever told against what the disk holds, before anybody starts on it, and the file by SQLite's own judgement."""
        rows, breaches = stored(self.image)
        self.breaches += breaches
        self.figures["files found unsound"] += bool(breaches)
        texts = collections.Counter(content for role, content in rows.values() if role == "user")
        doubled = [text for text, count in texts.items() if count > 1]
        self.figures["stored twice"] = len(doubled)
        self.breaches += [f"{text!r} is stored {texts[text]} times" for text in doubled]
        for client in self.everybody:
            for said in client.said:
                told = [(said.message, ("user", said.text))] if said.is_acknowledged else []
                told += [(said.answer["id"], ("assistant", said.answer["content"]))] if said.answer else []
                self.found_lost |= {(client.name, said.text, row[0]) for key, row in told if rows.get(key) != row}

    def lost(self, role):
        return [(name, text) for name, text, who in sorted(self.found_lost) if who == role]

    async def last(self):
        """Starts a last time, on a disk that stays, and checks everything that was ever said."""
        disk = Disk(self.folder, self.image, os.path.join(self.folder, "image-last"), 0)
        hindrance = await disk.start()
        assert not hindrance, hindrance
        stack = None
        try:
            stack = await self.begin(disk)
            await self.check()
            clients = [c for c in self.everybody if c.conversation]
            self.breaches += sum(await few_at_a_time(8, [audit_user(c, self.provider) for c in clients]), [])
            self.breaches += audit_file(disk.mount)
            code = await stack.stop()
            self.breaches += [f"the supervisor ended with {code}"] if code else []
        finally:
            if stack:
                kill(stack)
            await disk.end()

    def count(self):
        said = [s for c in self.everybody for s in c.said]
        told = [s for s in said if s.answer]
        figures = {"users": len(self.everybody), "messages sent, those refused included": len(said), "of them acknowledged": sum(s.is_acknowledged for s in said),
                   "acknowledged and lost": len(self.lost("user")), "whole answers told": len(told),
                   "told and lost or changed": len(self.lost("assistant"))}
        return {**figures, **self.figures, "ready again, ms, median, 95 % and worst": percentiles(self.ready)}


async def what_hinders():
    """Why no disk can be mounted here; nothing if one can."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "/dev/fuse is missing or not for this user"
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
    parser.add_argument("--forget-wal-syncs", action="store_true", help="shows that lost messages are seen")
    parser.add_argument("--failing-disk", action="store_true", help="for 0.1 s before each cut, or more, the disk answers nothing but errors")
    options = parser.parse_args()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)
    reason = await what_hinders()
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
        cuts.breaches.append(f"cut {done}: {error!r}")
    for name, value in cuts.count().items():
        print(f"power cuts: {name}: {value}")
    losses = [f"{name}: the message {text!r} was acknowledged and is lost" for name, text in cuts.lost("user")]
    losses += [f"{name}: the answer to {text!r} was told and is not what is stored" for name, text in cuts.lost("assistant")]
    for breach in (cuts.breaches if options.forget_wal_syncs else losses + cuts.breaches)[:40]:
        print(f"power cuts: BREACH: {breach}")
    print(f"power cuts: {done} cuts, {len(losses)} losses, {len(cuts.breaches)} other breaches, {time.monotonic() - start:.0f} s")
    if options.forget_wal_syncs:
        return 0 if cuts.lost("user") and not cuts.breaches else 1
    return 1 if losses or cuts.breaches else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
