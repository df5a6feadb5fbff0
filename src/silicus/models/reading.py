"""What a model makes of a text that it is not asked about: how much of it was to be expected, token by token."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

__all__ = ["Reader", "Reading"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Reading:
    """What a model makes of a text, token by token, given what stands before it.

    Attributes:
        log_probability: of each token of the text, shape (tokens,).
        mean: the expectation of the log-probability of a token that the model itself would draw there, shape (tokens,).
        spread: its standard deviation, shape (tokens,).
        foremost: whether the model holds the token most probable: greedy decoding would write it, shape (tokens,).
    """

    log_probability: FloatArray
    mean: FloatArray
    spread: FloatArray
    foremost: npt.NDArray[np.bool_]


@runtime_checkable
class Reader(Protocol):
    """A model that can read a text, and not only answer a prompt."""

    def read(self, texts: Sequence[tuple[str, str]]) -> Iterator[Reading]:
        """Yield what the model makes of each text, given as what stands before it and the text, in their order."""
        ...
