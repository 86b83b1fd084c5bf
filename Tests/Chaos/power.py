"""The disk of power_cut_disk.py as a process, and the end of everything when its power goes."""
import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time

from house import LIMIT

HERE = os.path.dirname(os.path.abspath(__file__))


class Disk:
    """A disk in a process of its own, and how it ended."""

    def __init__(self, folder, image, after, seed, *flags):
        self.mount = os.path.join(folder, "data")
        self.arguments = ["--mount", self.mount, "--image", image, "--after", after, "--seed", str(seed), *flags]
        self.errors = os.path.join(folder, "disk.log")
        self.process = self.report = None

    async def start(self):
        """Mounts it; says what hinders, if something does."""
        os.makedirs(self.mount, exist_ok=True)
        with open(self.errors, "wb") as errors:
            # In a session of its own, so that Ctrl-C does not unmount it under the services.
            self.process = await asyncio.create_subprocess_exec(
                interpreter(), os.path.join(HERE, "power_cut_disk.py"), *self.arguments, start_new_session=True,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=errors)
        if await self.process.stdout.readline() != b"ready\n":
            return open(self.errors).read().strip().split("\n")[-1] or "the disk cannot be mounted"
        self.report = asyncio.ensure_future(self.process.stdout.readline())
        return None

    def command(self, *words):
        """Is in the disk's pipe when this returns."""
        self.process.stdin.write((" ".join(map(str, words)) + "\n").encode())

    def cut(self):
        self.command("cut")
        if "--fail" in self.arguments:
            time.sleep(0.1)

    async def told(self, limit=LIMIT):
        """What there was when the power was cut; nothing if it was not cut in time."""
        done, _ = await asyncio.wait([self.report], timeout=limit)
        return json.loads(self.report.result() or "null") if done else None

    async def end(self):
        """Unmounts it, whatever it takes."""
        if not self.process:
            return
        self.process.stdin.close()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.process.wait(), 5)
        if os.path.ismount(self.mount) or self.process.returncode is None:
            for command in (["fusermount", "-u", "-z", self.mount], ["umount", "-l", self.mount]):
                if shutil.which(command[0]):
                    subprocess.run(command, stderr=subprocess.DEVNULL)
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        if self.report:
            self.report.cancel()


def interpreter():
    """A Python that has FUSE: this one, or else the system's."""
    probe = "import power_cut_disk; raise SystemExit(not power_cut_disk.fusepy)"
    own = [sys.executable, "-c", probe]
    return sys.executable if subprocess.run(own, cwd=HERE, stderr=subprocess.DEVNULL).returncode == 0 else "/usr/bin/python3"


def offspring(pid):
    """The process ids of all that descend from a process."""
    found = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in open(f"/proc/{pid}/task/{task}/children").read().split():
                found += [int(child), *offspring(child)]
    return found


def state(pid):
    """The letter of a process's state; nothing when it is gone."""
    try:
        return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def wait_for_state(pids, letters, limit=5):
    end = time.monotonic() + limit
    while any(state(pid) not in letters for pid in pids) and time.monotonic() < end:
        time.sleep(0.001)


def kill(stack, disk=None):
    """Ends all processes of a house at once; if a disk is given, its power goes at that moment."""
    if not stack.process:
        return
    processes = [stack.process.pid] if stack.process.returncode is None else []
    for pid in processes[:]:
        # Stopped first: nothing is started while the others are looked for.
        os.kill(pid, signal.SIGSTOP)
        wait_for_state([pid], ("T", "Z", ""))
        processes += offspring(pid)
    if disk:
        disk.cut()
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    if disk:
        disk.command("fail")
    wait_for_state(processes, ("Z", ""))
    stack.log.close()
