"""What the verbs that ask a model may be asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from silicus.errors import InputError
from silicus.options.answering import AnswerOptions
from silicus.options.checks import at_least

__all__ = ["DemoOptions", "PopulationOptions", "ProbeOptions", "SimulateOptions"]


@dataclass(frozen=True, kw_only=True)
class SimulateOptions(AnswerOptions):
    """Options of `silicus simulate`."""

    respondents: str = "200"
    """Who is asked: a number of bundled US adult profiles, or a table of your own (.csv, .tsv, .parquet)."""

    draw: int | None = None
    """Of a table of your own: this many respondents, drawn with replacement in proportion to their weights."""

    open: bool = False
    """Ask the study's open questions too: the model writes a text for each respondent and condition, which is slow."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.draw is not None:
            at_least("draw", self.draw, 1)
            if self.respondents.isdigit():
                raise InputError(
                    f"found --draw {self.draw}, which is for a table of your own. The number of bundled profiles is "
                    f"--respondents: {self.respondents}."
                )

    def recorded(self) -> dict[str, Any]:
        """Return the options that decide what comes out; runs that draw nobody keep the key they always had."""
        kept = super().recorded()
        if self.draw is None:
            del kept["draw"]
        if not self.open:
            del kept["open"]
            return kept
        return {**kept, "temperature": self.temperature, "text_tokens": self.text_tokens}


@dataclass(frozen=True, kw_only=True)
class PopulationOptions:
    """Options of `silicus population`."""

    margins: Path
    """The published margins (.yaml): attribute -> source and share of every category; see docs/populations.md."""

    out: Path | None = None
    """The table with the new weights (.parquet), by default runs/NAME-raked.parquet; how they came about is beside it
    (.raking.json)."""

    seed: int = 0
    """Where chance starts, when a number of bundled profiles is drawn."""

    def __post_init__(self) -> None:
        at_least("seed", self.seed, 0)


@dataclass(frozen=True, kw_only=True)
class ProbeOptions:
    """Options of `silicus probe`."""

    limit: int = 300
    """How many of the run's predictions are asked for again, in three other ways each; drawn with the seed."""

    texts: int = 60
    """How many of the studies' texts are read, each three times; as many of every study as far as they reach."""

    about: Path | None = None
    """A table of what is published of each study: a column study, and others such as title or DOI (.csv, .parquet)."""

    seed: int = 0
    """Where chance starts."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where the model runs; auto takes a GPU where there is one."""

    def __post_init__(self) -> None:
        at_least("limit", self.limit, 1)
        at_least("texts", self.texts, 0)
        at_least("seed", self.seed, 0)


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
