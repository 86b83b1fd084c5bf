"""A fake Ollama that records each request and what it sent.

The text of a message controls the answer: `words=40 pace=5 cut=10 stall=3 status=500 refuse=1`, all optional.
A generation can be held in a phase, so that a kill or a stop happens in exactly that phase.
"""
import asyncio
import json
import re
import time

# The request was read; the first, the middle, the last word was sent; the final line was sent.
PHASES = ["asked", "first", "middle", "last", "done"]


class Generation:
    """One answer: the request, the text sent so far, and the end."""

    def __init__(self, key, kind=""):
        self.key = key
        self.kind = kind  # the beginning of the names of its phases
        self.asked_at = time.monotonic()
        self.sent = ""
        self.times = []  # pairs of a time and the number of characters sent by then
        self.is_finished = False
        self.done_at = None
        self.is_refused = False
        self.left_at = None
        self.started_event = asyncio.Event()
        self.ended = asyncio.Event()

    def sent_before(self, instant):
        """The number of characters that were sent before a time."""
        return max((length for at, length in self.times if at <= instant), default=0)


class Breakpoint:
    """Holds the first generation that reaches a phase until it is released."""

    def __init__(self, phase, hold, age):
        self.phase, self.hold, self.age = phase, hold, age
        self.reached = asyncio.get_running_loop().create_future()
        self.is_released = False

    def release(self):
        self.is_released = True

    async def wait(self, is_over=lambda: False):
        """Waits for the release, the end of the hold, or another end."""
        end = time.monotonic() + self.hold
        while not self.is_released and not is_over() and time.monotonic() < end:
            await asyncio.sleep(0.002)


class Provider:
    def __init__(self):
        self.generations = []
        self.by_key = {}
        self.active = self.started = 0  # generations that have not ended; those of them that have sent text
        self.breakpoint = None
        self.changed = asyncio.Condition()
        self.seen_results = {}  # for the prompt of each tool call, the results that were part of a request
        self.broken_prompts = []
        self.server = None
        self.port = None

    async def start(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0, backlog=1024)
        self.port = self.server.sockets[0].getsockname()[1]

    def of(self, key):
        return self.by_key.get(key, [])

    def calls(self, key):
        """The generations that were not rejected: calls that may cost money."""
        return [g for g in self.of(key) if not g.is_refused]

    async def wait_until(self, count):
        """Waits until at least `count` answers are streaming."""
        async with self.changed:
            await self.changed.wait_for(lambda: self.started >= count)

    async def note(self):
        async with self.changed:
            self.changed.notify_all()

    def arm(self, phase, hold=2.0, age=0.0):
        """Holds the next generation that reaches a phase at an age of at least `age` seconds, for at most `hold` seconds."""
        self.breakpoint = Breakpoint(phase, hold, age)
        return self.breakpoint

    def disarm(self):
        """Removes the breakpoint and releases a held generation."""
        if self.breakpoint:
            self.breakpoint.release()
        self.breakpoint = None

    async def reach(self, phase, generation, watch):
        """Reports that a generation has reached a phase, and waits until it is released or the client has disconnected."""
        breakpoint, phase = self.breakpoint, generation.kind + phase
        if not breakpoint or breakpoint.phase != phase or time.monotonic() - generation.asked_at < breakpoint.age:
            return
        self.breakpoint = None
        breakpoint.reached.set_result(generation)
        await breakpoint.wait(watch.done)

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
        """Answers a chat request. Returns whether the connection can be reused."""
        key, rounds = self.read(request["messages"])
        options = {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", key)}
        must_call = rounds < options.get("tools", 0) and bool(request.get("tools"))
        generation = Generation(key, "call " if must_call and not rounds else "again " if rounds else "")
        if "status" in options or len(self.of(key)) < options.get("refuse", 0):
            generation.is_refused = True
        self.generations.append(generation)
        self.by_key.setdefault(key, []).append(generation)
        if generation.is_refused:
            generation.ended.set()
            self.plain(writer, options.get("status", 500), {"error": "rejected by the test"})
            return True
        self.active += 1
        watch = asyncio.ensure_future(reader.read(1))
        watch.add_done_callback(lambda _: setattr(generation, "left_at", generation.left_at or time.monotonic()))
        try:
            if must_call:
                return await self.call_tool(generation, rounds, writer, watch)
            return await self.stream(generation, options, writer, watch)
        finally:
            self.active -= 1
            self.started -= generation.started_event.is_set()
            if watch.done():
                generation.left_at = generation.left_at or time.monotonic()
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
            generation.ended.set()
            await self.note()

    def read(self, messages):
        """Checks the messages of a request. Returns the text of the last user, and the number of tool rounds after it."""
        pending, prompts = [], {}
        for message in messages:
            if message["role"] == "tool":
                if message.get("tool_call_id") not in pending:
                    self.broken_prompts.append(f"a result without its call was sent: {message}")
                    continue
                pending.remove(message["tool_call_id"])
                self.seen_results.setdefault(prompts[message["tool_call_id"]], set()).add(message["content"])
                continue
            if pending:
                self.broken_prompts.append(f"calls without results were sent: {pending}")
            pending = [call["id"] for call in message.get("tool_calls", [])]
            prompts = {call["id"]: call["function"]["arguments"].get("prompt") for call in message.get("tool_calls", [])}
        last = max(i for i, message in enumerate(messages) if message["role"] == "user")
        return messages[last]["content"], sum("tool_calls" in message for message in messages[last:])

    async def call_tool(self, generation, rounds, writer, watch):
        """Answers with two calls of the tool generate_image."""
        await self.reach("asked", generation, watch)
        if watch.done():
            return False
        self.start_answer(writer)
        prompts = [f"{generation.key.split()[0]}/{rounds}{letter}" for letter in "ab"]
        # Ollama's identifiers are unique only within one answer.
        calls = [{"id": f"call_{index}", "function": {"index": index, "name": "generate_image", "arguments": {"prompt": prompt}}}
                 for index, prompt in enumerate(prompts)]
        self.line(writer, {"message": {"role": "assistant", "content": "", "tool_calls": calls}, "done": False})
        self.end_answer(generation, writer, 1)
        await writer.drain()
        await self.reach("done", generation, watch)
        return False

    @staticmethod
    def start_answer(writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n"
                     b"Connection: close\r\n\r\n")

    def end_answer(self, generation, writer, count):
        generation.is_finished = True
        generation.done_at = time.monotonic()
        self.line(writer, {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop",
                           "prompt_eval_count": 5, "eval_count": count})
        writer.write(b"0\r\n\r\n")

    async def stream(self, generation, options, writer, watch):
        await self.reach("asked", generation, watch)
        if watch.done():
            return False
        self.start_answer(writer)
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
        self.end_answer(generation, writer, count)
        await writer.drain()
        await self.reach("done", generation, watch)
        return False

    async def word(self, generation, index, count, writer, watch):
        """Sends one word and reports the phase that it completes."""
        word = f"{generation.key.split()[0]}:{index} "
        self.line(writer, {"message": {"role": "assistant", "content": word}, "done": False})
        generation.sent += word
        generation.times.append((time.monotonic(), len(generation.sent)))
        await writer.drain()
        if not generation.started_event.is_set():
            generation.started_event.set()
            self.started += 1
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
