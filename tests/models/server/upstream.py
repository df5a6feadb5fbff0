"""A scripted server on loopback that speaks as OpenAI's does, and writes down what it is asked."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Self

READ, WRITTEN = 40, 1
"""Tokens that every call uses."""


def number_of(body: dict[str, Any]) -> int:
    """Return a number that only depends on what is asked."""
    return int(sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:8], 16)


def say(body: dict[str, Any]) -> dict[str, Any]:
    """Return an answer of "1" or "2", the same whenever the same is asked."""
    return said(str(1 + number_of(body) % 2))


def said(text: str, usage: object = (READ, WRITTEN)) -> dict[str, Any]:
    """Return an answer with this text; `usage` is (read, written), `None` for no report, or the report itself."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    if isinstance(usage, tuple):
        usage = {"prompt_tokens": usage[0], "completion_tokens": usage[1]}
    return {"choices": [choice], **({} if usage is None else {"usage": usage})}


class Quiet(BaseHTTPRequestHandler):
    """Does not mind that whoever asked hangs up, or is killed."""

    def handle(self) -> None:
        with suppress(OSError):
            super().handle()

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()

    def send(self, status: int, data: bytes, headers: Mapping[str, str] = {}, promised: int | None = None) -> None:
        self.head(status, len(data) if promised is None else promised, headers)
        self.wfile.write(data)

    def head(self, status: int, length: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Served:
    """Something that answers on loopback, in threads, while its block lasts."""

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def handler(self) -> type[Quiet]:
        raise NotImplementedError


@dataclass
class Upstream(Served):
    """A server that serves the model "tiny".

    Attributes:
        answer: body -> what is answered; (status, body, headers) for other statuses than 200.
        owner: whose server it says it is.
        log: path and body of every call, in the order in which they came.
    """

    answer: Callable[[dict[str, Any]], Any] = say
    owner: str = ""
    models: tuple[str, ...] = ("tiny",)
    extra: dict[str, Callable[[dict[str, Any]], Any]] = field(default_factory=dict)
    log: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    @property
    def address(self) -> str:
        return f"{self.root}/v1"

    @property
    def asked(self) -> Counter[str]:
        """What was asked -> how often."""
        return Counter(json.dumps(each, sort_keys=True) for each in self.log)

    def reply(self, path: str, body: dict[str, Any] | None) -> Any:
        if path in self.extra:
            return self.extra[path](body or {})
        if path == "/v1/models":
            return {"data": [{"id": name, "owned_by": self.owner} for name in self.models]}
        if body is None or not path.endswith(("/completions", "/generate")):
            return 404, {"error": {"message": "no such page"}}, {}
        with self.lock:
            self.log.append((path, body))
        return self.answer(body)

    def handler(self) -> type[Quiet]:
        upstream = self

        class Handler(Quiet):
            def do_GET(self) -> None:
                self.say(upstream.reply(self.path, None))

            def do_POST(self) -> None:
                upstream.headers.append({name.title(): value for name, value in self.headers.items()})
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.say(upstream.reply(self.path, json.loads(body)))

            def say(self, found: Any) -> None:
                status, body, headers = found if isinstance(found, tuple) else (200, found, {})
                self.send(status, body if isinstance(body, bytes) else json.dumps(body).encode(), headers)

        return Handler
