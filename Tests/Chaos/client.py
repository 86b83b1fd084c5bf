"""A user with one conversation, who keeps a list of what was acknowledged."""
import asyncio
import json
import re


class Cut(Exception):
    """The connection went before the answer was whole."""


class Said:
    """One message that was sent, and what came back for certain."""

    def __init__(self, text):
        self.text = text
        self.is_acknowledged = False
        self.message = None
        self.run = None
        self.answer = None
        self.status = None
        self.streamed = ""
        self.events = []


class Client:
    def __init__(self, port, name):
        self.port, self.name = port, name
        self.token = self.conversation = None
        self.said = []
        self.is_ordered = not name.startswith("pair")  # whether one thing is said after another, so that they are stored in that order

    async def open(self):
        self.token = (await self.ask("POST", "/auth/token", {"user_id": self.name}))[1]["access_token"]
        persona = (await self.ask("GET", "/api/v1/influencers"))[1]["influencers"][0]["id"]
        self.conversation = (await self.ask("POST", "/api/v1/chat/conversations", {"influencer_id": persona, "new": True}))[1]["id"]

    @property
    def path(self):
        return f"/api/v1/chat/conversations/{self.conversation}"

    async def request(self, method, path, body=None, accept="application/json", headers=None):
        """Sends a request; answers status and the reader, at the body's first byte."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 24)
        except OSError as error:
            raise Cut() from error
        data = json.dumps(body).encode() if body is not None else b""
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: {accept}\r\n"
        if self.token:
            head += f"Authorization: Bearer {self.token}\r\n"
        if data:
            head += f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        try:
            writer.write(head.encode() + b"\r\n" + data)
            answer = (await reader.readuntil(b"\r\n\r\n")).decode()
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            writer.close()
            raise Cut() from error
        except asyncio.CancelledError:
            writer.close()
            raise
        return int(answer.split()[1]), answer.lower(), reader, writer

    async def ask(self, method, path, body=None, headers=None):
        status, head, reader, writer = await self.request(method, path, body, headers=headers)
        try:
            if "transfer-encoding: chunked" in head:
                data = b"".join([c async for c in chunks(reader)])
            else:
                data = await reader.readexactly(int(re.search(r"content-length: (\d+)", head)[1]))
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise Cut() from error
        finally:
            writer.close()
        return status, json.loads(data)

    async def say(self, text):
        """Sends a message and waits for the whole answer as JSON."""
        said = Said(text)
        self.said.append(said)
        await self.send_whole(said)
        return said

    async def stream(self, text, leave_after=None):
        """Sends a message and reads its events; leaves after so many, if that is asked for."""
        said = Said(text)
        self.said.append(said)
        await self.send_stream(said, leave_after=leave_after)
        return said

    async def send_whole(self, said, headers=None, fields=None):
        """Sends what is said and takes its answer as JSON."""
        status, answer = await self.ask("POST", self.path + "/messages", {"content": said.text, **(fields or {})}, headers)
        detail = answer if status == 200 else answer.get("details", {})
        self.take(said, detail)
        said.status = answer.get("status") if status == 200 else detail.get("status", f"refused {status}")

    async def send_stream(self, said, headers=None, fields=None, leave_after=None):
        """Sends what is said and takes its answer event by event."""
        body = {"content": said.text, **(fields or {})}
        status, _, reader, writer = await self.request("POST", self.path + "/messages", body, "text/event-stream", headers)
        if status != 200:
            said.status = f"refused {status}"
            writer.close()
            return
        await self.follow(said, reader, writer, leave_after)

    async def resume(self, said):
        """Reads on after the last event that is there."""
        after = said.events[-1][0] if said.events else 0
        status, _, reader, writer = await self.request("GET", f"{self.path}/runs/{said.run}/events?after={after}", accept="text/event-stream")
        assert status == 200, status
        await self.follow(said, reader, writer)

    async def follow(self, said, reader, writer, leave_after=None):
        data = b""
        try:
            async for chunk in chunks(reader):
                data += chunk
                *frames, data = data.split(b"\n\n")
                for frame in frames:
                    self.event(said, frame.decode())
                if leave_after is not None and len(said.events) >= leave_after:
                    return
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise Cut() from error
        finally:
            writer.close()

    def event(self, said, frame):
        fields = dict(line.split(": ", 1) for line in frame.split("\n") if not line.startswith(":"))
        if "id" not in fields:
            if "event" in fields:
                raise Cut()
            return
        kind, value = fields["event"], json.loads(fields["data"])
        said.events.append((int(fields["id"]), frame))
        if kind == "user_message":
            self.take(said, {"user_message": value})
            said.run = value["run_id"]
        elif kind == "token":
            said.streamed += value["text"]
        else:
            self.take(said, value)
            said.status = value["status"]

    @staticmethod
    def take(said, answer):
        if answer.get("user_message"):
            said.is_acknowledged = True
            said.message = answer["user_message"]["id"]
            said.run = answer["user_message"]["run_id"]
        if answer.get("assistant_message"):
            said.answer = answer["assistant_message"]

    async def messages(self):
        """Everything that is stored, oldest first."""
        found, total = [], 1
        while len(found) < total:
            status, page = await self.ask("GET", f"{self.path}/messages?order=asc&limit=200&offset={len(found)}")
            assert status == 200, (status, page)
            total = page["total"]
            if not page["messages"]:
                break
            found += page["messages"]
        assert len(found) == total, f"{len(found)} messages are told and {total} are counted"
        return found


async def chunks(reader):
    """The chunks of a body, to its proper end."""
    while True:
        size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        data = await reader.readexactly(size + 2)
        if size == 0:
            return
        yield data[:-2]
