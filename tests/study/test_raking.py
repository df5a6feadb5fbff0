"""Raking: by hand, against a plain loop, and what it says where no weights will do."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from silicus.errors import InputError
from silicus.study import Margins, Raking, design_effect, rake


def margins(**shares: dict) -> Margins:
    each = {name: {"source": f"S of {name}", "counts": own} for name, own in shares.items()}
    return Margins.model_validate({"margins": each})


def raked(table: pl.DataFrame, wanted: Margins) -> tuple[np.ndarray, Raking]:
    found, record = rake(table, wanted, "people.csv", "us.yaml", ["GSS"])
    return found["weight"].to_numpy(), record


def people(weight: list[float] | None = None, **attributes: list) -> pl.DataFrame:
    count = len(next(iter(attributes.values())))
    ids = [f"p{n}" for n in range(count)]
    return pl.DataFrame({"respondent": ids, "weight": weight or [1.0] * count, **attributes})


def test_one_margin_is_met_at_once_by_hand():
    weights, record = raked(people(x=["a", "a", "a", "b"]), margins(x={"a": 1, "b": 1}))
    # The three share one half of 4, the fourth has the other.
    assert weights.tolist() == pytest.approx([2 / 3, 2 / 3, 2 / 3, 2])
    assert [gap.size for gap in record.iterations] == pytest.approx([0.25, 0])
    # 4 (3 x 4/9 + 4) / 16
    assert record.design_effect == pytest.approx(4 / 3)
    assert record.effective_n == pytest.approx(3)
    assert (record.weights.lowest, record.weights.highest) == pytest.approx((2 / 3, 2))
    assert [(own.category, own.respondents, own.before, own.target) for own in record.margins[0].categories] == [
        ("a", 3, 0.75, 0.5),
        ("b", 1, 0.25, 0.5),
    ]


def test_weights_of_the_table_are_where_raking_begins():
    weights, record = raked(people([3, 1, 2, 2], x=["a", "a", "b", "b"]), margins(x={"a": 1, "b": 3}))
    assert weights.tolist() == pytest.approx([0.75, 0.25, 1.5, 1.5])
    assert record.began_with == "the weights of the table"
    assert record.design_effect_before == pytest.approx(4 * 18 / 64)
    assert raked(people(x=["a", "b"]), margins(x={"a": 1, "b": 3}))[1].began_with == "equal weights"


def test_weights_sum_to_the_total_or_to_the_number_of_respondents():
    table, wanted = people(x=["a", "b", "b"]), margins(x={"a": 40, "b": 60})
    assert raked(table, wanted)[0].sum() == pytest.approx(3)
    weights, record = raked(table, wanted.model_copy(update={"total": 100.0}))
    assert weights.tolist() == pytest.approx([40, 30, 30])
    assert record.total == 100


def test_a_table_that_has_the_margins_keeps_its_weights():
    weights, record = raked(people(x=["a", "b"]), margins(x={"a": 5, "b": 5}))
    assert weights.tolist() == [1, 1]
    assert len(record.iterations) == 1
    assert record.design_effect == 1


def _plain(cells: list[list[str]], shares: list[dict[str, float]], rounds: int) -> list[float]:
    """Return weights by the words of Deming and Stephan, person by person."""
    weights = [1.0] * len(cells[0])
    for _ in range(rounds):
        for own, wanted in zip(cells, shares, strict=True):
            have = {name: sum(w for w, each in zip(weights, own, strict=True) if each == name) for name in wanted}
            total = sum(weights)
            weights = [w * wanted[each] * total / have[each] for w, each in zip(weights, own, strict=True)]
    return weights


def test_several_margins_agree_with_a_plain_loop():
    rng = np.random.default_rng(7)
    shares = [{"a": 0.2, "b": 0.5, "c": 0.3}, {"d": 0.6, "e": 0.4}, {"f": 0.1, "g": 0.9}]
    cells = [rng.choice(list(own), size=400).tolist() for own in shares]
    weights, record = raked(people(x=cells[0], y=cells[1], z=cells[2]), margins(x=shares[0], y=shares[1], z=shares[2]))
    expected = np.array(_plain(cells, shares, 60))
    assert weights / weights.sum() == pytest.approx(expected / expected.sum(), rel=1e-4)
    assert record.iterations[-1].size < 1e-6
    assert record.sources == ["GSS", "x: S of x", "y: S of y", "z: S of z"]
    after = [own.after for margin in record.margins for own in margin.categories]
    assert after == pytest.approx([0.2, 0.5, 0.3, 0.6, 0.4, 0.1, 0.9], abs=1e-6)


def test_raking_leaves_odds_ratios_as_they_are():
    x, y = ["a"] * 6 + ["b"] * 4, ["c"] * 4 + ["d"] * 2 + ["c"] + ["d"] * 3
    weights, _ = raked(people(x=x, y=y), margins(x={"a": 1, "b": 1}, y={"c": 3, "d": 7}))
    cell = {(p, q): sum(w for w, *own in zip(weights, x, y, strict=True) if own == [p, q]) for p in "ab" for q in "cd"}
    assert cell["a", "c"] * cell["b", "d"] / cell["a", "d"] / cell["b", "c"] == pytest.approx(4 * 3 / 2 / 1, rel=1e-4)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("cde")), max_size=40),
    st.lists(st.integers(1, 20), min_size=5, max_size=5),
)
def test_margins_hold_whenever_every_pair_occurs(drawn, counts):
    pairs = [*drawn, *((p, q) for p in "ab" for q in "cde")]
    table = people(x=[p for p, _ in pairs], y=[q for _, q in pairs])
    wanted = margins(x=dict(zip("ab", counts[:2], strict=True)), y=dict(zip("cde", counts[2:], strict=True)))
    weights, record = raked(table, wanted)
    assert (weights > 0).all()
    assert weights.sum() == pytest.approx(len(table))
    assert all(abs(own.after - own.target) < 1e-6 for margin in record.margins for own in margin.categories)
    assert record.design_effect == pytest.approx(design_effect(weights))


def test_no_weight_is_above_the_trim_and_the_margins_still_hold():
    rng = np.random.default_rng(3)
    x = rng.choice(["a", "b"], size=300, p=[0.95, 0.05]).tolist()
    y = rng.choice(["c", "d"], size=300, p=[0.9, 0.1]).tolist()
    wanted = margins(x={"a": 0.88, "b": 0.12}, y={"c": 0.7, "d": 0.3})
    free, plain = raked(people(x=x, y=y), wanted)
    assert free.max() > 6
    weights, record = raked(people(x=x, y=y), wanted.model_copy(update={"trim": 5.0}))
    assert weights.max() <= 5 * weights.mean() * (1 + 2e-6)
    assert record.trimmed == (weights > 5 * (1 - 1e-5)).sum() > 0
    assert all(abs(own.after - own.target) < 1e-6 for margin in record.margins for own in margin.categories)
    assert plain.trimmed == 0


def test_a_trim_binds_on_the_weights_of_the_table_too():
    weights, record = raked(
        people([16, 1, 1, 1, 1, 20], x=["a"] * 5 + ["b"]), margins(x={"a": 1, "b": 1}).model_copy(update={"trim": 3.5})
    )
    assert weights.max() <= 3.5 * (1 + 1e-5)
    assert record.design_effect < record.design_effect_before


def test_a_share_of_0_gives_weight_0_and_counts_nobody():
    weights, record = raked(people(x=["a", "b", "c"]), margins(x={"a": 1, "b": 3, "c": 0}))
    assert weights.tolist() == pytest.approx([0.5, 1.5, 0])
    assert record.respondents == 2


def refused(table: pl.DataFrame, wanted: Margins) -> str:
    with pytest.raises(InputError) as caught:
        rake(table, wanted, "people.csv", "us.yaml", [])
    return str(caught.value)


def test_margins_that_cannot_hold_together_name_the_farthest():
    # Whoever is a is c: their shares cannot differ.
    table = people(x=["a", "a", "b"], y=["c", "c", "d"])
    told = refused(table, margins(x={"a": 0.5, "b": 0.5}, y={"c": 0.8, "d": 0.2}))
    assert told.startswith(
        "us.yaml: found no weights under which all margins hold, after 1,000 iterations. The farthest is 'x': the "
        "share of 'a' is 0.3000 off its target. Some categories may never occur together"
    )


def test_a_trim_that_cannot_hold_is_named():
    told = refused(people(x=["a"] * 9 + ["b"]), margins(x={"a": 1, "b": 1}).model_copy(update={"trim": 2.0}))
    assert "The farthest is 'x'" in told
    assert told.endswith(
        "No weight may be more than 2 times the mean (trim): raise it, merge rare categories, or leave a margin out."
    )


def test_nobody_is_left_where_every_respondent_has_a_share_of_0():
    told = refused(people(x=["a", "b"], y=["c", "d"]), margins(x={"a": 0, "b": 1}, y={"c": 1, "d": 0}))
    assert "found no weights under which all margins hold, after 0 iterations" in told
