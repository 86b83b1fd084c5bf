"""A stand-in for Ollama that keeps a list of what it was asked and what it sent for whom: the witness of every check.

A message's text says how it is answered: `words=40 pace=5 cut=10 stall=3 status=500 refuse=1`, all optional.
It tells how far a generation has come, so that a kill or a stop can happen in exactly that phase.
"""
import asyncio
import json
import re
import time

# The request was read; the first word was just sent; one in the middle; the last; the line that says that it was all.
PHASES = ["asked", "first", "middle", "last", "done"]


class Generation:
    """One answer: what was asked, what was sent, and how it ended."""

    def __init__(self, key):
        self.key = key
        self.asked_at = time.monotonic()
        self.sent = ""
        self.times = []  # when how many characters had been sent
        self.is_finished = False
        self.done_at = None
        self.is_refused = False
        self.left_at = None
        self.began = asyncio.Event()
        self.ended = asyncio.Event()

    def sent_before(self, moment):
        """How many characters had been sent at a moment."""
        return max((length for at, length in self.times if at <= moment), default=0)


class Moment:
    """A phase that is waited for: the first generation that reaches it is held there until somebody lets it go."""

    def __init__(self, phase, hold, age):
        self.phase, self.hold, self.age = phase, hold, age
        self.reached = asyncio.get_running_loop().create_future()
        self.is_released = False

    def release(self):
        self.is_released = True


class Provider:
    def __init__(self):
        self.generations = []
        self.by_key = {}
        self.going = self.begun = 0  # generations that were asked for and not ended; those of them that have begun
        self.moment = None
        self.changed = asyncio.Condition()
        self.server = None
        self.port = None

    async def start(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0, backlog=1024)
        self.port = self.server.sockets[0].getsockname()[1]

    def of(self, key):
        return self.by_key.get(key, [])

    def calls(self, key):
        """Those that were not refused: what somebody may have to pay for."""
        return [g for g in self.of(key) if not g.is_refused]

    async def until(self, count):
        """Waits until at least so many answers are on their way."""
        async with self.changed:
            await self.changed.wait_for(lambda: self.begun >= count)

    async def note(self):
        async with self.changed:
            self.changed.notify_all()

    def arm(self, phase, hold=2.0, age=0.0):
        """Waits for the next generation that reaches a phase, at such an age at least, and holds it there for so many seconds at most."""
        self.moment = Moment(phase, hold, age)
        return self.moment

    def disarm(self):
        """Waits for nothing any more; what is held goes on."""
        if self.moment:
            self.moment.release()
        self.moment = None

    async def reach(self, phase, generation, watch):
        """Tells whoever waits for this phase, and stays in it until it may go on or nobody listens any more."""
        moment = self.moment
        if not moment or moment.phase != phase or time.monotonic() - generation.asked_at < moment.age:
            return
        self.moment = None
        moment.reached.set_result(generation)
        end = time.monotonic() + moment.hold
        while not moment.is_released and not watch.done() and time.monotonic() < end:
            await asyncio.sleep(0.002)

    async def serve(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"content-length: *(\d+)", head.lower())
                body = await reader.readexactly(int(length[1])) if length else b""
                path = head.split(b" ", 2)[1]
                if path == b"/api/chat":
                    if not await self.chat(json.loads(body), reader, writer):
                        break
                elif path == b"/api/show":
                    self.plain(writer, 200, {"model_info": {"general.architecture": "f", "f.context_length": 8192}})
                else:
                    self.plain(writer, 200, {"models": [{"name": "fake", "model": "fake", "details": {"family": "f"}}]})
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()

    @staticmethod
    def plain(writer, status, value):
        body = json.dumps(value).encode()
        writer.write(b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))

    async def chat(self, request, reader, writer):
        """Answers; `False` when the connection is of no more use."""
        key = request["messages"][-1]["content"]
        options = {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", key)}
        generation = Generation(key)
        if "status" in options or len(self.of(key)) < options.get("refuse", 0):
            generation.is_refused = True
        self.generations.append(generation)
        self.by_key.setdefault(key, []).append(generation)
        if generation.is_refused:
            generation.ended.set()
            self.plain(writer, options.get("status", 500), {"error": "the provider says no"})
            return True
        self.going += 1
        watch = asyncio.ensure_future(reader.read(1))
        watch.add_done_callback(lambda _: setattr(generation, "left_at", generation.left_at or time.monotonic()))
        try:
            return await self.stream(generation, options, writer, watch)
        finally:
            self.going -= 1
            self.begun -= generation.began.is_set()
            if watch.done():
                generation.left_at = generation.left_at or time.monotonic()
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
            generation.ended.set()
            await self.note()

    async def stream(self, generation, options, writer, watch):
        await self.reach("asked", generation, watch)
        if watch.done():
            return False
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n"
                     b"Connection: close\r\n\r\n")
        count = options.get("words", 10)
        for index in range(count):
            if index == options.get("cut", -1):
                return False
            while index == options.get("stall", -1) and not watch.done():
                await asyncio.sleep(0.01)
            if watch.done():
                return False
            await self.word(generation, index, count, writer, watch)
            if "pace" in options:
                await asyncio.sleep(options["pace"] / 1000)
        if watch.done():
            return False
        generation.is_finished = True
        generation.done_at = time.monotonic()
        self.line(writer, {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop",
                           "prompt_eval_count": 5, "eval_count": count})
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        await self.reach("done", generation, watch)
        return False

    async def word(self, generation, index, count, writer, watch):
        """Sends one word, and tells the phase that it makes."""
        word = f"{generation.key.split()[0]}:{index} "
        self.line(writer, {"message": {"role": "assistant", "content": word}, "done": False})
        generation.sent += word
        generation.times.append((time.monotonic(), len(generation.sent)))
        await writer.drain()
        if not generation.began.is_set():
            generation.began.set()
            self.begun += 1
            await self.note()
        if index == 0:
            await self.reach("first", generation, watch)
        if index == count // 2:
            await self.reach("middle", generation, watch)
        if index == count - 1:
            await self.reach("last", generation, watch)

    @staticmethod
    def line(writer, value):
        line = json.dumps({"model": "fake", "created_at": "2026-01-01T00:00:00Z", **value}).encode() + b"\n"
        writer.write(b"%x\r\n%s\r\n" % (len(line), line))
