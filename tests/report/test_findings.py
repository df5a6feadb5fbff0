"""What was found beside distances, in sentences: each number says what it is, on how many, and how sure."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from silicus.evaluate import Beside, Evaluation, evaluate
from silicus.report.findings import findings
from silicus.study import PREDICTIONS, RESPONSES, Item, Scale

FIVE = Scale(kind="ordinal", low=1, high=5)


def survey(knows: float = 1.0, further: bool = True, studies: int = 3, people: int = 80) -> Evaluation:
    """Return the evaluation of a model that knows of persons and conditions so much of what there is to know."""
    rng = np.random.default_rng(0)
    items, answers, model, flat = {}, [], [], []
    who = {"respondent": [f"p{n}" for n in range(people)], "party": ["Red", "Blue"] * (people // 2)}
    for study in range(studies):
        for question in ("q1", "q2"):
            for arm, shift in (("control", -0.5), ("treated", 0.5)):
                item = Item(f"s{study}", arm, question, arm, f"{question}?", FIVE)
                items[item.item] = item
                for n in range(people):
                    # People answer in both conditions, about their party's and their own place.
                    place = 2 + shift + 0.6 * (n % 2) + 0.5 * np.sin(n)
                    given = int(np.clip(np.rint(place + 0.7 * rng.standard_normal()), 0, 4))
                    key = (item.study, arm, question, item.item)
                    answers.append((*key, f"p{n}", given + 1, 1, 1.0))
                    expected = 2.3 + knows * (place - 2.3)
                    p = np.exp(-(((np.arange(5) - expected) / 0.9) ** 2))
                    model.append((*key, f"p{n}", 1.0, (p / p.sum()).tolist(), 0.0, 1.0))
                    flat.append((*key, f"p{n}", 1.0, [0.05, 0.1, 0.2, 0.3, 0.35], 0.0, 1.0))
    tables = [pl.DataFrame(rows, schema=PREDICTIONS, orient="row") for rows in (model, flat)]
    beside = Beside(respondents=pl.DataFrame(who), further={"training mean": tables[1]} if further else {})
    responses = pl.DataFrame(answers, schema=RESPONSES, orient="row")
    return evaluate(items, responses, tables[0], "m", np.random.default_rng(1), 100, beside)


@pytest.fixture(scope="module")
def told() -> dict[str, str]:
    return {finding.title: " ".join(finding.sentences) for finding in findings(survey())}


def test_every_question_of_a_reader_is_answered(told):
    assert list(told) == [
        "How near could it come?",
        "Is it better than what is cheap?",
        "Does it move as people move?",
        "Does it know persons, or only questions?",
        "Do questions hang together as for people?",
        "For whom does it fail?",
    ]


def test_the_ceiling_is_told_with_its_number_of_people(told):
    text = told["How near could it come?"]
    assert "Two random halves of the people of a cell, of 40 answers in the median, lie W = 0.0" in text
    assert "From uniform guessing to a perfect prediction at these numbers of answers, m has gone " in text
    assert " with 1, " in text
    assert " with 100 a cell." in text


def test_what_is_cheap_is_beaten_or_not_with_an_interval(told):
    text = told["Is it better than what is cheap?"]
    assert text.startswith("m is closer to people than training mean (W = 0.")
    assert "pooled" not in text
    assert findings(survey(further=False))[1].title == "Does it move as people move?"


def test_movement_persons_and_questions_are_told_with_intervals_and_p_values(told):
    moves = told["Does it move as people move?"]
    assert (
        "In 6 questions asked in several conditions (12 cells), predicted means less their question's correl" in moves
    )
    assert "That is more than chance: with conditions shuffled, p = 0.0" in moves
    assert " of 6 differences between two conditions have people's sign, 100 % of the 6 that are told apart" in moves
    persons = told["Does it know persons, or only questions?"]
    assert "(960 answers in 12 cells). That is more than chance: with personas shuffled, p = 0.005." in persons
    assert "Over 12 pairs" not in told["Do questions hang together as for people?"]
    assert told["Do questions hang together as for people?"].startswith("Over 18 pairs of questions, answers correlate")


def test_groups_are_told_beside_what_chance_makes_of_them(told):
    text = told["For whom does it fail?"]
    assert text.startswith("party: accuracy differs by 0.0")
    assert "over 2 groups, least for " in text
    assert "groups dealt out at random differ by 0.0" in text
    assert "For a predicted difference of 1 between groups, people's differ by 1." in text
    assert "p-values are not corrected for their number." in text


def test_a_model_that_moves_for_nobody_is_said_to_predict_no_difference():
    told = {finding.title: " ".join(finding.sentences) for finding in findings(survey(knows=0.0, studies=1))}
    assert told["Does it move as people move?"] == (
        "m predicts no difference between conditions, in 2 questions asked in several."
    )
    assert told["Does it know persons, or only questions?"] == (
        "m predicts the same for everybody who is asked the same, in 4 cells of several answers."
    )
