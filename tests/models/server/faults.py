"""A proxy that fails as networks and servers do, by a seeded schedule."""

from __future__ import annotations

import http.client
import json
import random
import socket
import struct
import time
from collections import Counter
from dataclasses import dataclass, field
from threading import Lock
from urllib.parse import urlsplit

from tests.models.server.upstream import Quiet, Served

FAULTS = (
    "reset before", "reset after", "429 soon", "429", "500", "503 after", "half", "cut", "no choices", "slow", "page",
)  # fmt: skip
NEVER_FORWARDED = {"reset before", "429 soon", "429", "500"}
_BUSY = b'{"error": {"message": "busy"}}'
_PAGE = b"<html><body>Welcome to this network. Please sign in.</body></html>"


@dataclass
class Faults(Served):
    """Stands before a server; what it lets through is the server's own answer, byte for byte.

    Attributes:
        upstream: the address of the server.
        share: the share of calls that fail.
        most: how often in a row the same call fails at most.
        drip_seconds: between two bytes of a slow answer.
        met: what became of the calls -> how many.
    """

    upstream: str
    seed: int = 0
    share: float = 0.5
    most: int = 4
    drip_seconds: float = 0.2
    met: Counter[str] = field(default_factory=Counter)
    failed: Counter[bytes] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._random, self._lock = random.Random(self.seed), Lock()  # noqa: S311

    @property
    def address(self) -> str:
        return f"{self.root}{urlsplit(self.upstream).path}"

    @property
    def attempts(self) -> int:
        """How many calls reached this place."""
        return self.met.total()

    def choose(self, body: bytes) -> str:
        with self._lock:
            fault = self._random.choice(FAULTS) if self._random.random() < self.share else ""
            fault = fault if self.failed[body] < self.most else ""
            self.failed[body] += bool(fault)
            self.met[fault or "passed"] += 1
            return fault

    def ask(self, how: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        """Return status and body of the server itself."""
        found = urlsplit(self.upstream)
        connection = http.client.HTTPConnection(found.hostname or "", found.port, timeout=60)
        try:
            connection.request(how, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def handler(self) -> type[Quiet]:
        faults = self

        class Handler(_Failing):
            def do_GET(self) -> None:  # noqa: N802
                self.send(*faults.ask("GET", self.path, None))

            def do_POST(self) -> None:  # noqa: N802
                body = self.rfile.read(int(self.headers["Content-Length"]))
                fault = faults.choose(body) if self.path.endswith(("/completions", "/generate")) else ""
                status, data = (0, b"") if fault in NEVER_FORWARDED else faults.ask("POST", self.path, body)
                if fault:
                    self.fail(fault, data, faults.drip_seconds)
                else:
                    self.send(status, data)

        return Handler


class _Failing(Quiet):
    def fail(self, fault: str, data: bytes, drip_seconds: float) -> None:
        if fault.startswith("reset"):
            # Lingering for no time makes the system send a reset instead of a farewell.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        elif fault == "slow":
            self.drip(data, drip_seconds)
        else:
            half = data[: len(data) // 2]
            {
                "429 soon": lambda: self.send(429, b"{}", {"Retry-After": "0.01"}),
                "429": lambda: self.send(429, _BUSY),
                "500": lambda: self.send(500, _BUSY),
                "503 after": lambda: self.send(503, b""),
                "half": lambda: self.send(200, half, promised=len(data)),
                "cut": lambda: self.send(200, half),
                "no choices": lambda: self.send(200, json.dumps({**json.loads(data), "choices": []}).encode()),
                "page": lambda: self.send(200, _PAGE, {"Content-Type": "text/html"}),
            }[fault]()

    def drip(self, data: bytes, seconds: float) -> None:
        self.head(200, len(data), {})
        for byte in data:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(seconds)
