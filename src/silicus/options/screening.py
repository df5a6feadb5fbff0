"""What `silicus screen` may be asked."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal  # noqa: F401 - the command line reads inherited types by the names here

from silicus.errors import InputError
from silicus.options.asking import SimulateOptions
from silicus.options.checks import at_least

__all__ = ["ScreenOptions"]


@dataclass(frozen=True, kw_only=True)
class ScreenOptions(SimulateOptions):
    """Options of `silicus screen`."""

    plan: Path | None = None
    """What is compared, and when an effect matters (.yaml, see docs/screening.md); by default every ordered question,
    every arm against the control, 100 people an arm."""

    past: tuple[Path, ...] = ()
    """Runs of the same model on past studies with people's answers (silicus evaluate): from their errors the intervals
    are made."""

    pilot: Path | None = None
    """People's answers to this study, one row a person (.csv, .tsv, .parquet): columns condition, one a question, and
    attributes."""

    controls: int = 30
    """How many respondents are asked about placebos, unrelated questions and in other wordings; 0: nobody."""

    price_person: float | None = None
    """What one person's answers cost, in the currency of your budget."""

    budget: float | None = None
    """How much may be spent on people in all; needs --price-person."""

    freeze: bool = False
    """Write the plan with its hash and time, and stop before anything is asked."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least("controls", self.controls, 0)
        for name in ("price_person", "budget"):
            found = getattr(self, name)
            if found is not None and not 0 < found < float("inf"):
                raise InputError(f"found --{name.replace('_', '-')} {found:g}, expected more than 0.")
        if self.budget is not None and self.price_person is None:
            raise InputError(f"found --budget {self.budget:g} without --price-person, what one person costs.")
        if self.protocol != "direct" and self.controls:
            # Written texts are too few to tell a placebo from an arm.
            raise InputError(
                f"found --protocol {self.protocol} with --controls {self.controls}: placebos are compared by exact "
                "probabilities. Give --controls 0 to go without them."
            )

    def simulation(self) -> SimulateOptions:
        """Return the options of the simulation behind a screening."""
        return SimulateOptions(**{each.name: getattr(self, each.name) for each in fields(SimulateOptions)})

    def recorded(self) -> dict[str, Any]:
        """Return the options that decide what is predicted, as the plan of a screening keeps them."""
        return {**self.simulation().recorded(), "controls": self.controls}
