"""What was found beside distances, in sentences: each number says what it is, on how many, and how sure."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest

from silicus.evaluate import Beside, Estimate, Evaluation, evaluate
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
    # Of three studies of two conditions each there are 8 orders.
    assert "Whether that is more than chance cannot be told: there are too few conditions to shuffle." in moves
    assert "Predictions are averaged over the people of each cell, so that knowing who is in it helps too." in moves
    # The same people answer in both.
    assert "a perfect prediction would" not in moves
    assert "how widely people's true means spread is not known, for what chance adds cannot be taken from" in moves
    assert "Of fewer than 10 studies there are no intervals." in moves
    assert moves.endswith(" of 6 differences between two conditions have people's sign.")
    persons = told["Does it know persons, or only questions?"]
    assert "(960 answers in 12 cells). That is more than chance: with personas shuffled, p = 0.005." in persons
    assert "Intervals draw persons and speak of these studies alone." in persons
    assert "is not known" not in persons
    assert "Over 12 pairs" not in told["Do questions hang together as for people?"]
    together = told["Do questions hang together as for people?"]
    assert together.startswith("Over 18 pairs of questions, answers correlate ")
    assert "in size (root mean square) for people, what chance adds taken out, and " in together
    assert together.endswith("Every respondent counts as one, whatever the survey weight.")


def sentences(evaluation: Evaluation, key: str) -> str:
    return " ".join(next(finding for finding in findings(evaluation) if finding.key == key).sentences)


def changed(evaluation: Evaluation, **conditions: object) -> Evaluation:
    """Return an evaluation in which something else was found of conditions."""
    return evaluation.model_copy(update={"conditions": evaluation.conditions.model_copy(update=conditions)})


def test_what_is_known_of_chance_is_told_and_of_how_much():
    found = survey(studies=1)
    known = Estimate(value=1.25, low=1.0, high=1.5, n=4)
    p_value = changed(found, spread_ratio_true=known, ceiling=0.8, chance=0.0004)
    told = sentences(p_value, "conditions")
    assert "; a perfect prediction would correlate 0.80. That is more than chance: with conditions shuffled" in told
    assert "with conditions shuffled, p < 0.001." in told
    assert "predictions spread 1.25 (1.00 to 1.50) times as widely as people's true means." in told
    part = changed(p_value, cells_n=12, chance=0.2)
    assert "correlate 0.80 (over the 4 cells of which it is known what chance adds)" in sentences(part, "conditions")
    assert "That may be chance: with conditions shuffled, p = 0.200." in sentences(part, "conditions")


def test_people_who_cannot_be_told_from_chance_are_said_so_only_where_chance_is_known():
    found = survey(studies=1)
    nothing = Estimate(value=None, low=None, high=None, n=4)
    told = sentences(changed(found, spread_ratio_true=nothing), "conditions")
    assert "differences of people's means cannot be told from chance, so there is no spread to compare." in told
    assert "cannot be told from chance" not in sentences(found, "conditions")


def test_predictions_for_groups_know_nobody_in_a_cell():
    grouped = survey(studies=1).model_copy(update={"matched_by_person": 0})
    assert "knowing who is in it" not in sentences(grouped, "conditions")


def test_where_people_are_not_known_p_values_are_said_to_be_too_sure():
    unknown = survey(studies=1).model_copy(update={"people_known": False})
    assert sentences(unknown, "persons").count(
        "Which answers are one person's is not known: each is taken for another person's, so that p-values and "
        "intervals are too sure where people answered more than once."
    ) == 1  # fmt: skip


def test_questions_that_hang_together_no_more_than_by_chance_are_not_compared():
    found = survey(studies=1)
    nothing = Estimate(value=None, low=None, high=None, n=6)
    flat = found.model_copy(update={"structure": found.structure.model_copy(update={"human": nothing})})
    assert "of questions, people's correlations cannot be told from chance" in sentences(flat, "structure")


def test_groups_are_told_beside_what_chance_makes_of_them(told):
    text = told["For whom does it fail?"]
    assert re.match(
        r"party: accuracy differs by 0\.0\d\d over 2 groups, least for (Red|Blue) \(120 people\); groups dealt out at "
        r"random differ by 0\.0\d\d \(p = 0\.\d{3}\)\. The error of the mean differs by 0\.0\d\d, at random by "
        r"0\.0\d\d \(p = 0\.\d{3}\)\. For a predicted difference of 1 between groups, people's differ by 1\.\d\d "
        r"\(of fewer than 10 studies there is no interval\)\. Each group is compared with everybody",
        text,
    )
    assert text.endswith("p-values are not corrected for their number.")


def test_groups_of_answers_without_order_or_predicted_difference_have_a_shorter_sentence():
    found = survey(studies=1)
    unknown = Estimate(value=None, low=None, high=None, n=2)
    audit = found.groups[0].model_copy(update={"mean_error_gap": unknown, "between": None})
    (told,) = [each for each in findings(found.model_copy(update={"groups": [audit]})) if each.key == "groups"]
    assert told.sentences[0].endswith(f"(p = {audit.accuracy_gap_chance:.3f}).")


def test_of_many_studies_the_difference_between_groups_has_an_interval():
    text = {each.key: each.sentences[0] for each in findings(survey(studies=10, people=60))}["groups"]
    assert re.search(r"people's differ by \d\.\d\d \(\d\.\d\d to \d\.\d\d\)\.$", text)


def test_a_model_that_moves_for_nobody_is_said_to_predict_no_difference():
    told = {finding.title: " ".join(finding.sentences) for finding in findings(survey(knows=0.0, studies=1))}
    assert told["Does it move as people move?"] == (
        "m predicts no difference between conditions, in 2 questions asked in several."
    )
    assert told["Does it know persons, or only questions?"] == (
        "m predicts the same for everybody who is asked the same, in 4 cells of several answers."
    )


@pytest.mark.parametrize(
    ("gain", "loss", "sign", "size"),
    [(0.6, 0.4, "people's sign", "2.5"), (0.4, 0.6, "the other sign than people's", "2.5")],
)
def test_of_one_question_in_two_conditions_no_correlation_is_told(asian_disease, gain, loss, sign, size):
    found = {finding.key: finding.sentences for finding in findings(asian_disease(gain, loss))}
    assert found["conditions"] == [
        f"One question was asked in two conditions: the predicted difference has {sign}, and people's is 2.5 times as "
        "large."
    ]


def test_groups_that_are_too_small_are_named():
    evaluation = survey()
    audit = evaluation.groups[0].model_copy(
        update={"left_out": ["a: 3 people", "b: 2 people", "c: 1 person", "d: 1 person"]}
    )
    found = {finding.key: finding.sentences for finding in findings(evaluation.model_copy(update={"groups": [audit]}))}
    assert found["groups"][0].endswith(" Left out as too small, or unknown: a: 3 people; b: 2 people; c: 1 person; ….")
