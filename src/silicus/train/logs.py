"""What training says while it goes on: a line of JSON for every number, TensorBoard, and the last losses in words."""

from __future__ import annotations

import importlib.util
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from silicus.record import write_text

__all__ = ["LOG", "JsonLines", "Telling", "tensorboard"]

LOG = "log.jsonl"
_TOLD = {"loss": "loss", "eval_loss": "held out", "eval_wasserstein": "W held out"}


class JsonLines(TrainerCallback):
    """Writes every number that is logged as a line of JSON, with the tokens and the seconds it took to get there.

    Args:
        path: the file; lines of steps that are taken again are replaced.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before, self._start = 0.0, time.monotonic()

    @property
    def seconds(self) -> float:
        """How long training took so far, the time before it was interrupted included."""
        return self._before + time.monotonic() - self._start

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        """Drop the lines of steps that will be taken again, and one that was cut off."""
        kept: list[str] = []
        if self._path.is_file():
            lines = self._path.read_text(encoding="utf-8").splitlines()
            kept = [line for line in lines if line.endswith("}") and json.loads(line)["step"] <= state.global_step]
            if state.is_world_process_zero:
                write_text(self._path, "".join(f"{line}\n" for line in kept))
        self._before, self._start = json.loads(kept[-1]).get("seconds", 0.0) if kept else 0.0, time.monotonic()

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:  # noqa: ARG002
        """Write one line."""
        # The last line of transformers is a mean over the steps since the training was started again.
        if state.is_world_process_zero and logs and "train_runtime" not in logs:
            # Its epoch is the share of the steps, whatever the recipe calls an epoch.
            numbers = {name: value for name, value in logs.items() if name != "epoch"}
            spent = {"tokens": state.num_input_tokens_seen, "seconds": round(self.seconds, 3)}
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"step": state.global_step, **numbers, **spent}) + "\n")


class Telling(TrainerCallback):
    """Calls a function with the number of steps taken and the last losses in words.

    Args:
        tell: what is called.
    """

    def __init__(self, tell: Callable[[int, str], None]) -> None:
        self._tell = tell
        self._last: dict[str, float] = {}

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        """Tell of a step."""
        self._tell(state.global_step, "")

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:  # noqa: ARG002
        """Tell of the losses."""
        self._last |= logs or {}
        told = (f"{words} {self._last[name]:.3f}" for name, words in _TOLD.items() if name in self._last)
        self._tell(state.global_step, ", ".join(told))


def tensorboard(folder: Path) -> list[TrainerCallback]:
    """Return what writes the numbers for TensorBoard into a run folder; nothing where it is not installed.

    Of several processes the first writes.
    """
    if importlib.util.find_spec("tensorboard") is None or os.environ.get("RANK", "0") != "0":
        return []
    from torch.utils.tensorboard import SummaryWriter
    from transformers.integrations.integration_utils import TensorBoardCallback

    return [TensorBoardCallback(SummaryWriter(str(folder / "tensorboard")))]
