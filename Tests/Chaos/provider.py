"""A stand-in for Ollama that keeps a list of what it was asked and what it sent for whom: the witness of every check.

A message's text says how it is answered: `words=40 pace=5 cut=10 stall=3 status=500`, all optional.
"""
import asyncio
import json
import re
import time


class Generation:
    """One answer: what was asked, what was sent, and how it ended."""

    def __init__(self, key):
        self.key = key
        self.sent = ""
        self.is_finished = False
        self.left_at = None
        self.began = asyncio.Event()
        self.ended = asyncio.Event()


class Provider:
    def __init__(self):
        self.generations = []
        self.changed = asyncio.Condition()
        self.server = None
        self.port = None

    async def start(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    def of(self, key):
        return [g for g in self.generations if g.key == key]

    async def until(self, count):
        """Waits until at least so many answers are on their way."""
        async with self.changed:
            await self.changed.wait_for(lambda: sum(g.began.is_set() and not g.ended.is_set() for g in self.generations) >= count)

    async def note(self):
        async with self.changed:
            self.changed.notify_all()

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
        self.generations.append(generation)
        if "status" in options:
            generation.ended.set()
            self.plain(writer, options["status"], {"error": "the provider says no"})
            return True
        watch = asyncio.ensure_future(reader.read(1))
        watch.add_done_callback(lambda _: setattr(generation, "left_at", generation.left_at or time.monotonic()))
        try:
            return await self.stream(generation, options, writer, watch)
        finally:
            if watch.done():
                generation.left_at = generation.left_at or time.monotonic()
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
            generation.ended.set()
            await self.note()

    async def stream(self, generation, options, writer, watch):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n"
                     b"Connection: close\r\n\r\n")
        for index in range(options.get("words", 10)):
            if index == options.get("cut", -1):
                return False
            while index == options.get("stall", -1) and not watch.done():
                await asyncio.sleep(0.01)
            if watch.done():
                return False
            word = f"{generation.key.split()[0]}:{index} "
            self.line(writer, {"message": {"role": "assistant", "content": word}, "done": False})
            generation.sent += word
            await writer.drain()
            if not generation.began.is_set():
                generation.began.set()
                await self.note()
            if "pace" in options:
                await asyncio.sleep(options["pace"] / 1000)
        generation.is_finished = True
        self.line(writer, {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop",
                           "prompt_eval_count": 5, "eval_count": options.get("words", 10)})
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return False

    @staticmethod
    def line(writer, value):
        line = json.dumps({"model": "fake", "created_at": "2026-01-01T00:00:00Z", **value}).encode() + b"\n"
        writer.write(b"%x\r\n%s\r\n" % (len(line), line))
