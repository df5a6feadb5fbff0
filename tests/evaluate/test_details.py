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


def test_the_ceiling_of_people_who_weigh_differently_is_of_weighted_halves(survey, found):
    def weighted(odd: float, even: float) -> float:
        odd_one = pl.col("respondent").str.strip_prefix("p").cast(pl.Int64) % 2 == 1
        responses = survey.responses.with_columns(weight=pl.when(odd_one).then(odd).otherwise(even))
        return evaluate(
            survey.items, responses, survey.predictions(), "m", np.random.default_rng(1), 100
        ).ceiling.split_half

    assert weighted(2.0, 2.0) == found.ceiling.split_half
    # Of 80 answers 44 are effective.
    assert 1.2 < weighted(1.0, 10.0) / found.ceiling.split_half < 1.5


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


def several(people: int, answers: int, n: int = 1, apart: bool = True, named: bool = True) -> Evaluation:
    """Return 12 studies of two conditions, where so many people of each gave so many answers, each for `n`."""
    rng = np.random.default_rng(2)
    items, rows, model = {}, [], []
    for study in range(12):
        for place, arm in enumerate(("control", "treated")):
            for time in range(answers):
                item = Item(f"s{study}", arm, "q", f"{arm} {time}", "q?", FIVE)
                items[item.item] = item
                key = (item.study, arm, "q", item.item)
                model.append((*key, None, 1.0, [[0.3, 0.3, 0.2, 0.1, 0.1], [0.1, 0.1, 0.2, 0.3, 0.3]][place], 0.0, 1.0))
                for who in range(people):
                    name = f"{arm if apart else ''}{who}" if named else None
                    given = int(np.clip(np.rint(3 + place + rng.standard_normal()), 1, 5))
                    rows.append((*key, name, given, n, 1.0))
    tables = pl.DataFrame(rows, schema=RESPONSES, orient="row"), pl.DataFrame(model, schema=PREDICTIONS, orient="row")
    return evaluate(items, *tables, "m", np.random.default_rng(1), 100)


def test_what_chance_adds_is_not_known_where_people_answer_in_several_conditions():
    apart, same = several(40, 1).conditions, several(40, 1, apart=False).conditions
    assert (apart.spread_ratio_true.n, same.spread_ratio_true.n) == (24, 0)
    assert apart.ceiling > 0.9
    assert apart.signs_told_apart.n > 8
    assert (same.ceiling, same.spread_ratio_true.value, same.signs_told_apart.n) == (None, None, 0)
    assert same.correlation.value == apart.correlation.value


def test_people_and_not_their_answers_are_counted():
    # Of 5 people and 8 answers each nothing is told apart; of 40 people, or of answers without a name, it is.
    few = several(5, 8).conditions
    assert few.signs_told_apart.n == 0
    for many in (several(40, 1), several(5, 8, n=20), several(5, 8, named=False)):
        assert many.conditions.signs_told_apart.n > 8
        assert few.ceiling < many.conditions.ceiling


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


def test_a_group_of_few_people_is_left_out_however_many_questions_they_answer(survey):
    # Of 80 people 18 are of a group of their own, and answer in one study alone: 72 times.
    parties = pl.Series(["Tiny"] * 18 + ["Red", "Blue"] * 31)
    first = (pl.col("study") == "s0") | ~pl.col("respondent").is_in([f"p{n}" for n in range(18)])
    beside = Beside(respondents=survey.people.with_columns(party=parties))
    asked = survey.responses.filter(first)
    audit = evaluate(survey.items, asked, survey.predictions(), "m", np.random.default_rng(1), 10, beside).groups[0]
    assert [(own.group, own.people, own.answers) for own in audit.groups] == [("Blue", 62, 248), ("Red", 62, 248)]
    assert audit.left_out == ["Tiny: 18 people"]


def test_groups_that_are_asked_other_questions_are_not_thereby_nearer_or_farther(survey):
    # Red people answer what is predicted well, blue ones what is predicted badly.
    whose = (
        pl.when(pl.col("respondent").str.slice(1).cast(pl.Int64) % 2 == 0).then(pl.lit("q1")).otherwise(pl.lit("q2"))
    )
    asked = survey.responses.filter(pl.col("question") == whose)
    flat = [
        (*row[:4], None, 1.0, [0.9, 0.1, 0, 0, 0] if row[2] == "q2" else [0.05, 0.25, 0.4, 0.25, 0.05], None, None)
        for row in survey.model[::80]
    ]
    found = evaluate(
        survey.items,
        asked,
        survey.predictions(flat),
        "m",
        np.random.default_rng(1),
        10,
        Beside(respondents=survey.people),
    ).groups[0]
    blue, red = found.groups
    assert blue.wasserstein.value - red.wasserstein.value > 0.2
    assert found.wasserstein_gap.value == pytest.approx(0, abs=1e-12)


def test_who_answers_a_cell_twice_is_one_of_its_people():
    made = Survey(people=40)
    made.responses = pl.concat([made.responses, made.responses])
    party = made.found(respondents=made.people).groups[0]
    # Twice the answers of 20 are not those of 30, and 40 of 20 people are as uncertain as 20.
    assert party.left_out == []
    assert (party.groups[0].people, party.groups[0].wasserstein.n) == (40, 0)
    once, twice = Survey(people=80), Survey(people=80)
    twice.responses = pl.concat([once.responses, once.responses])
    chances = [each.found(respondents=each.people).groups[0].groups[0].wasserstein_chance for each in (once, twice)]
    assert chances[1] == pytest.approx(chances[0])


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
