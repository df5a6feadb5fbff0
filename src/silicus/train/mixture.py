"""Which examples share a step: parts in their proportions, a few rows of one cell together, the rest by chance.

More rows of one cell in a step save tokens, for they share a stimulus, and make its gradient noisier: by about the
design effect 1 + (G - 1) rho for G rows of a cell whose gradients correlate by rho (Kish, 1965, Survey Sampling).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["Places", "mix"]

Places = npt.NDArray[np.int64]


def mix(
    cells: Sequence[Places],
    shares: Sequence[float] | None,
    batch: int,
    together: int,
    rng: np.random.Generator,
    *,
    epochs: float = 1.0,
    steps: int | None = None,
) -> list[Places]:
    """Return the examples of every step: pairs of a part and a place in it, shape (examples, 2).

    Each part is gone through in a random order of groups of at most `together` rows of one cell, and again in
    another order when it is used up. Parts take turns, so that after any number of steps each has had its share of
    the examples to within a group. One epoch is as many examples as all parts have.

    Args:
        cells: for each part, the cell of each of its examples.
        shares: the proportions of the parts among the examples; `None`: as many as each has.
        batch: examples of a step; the last step takes what is left.
        together: rows of a cell that come together, at most.
        rng: where chance comes from.
        epochs: how many epochs there are.
        steps: how many steps there are, instead.
    """
    sizes = np.array([len(part) for part in cells], dtype=float)
    wanted = sizes if shares is None else np.asarray(shares, dtype=float)
    total = steps * batch if steps else int(np.ceil(epochs * sizes.sum() - 1e-9))
    turns = _take_turns([_groups(part, together, rng) for part in cells], wanted / wanted.sum(), total)
    examples = np.concatenate(list(turns))[:total]
    return np.split(examples, np.arange(batch, total, batch))


def _take_turns(streams: list[Iterator[Places]], shares: npt.NDArray[np.float64], total: int) -> Iterator[Places]:
    """Yield groups of (part, place), always of the part that is furthest behind its share, until there are `total`."""
    had = np.zeros(len(streams))
    while had.sum() < total:
        part = int(np.argmax(shares * (had.sum() + 1) - had))
        group = next(streams[part])
        had[part] += len(group)
        yield np.stack([np.full(len(group), part), group], axis=1)


def _groups(cells: Places, together: int, rng: np.random.Generator) -> Iterator[Places]:
    """Yield groups of at most `together` places of one cell without end: every place once before any comes again."""
    while True:
        drawn = rng.permutation(len(cells))
        # Stable: within its cell every place stands where chance put it.
        drawn = drawn[np.argsort(cells[drawn], kind="stable")]
        starts = np.flatnonzero(np.diff(cells[drawn], prepend=-1))
        place = np.arange(len(drawn)) - np.repeat(starts, np.diff(np.append(starts, len(drawn))))
        groups = np.split(drawn, np.flatnonzero(place % together == 0)[1:])
        for number in rng.permutation(len(groups)):
            yield groups[number]
