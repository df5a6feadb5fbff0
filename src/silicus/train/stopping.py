"""Stopping on request: the step in hand is finished and a checkpoint written, so that no step is taken twice."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from transformers import TrainerCallback

__all__ = ["Stopping"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopping(TrainerCallback):
    """Ends training after the step in hand, with a checkpoint, once Ctrl-C or a scheduler's SIGTERM asks for it.

    A second request ends it at once, as without this.

    Args:
        tell: is called with a sentence when the first request comes.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.asked = False
        self._tell = tell

    @contextmanager
    def listening(self) -> Generator[None]:
        """Take requests while this lasts; off the main thread none can be taken."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {each: signal.signal(each, self._ask) for each in _SIGNALS}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _ask(self, *_: Any) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        self._tell("stopping after this step")

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:  # noqa: ARG002
        """Save and stop if that was asked for."""
        if self.asked:
            control.should_save = control.should_training_stop = True
        return control
