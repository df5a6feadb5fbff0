"""What an evaluation says beside distances, from tables of answers and predictions."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from silicus.errors import InputError
from silicus.evaluate import Beside, Evaluation, evaluate
from silicus.study import PREDICTIONS, RESPONSES, Item, Scale

FIVE = Scale(kind="ordinal", low=1, high=5)
COLOURS = Scale(kind="nominal", labels={1: "Red", 2: "Green", 3: "Blue"})


class Survey:
    """People of two parties who answer questions in two conditions, and predictions for each of them."""

    def __init__(self, scale: Scale = FIVE, people: int = 80, studies: int = 2, answers: int = 1) -> None:
        rng = np.random.default_rng(0)
        self.items: dict[str, Item] = {}
        rows, self.model = [], []
        points = len(scale.values)
        for study in range(studies):
            for question in ("q1", "q2"):
                for place, arm in enumerate(("control", "treated")):
                    item = Item(f"s{study}", arm, question, arm, f"{question}?", scale)
                    self.items[item.item] = item
                    for n in range(people):
                        key = (item.study, arm, question, item.item, f"p{n}")
                        expected = 1 + place + 0.5 * (n % 2)
                        given = int(np.clip(np.rint(expected + rng.standard_normal()), 0, points - 1))
                        rows.append((*key, scale.values[given], answers, 1.0))
                        p = np.exp(-((np.arange(points) - expected) ** 2) / 2)
                        self.model.append((*key, 1.0, (p / p.sum()).tolist(), 0.0, 1.0))
        self.responses = pl.DataFrame(rows, schema=RESPONSES, orient="row")
        self.people = pl.DataFrame(
            {
                "respondent": [f"p{n}" for n in range(people)], "weight": 1.0, "party": ["Red", "Blue"] * (people // 2),
                "age": [20 + n for n in range(people)], "diary": [f"Day {n} was long." for n in range(people)],
                "quiet": [None] * people,
            }
        )  # fmt: skip

    def predictions(self, rows: list | None = None) -> pl.DataFrame:
        return pl.DataFrame(self.model if rows is None else rows, schema=PREDICTIONS, orient="row")

    def found(self, **beside: object) -> Evaluation:
        rng = np.random.default_rng(1)
        return evaluate(self.items, self.responses, self.predictions(), "m", rng, 100, Beside(**beside))


@pytest.fixture(scope="module")
def survey() -> Survey:
    return Survey()


@pytest.fixture(scope="module")
def found(survey) -> Evaluation:
    return survey.found(respondents=survey.people)


def test_the_ceiling_is_of_halves_of_the_people_of_a_cell(found):
    assert found.ceiling.split_half_n == 40
    # Two samples of 40 lie 1.4 times as far apart as 40 from the truth.
    assert 0.04 < found.ceiling.split_half < 0.08
    costs = [found.ceiling.sampling[k] for k in (1, 5, 20, 100)]
    assert costs == sorted(costs, reverse=True)
    assert costs[0] > 0.1


def test_the_way_from_uniform_to_a_perfect_prediction_is_measured(found):
    assert "uniform" not in found.reached
    own, guess = found.overall["m"]["wasserstein"].value, found.overall["uniform"]["wasserstein"].value
    way = guess - found.perfect_wasserstein
    assert found.reached["m"].value == pytest.approx((guess - own) / way)
    assert found.reached["m"].low <= found.reached["m"].value <= found.reached["m"].high


def test_everybody_elses_answers_are_a_control_that_is_never_surprised_without_end(found):
    others = found.overall["others"]
    assert others["nll"].value < found.overall["uniform"]["nll"].value
    assert found.probability_zero["others"] == 0
    assert others["wasserstein"].value < 0.02


def test_the_answers_of_others_by_hand():
    made = Survey(people=4, studies=1)
    made.responses = made.responses.with_columns(response=pl.Series([1, 1, 1, 5] * 4, dtype=pl.Int64))
    # Each of three stands beside two of a kind, one other and a fifth of somebody; the last beside three others.
    own, last = (2 + 0.2) / 4, 0.2 / 4
    expected = -(3 * np.log(own) + np.log(last)) / 4
    assert made.found().overall["others"]["nll"].value == pytest.approx(expected)


def test_conditions_persons_and_questions_are_looked_at(found):
    assert (found.conditions.questions_n, found.conditions.cells_n) == (4, 8)
    assert found.conditions.signs.value == 1
    assert found.individuals.answers_n == 640
    assert found.individuals.correlation.value > 0.1
    # In each study two questions of two conditions, all answered by all.
    assert found.structure.pairs_n == 12


def test_attributes_with_groups_are_audited_and_numbers_are_cut_into_quarters(found):
    assert [audit.attribute for audit in found.groups] == ["party", "age"]
    party, age = found.groups
    assert [group.group for group in party.groups] == ["Blue", "Red"]
    assert [group.group for group in age.groups] == ["20 to 39", "40 to 59", "60 to 79", "80 to 99"]
    assert [group.answers for group in party.groups] == [320, 320]
    assert party.groups[0].wasserstein.n == 8
    # The quarters have 20 people a cell, too few for a distance.
    assert (age.groups[0].wasserstein.n, age.groups[0].wasserstein.value) == (0, None)
    assert party.between.slope.value == pytest.approx(1, abs=0.5)


def test_the_shares_of_a_group_are_compared_with_the_predictions_for_it(survey, found):
    blue = survey.people.filter(party="Blue").select("respondent")
    alone = evaluate(
        survey.items,
        survey.responses.join(blue, on="respondent"),
        survey.predictions(),
        "m",
        np.random.default_rng(1),
        10,
    )
    assert found.groups[0].groups[0].wasserstein.value == pytest.approx(alone.overall["m"]["wasserstein"].value)


def test_without_respondents_persons_or_order_there_is_less_to_say(survey):
    assert survey.found().groups == []
    nameless = Survey(people=40)
    nameless.responses = nameless.responses.with_columns(respondent=pl.lit(None, pl.String))
    found = nameless.found()
    assert (found.individuals, found.structure) == (None, None)
    assert found.conditions is not None
    unordered = Survey(COLOURS, people=40).found()
    assert (unordered.conditions, unordered.individuals, unordered.structure) == (None, None, None)
    assert (unordered.ceiling.split_half, unordered.reached["m"].value) == (None, None)


def test_a_group_of_people_is_no_person():
    assert Survey(people=40, answers=25).found().individuals is None


def test_other_systems_are_scored_on_the_same_answers_and_resamples(survey):
    by_person = survey.predictions()
    twin = survey.found(further={"twin": by_person})
    assert twin.overall["twin"] == twin.overall["m"]
    assert {each.value for each in twin.differences["twin"].values()} == {0}
    assert all(each.low == each.high == 0 for each in twin.differences["twin"].values())
    flat = [(*row[:4], None, 1.0, [0.2] * 5, None, None) for row in survey.model[::80]]
    guess = survey.found(further={"guess": survey.predictions(flat)})
    assert guess.overall["guess"]["wasserstein"].value == pytest.approx(guess.overall["uniform"]["wasserstein"].value)


def test_a_system_that_predicts_not_every_stimulus_has_numbers_where_it_does(survey):
    half = survey.found(further={"half": survey.predictions(survey.model[:320])})
    assert half.overall["half"]["wasserstein"].n == 4
    assert half.differences["half"]["wasserstein"].n == 4
    assert half.overall["m"]["wasserstein"].n == 8


@pytest.mark.parametrize("name", ["m", "uniform", "others"])
def test_a_name_that_is_taken_is_refused(survey, name):
    with pytest.raises(InputError, match=f"a system is named '{name}', which is another's name"):
        survey.found(further={name: survey.predictions()})
