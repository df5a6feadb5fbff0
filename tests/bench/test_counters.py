"""Counts of tokens, which are the same on every machine: what makes the speed, held as tests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench import workloads
from bench.counting import Count, count, forwarded, nodes
from bench.workloads import FULL, PERCENT, SEVEN, Survey
from silicus.models.tree import Row
from silicus.models.trie import build_trie

VOCABULARY = 49152
FEW_CELLS = 4  # of the 12 of W3 and W4; every cell has the same people and the same lengths


@pytest.fixture(scope="module")
def survey(smollm2) -> Survey:
    return Survey(FULL, smollm2.encoder)


@pytest.fixture(scope="module")
def own_template(survey) -> list[Row]:
    return survey.rows("silicus", survey.items(SEVEN)[:FEW_CELLS])


@pytest.fixture(scope="module")
def percent(survey) -> list[Row]:
    return survey.rows("silicus", survey.items(PERCENT)[:FEW_CELLS])


def assert_nearly_minimal(counted: Count) -> None:
    assert counted.nodes <= counted.forwarded <= 1.05 * counted.nodes


@pytest.mark.parametrize("pack_tokens", [128, 1024, 4096])
def test_long_stimuli_are_forwarded_once(pack_tokens):
    rows = workloads.long_stimuli(FULL, VOCABULARY)
    counted = count(rows, pack_tokens)
    assert counted.rows == 48
    assert_nearly_minimal(counted)
    assert counted.flat > 3.5 * counted.forwarded


def test_short_stimuli_are_forwarded_once():
    counted = count(workloads.short_stimuli(FULL, VOCABULARY))
    assert counted.rows == 64
    assert_nearly_minimal(counted)


def test_five_hundred_people_are_forwarded_once(own_template):
    counted = count(own_template)
    assert counted.rows == FEW_CELLS * 500
    assert_nearly_minimal(counted)


def test_answers_from_0_to_100_are_forwarded_once(percent):
    assert_nearly_minimal(count(percent))


def test_workloads_are_the_same_every_time():
    once, again = (workloads.long_stimuli(FULL, VOCABULARY) for _ in range(2))
    assert all(np.array_equal(a.context, b.context) for a, b in zip(once, again, strict=True))


def test_nodes_are_counted_as_by_hand():
    trie = build_trie([(7,), (8,), (8, 9)])  # after the prompt, and after 8
    rows = [Row(0, np.array([1, 2, 3]), trie), Row(1, np.array([1, 2, 4]), trie)]
    assert nodes(rows) == 4 + 2
    assert forwarded(rows) == 6


def test_an_extra_option_of_one_token_costs_nothing():
    rows = workloads.long_stimuli(FULL, VOCABULARY)
    few, many = (build_trie([(token,) for token in range(options)]) for options in (2, 10))
    assert forwarded(replace(row, trie=few) for row in rows) == forwarded(replace(row, trie=many) for row in rows)


def test_answers_from_0_to_100_cost_ten_tokens_a_row_more():
    rows = workloads.short_stimuli(FULL, VOCABULARY)
    percent = workloads.percent_trie(VOCABULARY)
    assert forwarded(replace(row, trie=percent) for row in rows) == forwarded(rows) + 10 * len(rows)


def test_the_embedded_model_reads_digits_one_by_one(percent):
    assert all(len(row.trie.tokens) == 10 for row in percent)


def test_an_extra_persona_costs_its_own_tokens():
    rows = sorted(workloads.long_stimuli(FULL, VOCABULARY), key=lambda row: row.context.tolist())
    shared = FULL.head + FULL.stimuli[0]
    stimulus = rows[0].context[:shared]
    cell = [row for row in rows if np.array_equal(row.context[:shared], stimulus)]
    others, extra = cell[:-1], cell[-1]
    assert forwarded(cell) - forwarded(others) == len(extra.context) - shared


def test_an_extra_arm_costs_its_stimulus_once():
    one, three = (replace(FULL, stimuli=stimuli, persona=(100, 100)) for stimuli in ((400,), (400, 400, 400)))
    first, all_three = (forwarded(workloads.long_stimuli(sizes, VOCABULARY)) for sizes in (one, three))
    assert all_three == FULL.head + 3 * (first - FULL.head)


def test_our_template_needs_a_fifth_of_the_tokens_of_the_published_order_unshared(survey, own_template):
    published = survey.rows("socrates", survey.items(SEVEN)[:1])
    flat = sum(len(row.context) for row in published) / len(published)
    assert forwarded(own_template) / len(own_template) <= flat / 5


def test_more_people_share_more_of_their_persona(own_template):
    few, many = own_template[:25], own_template[:500]
    assert forwarded(many) / len(many) < 0.8 * forwarded(few) / len(few)
