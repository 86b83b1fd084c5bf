"""A server with OpenAI's images interface, whose effects are counted: the other end of the tool generate_image."""
import asyncio
import json
import re

from provider import Breakpoint


class ToolServer:
    def __init__(self):
        self.effects = {}  # prompt: how often it was performed
        self.returned = set()  # the prompts whose result was sent completely
        self.breakpoint = None
        self.port = None

    async def start(self):
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.server, self.port = server, server.sockets[0].getsockname()[1]

    def arm(self, phase, hold=2.0):
        """Holds the next request that reaches a phase: `running` after its effect, `returned` after its response."""
        self.breakpoint = Breakpoint(phase, hold, 0)
        return self.breakpoint

    async def reach(self, phase, prompt):
        breakpoint = self.breakpoint
        if breakpoint and breakpoint.phase == phase:
            self.breakpoint = None
            breakpoint.reached.set_result(prompt)
            await breakpoint.wait()

    async def serve(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = await reader.readexactly(int(re.search(rb"content-length: *(\d+)", head.lower())[1]))
                prompt = json.loads(body)["prompt"]
                self.effects[prompt] = self.effects.get(prompt, 0) + 1
                await self.reach("running", prompt)
                answer = json.dumps({"data": [{"url": self.url(prompt)}]}).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer))
                await writer.drain()
                self.returned.add(prompt)
                await self.reach("returned", prompt)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()

    @staticmethod
    def url(prompt):
        return f"http://images.test/{prompt}"
