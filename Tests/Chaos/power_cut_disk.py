#!/usr/bin/env python3
"""A FUSE disk whose power can be cut. After a cut it keeps what a real disk would keep of the written data.

    Tests/Chaos/power_cut_disk.py --mount FOLDER --image FOLDER --after FOLDER [--seed S] [--fail] [--forget SUFFIX]

It starts with the content of the folder `--image`. Lines on its standard input are commands:

    cut                    cuts the power now
    arm NAME COUNT         cuts it within the COUNT-th write or fsync from now on of a file whose name ends with NAME; * is any file
    fail                   fails the operations that wait since the cut

A power cut writes the content of the disk to the folder `--after` and prints a report as one line of JSON. Later operations block until
the command `fail`, by which time the processes should have been killed, and then fail with EIO; with `--fail` they fail at once. The disk
unmounts itself at the end of its input. Durable are:

- the pages, length and mode of a file as of its last fsync or fdatasync;
- the entries of a folder as of its last fsync: files created, linked, renamed or removed later are as before.

A random part of the other data is on the disk too: pages of 4096 bytes of each file in any order, and the first changes to folders in
their order. Sometimes it is all of it, or nothing.
"""
import argparse
import errno
import json
import os
import random
import signal
import stat
import sys
import threading
import time

from durable import PAGE, File, Folder, load, store

try:
    import fusepy  # the name in Debian
except (ImportError, OSError):
    fusepy = None


