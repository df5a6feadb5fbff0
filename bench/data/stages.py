"""Reads, splits and guards one folder of answers in a process of its own, and prints what that took as JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from silicus.data import (
    GuardOptions,
    SplitPlan,
    guard,
    inspect,
    read_dataset,
    read_dataset_folder,
    split,
    write_dataset_folder,
)  # fmt: skip
from silicus.data.answer_scale import parse_scale

T = TypeVar("T")


def main(folder: Path, out: Path) -> None:
    """Print seconds and peak memory of every stage, in order."""
    stages: list[dict[str, Any]] = []

    def timed(name: str, work: Callable[[], T]) -> T:
        start = time.perf_counter()
        done = work()
        stages.append({"stage": name, "seconds": time.perf_counter() - start, "peak_gib": _peak_gib()})
        return done

    read = timed("read", lambda: read_dataset(folder))
    texts = [item.text for item in read.items.values()]
    timed("of which scales parsed", lambda: [parse_scale(text) for text in texts])
    plan = SplitPlan(hold_out={"study": 0.19, "respondent": 0.1})
    data = timed("split", lambda: split(read, plan, np.random.default_rng(0))[0])
    timed("guard", lambda: guard(data, GuardOptions()))
    timed("write", lambda: write_dataset_folder(out, data, str(folder)))
    timed("inspect", lambda: inspect(data))
    again = timed("read the dataset folder", lambda: read_dataset_folder(out))
    counts = {"rows": again.rows_read, "answers": len(again.answered), "people": len(again.respondents)}
    print(json.dumps({**counts, "items": len(again.items), "stages": stages}))


def _peak_gib() -> float:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 2**20


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
