"""Files and folders in memory that track which of their content is durable."""
import os
import stat
import time

PAGE = 4096


class File:
    """The current bytes, the durable bytes, and the pages in which they differ."""

    def __init__(self, mode):
        self.name = ""
        self.links = 0
        self.mode = self.durable_mode = mode
        self.live, self.durable = bytearray(), bytearray()
        self.dirty = set()
        self.cut_to = None
        self.changed_at = time.time_ns()

    def pages(self, begin, end):
        return range(begin // PAGE, (end + PAGE - 1) // PAGE)

    def write(self, data, offset):
        begin = min(offset, len(self.live))
        if len(self.live) < offset:
            self.live.extend(bytes(offset - len(self.live)))
        self.live[offset:offset + len(data)] = data
        self.dirty.update(self.pages(begin, offset + len(data)))
        self.changed_at = time.time_ns()

    def truncate(self, length):
        if length > len(self.live):
            self.write(b"", length)
        elif length < len(self.live):
            self.dirty.update(self.pages(length, len(self.live)))
            self.cut_to = length if self.cut_to is None else min(length, self.cut_to)
            del self.live[length:]
        self.changed_at = time.time_ns()

    def settle(self, pages):
        """Makes these pages durable."""
        for page in pages:
            data = self.live[page * PAGE:(page + 1) * PAGE]
            if data:
                self.durable.extend(bytes(max(0, page * PAGE - len(self.durable))))
                self.durable[page * PAGE:page * PAGE + len(data)] = data

    def sync(self):
        del self.durable[len(self.live):]
        self.settle(self.dirty)
        self.durable.extend(bytes(len(self.live) - len(self.durable)))
        self.dirty.clear()
        self.cut_to = None
        self.durable_mode = self.mode

    def tear(self, share, rng):
        """Makes a random part of the unsynced data durable; data after a truncation only together with the truncation."""
        if self.cut_to is not None:
            if rng.random() >= share:
                return
            del self.durable[self.cut_to:]
        self.settle([page for page in sorted(self.dirty) if rng.random() < share])
        if len(self.durable) < len(self.live) and rng.random() < share:
            self.durable.extend(bytes(len(self.live) - len(self.durable)))


class Folder:
    def __init__(self, mode):
        self.mode = mode
        self.links = 0
        self.live, self.durable = {}, {}
        self.changed_at = time.time_ns()


def load(path, folder):
    """Loads the content of a real folder as durable."""
    folder.mode = stat.S_IMODE(os.stat(path).st_mode)
    for entry in os.scandir(path):
        mode = stat.S_IMODE(entry.stat().st_mode)
        if entry.is_dir():
            node = Folder(mode)
            load(entry.path, node)
        else:
            node = File(mode)
            node.live = bytearray(open(entry.path, "rb").read())
            node.durable = node.live[:]
        node.name, node.links = entry.name, 1
        folder.live[entry.name] = folder.durable[entry.name] = node


def store(path, folder):
    """Writes the durable content to a real folder."""
    os.makedirs(path, exist_ok=True)
    for name, node in folder.durable.items():
        target = os.path.join(path, name)
        if isinstance(node, Folder):
            store(target, node)
            continue
        with open(target, "wb") as file:
            file.write(node.durable)
        os.chmod(target, node.durable_mode)
    os.chmod(path, folder.mode)
