"""What one dataset teaches and another tests is found, stimulus by stimulus."""

from __future__ import annotations

import pytest

from silicus.data.guard import stimuli_across
from silicus.study import Scale
from tests.data.splitting import stimulus

FIVE = Scale(kind="ordinal", low=1, high=5)
TEA = "How often do you drink tea in the morning at home?"


def test_of_stimuli_that_share_their_words_all_are_found_on_both_sides():
    learnt = [stimulus(TEA), stimulus(TEA, scale=FIVE), stimulus("Is it raining today?")]
    tested = [stimulus(TEA.upper()), stimulus(TEA.upper(), scale=FIVE)]
    found = stimuli_across(learnt, tested, 0.9)
    assert {(mine.item, theirs.item) for mine, theirs, _ in found} == {
        (mine.item, theirs.item) for mine in learnt[:2] for theirs in tested
    }
    assert [alike for *_, alike in found] == pytest.approx([1.0] * 4)


def test_words_that_resemble_each_other_count_from_the_similarity_on():
    learnt, tested = [stimulus(TEA)], [stimulus(TEA.replace("tea", "coffee"))]
    ((_, _, alike),) = stimuli_across(learnt, tested, 0.3)
    assert 0.3 < alike < 0.9
    assert stimuli_across(learnt, tested, alike + 0.01) == []


def test_stimuli_without_words_resemble_nothing():
    assert stimuli_across([stimulus("")], [stimulus("")], 0.1) == []
    assert stimuli_across([], [stimulus(TEA)], 0.1) == []
