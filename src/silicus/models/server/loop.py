"""The event loop in which a server is asked, also where one runs already, as in a notebook."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self, TypeVar

__all__ = ["Loop"]

T = TypeVar("T")


class Loop:
    """Runs one coroutine after the other in an event loop of its own, while its block lasts.

    Where a loop runs already, in which no other can, it has a thread of its own too. Whoever calls waits all the same,
    so that nothing is ever used by two threads at once; between two calls nothing goes on.
    """

    def __enter__(self) -> Self:
        self._thread = ThreadPoolExecutor(max_workers=1) if _one_runs() else None
        self._runner = asyncio.Runner()
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._runner.close)
        if self._thread is not None:
            self._thread.shutdown()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Return what a coroutine returns."""
        return self._call(lambda: self._runner.run(coroutine))

    def _call(self, function: Callable[[], T]) -> T:
        return function() if self._thread is None else self._thread.submit(function).result()


def _one_runs() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
