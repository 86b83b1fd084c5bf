"""Runs the disk of power_cut_disk.py as a process, and kills a stack when the power of its disk is cut."""
import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import stacks  # noqa: F401, makes processes.py importable
from context import LIMIT
from processes import descendant_pids

HERE = os.path.dirname(os.path.abspath(__file__))


class Disk:
    """The process of a disk, and its report."""

    def __init__(self, folder, image, after, seed, *flags):
        self.mount = os.path.join(folder, "data")
        self.arguments = ["--mount", self.mount, "--image", image, "--after", after, "--seed", str(seed), *flags]
        self.errors = os.path.join(folder, "disk.log")
        self.process = self.report = None

    async def start(self):
        """Mounts the disk. Returns why that failed, or `None`."""
        os.makedirs(self.mount, exist_ok=True)
        with open(self.errors, "wb") as errors:
            # A separate session, so that Ctrl-C does not unmount it while services run.
            self.process = await asyncio.create_subprocess_exec(
                interpreter(), os.path.join(HERE, "power_cut_disk.py"), *self.arguments, start_new_session=True,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=errors)
        if await self.process.stdout.readline() != b"ready\n":
            return open(self.errors).read().strip().split("\n")[-1] or "the disk cannot be mounted"
        self.report = asyncio.ensure_future(self.process.stdout.readline())
        return None

    def command(self, *words):
        """Writes a command to the pipe of the disk."""
        self.process.stdin.write((" ".join(map(str, words)) + "\n").encode())

    def cut(self):
        self.command("cut")
        if "--fail" in self.arguments:
            time.sleep(0.1)

    async def cut_report(self, limit=LIMIT):
        """The report of the power cut; `None` if there was none in time."""
        done, _ = await asyncio.wait([self.report], timeout=limit)
        return json.loads(self.report.result() or "null") if done else None

    async def end(self):
        """Unmounts the disk and ends its process, by force if needed."""
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
    """A Python with FUSE: this one, or else the system's."""
    probe = "import power_cut_disk; raise SystemExit(not power_cut_disk.fusepy)"
    own = [sys.executable, "-c", probe]
    return sys.executable if subprocess.run(own, cwd=HERE, stderr=subprocess.DEVNULL).returncode == 0 else "/usr/bin/python3"


def state(pid):
    """The state letter of a process; empty when it has ended."""
    try:
        return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def wait_for_state(pids, letters, limit=5):
    end = time.monotonic() + limit
    while any(state(pid) not in letters for pid in pids) and time.monotonic() < end:
        time.sleep(0.001)


def kill(stack, disk=None):
    """Kills all processes of a stack at once, and cuts the power of the disk at the same time."""
    if not stack.process:
        return
    processes = [stack.process.pid] if stack.is_running else []
    for pid in processes[:]:
        # Stopped first, so that it starts no process while its children are listed.
        os.kill(pid, signal.SIGSTOP)
        wait_for_state([pid], ("T", "Z", ""))
        processes += descendant_pids(pid)
    if disk:
        disk.cut()
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    if disk:
        disk.command("fail")
    wait_for_state(processes, ("Z", ""))
