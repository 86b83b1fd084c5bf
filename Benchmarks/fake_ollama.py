"""A fake Ollama that answers at once: /api/chat with 60 words in one write, /api/tags and /api/show, on 127.0.0.1."""
import asyncio
import json
import sys

WORDS = "The meaning of life is a question that people have asked for a very long time and nobody knows for sure ".split()
CHUNKS = [json.dumps({"model": "fake", "created_at": "2026-01-01T00:00:00Z", "message": {"role": "assistant", "content": w + " "},
                      "done": False}) for w in (WORDS * 3)[:60]]
LAST = json.dumps({"model": "fake", "created_at": "2026-01-01T00:00:00Z", "message": {"role": "assistant", "content": ""},
                   "done": True, "done_reason": "stop", "prompt_eval_count": 100, "eval_count": 60})
BODY = ("\n".join(CHUNKS + [LAST]) + "\n").encode()
STREAM = (b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
          + b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY))


def plain(value):
    body = json.dumps(value).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


TAGS = plain({"models": [{"name": "fake", "model": "fake", "size": 1, "digest": "0", "details": {"family": "llama"}}]})
SHOW = plain({"model_info": {"general.architecture": "llama", "llama.context_length": 8192}, "capabilities": ["completion"]})


async def serve(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
            if length:
                await reader.readexactly(length)
            path = head.split(b" ", 2)[1]
            writer.write(STREAM if path == b"/api/chat" else SHOW if path == b"/api/show" else TAGS)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]))
    async with server:
        await server.serve_forever()

asyncio.run(main())
