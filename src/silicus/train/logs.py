"""What training says while it goes on: a line of JSON for every number, TensorBoard, and the last losses in words."""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from silicus.record import write_text

__all__ = ["LOG", "JsonLines", "Telling", "tensorboard"]

LOG = "log.jsonl"


class JsonLines(TrainerCallback):
    """Writes every number that is logged as a line of JSON.

    Args:
        path: the file; lines of steps that are taken again are replaced.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        """Drop the lines of steps that will be taken again, and one that was cut off."""
        if state.is_world_process_zero and self._path.is_file():
            lines = self._path.read_text(encoding="utf-8").splitlines()
            steps = [line for line in lines if line.endswith("}") and json.loads(line)["step"] <= state.global_step]
            write_text(self._path, "".join(f"{line}\n" for line in steps))

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:  # noqa: ARG002
        """Write one line."""
        # The last line of transformers is a mean over the steps since the training was started again.
        if state.is_world_process_zero and logs and "train_runtime" not in logs:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"step": state.global_step, **logs}) + "\n")


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
        words = {"loss": "loss", "eval_loss": "held out", "eval_wasserstein": "W held out"}
        self._last |= {words[name]: value for name, value in (logs or {}).items() if name in words}
        self._tell(state.global_step, ", ".join(f"{name} {value:.3f}" for name, value in self._last.items()))


def tensorboard(folder: Path) -> list[TrainerCallback]:
    """Return what writes the numbers for TensorBoard into a run folder; nothing where it is not installed.

    Of several processes the first writes.
    """
    if importlib.util.find_spec("tensorboard") is None or os.environ.get("RANK", "0") != "0":
        return []
    from torch.utils.tensorboard import SummaryWriter
    from transformers.integrations.integration_utils import TensorBoardCallback

    return [TensorBoardCallback(SummaryWriter(str(folder / "tensorboard")))]
