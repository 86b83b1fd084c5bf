"""A model server that misbehaves on demand, in the dialects of OpenAI, Ollama, Gemini and Anthropic, on 127.0.0.1.

The first segment of a path is a case: `/CASE/v1/chat/completions`. A case has a dialect and a fault; the server counts its requests,
and those of them that a real provider would charge for.
"""
import asyncio
import contextlib
import json
import threading

MODEL = "m"
TEXT = "All is well."
DIALECTS = ["openai", "ollama", "gemini", "anthropic"]

# What a case does with a request for an answer, once the request has arrived whole.
FAULTS = {
    "hung": "sends nothing at all",
    "hung after head": "sends the head of a response and nothing more",
    "silent": "sends a sign of life without text, and nothing more",
    "half-dead": "closes the connection after a sign of life without text",
    "cut": "closes the connection in the middle of the text",
    "500": "an internal error",
    "429": "too many requests; asks for a pause of a second",
    "spent": "the account has no credit",
    "401": "the key is refused",
    "404": "there is no such model",
    "too long": "the messages are too long for the model",
    "page": "a web page with the status 200",
    "empty": "a complete answer without text",
    "error in 200": "an error with the status 200",
}
# The server has begun to generate, so the provider may charge for the request.
CHARGED = {"hung", "hung after head", "silent", "half-dead", "cut", "empty", None}


