"""A user with one conversation, who records which messages were acknowledged."""
import asyncio
import json
import re


class Cut(Exception):
    """The connection was closed before the answer was complete."""


class Exchange:
    """One message that was sent, and what was received for it."""

    def __init__(self, text):
        self.text = text
        self.is_acknowledged = False
        self.message = None
        self.run = None
        self.answer = None
        self.status = None
        self.streamed = ""
        self.events = []


class User:
    def __init__(self, port, name):
        self.port, self.name = port, name
        self.token = self.conversation = None
        self.exchanges = []
        self.is_ordered = not name.startswith("pair")  # whether messages are sent one after another, so that the stored order is the same

    async def open(self):
        self.token = (await self.ask("POST", "/auth/token", {"user_id": self.name}))[1]["access_token"]
        persona = (await self.ask("GET", "/api/v1/influencers"))[1]["influencers"][0]["id"]
        self.conversation = (await self.ask("POST", "/api/v1/chat/conversations", {"influencer_id": persona, "new": True}))[1]["id"]

    @property
    def path(self):
        return f"/api/v1/chat/conversations/{self.conversation}"

    async def request(self, method, path, body=None, accept="application/json", headers=None):
        """Sends a request. Returns its status, head and streams, with the reader at the start of the body."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 24)
        except OSError as error:
            raise Cut() from error
        data = json.dumps(body).encode() if body is not None else b""
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept: {accept}\r\n"
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

    async def send(self, text):
        """Sends a message and waits for the complete answer as JSON."""
        exchange = Exchange(text)
        self.exchanges.append(exchange)
        await self.send_whole(exchange)
        return exchange

    async def stream(self, text, disconnect_after=None, fields=None):
        """Sends a message and reads the events of its answer; disconnects after a number of events if given."""
        exchange = Exchange(text)
        self.exchanges.append(exchange)
        await self.send_stream(exchange, fields=fields, disconnect_after=disconnect_after)
        return exchange

    async def send_whole(self, exchange, headers=None, fields=None):
        """Sends the message of an exchange and reads its answer as JSON."""
        status, answer = await self.ask("POST", self.path + "/messages", {"content": exchange.text, **(fields or {})}, headers)
        detail = answer if status == 200 else answer.get("details", {})
        self.take(exchange, detail)
        exchange.status = answer.get("status") if status == 200 else detail.get("status", f"refused {status}")

    async def send_stream(self, exchange, headers=None, fields=None, disconnect_after=None):
        """Sends the message of an exchange and reads its answer event by event."""
        body = {"content": exchange.text, **(fields or {})}
        status, _, reader, writer = await self.request("POST", self.path + "/messages", body, "text/event-stream", headers)
        if status != 200:
            exchange.status = f"refused {status}"
            writer.close()
            return
        await self.follow(exchange, reader, writer, disconnect_after)

    async def resume(self, exchange):
        """Resumes after the last received event."""
        after = exchange.events[-1][0] if exchange.events else 0
        status, _, reader, writer = await self.request("GET", f"{self.path}/runs/{exchange.run}/events?after={after}", accept="text/event-stream")
        assert status == 200, status
        await self.follow(exchange, reader, writer)

    async def follow(self, exchange, reader, writer, disconnect_after=None):
        data = b""
        try:
            async for chunk in chunks(reader):
                data += chunk
                *frames, data = data.split(b"\n\n")
                for frame in frames:
                    self.event(exchange, frame.decode())
                if disconnect_after is not None and len(exchange.events) >= disconnect_after:
                    return
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise Cut() from error
        finally:
            writer.close()

    def event(self, exchange, frame):
        fields = dict(line.split(": ", 1) for line in frame.split("\n") if not line.startswith(":"))
        if "id" not in fields:
            if "event" in fields:
                raise Cut()
            return
        kind, value = fields["event"], json.loads(fields["data"])
        exchange.events.append((int(fields["id"]), frame))
        if kind == "user_message":
            self.take(exchange, {"user_message": value})
            exchange.run = value["run_id"]
        elif kind == "token":
            exchange.streamed += value["text"]
        elif kind not in ("tool_call", "tool_result", "reasoning"):
            self.take(exchange, value)
            exchange.status = value["status"]

    @staticmethod
    def take(exchange, answer):
        if answer.get("user_message"):
            exchange.is_acknowledged = True
            exchange.message = answer["user_message"]["id"]
            exchange.run = answer["user_message"]["run_id"]
        if answer.get("assistant_message"):
            exchange.answer = answer["assistant_message"]

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
        assert len(found) == total, f"{len(found)} messages are listed, but the total is {total}"
        return found


async def chunks(reader):
    """The chunks of a body, up to its end."""
    while True:
        size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        data = await reader.readexactly(size + 2)
        if size == 0:
            return
        yield data[:-2]
