"""What the verbs may be asked; a field has the same name in Python, in files and at the prompt.

Plain dataclasses, so that `silicus --help` imports nothing heavy.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from silicus.errors import InputError

__all__ = ["AnswerOptions", "DemoOptions", "EvaluateOptions", "SimulateOptions"]


@dataclass(frozen=True, kw_only=True)
class AnswerOptions:
    """How answers are asked for."""

    model: str = "smollm2"
    """Who answers: smollm2 (embedded), uniform, pooled, scripted[:FILE], a model or adapter folder, or a hub id."""

    template: str = "silicus"
    """The words of the prompt: silicus (shared text first) or socrates (as published, persona first)."""

    answers: Literal["value", "letter", "label"] = "value"
    """How the model names its answer: as 3, as C, or as Somewhat agree."""

    seed: int = 0
    """Where chance starts: the same seed gives the same bytes."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where the model runs; auto takes a GPU where there is one."""

    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """Its precision; auto is float32 on a CPU and bfloat16 on a GPU."""

    out: Path | None = None
    """The run folder; by default a folder below runs/ named after study, model and options."""

    def __post_init__(self) -> None:
        _at_least("seed", self.seed, 0)

    def recorded(self) -> dict[str, Any]:
        """Return the options that decide what is predicted, as the manifest keeps them."""
        return {
            name: str(value) if isinstance(value, Path) else value
            for name, value in asdict(self).items()
            if name not in {"out", "device"}
        }


@dataclass(frozen=True, kw_only=True)
class SimulateOptions(AnswerOptions):
    """Options of `silicus simulate`."""

    respondents: str = "200"
    """Who is asked: a number of bundled US adult profiles, or a table of your own (.csv, .tsv, .parquet)."""


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(AnswerOptions):
    """Options of `silicus evaluate`."""

    data: Path | None = None
    """People's answers in SocSci210 form (.jsonl, .parquet or a folder of shards), instead of a run folder."""

    limit: int | None = None
    """Of the data, a random sample of this many answers (drawn with the seed)."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.limit is not None:
            _at_least("limit", self.limit, 1)


@dataclass(frozen=True, kw_only=True)
class DemoOptions:
    """Options of `silicus demo`."""

    model: str = "smollm2"
    """Who answers, as in silicus simulate."""

    respondents: int = 200
    """How many bundled US adult profiles are asked."""

    seed: int = 0
    """Where chance starts."""

    out: Path = Path("runs/demo")
    """The run folder."""

    def simulation(self) -> SimulateOptions:
        """Return the options of the simulation behind the demo."""
        return SimulateOptions(model=self.model, respondents=str(self.respondents), seed=self.seed, out=self.out)


def _at_least(name: str, found: int, least: int) -> None:
    if found < least:
        raise InputError(f"found --{name} {found}, expected {least} or more.")
