"""What is believed of effects where arms and people are chosen: on what it rests, how sure it is, whom it needs."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import polars as pl
import pytest

from silicus.report.screening_words import needed_rows, pilot_sentences, rests_sentences
from silicus.study import Scale
from silicus.workflow.screening.forecasts import Outlook, arm_screens
from tests.workflow.screening.made import BASE, EFFECT, NUMBERS, TRUE, binomial, pilot_table, rules_of, write_script

TESTS = 2
"""Two arms on one question, of which Holm's first step takes half the level each."""


def between(first: tuple[float, float], second: tuple[float, float]) -> tuple[float, float]:
    """Return the mean of two estimates, each weighing what its precision is, and its error."""
    precision = np.array([first[1], second[1]]) ** -2.0
    return float(precision @ np.array([first[0], second[0]]) / precision.sum()), float(precision.sum() ** -0.5)


def student(scale: float, freedom: float) -> float:
    """Return the standard deviation of Student's t of a scale."""
    return scale * (freedom / (freedom - 2)) ** 0.5


def test_a_past_and_a_pilot_weigh_as_exactly_as_they_are_known(with_pilot):
    for arm in with_pilot[1].arms:
        own, found = arm.expected, arm.pilot.rectified
        value, error = between((own.value, own.standard_error), (found.estimate, found.standard_error))
        assert arm.basis == "past errors and rectified pilot"
        assert arm.belief.value == pytest.approx(value)
        # Twelve past studies: eleven degrees of freedom.
        assert arm.belief.standard_error == pytest.approx(student(error, min(11, found.df)))
        assert error < min(own.standard_error, found.standard_error)


def test_a_pilot_without_a_past_is_believed_as_it_is_rectified(screen):
    found = screen(pilot_table().drop("school"))[1]
    for arm in found.arms:
        own = arm.pilot.rectified
        assert arm.basis == "rectified pilot"
        assert arm.belief.value == pytest.approx(own.estimate)
        assert arm.belief.standard_error == pytest.approx(student(own.standard_error, own.df))
    assert list(rests_sentences(found)) == ["What is expected rests on the rectified pilot."]


# --- all arms of a question alike


@pytest.fixture
def uneven(tmp_path) -> str:
    """Return a model by which group a alone is moved by the warm arm, and everybody alike by the cold one."""
    own = [
        {
            "when": {"study": "pool", "question": "visit", "condition": "warm", "group": group},
            "probabilities": binomial(mean + 3 * (group == "a")),
        }
        for group, mean in BASE.items()
    ]
    return write_script(tmp_path / "uneven.yaml", *own, *rules_of("pool", EFFECT))


def test_where_populations_differ_in_one_effect_all_arms_rest_on_the_pilot_alone(screen, uneven):
    # All of the pilot are of group a, of the simulated a third.
    table = pilot_table().drop("school").with_columns(group=pl.lit("a"))
    found = screen(table, model=uneven)[1]
    pilots = {arm.arm: arm.pilot for arm in found.arms}
    assert pilots["warm"].differs.startswith(
        "simulated of the pilot's people the effect is +3.00 points, of the simulated ones +1.00: these are two "
        "populations"
    )
    assert pilots["cold"].differs is None
    for arm in found.arms:
        assert arm.pilot.rectified is not None
        assert arm.basis == "pilot alone"
        assert arm.belief.value == pytest.approx(arm.pilot.alone.points.value)
    told = " ".join(pilot_sentences(found))
    assert "visit, warm: simulated of the pilot's people the effect is +3.00 points" in told
    assert list(rests_sentences(found)) == [
        "What is expected rests on the pilot alone, so that the arm that looks best is likely to be expected too much "
        "of."
    ]


def test_where_people_are_alike_such_a_model_may_be_rectified(screen, uneven):
    found = screen(pilot_table(90).drop("school"), model=uneven)[1]
    assert {arm.pilot.differs for arm in found.arms} == {None}


def test_another_level_of_answers_alone_is_no_other_population(screen):
    table = pilot_table().drop("school").with_columns(group=pl.lit("a"))
    found = screen(table)[1]
    assert {arm.pilot.differs for arm in found.arms} == {None}


@pytest.mark.parametrize("past", [True, False])
def test_with_covariates_the_rectified_effect_is_not_used(world, screen, past):
    table = pilot_table().with_columns(income=pl.int_range(pl.len()) % 7)
    given = {"past": world.past} if past else {}
    found = screen(table, {"attributes": ["group"], "covariates": ["income"]}, **given)[1]
    for arm in found.arms:
        alone = arm.pilot.alone
        pilot = (alone.points.value, alone.points.standard_error)
        value, error = between((arm.expected.value, arm.expected.standard_error), pilot) if past else pilot
        assert arm.basis == ("past errors and pilot alone" if past else "pilot alone")
        assert arm.belief.value == pytest.approx(value)
        assert arm.belief.standard_error == pytest.approx(student(error, min(11, alone.df) if past else alone.df))


