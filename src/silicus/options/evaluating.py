"""What `silicus evaluate` may be asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from silicus.options.answering import AnswerOptions
from silicus.options.checks import at_least
from silicus.options.reading import ReadingOptions

__all__ = ["EvaluateOptions"]


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(AnswerOptions, ReadingOptions):
    """Options of `silicus evaluate`."""

    data: str | None = None
    """People's answers, instead of a run folder: a file, a folder, a dataset folder or a hub id (silicus data list)."""

    part: Literal["train", "validation", "test"] | None = None
    """Of a dataset that has been split, the part to evaluate on: test where it is left out."""

    limit: int | None = None
    """Of the data, a random sample of this many answers, or of groups' distributions (drawn with the seed)."""

    predictions: Path | None = None
    """Predictions made elsewhere, instead of a model: probabilities, drawn answers or texts, as a table or JSON."""

    name: str | None = None
    """What these predictions are called; by default as their file."""

    floors: bool = True
    """Whether cheap models, learnt from the training part of data that were split, stand beside."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.limit is not None:
            at_least("limit", self.limit, 1)

    def recorded(self) -> dict[str, Any]:
        """Return the options that decide what is predicted; a name stands there as the model's."""
        kept = super().recorded()
        # What stands beside changes no prediction.
        del kept["name"], kept["floors"]
        if self.predictions is None:
            # Runs of a model keep the key that they have always had.
            del kept["predictions"]
        return kept
