"""A server on this machine that speaks as OpenAI's does, and answers what it was told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["ScriptedServer", "calls", "refusal", "scripted_server", "words"]

USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
_UNSAID: Any = object()


@dataclass
class ScriptedServer:
    """What a server was asked; what it answers is taken from its script, the last answer again and again."""

    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)

    def sent(self, number: int) -> list[str]:
        """Return the words of the messages that one request held, without those of the model itself."""
        messages = self.requests[number]["messages"]
        return [str(message["content"]) for message in messages if message["role"] != "assistant"]


Answer = tuple[int, bytes]
"""A status of HTTP, and a body."""


def calls(*named: tuple[str, Any], usage: Any = _UNSAID) -> Answer:
    """Return an answer that calls tools: their names, and their arguments as an object or as the text of one."""
    tools = [
        {
            "id": f"call-{number}",
            "type": "function",
            "function": {"name": name, "arguments": given if isinstance(given, str) else json.dumps(given)},
        }
        for number, (name, given) in enumerate(named)
    ]
    return _completion({"role": "assistant", "content": None, "tool_calls": tools}, "tool_calls", usage)


def words(text: str, usage: Any = _UNSAID) -> Answer:
    """Return an answer in words alone."""
    return _completion({"role": "assistant", "content": text}, "stop", usage)


def refusal(status: int, message: str) -> Answer:
    """Return an answer that refuses."""
    return status, json.dumps({"error": {"message": message, "type": "error", "code": None}}).encode()


def _completion(message: dict[str, Any], reason: str, usage: Any) -> Answer:
    body = {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "scripted",
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
    }
    told = USAGE if usage is _UNSAID else usage
    return 200, json.dumps(body if told is None else {**body, "usage": told}).encode()


@contextmanager
def scripted_server(script: list[Answer]) -> Generator[ScriptedServer]:
    """Yield a server that gives one answer after another."""
    told = ScriptedServer()
    left: Iterator[Answer] = iter(script)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.requests.append(json.loads(body))
            told.keys.append(self.headers["Authorization"])
            status, content = next(left, script[-1])
            self.send_response(status if self.path == "/v1/chat/completions" else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        told.url = f"http://127.0.0.1:{server.server_port}/v1"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield told
        finally:
            server.shutdown()
            thread.join()
