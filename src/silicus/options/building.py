"""What the verbs of deposits may be asked."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from silicus.errors import InputError
from silicus.options.checks import at_least

__all__ = ["BuildAllOptions", "BuildOptions", "DraftOptions"]


@dataclass(frozen=True, kw_only=True)
class BuildOptions:
    """Options of `silicus build`."""

    recipe: Path
    """How the deposit becomes a dataset (.yaml, see recipes/deposits/)."""

    format: Literal["socsci210"] | None = None
    """A further form of the dataset: socsci210, the columns of its hub, as parquet."""

    out: Path | None = None
    """The folder of the build; by default runs/NAME-build."""


@dataclass(frozen=True, kw_only=True)
class BuildAllOptions:
    """Options of `silicus build --all`; format and out are also those of one deposit."""

    recipes: Path | None = None
    """Of many deposits: the folder of their recipes, each named as its deposit; else recipe.yaml in the deposit."""

    format: Literal["socsci210"] | None = None
    """A further form of the dataset: socsci210, the columns of its hub, as parquet."""

    out: Path | None = None
    """The folder of the build; by default runs/NAME-build, and runs/NAME-builds of many deposits."""

    jobs: int | None = None
    """Of many deposits: how many are built side by side; by default one a core, at most 8."""

    minutes: float = 30
    """Of many deposits: how long each may take."""

    def __post_init__(self) -> None:
        if self.jobs is not None:
            at_least("jobs", self.jobs, 1)
        if not self.minutes > 0:
            raise InputError(f"found --minutes {self.minutes:g}, expected more than 0.")


@dataclass(frozen=True, kw_only=True)
class DraftOptions:
    """Options of `silicus build draft`."""

    model: str | None = None
    """The language model that drafts, as its server calls it; by rules alone where it is left out."""

    server: str = "http://localhost:8000/v1"
    """Where the model is asked: any server that speaks as OpenAI's does. It is sent parts of the deposit."""

    key_variable: str = "OPENAI_API_KEY"
    """The environment variable that holds the server's key; it may be empty for a server of your own."""

    max_calls: int = 40
    """How often the model may be asked at most."""

    max_tokens: int = 400_000
    """How many tokens may be sent and received at most."""

    max_cost: float | None = None
    """How many US dollars may be spent at most; needs both prices."""

    price_in: float | None = None
    """What a million tokens sent cost, in US dollars."""

    price_out: float | None = None
    """What a million tokens received cost, in US dollars."""

    out: Path | None = None
    """With a model: the new folder of the recipe, its sources and the transcript."""

    def __post_init__(self) -> None:
        at_least("max_calls", self.max_calls, 1)
        at_least("max_tokens", self.max_tokens, 1)
        for name in ("max_cost", "price_in", "price_out"):
            found = getattr(self, name)
            if found is not None and not 0 <= found < float("inf"):
                raise InputError(f"found --{name.replace('_', '-')} {found:g}, expected 0 or more.")
        if self.max_cost is not None and (self.price_in is None or self.price_out is None):
            raise InputError("found --max-cost without prices of a million tokens: --price-in, --price-out.")
        if self.model is None:
            given = [each.name for each in fields(self) if getattr(self, each.name) != each.default]
            if given:
                raise InputError(f"found --{given[0].replace('_', '-')} without --model. Name the model that drafts.")
        elif self.out is None:
            raise InputError("found --model without --out. Name a new folder for the recipe and the transcript.")
