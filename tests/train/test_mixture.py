from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from silicus.train.mixture import mix


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def cells(*sizes: int) -> np.ndarray:
    """Return the cell of each example: so many of cell 0, of cell 1, ..."""
    return np.repeat(np.arange(len(sizes)), sizes)


@settings(max_examples=50)
@given(
    st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=6), min_size=1, max_size=3),
    st.integers(1, 20),
    st.integers(1, 6),
)
def test_an_epoch_holds_every_example_of_every_part_once(sizes, batch, together):
    parts = [cells(*each) for each in sizes]
    steps = mix(parts, None, batch, together, rng())
    assert all(len(step) == batch for step in steps[:-1])
    assert 0 < len(steps[-1]) <= batch
    seen = sorted(map(tuple, np.concatenate(steps).tolist()))
    assert seen == [(number, place) for number, part in enumerate(parts) for place in range(len(part))]


def test_two_epochs_go_through_everything_twice_in_another_order():
    steps = mix([cells(4, 4, 4)], None, 12, 2, rng(), epochs=2)
    first, second = ([place for _, place in step] for step in steps)
    assert sorted(first) == sorted(second) == list(range(12))
    assert first != second


@pytest.mark.parametrize("together", [1, 3, 4])
def test_at_most_so_many_rows_of_a_cell_come_together(together):
    part = cells(*[12] * 20)
    order = [int(part[place]) for _, place in np.concatenate(mix([part], None, 16, together, rng()))]
    assert order != sorted(order)
    lengths = np.diff(np.flatnonzero(np.diff(order, prepend=-1, append=-1)))
    # Two groups of a cell stand side by side by chance now and then.
    assert set(lengths) <= {together, 2 * together, 3 * together}
    assert np.median(lengths) == together


def test_parts_have_their_shares_after_any_number_of_steps():
    steps = mix([cells(*[5] * 10), cells(*[5] * 200)], [3, 1], batch=40, together=2, rng=rng(), steps=20)
    assert len(steps) == 20
    for count in range(1, 21):
        first = sum(int((step[:, 0] == 0).sum()) for step in steps[:count])
        assert abs(first - 0.75 * 40 * count) <= 2


def test_a_small_part_with_a_large_share_is_seen_again_and_again_and_evenly():
    steps = mix([cells(1, 1, 1, 1), cells(*[1] * 96)], [1, 1], batch=10, together=1, rng=rng(), epochs=1)
    often = Counter(int(place) for part, place in np.concatenate(steps) if part == 0)
    assert sum(often.values()) == 50
    assert max(often.values()) - min(often.values()) <= 1


def test_the_same_seed_mixes_alike_and_another_otherwise():
    part = cells(*[6] * 10)
    first, again, other = (np.concatenate(mix([part], None, 8, 2, rng(seed))) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_which_rows_of_a_cell_come_together_is_chance():
    part = cells(4)
    pairs = Counter(frozenset(place for _, place in mix([part], None, 2, 2, rng(seed))[0]) for seed in range(300))
    assert len(pairs) == 6
    # Each of 6 pairs is expected 50 times; 5 standard deviations are 32.
    assert all(18 <= count <= 82 for count in pairs.values())