def openai_chunk(delta, finish=None):
    return {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": MODEL,
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


class Dialect:
    """How one API writes answers: `life`, `pieces` and `end` are frames of a stream, `whole` is a body."""

    content_type = "text/event-stream"

    def frame(self, value):
        return f"data: {json.dumps(value)}\n\n".encode()

    def error(self, fault):
        """The status and the body of an error."""
        raise NotImplementedError


class OpenAI(Dialect):
    def __init__(self):
        self.life = b": keep-alive\n\n" + self.frame(openai_chunk({"role": "assistant", "content": ""}))
        self.pieces = [self.frame(openai_chunk({"content": word + " "})) for word in TEXT.split()]
        self.end = self.frame(openai_chunk({}, "stop")) + b"data: [DONE]\n\n"

    def whole(self, text):
        return {"id": "x", "object": "chat.completion", "created": 1, "model": MODEL,
                "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}}

    def error(self, fault):
        status, kind, code, message = {
            "500": (500, "server_error", None, "The server had an error."),
            "error in 200": (500, "server_error", None, "The server had an error."),
            "429": (429, "requests", "rate_limit_exceeded", "Rate limit reached for requests."),
            "spent": (402, "insufficient_credits", 402, "Insufficient credits. Add more to your account."),
            "401": (401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
            "404": (404, "invalid_request_error", "model_not_found", f"The model `{MODEL}` does not exist."),
            "too long": (400, "invalid_request_error", "context_length_exceeded",
                         "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens."),
        }[fault]
        return status, {"error": {"message": message, "type": kind, "param": None, "code": code}}


class Ollama(Dialect):
    content_type = "application/x-ndjson"

    def __init__(self):
        self.life = self.frame(self.line(""))
        self.pieces = [self.frame(self.line(word + " ")) for word in TEXT.split()]
        self.end = self.frame(self.whole(""))

    def frame(self, value):
        return json.dumps(value).encode() + b"\n"

    def line(self, text):
        return {"model": MODEL, "created_at": "2026-01-01T00:00:00Z", "message": {"role": "assistant", "content": text}, "done": False}

    def whole(self, text):
        return {**self.line(text), "done": True, "done_reason": "stop", "prompt_eval_count": 3, "eval_count": 4}

    def error(self, fault):
        status, message = {
            "500": (500, "llama runner process has terminated: exit status 2"),
            "error in 200": (500, "an error was encountered while running the model: unexpected EOF"),
            "429": (429, "too many requests"),
            "spent": (402, "you have used up your credits, upgrade your plan"),
            "401": (401, "unauthorized"),
            "404": (404, f'model "{MODEL}" not found, try pulling it first'),
            "too long": (400, "the input length exceeds the context length"),
        }[fault]
        return status, {"error": message}


class Gemini(Dialect):
    def __init__(self):
        self.life = self.frame(self.chunk(""))
        self.pieces = [self.frame(self.chunk(word + " ")) for word in TEXT.split()]
        self.end = self.frame(self.whole(""))

    def chunk(self, text):
        return {"candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "index": 0}], "modelVersion": MODEL}

    def whole(self, text):
        value = self.chunk(text)
        value["candidates"][0]["finishReason"] = "STOP"
        return {**value, "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 4, "totalTokenCount": 7}}

    def error(self, fault):
        status, name, message = {
            "500": (500, "INTERNAL", "An internal error has occurred."),
            "error in 200": (500, "INTERNAL", "An internal error has occurred."),
            "429": (429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
            "spent": (429, "RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan and billing details."),
            "401": (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
            "404": (404, "NOT_FOUND", f"models/{MODEL} is not found for API version v1beta."),
            "too long": (400, "INVALID_ARGUMENT",
                         "The input token count (9000) exceeds the maximum number of tokens allowed (8192)."),
        }[fault]
        error = {"code": status, "message": message, "status": name}
        if fault == "spent":
            error["details"] = [{"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [
                {"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier", "quotaValue": "50"}]}]
        return status, {"error": error}


class Anthropic(Dialect):
    def __init__(self):
        message = {"id": "msg_1", "type": "message", "role": "assistant", "model": MODEL, "content": [], "stop_reason": None,
                   "stop_sequence": None, "usage": {"input_tokens": 3, "output_tokens": 1}}
        self.start = self.event("message_start", message=message)
        self.life = self.start + self.event("ping")
        self.pieces = [self.event("content_block_start", index=0, content_block={"type": "text", "text": ""})] + [
            self.event("content_block_delta", index=0, delta={"type": "text_delta", "text": word + " "}) for word in TEXT.split()]
        self.stop = (self.event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage={"output_tokens": 4})
                     + self.event("message_stop"))
        self.end = self.event("content_block_stop", index=0) + self.stop
        self.message = message

    def event(self, name, **members):
        return f"event: {name}\ndata: {json.dumps({'type': name, **members})}\n\n".encode()

    def whole(self, text):
        return {**self.message, "content": [{"type": "text", "text": text}] if text else [], "stop_reason": "end_turn",
                "usage": {"input_tokens": 3, "output_tokens": 4}}

    def error(self, fault):
        status, kind, message = {
            "500": (500, "api_error", "Internal server error"),
            "error in 200": (500, "api_error", "Internal server error"),
            "429": (429, "rate_limit_error", "This request would exceed your account's rate limit."),
            "spent": (400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API."),
            "401": (401, "authentication_error", "invalid x-api-key"),
            "404": (404, "not_found_error", f"model: {MODEL}"),
            "too long": (400, "invalid_request_error", "prompt is too long: 9000 tokens > 8192 maximum"),
        }[fault]
        return status, {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


WRITERS = {"openai": OpenAI(), "ollama": Ollama(), "gemini": Gemini(), "anthropic": Anthropic()}
PAGE = b"<!DOCTYPE html><html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>"


class FaultServer:
    """The server, in a thread of its own."""

    def __init__(self):
        self.cases = {}  # the dialect and the fault of each case; no fault: a good answer
        self.requests, self.charged = {}, {}
        self.loop = asyncio.new_event_loop()
        started = threading.Event()
        self.thread = threading.Thread(target=self.run, args=(started,), daemon=True)
        self.thread.start()
        started.wait()

    def run(self, started):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", 0, limit=1 << 20, backlog=1000))
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        self.loop.run_forever()

    def add(self, case, dialect, fault=None):
        """Adds a case and returns its entry in PROVIDERS_FILE; a good model has the larger window."""
        self.cases[case] = (dialect, fault)
        self.requests[case], self.charged[case] = 0, 0
        base = f"http://127.0.0.1:{self.port}/{case}"
        entry = {"name": case, "base_url": base + "/v1" if dialect == "openai" else base,
                 "models": [{"id": MODEL, "window": 8192 if fault else 131072}]}
        return entry if dialect == "openai" else {**entry, "kind": dialect}

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    async def serve(self, reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while await self.answer(*await self.read(reader), reader, writer):
                await writer.drain()
        writer.close()

    async def read(self, reader):
        """Reads a request; returns its path and body."""
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        body = b""
        if headers.get("transfer-encoding") == "chunked":
            while size := int(await reader.readline(), 16):
                body += (await reader.readexactly(size + 2))[:-2]
            await reader.readline()
        else:
            body = await reader.readexactly(int(headers.get("content-length", 0)))
        return lines[0].split(" ")[1], body

    async def answer(self, path, body, reader, writer):
        """Answers a request; returns whether the connection stays open."""
        _, case, rest = path.split("/", 2)
        dialect, fault = self.cases[case]
        dialect = WRITERS[dialect]
        if not any(end in rest for end in ("chat/completions", "api/chat", "enerateContent", "v1/messages")):
            self.send(writer, 200, self.about(rest))
            return True
        self.requests[case] += 1
        self.charged[case] += fault in CHARGED
        isStreamed = json.loads(body).get("stream", "stream" in rest)
        if fault == "hung":
            await reader.read()
        elif fault == "page":
            self.send(writer, 200, PAGE, "text/html; charset=utf-8")
            return True
        elif fault in CHARGED or fault == "error in 200":
            return await self.generate(dialect, fault, isStreamed, reader, writer)
        else:
            status, error = dialect.error(fault)
            self.send(writer, status, error, retry="Retry-After: 1\r\n" if fault == "429" else "")
            return True
        return False

    def about(self, path):
        """The answer to a question about models."""
        if path.endswith("api/show"):
            return {"model_info": {"general.architecture": "llama", "llama.context_length": 8192}, "capabilities": ["completion"]}
        if path.endswith("api/tags"):
            return {"models": [{"name": MODEL, "model": MODEL, "size": 1, "digest": "0", "details": {"family": "llama"}}]}
        if "v1beta" in path:
            return {"models": [{"name": "models/" + MODEL, "inputTokenLimit": 8192, "supportedGenerationMethods": ["generateContent"]}]}
        return {"object": "list", "data": [{"id": MODEL, "object": "model", "type": "model"}]}

    def send(self, writer, status, body, content_type="application/json", retry=""):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\n{retry}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    async def generate(self, dialect, fault, isStreamed, reader, writer):
        """Writes an answer with the status 200; returns whether the connection stays open."""
        kind = dialect.content_type if isStreamed else "application/json"
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())

        def chunk(data):
            writer.write(b"%x\r\n%s\r\n" % (len(data), data))

        whole = json.dumps(dialect.whole("" if fault == "empty" else TEXT)).encode()
        life = dialect.life if isStreamed else b" "
        if fault in ("hung after head", "silent"):
            if fault == "silent":
                chunk(life)
            await writer.drain()
            await reader.read()
            return False
        if fault in ("half-dead", "cut"):
            chunk(life)
            if fault == "cut":
                chunk(b"".join(dialect.pieces[:-1]) if isStreamed else whole[:len(whole) // 2])
            await writer.drain()
            return False
        if fault == "error in 200":
            error = dialect.error(fault)[1]
            name = b"event: error\n" if isinstance(dialect, Anthropic) and isStreamed else b""
            chunk(name + dialect.frame(error) if isStreamed else json.dumps(error).encode())
        elif not isStreamed:
            chunk(whole)
        elif fault == "empty":
            chunk(dialect.life + getattr(dialect, "stop", dialect.end))
        else:
            chunk(getattr(dialect, "start", b"") + b"".join(dialect.pieces) + dialect.end)
        writer.write(b"0\r\n\r\n")
        return True
