"""What the training part says of how people answer, whatever a model learns from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from silicus.data import shares_learnt
from silicus.study import Scale
from tests.data.splitting import marked, stimulus

AGREE = Scale(kind="binary", labels={1: "Agree", 2: "Disagree"}, refusals={9: "Don't know"})


def test_shares_learnt_are_those_of_the_points_of_every_question_of_the_training_part():
    given = {"q0": [1, 1, 1, 2, 9], "q1": [2, 2, 1, 9, 9], "q2": [1, 1, 1, 1, 1]}
    rows = [
        ("poll", "all", question, f"p{person}", stimulus(f"Do you agree with {question}?", scale=AGREE), answer)
        for question, answers in given.items()
        for person, answer in enumerate(answers)
    ]
    found = shares_learnt(marked(rows, ["train"] * 10 + ["test question"] * 5))
    assert [scale for scale, _ in found] == [AGREE] * 2
    np.testing.assert_allclose([shares for _, shares in found], [[3 / 4, 1 / 4], [1 / 3, 2 / 3]])


def test_of_groups_each_counts_once_in_its_question():
    question = stimulus("Do you agree?", scale=AGREE)
    given = [("big", 1, 900), ("big", 2, 100), ("small", 1, 1), ("small", 2, 3)]
    rows = [("poll", "all", "q", group, question, answer) for group, answer, _ in given]
    data = marked(rows, ["train"] * 4, unit="group")
    people = data.responses.with_columns(n=pl.Series([n for _, _, n in given]))
    ((_, shares),) = shares_learnt(replace(data, responses=people))
    np.testing.assert_allclose(shares, [(0.9 + 0.25) / 2, (0.1 + 0.75) / 2])