class Disk:
    """The operations of FUSE, on files in memory."""

    use_ns = True
    flag_nullpath_ok = 1  # an open file that was removed has a handle but no path

    def __init__(self, options):
        self.options = options
        self.rng = random.Random(options.seed)
        self.mutex = threading.RLock()
        self.root = Folder(0o700)
        self.open_files, self.count = {}, 0
        self.journal = []  # changes to folders that are not durable: lists of (folder, name, file or None)
        self.skipped_syncs = set()  # files whose fsync was reported as done but skipped
        self.trigger = None
        self.is_cut = False
        self.is_failing = threading.Event()
        if options.fail:
            self.is_failing.set()
        self.syncs = {}
        load(options.image, self.root)

    # Power cuts.

    def arm(self, suffix, count):
        with self.mutex:
            self.trigger = [suffix, count]

    def is_due(self, node):
        """Counts an operation on a file. Returns whether the power is cut within it."""
        if not self.trigger or not (self.trigger[0] == "*" or node.name.endswith(self.trigger[0])):
            return False
        self.trigger[1] -= 1
        return self.trigger[1] == 0

    def cut(self, why):
        """Cuts the power: later operations do not complete, and the durable content is written to a folder."""
        with self.mutex:
            if self.is_cut:
                return
            self.is_cut = True
            report = {"cut": why, "syncs": self.syncs}
            share = self.rng.choice([0, 0.05, 0.3, 0.5, 0.7, 0.95, 1])
            for change in self.journal[:round(len(self.journal) * share)]:
                self.settle(change)
            report["torn"] = self.tear(self.root, share)
        threading.Thread(target=self.write_report, args=(report,), daemon=True).start()

    def tear(self, folder, share):
        """Applies a random part of the unsynced data. Returns the number of files that had some."""
        count = 0
        for node in folder.durable.values():
            if isinstance(node, Folder):
                count += self.tear(node, share)
            elif node.dirty or node.cut_to is not None:
                node.tear(share, self.rng)
                count += 1
        return count

    def write_report(self, report):
        store(self.options.after, self.root)
        print(json.dumps(report), flush=True)

    # Operations that FUSE calls.

    def __call__(self, name, *arguments):
        with self.mutex:
            if name in ("init", "release"):
                return getattr(self, name)(*arguments)
            if not self.is_cut:
                result = getattr(self, name)(*arguments)
                if not self.is_cut:
                    return result
        self.is_failing.wait()
        raise OSError(errno.EIO, "the power was cut")

    def init(self, path):
        print("ready", flush=True)

    def find(self, path):
        node = self.root
        for name in path.split("/"):
            if name:
                if not isinstance(node, Folder):
                    raise OSError(errno.ENOTDIR, path)
                node = node.live.get(name)
                if node is None:
                    raise OSError(errno.ENOENT, path)
        return node

    def place(self, path):
        """The folder and the file name of a path."""
        folder, _, name = path.rpartition("/")
        return self.find(folder), name

    def opened(self, path, number):
        return self.open_files[number] if number in self.open_files else self.find(path)

    def change(self, *entries):
        """Changes entries of folders in one step, which also becomes durable in one step."""
        for folder, name, node in entries:
            if name in folder.live:
                folder.live.pop(name).links -= 1
            if node is not None:
                folder.live[name] = node
                node.name = name
                node.links += 1
            folder.changed_at = time.time_ns()
        self.journal.append(entries)

    @staticmethod
    def settle(change):
        for folder, name, node in change:
            folder.durable.pop(name, None)
            if node is not None:
                folder.durable[name] = node

    def getattr(self, path, number=None):
        node = self.opened(path, number)
        is_folder = isinstance(node, Folder)
        length = 0 if is_folder else len(node.live)
        kind = stat.S_IFDIR if is_folder else stat.S_IFREG
        times = dict.fromkeys(("st_atime", "st_mtime", "st_ctime"), node.changed_at)
        return dict(st_mode=kind | node.mode, st_nlink=2 if is_folder else node.links, st_size=length, st_blksize=PAGE,
                    st_blocks=(length + 511) // 512, st_uid=os.getuid(), st_gid=os.getgid(), **times)

    def readdir(self, path, number):
        return [".", "..", *self.find(path).live]

    def statfs(self, path):
        return dict(f_bsize=PAGE, f_frsize=PAGE, f_blocks=1 << 20, f_bfree=1 << 19, f_bavail=1 << 19, f_namemax=255)

    def number(self, node):
        self.count += 1
        self.open_files[self.count] = node
        return self.count

    def create(self, path, mode):
        node = File(stat.S_IMODE(mode))
        self.change((*self.place(path), node))
        return self.number(node)

    def open(self, path, flags):
        node = self.find(path)
        if flags & os.O_TRUNC:
            node.truncate(0)
        return self.number(node)

    def release(self, path, number):
        self.open_files.pop(number, None)

    def read(self, path, size, offset, number):
        return bytes(self.open_files[number].live[offset:offset + size])

    def write(self, path, data, offset, number):
        node = self.open_files[number]
        self.do_skipped_sync(node)
        node.write(data, offset)
        if self.is_due(node):
            self.cut(f"a write of {node.name}")
        return len(data)

    def truncate(self, path, length, number=None):
        self.opened(path, number).truncate(length)

    def fsync(self, path, is_data_only, number):
        node = self.open_files[number]
        if self.is_due(node):
            return self.cut(f"an fsync of {node.name}")
        self.syncs[node.name] = self.syncs.get(node.name, 0) + 1
        if self.options.forget and node.name.endswith(self.options.forget):
            self.skipped_syncs.add(node)
        else:
            node.sync()
        return None

    def do_skipped_sync(self, node):
        """Does the skipped fsync of a write-ahead log before its database is written, as SQLite does in synchronous=NORMAL."""
        for log in [log for log in self.skipped_syncs if log.name == node.name + self.options.forget]:
            log.sync()
            self.skipped_syncs.remove(log)

    def fsyncdir(self, path, is_data_only, number):
        folder = self.find(path)
        for change in self.journal:
            if any(changed is folder for changed, _, _ in change):
                self.settle(change)
        self.journal = [change for change in self.journal if all(changed is not folder for changed, _, _ in change)]

    def mkdir(self, path, mode):
        self.change((*self.place(path), Folder(stat.S_IMODE(mode))))

    def unlink(self, path):
        self.change((*self.place(path), None))

    def rmdir(self, path):
        if self.find(path).live:
            raise OSError(errno.ENOTEMPTY, path)
        self.unlink(path)

    def rename(self, old, new):
        node = self.find(old)
        if node is not self.place(new)[0].live.get(self.place(new)[1]):
            self.change((*self.place(old), None), (*self.place(new), node))

    def link(self, new, old):
        self.change((*self.place(new), self.find(old)))

    def chmod(self, path, mode):
        self.find(path).mode = stat.S_IMODE(mode)

    def chown(self, path, user, group):
        pass

    def utimens(self, path, times=None):
        self.find(path).changed_at = times[1] if times else time.time_ns()


def run_commands(disk):
    """Executes the commands on the standard input, and exits at its end."""
    for line in sys.stdin:
        command, *arguments = line.split()
        if command == "cut":
            disk.cut("the command")
        elif command == "arm":
            disk.arm(arguments[0], int(arguments[1]))
        elif command == "fail":
            disk.is_failing.set()
    disk.is_failing.set()
    os.kill(os.getpid(), signal.SIGTERM)  # FUSE unmounts


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--mount", required=True, help="empty folder where the disk appears")
    parser.add_argument("--image", required=True, help="folder with the initial content")
    parser.add_argument("--after", required=True, help="folder to create with the content after the power cut")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fail", action="store_true", help="operations after the cut fail at once")
    parser.add_argument("--forget", metavar="SUFFIX", default="", help="fsync does nothing for files whose names end with SUFFIX")
    options = parser.parse_args()
    if not fusepy:
        raise SystemExit("the packages python3-fusepy and libfuse2 are missing")
    disk = Disk(options)
    threading.Thread(target=run_commands, args=(disk,), daemon=True).start()
    fusepy.FUSE(disk, options.mount, foreground=True, nothreads=True, big_writes=True, hard_remove=True, fsname="power-cut-disk")


if __name__ == "__main__":
    main()
