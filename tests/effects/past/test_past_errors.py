"""Intervals from past errors: by hand, by their properties, and on simulated worlds in which the truth is known."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.stats

from bench.effects.past_errors import SLOPE, WORLDS, World, covered
from silicus.effects.past.error_lines import Lines, errors_of_effects, errors_of_means, lines, widening
from silicus.effects.past.past_errors import Past, PastErrors, forecast, learn_errors
from silicus.errors import InputError
from silicus.record import read, write


def past_of(
    predicted: list[float], observed: list[float], question: list[int], study: list[int], variance: float = 0.0
) -> Past:
    columns = (np.array(each) for each in (predicted, observed, [variance] * len(study), question, study))
    return Past(*columns)


def drawn(seed: int = 0, world: World | None = None) -> Past:
    return (world or World()).draw(np.random.default_rng(seed)).past


def line_of(past: Past, kind: str) -> Lines:
    """Return the line alone, which takes no time."""
    kept = past.known() if kind == "means" else past.compared()
    columns = (kept.predicted, kept.observed, kept.chance, kept.study)
    return lines((errors_of_means(*columns) if kind == "means" else errors_of_effects(*columns, kept.question)).sums)


def pairs(past: Past) -> list[tuple[int, int]]:
    cells = range(len(past.study))
    return [(one, two) for one in cells for two in cells if one < two and past.question[one] == past.question[two]]


# --- by hand


def test_the_line_of_means_weighs_studies_alike_and_its_error_is_what_chance_does_not_explain():
    # Three studies; the second has two cells, which count half each.
    predicted, observed = [0.2, 0.4, 0.6, 0.8], [0.3, 0.5, 0.4, 0.6]
    found = learn_errors(past_of(predicted, observed, [0, 0, 1, 0], [0, 1, 1, 2], variance=0.001), "means")
    weight = np.array([1, 0.5, 0.5, 1])
    x, y = np.array(predicted), np.array(observed)
    slope = np.sum(weight * (x - 0.5) * (y - 0.45)) / np.sum(weight * (x - 0.5) ** 2)
    assert found.slope.value == pytest.approx(slope)
    assert found.intercept == pytest.approx(0.45 - slope * 0.5)
    # What chance leaves about a line: the trace of weights x (1 - hat) x variance x (1 - hat)'.
    design = np.column_stack([np.ones(4), x])
    hat = design @ np.linalg.inv(design.T @ (weight[:, None] * design)) @ (design.T * weight)
    rest = np.eye(4) - hat
    chance = np.trace(rest.T @ np.diag(weight) @ rest) * 0.001
    left = np.sum(weight * (y - hat @ y) ** 2)
    # Three studies with a line through any two of them leave nothing to take a standard error from.
    assert found.tau is None
    assert (found.studies_n, found.quantities_n) == (3, 4)
    bare = found.without_model.value
    around = np.sum(weight * (y - 0.45) ** 2) - 0.001 * (3 - (1 + 0.25 + 0.25 + 1) / 3)
    assert bare is not None
    assert bare**2 == pytest.approx(around / 2 + np.sum([(m - 0.45) ** 2 for m in mean_without(y, weight)]) * 2 / 3)
    # With a fourth study on the line there is one.
    four = learn_errors(past_of([*predicted, 0.5], [*observed, 0.45], [0, 0, 1, 0, 0], [0, 1, 1, 2, 3]), "means")
    assert four.tau == pytest.approx(np.sqrt(left / 2), rel=0.2)
    assert chance < left


def mean_without(y: np.ndarray, weight: np.ndarray) -> list[float]:
    """Return the means of means without each of the three studies."""
    return [float(np.average(y[kept], weights=weight[kept])) for kept in ([1, 2, 3], [0, 3], [0, 1, 2])]


def test_the_line_of_effects_goes_through_cells_less_the_mean_of_their_question():
    # Effects of .2, -.2, .1 predicted and .1, -.2, .1 true; each study has one.
    past = past_of(
        [0.4, 0.6, 0.5, 0.3, 0.1, 0.2], [0.3, 0.4, 0.6, 0.4, 0.2, 0.3], [0, 0, 1, 1, 2, 2], [0, 0, 1, 1, 2, 2]
    )
    found = learn_errors(past, "effects")
    slope = (0.2 * 0.1 + 0.2 * 0.2 + 0.1 * 0.1) / (0.04 + 0.04 + 0.01)
    assert found.slope.value == pytest.approx(slope)
    left = (0.1 - slope * 0.2) ** 2 + (0.2 - slope * 0.2) ** 2 + (0.1 - slope * 0.1) ** 2
    without = [(0.04 + 0.01) / 0.05, (0.02 + 0.01) / 0.05, (0.02 + 0.04) / 0.08]
    # A slope takes up one study: of three two are left, of two one. It is no less than its standard error.
    lefts = np.array([0.05 - 0.05**2 / 0.05, 0.02 - 0.03**2 / 0.05, 0.05 - 0.06**2 / 0.08])
    assert left / 2 < np.sqrt(2 * np.var(lefts))
    assert found.tau == pytest.approx((2 * np.var(lefts)) ** 0.25)
    error = np.sqrt(2 / 3 * np.sum((np.array(without) - slope) ** 2))
    assert found.slope.standard_error == pytest.approx(error)
    assert found.without_model.value == pytest.approx(np.sqrt((0.01 + 0.04 + 0.01) / 3))
    assert (found.intercept, found.quantities_n) == (0.0, 3)
    value = forecast(found, [0.1, -0.3]).value
    assert value == pytest.approx([0.1 * slope, -0.3 * slope])


def test_chance_is_taken_out_of_the_squares_of_three_cells_as_far_as_centring_leaves_it():
    # Truths are alike in every question: with the variance of the means known, nothing of people's spread is true.
    rng = np.random.default_rng(0)
    study = np.repeat(np.arange(3000), 3)
    observed = 0.5 + rng.normal(0, 0.05, 9000)
    past = Past(rng.uniform(0.4, 0.6, 9000), observed, np.full(9000, 0.0025 - 0.0009), study, study)
    cells = past.where(study < 60)
    found = learn_errors(cells, "effects")
    # .03 is left of a cell; an effect has two.
    assert found.without_model.value == pytest.approx(0.03 * 2**0.5, rel=0.2)
    assert found.tau == pytest.approx(0.03 * 2**0.5, rel=0.2)


def test_an_interval_is_students_t_times_the_widening_times_what_error_line_and_chance_add():
    past = drawn()
    for kind, size in (("means", 2), ("effects", 1)):
        found = learn_errors(past, kind, alpha=0.1)
        told = forecast(found, 0.3, sampling=0.001)
        terms = np.array([1, 0.3])[-size:]
        variance = found.tau**2 + terms @ np.array(found.covariance) @ terms + 0.001
        half = scipy.stats.t.ppf(0.95, 39) * found.widening * np.sqrt(variance)
        assert float(told.sd) == pytest.approx(np.sqrt(variance))
        assert (float(told.low), float(told.high)) == pytest.approx((told.value - half, told.value + half))
        assert told.level == pytest.approx(0.9)
        assert found.slope.high - found.slope.low == pytest.approx(
            2 * scipy.stats.t.ppf(0.95, 39) * found.slope.standard_error
        )


def test_the_slopes_standard_error_is_the_jackknifes_over_studies():
    past = drawn(0, World(studies=12))
    for kind in ("means", "effects"):
        found = learn_errors(past, kind)
        every = range(12)
        left = [learn_errors(past.where(past.study != each), kind).slope.value for each in every]
        error = np.sqrt(11 / 12 * np.sum((np.array(left) - found.slope.value) ** 2))
        assert found.slope.standard_error == pytest.approx(error)


def test_of_means_that_stand_alone_in_their_study_the_line_is_that_of_least_squares():
    rng = np.random.default_rng(3)
    predicted = rng.uniform(0.2, 0.8, 30)
    observed = 0.2 + 0.6 * predicted + rng.normal(0, 0.03, 30)
    found = learn_errors(past_of(list(predicted), list(observed), [0] * 30, list(range(30))), "means")
    line = scipy.stats.linregress(predicted, observed)
    assert (found.slope.value, found.intercept) == pytest.approx((line.slope, line.intercept))
    left = observed - line.intercept - line.slope * predicted
    assert found.tau == pytest.approx(np.sqrt(left @ left / 28))


def test_held_out_coverage_is_that_of_intervals_learnt_without_the_study():
    past = drawn(1, World(studies=14))
    for kind in ("means", "effects"):
        found = learn_errors(past, kind).held_out
        shares: list[float] = []
        for study in range(14):
            errors = learn_errors(past.where(past.study != study), kind)
            own = past.where(past.study == study)
            if kind == "means":
                predicted, observed, variance = own.predicted, own.observed, own.variance
            else:
                one, two = np.array(pairs(own)).T
                predicted, observed = own.predicted[one] - own.predicted[two], own.observed[one] - own.observed[two]
                variance = own.variance[one] + own.variance[two]
            told = forecast(errors, predicted, sampling=variance)
            shares.append(float(np.mean((told.low <= observed) & (observed <= told.high))))
        assert found.coverage == pytest.approx(np.mean(shares))
        half = scipy.stats.t.ppf(0.975, 13) * np.std(shares, ddof=1) / np.sqrt(14)
        assert found.high == pytest.approx(min(np.mean(shares) + half, 1)) if half else found.high is None
        assert found.low == pytest.approx(np.mean(shares) - half) if half else found.low is None
        assert found.studies_n == 14


# --- the widening


def errors_like(values: list[float], each: int = 1):
    """Return past means about a line of which one study each has a value; predictions are in order, and exact."""
    predicted = np.linspace(0.1, 0.9, len(values))
    study = np.arange(len(values)) // each
    return errors_of_means(predicted, 0.5 + np.array(values), np.zeros((len(values), 3)), study)


def test_one_wild_study_of_forty_widens_no_interval_at_95_percent_and_intervals_of_tame_errors_are_not_narrowed():
    tame = [0.01 * (-1) ** each for each in range(40)]
    assert widening(errors_like(tame), 0.05) == (1.0, False)
    assert widening(errors_like([*tame[:20], 0.3, *tame[21:]]), 0.05)[0] == pytest.approx(1.0)
    # Three of forty are more than one in twenty.
    wild = [0.3 if each in {9, 20, 31} else value for each, value in enumerate(tame)]
    assert widening(errors_like(wild), 0.05)[0] > 1.4


def test_studies_whose_cells_err_together_are_fewer_pieces_of_evidence():
    rng = np.random.default_rng(5)
    alone = rng.permutation(np.linspace(0.01, 0.3, 120) ** 2 * rng.choice([-1, 1], 120))
    together = alone[np.argsort(np.abs(alone))]
    # The same errors: of 24 studies in any order, or the largest all in a few of them, in any order.
    studies = together.reshape(24, 5)[rng.permutation(24)].reshape(-1)
    assert widening(errors_like(list(studies), each=5), 0.05)[0] > widening(errors_like(list(alone), each=5), 0.05)[0]


def test_of_few_studies_the_interval_says_that_it_is_known_roughly_and_how_far_it_can_be_trusted():
    rng = np.random.default_rng(0)
    predicted = list(rng.uniform(0.2, 0.8, 12))
    observed = [0.25 + 0.5 * each + rng.normal(0, 0.05) for each in predicted]
    found = learn_errors(past_of(predicted, observed, [0] * 12, list(range(12))), "means")
    assert found.note == (
        "of 12 studies it is known only roughly how often intervals hold: 95 % are meant, about 88 % are sure"
    )
    assert learn_errors(drawn(), "means").note is None


# --- properties


@pytest.mark.parametrize("kind", ["means", "effects"])
def test_predictions_of_half_the_size_have_twice_the_slope_and_the_same_forecasts(kind):
    past = drawn(2, World(studies=15))
    whole, half = learn_errors(past, kind), learn_errors(replace(past, predicted=past.predicted / 2), kind)
    assert half.slope.value == pytest.approx(2 * whole.slope.value)
    assert half.held_out == whole.held_out
    for name in ("tau", "widening"):
        assert getattr(half, name) == pytest.approx(getattr(whole, name))
    one, two = forecast(whole, [0.1, 0.4, 0.7]), forecast(half, [0.05, 0.2, 0.35])
    for name in ("value", "sd", "low", "high"):
        assert getattr(two, name) == pytest.approx(getattr(one, name))


@pytest.mark.parametrize("kind", ["means", "effects"])
def test_fewer_people_in_the_past_do_not_make_errors_larger_on_average(kind):
    found = {
        people: np.mean([float(line_of(drawn(seed, World(people=people)), kind).tau2) for seed in range(60)])
        for people in (0, 60)
    }
    assert found[60] == pytest.approx(found[0], rel=0.12)


def test_order_of_cells_and_names_of_studies_and_questions_change_nothing():
    past = drawn(3, World(studies=15))
    order = np.random.default_rng(0).permutation(len(past.study))
    # Questions may be numbered anew in every study.
    first = np.array([past.question[past.study == own].min() for own in past.study])
    columns = (past.predicted, past.observed, past.variance, past.question - first, past.study * 7 + 3)
    other = Past(*(each[order] for each in columns))
    for kind in ("means", "effects"):
        one, two = learn_errors(past, kind), learn_errors(other, kind)
        assert two.slope.value == pytest.approx(one.slope.value)
        assert (two.tau, two.widening) == pytest.approx((one.tau, one.widening))
        assert two.held_out.coverage == pytest.approx(one.held_out.coverage)


def test_cells_of_which_something_is_unknown_and_questions_of_one_cell_are_left_out():
    nan = float("nan")
    past = Past(
        np.array([0.1, nan, 0.3, 0.4, 0.5]), np.array([0.1, 0.2, 0.3, nan, 0.5]), np.array([0.1, 0.1, 0.1, 0.1, nan]),
        np.array([4, 4, 4, 5, 5]), np.array([2, 2, 2, 8, 8]),
    )  # fmt: skip
    known = past.known()
    assert known.predicted.tolist() == [0.1, 0.3]
    assert known.study.tolist() == known.question.tolist() == [0, 0]
    assert len(past.compared().study) == 2
    assert len(replace(past, question=np.array([4, 4, 5, 6, 6])).compared().study) == 0


def test_what_is_learnt_can_be_stored_and_used_without_the_past(tmp_path: Path):
    found = learn_errors(drawn(), "effects")
    write(tmp_path / "errors.json", found)
    again = read(tmp_path / "errors.json", PastErrors)
    assert again == found
    assert forecast(again, 0.1).low == forecast(found, 0.1).low


def test_nothing_is_forecast_off_the_scale():
    past = drawn(0, World(error=0.12))
    told = forecast(learn_errors(past, "means"), [0.0, 1.0], sampling=0.05)
    assert told.low[0] == 0.0
    assert told.high[1] == 1.0
    told = forecast(learn_errors(past, "effects"), [[1.0, -1.0]], sampling=0.3)
    assert told.high.tolist()[0][0] == 1.0
    assert told.low.tolist()[0][1] == -1.0


def test_errors_that_cannot_be_told_from_chance_are_not_taken_to_be_none():
    # Errors are as large as chance is said to make them, and less.
    rng = np.random.default_rng(4)
    predicted = rng.uniform(0.2, 0.8, 40)
    observed = predicted + rng.normal(0, 0.03, 40)
    found = learn_errors(past_of(list(predicted), list(observed), [0] * 40, list(range(40)), variance=0.0012), "means")
    left = (observed - predicted) ** 2
    assert np.mean(left) < 0.0012
    # The standard error of a mean square.
    assert found.tau == pytest.approx((np.std(left) / np.sqrt(40)) ** 0.5, rel=0.15)


# --- simulation


@pytest.mark.parametrize("sampling", [False, True])
@pytest.mark.parametrize("kind", ["means", "effects"])
def test_new_studies_of_the_same_world_are_held_in_about_95_of_100(kind, sampling):
    share, _, told = covered(World(), kind, datasets=15, sampling=sampling, seed=1)
    assert 0.93 <= share <= 0.97
    assert told == pytest.approx(share, abs=0.03)


@pytest.mark.parametrize("kind", ["means", "effects"])
def test_at_90_percent_at_least_about_90_are_held(kind):
    share, _, told = covered(World(), kind, datasets=15, alpha=0.1, seed=1)
    assert 0.895 <= share <= 0.945
    assert told == pytest.approx(share, abs=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("sampling", [False, True])
@pytest.mark.parametrize("kind", ["means", "effects"])
@pytest.mark.parametrize("name", WORLDS)
def test_new_studies_of_every_world_are_held_in_93_to_98_of_100(name, kind, sampling):
    share, _, told = covered(WORLDS[name], kind, datasets=60, sampling=sampling)
    assert 0.93 <= share <= 0.98
    assert told == pytest.approx(share, abs=0.03)


@pytest.mark.parametrize("kind", ["means", "effects"])
def test_the_slope_is_not_attenuated_by_the_chance_in_peoples_answers(kind):
    found = [line_of(drawn(seed, World(people=30)), kind) for seed in range(60)]
    slope = np.array([each.coefficients[-1] for each in found])
    half = scipy.stats.t.ppf(0.975, 39) * np.sqrt([each.covariance[-1, -1] for each in found])
    assert slope.mean() == pytest.approx(SLOPE, abs=0.02)
    assert np.mean(np.abs(slope - SLOPE) <= half) >= 0.88


def test_a_hundred_studies_take_seconds():
    past = drawn(0, World(studies=120))
    start = time.process_time()
    found = learn_errors(past, "effects")
    assert time.process_time() - start < 5
    assert found.held_out.coverage == pytest.approx(0.95, abs=0.02)


# --- what is refused, and what is unknown


def test_of_fewer_than_ten_studies_there_is_a_line_and_no_interval():
    found = learn_errors(drawn(0, World(studies=4)), "effects")
    assert found.reason == "past errors of 4 studies say too little of another; 10 are needed"
    assert found.slope.value is not None
    assert (found.slope.low, found.error.low, found.widening, found.held_out) == (None, None, None, None)
    told = forecast(found, [0.1, 0.2])
    assert told.value == pytest.approx([0.1 * found.slope.value, 0.2 * found.slope.value])
    assert np.isnan([told.sd, told.low, told.high]).all()
    assert told.reason == found.reason
    one = learn_errors(past_of([0.2, 0.4], [0.3, 0.4], [0, 1], [0, 0]), "means")
    assert one.reason == "past errors of 1 study say too little of another; 10 are needed"


def test_of_no_studies_nothing_is_known():
    past = past_of([0.2, 0.4], [0.3, 0.4], [0, 1], [0, 0])
    found = learn_errors(past, "effects")
    assert found.reason == (
        "no past study has questions of 2 known cells with people's answers, so that nothing is known of how the model "
        "errs"
    )
    assert np.isnan(forecast(found, 0.2).value)
    none = learn_errors(replace(past, observed=np.full(2, np.nan)), "means")
    assert (
        none.reason == "no past study has cells with people's answers, so that nothing is known of how the model errs"
    )
    assert np.isnan(forecast(none, 0.2).value)


def test_predictions_that_are_all_alike_have_no_slope():
    past = drawn()
    found = learn_errors(replace(past, predicted=np.full(len(past.study), 0.4)), "means")
    assert found.reason == (
        "the model's predictions for past cells differ by hardly more than who was asked, so that nothing is known of "
        "how it errs"
    )
    assert found.slope.value is None
    # Questions differ, conditions do not: means have a line, effects have none.
    flat = replace(past, predicted=0.2 + 0.6 * past.question / past.question.max())
    assert learn_errors(flat, "means").reason is None
    assert learn_errors(flat, "effects").reason == (
        "within questions the model's predictions for past cells differ by hardly more than who was asked, so that "
        "nothing is known of how it errs"
    )


def test_predictions_that_differ_in_one_study_alone_say_nothing_of_another():
    past = drawn()
    found = learn_errors(replace(past, predicted=np.where(past.study == 3, past.predicted, 0.4)), "effects")
    assert found.reason == "predictions differ in too few past studies to tell what another would bring"
    assert found.slope.value is not None
    assert np.isnan(forecast(found, 0.1).high)


def test_where_leaving_out_a_study_leaves_too_little_its_coverage_is_unknown():
    past = drawn(0, World(studies=12))
    found = learn_errors(replace(past, predicted=np.where(past.study < 3, past.predicted, 0.4)), "effects")
    assert found.reason is None
    assert found.held_out.coverage is None


def test_exact_predictions_have_no_error():
    past = drawn(0, World(people=0))
    found = learn_errors(replace(past, observed=past.predicted), "effects")
    assert found.tau == pytest.approx(0, abs=1e-7)
    assert found.slope.value == pytest.approx(1)
    assert found.held_out.coverage == 1.0
    assert (found.held_out.low, found.held_out.high) == (None, None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"predicted": np.array([0.5, 3.2])}, "found 3.2 among the predicted means, expected shares of the scale's"),
        ({"observed": np.array([0.5, -0.2])}, "found -0.2 among the observed means, expected shares of the scale's"),
        ({"variance": np.array([0.1, -0.2])}, "found a variance of -0.2, expected 0 or more, or NaN if unknown"),
        ({"study": np.array([0])}, "found 2, 2, 2, 2, 1 numbers of predicted, observed, variance, question and study"),
    ],
)
def test_what_cannot_be_a_past_is_refused(change, message):
    past = past_of([0.2, 0.4], [0.3, 0.4], [0, 0], [0, 0])
    with pytest.raises(InputError, match=message):
        learn_errors(replace(past, **change), "means")


def test_a_level_or_a_variance_that_cannot_be_is_refused():
    with pytest.raises(InputError, match=r"found alpha 95, expected a share between 0 and 0.5 such as 0.05"):
        learn_errors(drawn(), "means", alpha=95)
    with pytest.raises(InputError, match=r"found a sampling variance of -0.1, expected 0 or more"):
        forecast(learn_errors(drawn(), "means"), 0.5, sampling=-0.1)


# --- predictions of whoever was asked


def people_asked(slope: float | None, rng: np.random.Generator, people: int = 60) -> Past:
    """Return forty studies of two questions and three arms, in which everybody is predicted in the own arm alone.

    Predictions know persons; of arms they know `slope` times as much as is true, or nothing.
    """
    rows: list[tuple[float, ...]] = []
    for study in range(40):
        for question in range(2):
            base, true = rng.uniform(0.3, 0.7), np.r_[0.0, rng.normal(0, 0.04, 2)]
            for effect in true:
                person = rng.normal(size=people)
                said = 0.5 + (0.0 if slope is None else effect / slope) + 0.1 * person
                given = np.clip(base + effect + 0.2 * (0.43 * person + 0.9 * rng.normal(size=people)), 0, 1)
                chance = np.cov(given, said) / people
                place = 2.0 * study + question, float(study)
                rows.append((said.mean(), given.mean(), chance[0, 0], *place, chance[1, 1], chance[0, 1]))
    columns = np.array(rows).T
    whole = (columns[place].astype(np.int64) for place in (3, 4))
    return Past(np.clip(columns[0], 0, 1), *columns[1:3], *whole, *columns[5:])


def test_who_happened_to_be_asked_is_not_taken_for_knowledge_of_arms():
    rng = np.random.default_rng(3)
    pasts = [people_asked(None, rng) for _ in range(8)]
    taken = [learn_errors(past, "effects") for past in pasts]
    assert all(found.slope.low is None or found.slope.low <= 0 for found in taken)
    # As if the same people had been predicted in all arms: most such models would pass for good ones.
    kept = [learn_errors(replace(past, predicted_variance=None, covariance=None), "effects") for past in pasts]
    assert sum(found.slope.low > 0 for found in kept) >= 5


def test_the_slope_is_the_true_one_where_everybody_is_predicted_in_the_own_arm_alone():
    rng = np.random.default_rng(4)
    found = [learn_errors(people_asked(0.5, rng), "effects") for _ in range(12)]
    assert np.mean([each.slope.value for each in found]) == pytest.approx(0.5, abs=0.04)
    assert np.mean([each.held_out.coverage for each in found]) == pytest.approx(0.96, abs=0.03)
