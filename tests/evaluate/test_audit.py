"""For whom predictions fail: by hand, and on groups that are planted to be predicted worse."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from silicus.evaluate.audit import Attribute, AttributeAudit, Distances, audit_attribute
from silicus.evaluate.rows import Rows


def rows(answer, expected, cell, person, accuracy=None, study=None, spread=0.0, weight=None) -> Rows:
    count, cell = len(answer), np.asarray(cell)
    answer, expected = np.asarray(answer, dtype=float), np.asarray(expected, dtype=float)
    return Rows(
        answer, expected, np.full(count, float(spread)),
        1 - np.abs(answer - expected) if accuracy is None else np.asarray(accuracy, dtype=float),
        np.ones(count) if weight is None else np.asarray(weight, dtype=float), np.ones(count, dtype=bool), cell, cell,
        cell, np.asarray(person), np.zeros(count, dtype=int) if study is None else np.asarray(study), pl.DataFrame(),
    )  # fmt: skip


def audited(asked: Rows, group, names=("a", "b"), wasserstein=None, chance=0.0, **more) -> AttributeAudit | None:
    cells = int(asked.cell.max()) + 1
    far = np.full((len(names), cells), np.nan) if wasserstein is None else np.asarray(wasserstein, dtype=float)
    distances = [Distances(own, np.full(cells, chance)) for own in far]
    attribute = Attribute("party", list(names), np.asarray(group), distances)
    return audit_attribute(attribute, asked, np.random.default_rng(0), **{"draws": 200, "shuffles": 200, **more})


def forty(seed: int = 0, worse: float = 0.0) -> tuple[Rows, np.ndarray]:
    """Return 40 people of two groups who answer 10 questions; the second group is predicted worse by so much."""
    rng = np.random.default_rng(seed)
    cell, person = (each.ravel() for each in np.meshgrid(np.arange(10), np.arange(40)))
    group = person % 2
    answer = rng.random(400)
    accuracy = 0.6 + 0.02 * cell - worse * group + 0.1 * rng.standard_normal(400)
    return rows(answer, 0.5 * np.ones(400), cell, person, accuracy, study=cell // 5), group


def test_everything_by_hand():
    # Two cells of 60 people; group b answers 1, group a 0; the model expects .2 of a and .6 of b.
    cell, group = np.arange(120) // 60, np.arange(120) % 2
    asked = rows(group * 1.0, np.where(group == 1, 0.6, 0.2), cell, np.arange(120), study=cell)
    found = audited(asked, group, wasserstein=[[0.2, 0.3], [0.4, np.nan]], chance=0.05)
    first, second = found.groups
    # Accuracies .8 and .6, in the mean .7; errors +.2 and -.4, in the mean -.1.
    assert (first.accuracy.value, second.accuracy.value) == (pytest.approx(0.1), pytest.approx(-0.1))
    assert (first.mean_error.value, second.mean_error.value) == (pytest.approx(0.3), pytest.approx(-0.3))
    assert (first.wasserstein.value, first.wasserstein.n) == (pytest.approx(0.25), 2)
    assert (second.wasserstein.value, second.wasserstein.n, second.wasserstein_chance) == (0.4, 1, 0.05)
    assert found.accuracy_gap.value == pytest.approx(0.2)
    assert found.mean_error_gap.value == pytest.approx(0.6)
    assert found.wasserstein_gap.value == pytest.approx(0.15)
    assert (first.people, first.answers) == (60, 60)
    # People are 1 apart where .4 is predicted.
    assert found.between.slope.value == pytest.approx(2.5)
    assert found.between.correlation.value == pytest.approx(1)


def test_the_spread_of_a_group_is_compared_within_its_cells():
    rng = np.random.default_rng(2)
    group, cell = np.arange(4000) % 2, np.arange(4000) // 40
    answer = 0.5 + 0.2 * rng.standard_normal(4000) + 0.1 * group
    asked = rows(answer, np.full(4000, 0.5), cell, np.arange(4000), spread=0.1)
    found = audited(asked, group)
    for own in found.groups:
        assert own.spread_ratio.value == pytest.approx(0.5, abs=0.02)


def test_groups_of_few_answers_and_answers_without_a_group_are_left_out_and_told():
    asked, group = forty()
    group = group.copy()
    group[:20], group[20:40] = 2, -1
    found = audited(asked, group, names=("a", "b", "c"))
    assert [own.group for own in found.groups] == ["a", "b"]
    assert found.left_out == ["c: 20 answers", "not stated: 20 answers"]
    assert audited(asked, np.zeros(400, dtype=int)) is None


def test_a_group_that_answers_easier_questions_is_not_thereby_predicted_better():
    # Group a answers the cells of high accuracy, b those of low; within cells they are alike.
    cell, person = np.arange(400) // 10, np.arange(400)
    group = (np.arange(400) % 10 < np.where(cell % 2, 8, 2)).astype(int)
    found = audited(rows(np.zeros(400), np.zeros(400), cell, person, accuracy=0.3 + 0.4 * (cell % 2)), group)
    assert found.accuracy_gap.value == pytest.approx(0, abs=1e-12)


def test_a_planted_gap_is_found_with_an_interval_that_holds_it():
    asked, group = forty(worse=0.15)
    found = audited(asked, group, draws=500)
    assert found.accuracy_gap.low < 0.15 < found.accuracy_gap.high
    assert found.accuracy_gap_chance < 0.01
    assert found.accuracy_gap_shuffled < 0.05


def test_where_groups_are_predicted_alike_the_p_value_is_uniform():
    chances = np.array([audited(*forty(seed), draws=2, shuffles=99).accuracy_gap_chance for seed in range(200)])
    assert np.mean(chances <= 0.1) == pytest.approx(0.1, abs=0.06)
    assert np.mean(chances) == pytest.approx(0.5, abs=0.07)


def test_without_known_respondents_nobody_is_shuffled_and_answers_are_counted():
    asked, group = forty()
    nameless = Rows(**{**vars(asked), "respondent": np.full(400, -1)})
    found = audited(nameless, group)
    assert (found.accuracy_gap_chance, found.accuracy_gap_shuffled) == (None, None)
    assert found.groups[0].people == 200


def test_without_an_order_there_is_accuracy_and_no_mean():
    asked, group = forty()
    unordered = Rows(**{**vars(asked), "answer": np.full(400, np.nan), "expected": np.full(400, np.nan)})
    found = audited(unordered, group)
    assert found.accuracy_gap.value is not None
    assert (found.mean_error_gap.value, found.groups[0].spread_ratio.value, found.between) == (None, None, None)