# --- how many people


def people_by_hand(effect: float, sd: float, design_effect: float) -> float:
    """Return people in each arm for power .8 at half of the level of .05, by the normal distribution."""
    normal = NormalDist()
    reach = normal.inv_cdf(1 - 0.05 / TESTS / 2) + normal.inv_cdf(0.8)
    return 2 * reach**2 * sd**2 * design_effect / effect**2


def within(table: pl.DataFrame) -> float:
    """Return the standard deviation of answers within arms."""
    left = table["visit"] - table.select(pl.col("visit").mean().over("condition"))["visit"]
    return float((left**2).sum() / (len(table) - 3)) ** 0.5


def grouped(count: int = 120) -> pl.DataFrame:
    """Return a pilot in which whole schools were in an arm, and answer alike."""
    rng = np.random.default_rng(4)
    table = pilot_table(count).with_columns(school=pl.format("{} {}", "condition", pl.int_range(pl.len()) // 3 % 8))
    liking = {school: int(rng.integers(-3, 4)) for school in sorted(set(table["school"]))}
    moved = pl.col("school").replace_strict(liking, return_dtype=pl.Int64)
    return table.with_columns(visit=(pl.col("visit") + moved).clip(0, 10), weight=pl.lit(1.0))


def test_people_needed_use_the_spread_and_the_clusters_of_the_pilot(screen):
    table = grouped()
    found = screen(table, {"clusters": "school"})[1]
    sd = within(table)
    for arm in found.arms:
        assert arm.pilot.sd == pytest.approx(sd)
        # Forty answers in each arm; were they independent, the error would be this.
        independent = sd * (2 / 40) ** 0.5
        design_effect = (arm.pilot.alone.points.standard_error / independent) ** 2
        assert design_effect > 2
        assert arm.pilot.design_effect == pytest.approx(design_effect)
        hand = people_by_hand(EFFECT[arm.arm], sd, design_effect)
        assert arm.size.naive.arm == pytest.approx(hand, rel=0.02, abs=2)
        assert f"variances times a design effect of {design_effect:.2f}" in arm.size.how
        assert "people's in past studies" not in arm.size.how


def test_without_a_pilot_people_in_clusters_are_not_counted(world, screen, tmp_path):
    plan = {"clusters": "school"}
    found = screen(pilot_table(), plan, pilot=None)[1]
    assert {arm.size for arm in found.arms} == {None}
    assert needed_rows(found) == []


def test_without_a_pilot_the_spread_is_that_of_predictions_times_that_of_past_studies(with_past):
    found = with_past[1]
    for arm in found.arms:
        assert "as people's in past studies" in arm.size.how
        assert arm.size.naive.low < arm.size.naive.arm < arm.size.naive.high


def test_covariates_that_tell_of_answers_lower_the_people_needed(screen):
    table = pilot_table(120).drop("school").with_columns(weight=pl.lit(1.0))
    usual = pl.col("visit") - pl.col("condition").replace_strict(TRUE, return_dtype=pl.Float64)
    table = table.with_columns(usual=usual + pl.int_range(pl.len()) % 2)
    found = screen(table, {"attributes": ["group"], "covariates": ["usual"]})[1]
    sd = within(table)
    for arm in found.arms:
        assert arm.pilot.sd == pytest.approx(sd)
        assert arm.pilot.design_effect < 0.3
        without = people_by_hand(EFFECT[arm.arm], sd, 1)
        assert arm.size.naive.arm < 0.4 * without


# --- a past that tells nothing


@pytest.mark.parametrize(("low", "told"), [(-0.1, False), (0.0, False), (0.01, True)])
def test_where_the_slope_may_be_zero_nothing_is_expected_of_people(with_past, low, told):
    errors = with_past[1].past_effects
    slope = errors.slope.model_copy(update={"low": low})
    outlook = Outlook(effects=errors.model_copy(update={"slope": slope}))
    scales = {"visit": Scale.model_validate(NUMBERS)}
    for arm in arm_screens([arm.predicted for arm in with_past[1].arms], scales, outlook):
        assert (arm.expected.value is not None) == told
        assert told or arm.reason.startswith("in past studies predicted effects told nothing of people's")
