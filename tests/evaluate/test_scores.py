from __future__ import annotations

import json
import math
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from silicus.errors import InputError
from silicus.evaluate import LEFT_OUT, METRICS, Beside, Evaluation, evaluate
from silicus.record import read, write
from silicus.study import PREDICTIONS, RESPONSES, Item, Scale, human_responses, read_study

FIVE = Scale(kind="ordinal", low=1, high=5, refusals={9: "Don't know"})
FOUR = Scale(kind="ordinal", low=1, high=4)
TWO = Scale(kind="binary", labels={0: "No", 1: "Yes"})
NAMES = Scale(kind="nominal", labels={1: "Red", 2: "Green", 3: "Blue"})

SHOWN = {
    "a": Item("s", "a", "q", "one", "Q?", FIVE),
    "b": Item("s", "b", "q", "two", "Q?", FIVE),
    "other": Item("s", "c", "q", "three", "Q?", FOUR),
    "name": Item("s", "a", "name", "one", "N?", NAMES),
    "t": Item("t", "a", "q", "one", "T?", TWO),
}
ITEMS = {item.item: item for item in SHOWN.values()}
WITHIN = "no prediction for this respondent"


def human(*rows: tuple) -> pl.DataFrame:
    """Rows of (stimulus, response[, n[, respondent[, weight]]])."""
    full = []
    for row in rows:
        key, response, n, respondent, weight = (*row, *(None, None, 1, None, 1.0)[len(row) :])
        i = SHOWN[key]
        full.append((i.study, i.condition, i.question, i.item, respondent, response, n, weight))
    return pl.DataFrame(full, schema=RESPONSES, orient="row")


def model(*rows: tuple) -> pl.DataFrame:
    """Rows of (stimulus, probabilities[, respondent[, weight[, refusal[, covered]]]])."""
    full = []
    for row in rows:
        key, p, respondent, weight, refusal, covered = (*row, *(None, None, None, 1.0, 0.0, 1.0)[len(row) :])
        i = SHOWN[key]
        p = None if p is None else [None if x is None else float(x) for x in p]
        full.append((i.study, i.condition, i.question, i.item, respondent, weight, p, refusal, covered))
    return pl.DataFrame(full, schema=PREDICTIONS, orient="row")


def run(responses: pl.DataFrame, predictions: pl.DataFrame, draws: int = 50) -> Evaluation:
    return evaluate(ITEMS, responses, predictions, "m", np.random.default_rng(1), draws)


FLAT = [0.2] * 5


@pytest.fixture(scope="module")
def asian_disease() -> Evaluation:
    study = read_study("asian-disease")
    items = {item.item: item for item in study.items()}
    p = {"gain": [0.6, 0.4], "loss": [0.3, 0.7]}
    rows = [
        (study.id, i.condition, i.question, i.item, str(person), 1.0, p[i.condition], 0.0, 0.9)
        for i in items.values()
        for person in range(3)
    ]
    predictions = pl.DataFrame(rows, schema=PREDICTIONS, orient="row")
    return evaluate(items, human_responses(study), predictions, "guess", np.random.default_rng(1))


def test_the_asian_disease_study_by_hand(asian_disease):
    gain, loss = 109 / 152, 34 / 155
    w = {system: metrics["wasserstein"].value for system, metrics in asian_disease.overall.items()}
    pool = (109 + 34) / (152 + 155)
    assert w["uniform"] == pytest.approx((abs(gain - 0.5) + abs(loss - 0.5)) / 2)
    assert w["guess"] == pytest.approx((abs(gain - 0.6) + abs(loss - 0.3)) / 2, abs=1e-7)
    assert w["pooled"] == pytest.approx((abs(gain - pool) + abs(loss - pool)) / 2)
    assert asian_disease.difference.value == pytest.approx(w["guess"] - w["uniform"])


def test_uniform_scores_by_hand(asian_disease):
    uniform = asian_disease.overall["uniform"]
    assert uniform["accuracy_draw"].value == pytest.approx(0.5)
    assert uniform["nll"].value == pytest.approx(math.log(2))
    # The first of two equal points is the median.
    assert uniform["accuracy_median"].value == pytest.approx((109 / 152 + 34 / 155) / 2)


def test_log_likelihood_is_averaged_over_cells_and_over_answers(asian_disease):
    gain = -(109 * math.log(0.6) + 43 * math.log(0.4))
    loss = -(34 * math.log(0.3) + 121 * math.log(0.7))
    guess = asian_disease.overall["guess"]
    assert guess["nll"].value == pytest.approx((gain / 152 + loss / 155) / 2)
    assert guess["nll_per_answer"].value == pytest.approx((gain + loss) / 307)
    assert (guess["nll"].n, guess["nll_per_answer"].n) == (2, 307)


def test_a_single_study_resamples_people_and_says_so(asian_disease):
    assert asian_disease.resampled == "people"
    w = asian_disease.overall["uniform"]["wasserstein"]
    # Half the sum of two independent shares: the normal interval.
    spread = 1.96 * math.sqrt(0.717 * 0.283 / 152 + 0.219 * 0.781 / 155) / 2
    assert w.low == pytest.approx(w.value - spread, abs=0.006)
    assert w.high == pytest.approx(w.value + spread, abs=0.006)
    # Both miss in the same direction, whoever is drawn.
    assert (asian_disease.difference.low, asian_disease.difference.high) == pytest.approx((-0.15, -0.15))


def test_an_evaluation_counts_studies_cells_answers_and_people(asian_disease):
    found = asian_disease
    assert (found.studies_n, found.cells_n, found.answers_n, found.people_n) == (1, 2, 307, 307)
    assert (found.nominal_cells_n, found.one_condition_cells_n, found.answers_per_cell) == (0, 0, 153.5)
    assert (found.matched_by_person, found.matched_by_mean) == (0, 307)
    assert (found.left_out, found.draws) == ({}, 2000)
    assert found.covered.mean == found.covered.minimum == pytest.approx(0.9, abs=1e-6)


def test_an_evaluation_is_written_as_json_and_read_again(asian_disease, tmp_path):
    write(tmp_path / "evaluation.json", asian_disease)
    assert read(tmp_path / "evaluation.json", Evaluation) == asian_disease


def test_the_unknown_and_the_infinite_are_written_as_null(tmp_path):
    found = run(human(("name", 1, 2)), model(("name", [0.0, 0.5, 0.5])))
    write(tmp_path / "e.json", found)
    text = (tmp_path / "e.json").read_text()
    assert json.loads(text, parse_constant=pytest.fail)["overall"]["m"]["wasserstein"]["value"] is None
    assert read(tmp_path / "e.json", Evaluation) == found
    assert found.overall["m"]["nll"].value is None


def test_the_coverage_of_the_interval_over_people_is_about_what_it_says():
    truth, hits, rng = np.array([0.1, 0.1, 0.2, 0.2, 0.4]), 0, np.random.default_rng(7)
    w = np.abs(np.cumsum(truth - 0.2))[:4].sum() / 4
    for _ in range(60):
        counts = rng.multinomial(150, truth)
        responses = human(*[("a", value + 1, int(n)) for value, n in enumerate(counts)])
        found = evaluate(ITEMS, responses, model(("a", FLAT)), "m", rng, 200)
        estimate = found.overall["m"]["wasserstein"]
        hits += estimate.low <= w <= estimate.high
    assert 0.85 <= hits / 60 <= 1


def test_of_two_studies_people_are_drawn_again_and_the_studies_stay():
    found = run(human(("a", 1, 20), ("a", 3, 20), ("t", 1, 4)), model(("a", FLAT), ("t", [0.25, 0.75])), draws=500)
    assert found.resampled == "people"
    # Half of people answered 1 and half 3: CDF .5 .5 1 1 against .2 .4 .6 .8.
    first, second = (0.3 + 0.1 + 0.4 + 0.2) / 4, 0.25
    w = found.overall["m"]["wasserstein"]
    assert w.value == pytest.approx((first + second) / 2)
    # Of t all answered alike; of a, with a share p of ones from .4 on, W is (p - .2 + p - .4 + .4 + .2) / 4.
    spread = 1.96 * math.sqrt(0.25 / 40) / 2 / 2
    assert w.high == pytest.approx(w.value + spread, abs=0.005)
    assert w.value - spread < w.low < w.value
    assert [s.study for s in found.studies] == ["s", "t"]
    assert [s.answers for s in found.studies] == [40, 4]
    assert found.studies[0].metrics["m"]["wasserstein"] == pytest.approx(first)


def test_of_ten_studies_studies_are_drawn_again_and_cells_within_them():
    items = [Item(f"s{n}", "a", "q", f"{n}", "T?", TWO) for n in range(10)]
    keys = [(i.study, i.condition, i.question, i.item) for i in items]
    people = pl.DataFrame([(*key, None, 1, 4, 1.0) for key in keys], schema=RESPONSES, orient="row")
    missed = [n / 10 for n in range(10)]
    rows = [(*key, None, 1.0, [p, 1 - p], 0.0, 1.0) for key, p in zip(keys, missed, strict=True)]
    predictions = pl.DataFrame(rows, schema=PREDICTIONS, orient="row")
    found = evaluate({i.item: i for i in items}, people, predictions, "m", np.random.default_rng(1), 2000)
    assert found.resampled == "studies and cells"
    # Student's t with 9 degrees of freedom, of the standard error.
    w, error = found.overall["m"]["wasserstein"], np.std(missed, ddof=1) / math.sqrt(10)
    assert (w.low, w.high) == pytest.approx((0.45 - 2.262 * error, 0.45 + 2.262 * error), abs=0.02)


def test_a_respondent_is_scored_with_the_prediction_for_that_respondent():
    found = run(
        human(("a", 1, 1, "p"), ("a", 5, 1, "q")),
        model(("a", [1, 0, 0, 0, 0], "p"), ("a", [0, 0, 0, 0, 1], "q")),
    )
    assert found.overall["m"]["accuracy_draw"].value == 1
    assert found.overall["m"]["wasserstein"].value == 0
    assert found.overall["m"]["nll"].value == 0
    assert found.probability_zero == {"m": 0, "uniform": 0, "pooled": 0, "others": 0}
    assert found.overall["uniform"]["accuracy_draw"].value == pytest.approx(0.5)
    assert (found.people_n, found.cells[0].people) == (2, 2)


@pytest.mark.parametrize("respondent", [None, "stranger"])
def test_an_answer_of_nobody_known_is_scored_with_the_weighted_mean_prediction(respondent):
    found = run(
        human(("a", 1, 1, respondent), ("a", 5, 1, respondent)),
        model(("a", [1, 0, 0, 0, 0], "p", 3.0), ("a", [0, 0, 0, 0, 1], "q", 1.0), ("b", FLAT, "r")),
    )
    np.testing.assert_allclose(found.cells[0].predicted["m"], [0.75, 0, 0, 0, 0.25])
    assert found.overall["m"]["nll"].value == pytest.approx(-(math.log(0.75) + math.log(0.25)) / 2)


def test_ids_are_compared_within_a_study_only():
    found = run(
        human(("a", 1, 1, "p"), ("a", 1, 1, "p2"), ("t", 1, 1, "p")),
        model(("a", FLAT, "p"), ("t", [0.5, 0.5], "z")),
    )
    assert found.left_out == {
        "fewer than 2 answers in the cell": 1,
        "one answer given by all, so no observed range": 1,
    }
    assert found.people_n == 3


def test_answers_are_counted_by_what_they_are_compared_with():
    found = run(
        human(("a", 1, 1, "p"), ("a", 2, 3), ("a", 9, 1, "q"), ("a", 4, 1, "stranger")),
        model(("a", FLAT, "p"), ("a", FLAT, "q")),
    )
    assert (found.matched_by_person, found.matched_by_mean, found.answers_n) == (1, 4, 5)


def test_the_verdict_is_about_total_variation_where_nothing_has_a_wasserstein():
    names = (("name", 1, 3), ("name", 2, 1)), (("name", [0.5, 0.5, 0.0]),)
    found = run(human(*names[0]), model(*names[1]))
    assert found.difference_metric == "total_variation"
    assert found.difference.value == pytest.approx(0.25 - (0.75 - 1 / 3))
    assert found.difference.n == 1
    found = run(human(*names[0], ("a", 1, 2)), model(*names[1], ("a", FLAT)))
    assert found.difference_metric == "wasserstein"
    assert found.difference.value == pytest.approx(0)


def test_cells_of_questions_with_one_condition_are_counted_for_pooled_is_their_answer():
    tables = (
        human(("a", 1, 2), ("b", 5, 2), ("other", 1, 2), ("name", 1, 2), ("t", 9, 1), ("t", 1, 2)),
        model(("a", FLAT), ("b", FLAT), ("other", [0.25] * 4), ("name", [0.5, 0.25, 0.25]), ("t", [0.5, 0.5])),
    )
    found = run(*tables)
    # The third condition of q has other points, and is pooled apart.
    assert (found.one_condition_cells_n, found.cells_n) == (3, 5)
    alone = [cell.predicted["pooled"] == cell.human for cell in found.cells]
    assert alone == [False, False, True, True, True]


def test_the_effective_number_of_answers_by_hand():
    found = run(human(("a", 1, 2, None, 3.0), ("a", 5, 2, None, 1.0), ("b", 9, 1)), model(("a", FLAT), ("b", FLAT)))
    assert found.cells[0].people_effective == pytest.approx(8**2 / (2 * 9 + 2 * 1))
    assert found.cells[1].people_effective is None


def test_a_perfect_prediction_is_expected_to_score_what_chance_makes_of_it():
    def shares(yes: int, no: int) -> pl.DataFrame:
        return human(("t", 1, yes), ("t", 0, no))

    # Of 2n answers, half of them yes, as many are yes as chance has it: the mean deviation of a binomial share.
    n = 32
    deviation = math.comb(n, n // 2) / 2**n / 2
    assert run(shares(16, 16), model(("t", [0.5, 0.5]))).perfect_wasserstein == pytest.approx(deviation)
    assert run(shares(30, 0), model(("t", [0.5, 0.5]))).perfect_wasserstein == 0
    more = pl.concat([shares(16, 16), human(("a", 1, 40), ("name", 1, 4))])
    found = run(more, model(("t", [0.5, 0.5]), ("a", FLAT)))
    assert found.perfect_wasserstein == pytest.approx(deviation / 2)


def test_of_fewer_than_thirty_answers_in_the_pool_nothing_is_said_of_a_perfect_prediction():
    found = run(human(("t", 1, 14), ("t", 0, 15)), model(("t", [0.5, 0.5])))
    assert found.perfect_wasserstein is None
    assert found.reached["m"].value is None


def test_a_perfect_prediction_scores_about_what_is_expected_of_it():
    rng, truth, scored, expected = np.random.default_rng(3), [0.1, 0.2, 0.4, 0.2, 0.1], [], []
    for _ in range(40):
        rows = [(c, int(v)) for c in "ab" for v in rng.choice(5, 30, p=truth) + 1]
        found = run(human(*rows), model(("a", truth), ("b", truth)), 2)
        scored.append(found.overall["m"]["wasserstein"].value)
        expected.append(found.perfect_wasserstein)
    assert np.mean(scored) == pytest.approx(np.mean(expected), rel=0.1)


def _twice(people_known: bool) -> Evaluation:
    """Evaluate 60 people who give the same answer in two conditions."""
    answers = [1, 2, 3, 4, 5, 5] * 10
    rows = [(c, v, 1, f"p{i}") for c in "ab" for i, v in enumerate(answers)]
    predictions = model(("a", [1, 0, 0, 0, 0]), ("b", [1, 0, 0, 0, 0]))
    return evaluate(ITEMS, human(*rows), predictions, "m", np.random.default_rng(1), 1000, Beside(people_known))


def test_respondents_who_answer_twice_are_resampled_with_all_their_answers():
    known, unknown = _twice(True), _twice(False)
    assert (known.resampled, unknown.resampled) == ("respondents", "people")
    assert (known.people_known, unknown.people_known) == (True, False)
    wide, narrow = (e.overall["m"]["wasserstein"] for e in (known, unknown))
    assert wide.value == narrow.value
    # The mean answer of 60 people and not of 120.
    assert (wide.high - wide.low) / (narrow.high - narrow.low) == pytest.approx(math.sqrt(2), rel=0.1)
    spread = np.std([0, 1, 2, 3, 4, 4]) / 4 / math.sqrt(60)
    assert wide.high - wide.low == pytest.approx(2 * 1.96 * spread, rel=0.1)


def test_a_respondent_drawn_twice_makes_no_distance_of_one_answer():
    rows = human(("a", 1, 1, "p"), ("b", 1, 1, "p"), ("a", 5, 1, "q"), ("name", 1, 1, "q"))
    found = run(rows, model(("a", FLAT), ("b", FLAT), ("name", [0.5, 0.25, 0.25])), 200)
    assert found.resampled == "respondents"
    assert found.overall["m"]["wasserstein"].n == 1
    # The two answers of a: half and half, or both alike, .3 farther. Of one drawn twice no other cell is known.
    w = found.overall["m"]["wasserstein"]
    assert 0 <= w.low <= w.value <= w.high < 0.5 + 1e-9
    assert w.high > w.low


@pytest.mark.parametrize("rows", [[("a", 1, 2, "p"), ("b", 1, 1, "p")], [("a", 1, 1, "p"), ("b", 1), ("b", 2, 1, "p")]])
def test_groups_and_the_nameless_are_resampled_within_cells(rows):
    assert run(human(*rows), model(("a", FLAT), ("b", FLAT))).resampled == "people"


def test_what_cannot_be_scored_is_left_out_and_counted_by_reason():
    found = run(
        human(
            ("a", 1, 2), ("a", 2, 2), ("a", 9, 3), ("a", 7, 4), ("a", None, 5), ("a", 1, 6, None, 0.0),
            ("other", 1, 7), ("b", 1, 1, "p"), ("b", 2, 1), ("b", 3, 1, "failed"),
        ),
        model(("a", FLAT, "p"), ("b", FLAT, "r"), ("b", None, "failed")),
    )  # fmt: skip
    assert found.left_out == {
        "refusal": 3,
        "not an answer on the scale": 4,
        "no answer given": 5,
        "weight 0": 6,
        "no prediction for the stimulus": 7,
        WITHIN: 2,
        "fewer than 2 answers in the cell": 1,
    }
    assert set(found.left_out) < set(LEFT_OUT)
    assert (found.answers_n, found.cells_n) == (5, 2)


def test_a_stimulus_whose_predictions_weigh_nothing_has_no_mean_prediction():
    found = run(human(("a", 1, 2), ("b", 1, 2)), model(("a", FLAT), ("b", FLAT, "p", 0.0)))
    assert found.left_out["no prediction for the stimulus"] == 2


def test_refusals_enter_no_distribution_and_are_kept_as_a_rate():
    found = run(human(("a", 1, 3), ("a", 9, 1)), model(("a", FLAT, "p", 1.0, 0.1), ("a", FLAT, "q", 1.0, 0.3)))
    cell = found.cells[0]
    assert cell.human == [1, 0, 0, 0, 0]
    assert (cell.answers, cell.people) == (3, 4)
    assert cell.refusal_human == pytest.approx(0.25)
    assert cell.refusal_predicted == pytest.approx(0.2)


def test_an_unknown_refusal_rate_and_coverage_stay_unknown():
    found = run(human(("a", 1, 3)), model(("a", FLAT, "p", 1.0, None, None)))
    assert found.cells[0].refusal_predicted is None
    assert (found.covered.mean, found.covered.minimum) == (None, None)


def test_a_cell_that_everybody_refused_has_no_scores():
    found = run(human(("a", 9, 3)), model(("a", FLAT)))
    assert found.cells[0].human == [None] * 5
    assert found.answers_n == 0
    assert {e.value for metrics in found.overall.values() for e in metrics.values()} == {None}
    assert found.left_out == {"refusal": 3, "fewer than 2 answers in the cell": 1}


def test_a_cell_with_one_answer_has_no_distance_but_counts_in_the_accuracy():
    found = run(human(("a", 1, 1), ("b", 1, 1), ("b", 5, 1)), model(("a", FLAT), ("b", FLAT)))
    one, two = found.cells
    assert one.wasserstein["m"] is one.total_variation["m"] is one.wasserstein_observed["m"] is None
    assert two.wasserstein["m"] is not None
    assert found.overall["m"]["wasserstein"].n == 1
    assert found.overall["m"]["accuracy_draw"].n == 2


def test_an_answer_by_two_people_in_one_row_is_two_answers():
    found = run(human(("a", 1, 2, None, 0.1)), model(("a", FLAT)))
    assert found.cells[0].wasserstein["m"] == pytest.approx((0.8 + 0.6 + 0.4 + 0.2) / 4)
    assert found.left_out == {"one answer given by all, so no observed range": 1}


def test_a_nominal_cell_has_total_variation_and_no_wasserstein():
    found = run(human(("name", 1, 3), ("name", 2, 1)), model(("name", [0.5, 0.5, 0.0])))
    scores = found.overall["m"]
    assert scores["wasserstein"].value is scores["wasserstein_observed"].value is None
    assert found.perfect_wasserstein is None
    assert found.nominal_cells_n == 1
    assert scores["total_variation"].value == pytest.approx(0.25)
    assert scores["accuracy_draw"].value == pytest.approx(0.5)
    assert found.left_out == {"no order on the scale, so no Wasserstein": 1}
    assert found.cells[0].labels == ["Red", "Green", "Blue"]


def test_answers_count_n_times_weight():
    found = run(human(("a", 1, 2, None, 3.0), ("a", 5, 2, None, 1.0)), model(("a", [0.75, 0, 0, 0, 0.25])))
    np.testing.assert_allclose(found.cells[0].human, [0.75, 0, 0, 0, 0.25])
    assert found.overall["m"]["wasserstein"].value == pytest.approx(0)
    assert found.overall["m"]["accuracy_median"].value == pytest.approx(0.75)
    assert found.overall["pooled"]["wasserstein"].value == pytest.approx(0)


def test_an_answer_given_probability_zero_makes_the_likelihood_infinite_and_is_counted():
    found = run(
        human(("a", 1, 1), ("a", 2, 400), ("t", 1, 2), ("t", 0, 1)),
        model(("a", [0, 1, 0, 0, 0]), ("t", [0.5, 0.5])),
        draws=200,
    )
    assert found.probability_zero["m"] == 1
    nll = found.overall["m"]["nll"]
    assert (nll.value, nll.high) == (None, None)
    # Of draws without that answer, study s is predicted for certain, and t with 1/2.
    assert nll.low == pytest.approx(math.log(2) / 2)
    assert found.studies[1].metrics["m"]["nll"] == pytest.approx(math.log(2))


def test_in_one_study_a_resample_without_the_impossible_answer_is_finite():
    found = run(human(("a", 1, 1), ("a", 2, 30)), model(("a", [0, 1, 0, 0, 0])), draws=200)
    nll = found.overall["m"]["nll"]
    assert (nll.value, nll.low, nll.high) == (None, 0, None)


def test_cells_keep_the_order_of_the_responses_across_scales():
    found = run(
        human(("t", 1, 2), ("a", 1, 2), ("name", 1, 2), ("b", 1, 2), ("other", 4, 2)),
        model(("a", FLAT), ("b", FLAT), ("t", [0.5, 0.5]), ("name", [0.5, 0.25, 0.25]), ("other", [0.25] * 4)),
    )
    shown = [(c.study, c.condition, c.question, len(c.values)) for c in found.cells]
    assert shown == [
        ("t", "a", "q", 2),
        ("s", "a", "q", 5),
        ("s", "a", "name", 3),
        ("s", "b", "q", 5),
        ("s", "c", "q", 4),
    ]
    uniform = [c.accuracy_draw["uniform"] for c in found.cells]
    np.testing.assert_allclose(uniform, [0.5, 0.5, 1 / 3, 0.5, 0.5])
    # Points that other stimuli of the question do not have are pooled apart.
    np.testing.assert_allclose(found.cells[4].predicted["pooled"], [0, 0, 0, 1])
    np.testing.assert_allclose(found.cells[3].predicted["pooled"], [1, 0, 0, 0, 0])


def test_people_without_ids_are_counted_by_the_largest_question_of_a_condition():
    found = run(
        human(("a", 1, 3), ("a", 9, 1), ("name", 1, 2), ("b", 2, 5)),
        model(("a", FLAT), ("b", FLAT), ("name", [0.5, 0.25, 0.25])),
    )
    assert found.people_n == 4 + 5


def test_metrics_are_printed_in_one_order_and_say_what_they_are(asian_disease):
    assert list(asian_disease.overall["guess"]) == list(METRICS)
    assert all(m.title and m.unit and m.aggregation.endswith(".") for m in METRICS.values())


ROWS = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), st.sampled_from([1, 2, 3, 4, 5, 9]), st.integers(1, 4)),
    min_size=1,
    max_size=8,
)


@settings(deadline=None, max_examples=30)
@given(ROWS, st.randoms())
def test_counts_and_one_row_a_person_in_any_order_give_the_same_scores(rows, random):
    predictions = model(("a", [0.5, 0.25, 0.25, 0, 0]), ("b", FLAT, "p", 1.0, 0.2), ("b", FLAT[::-1], "q", 2.0))
    people = [(key, answer, 1, f"{place} {n}") for place, (key, answer, count) in enumerate(rows) for n in range(count)]
    random.shuffle(people)
    counts, single = run(human(*rows), predictions, 2), run(human(*people), predictions, 2)
    for system, metrics in counts.overall.items():
        for metric, estimate in metrics.items():
            other = single.overall[system][metric]
            # The square root of the Jensen-Shannon distance makes 5e-9 of a rounding of 3e-17.
            assert (estimate.n, estimate.value) == (other.n, pytest.approx(other.value, abs=1e-7))
    assert (counts.left_out, counts.people_n) == (single.left_out, single.people_n)
    assert counts.probability_zero == single.probability_zero


def test_the_same_generator_gives_the_same_intervals():
    tables = (
        human(("a", 1, 20), ("a", 3, 10), ("t", 1, 4), ("t", 0, 3)),
        model(("a", FLAT), ("t", [0.5, 0.5])),
    )
    assert run(*tables) == run(*tables)


@pytest.mark.parametrize("name", ["uniform", "pooled"])
def test_a_system_cannot_take_the_name_of_a_baseline(name):
    with pytest.raises(InputError, match=f"named '{name}', which is another's name. Give it another"):
        evaluate(ITEMS, human(("a", 1)), model(("a", FLAT)), name, np.random.default_rng(1))


ONE = human(("a", 1))

BROKEN = {
    "the table of responses: the column 'n' is missing": (ONE.drop("n"), model()),
    "the table of predictions: the column 'covered' is missing": (ONE, model().drop("covered")),
    "the table of responses holds a value of another type": (ONE.with_columns(n=pl.lit("x")), model()),
    "responses, row 0: found the n -1, expected 0 or more": (human(("a", 1, -1)), model()),
    "row 0: found the weight None, expected 0 or more": (human(("a", 1, 1, None, None)), model()),
    "predictions, row 0: found the weight inf": (ONE, model(("a", FLAT, "p", math.inf))),
    "the table of responses is empty": (human(), model(("a", FLAT))),
    "the table of predictions is empty": (ONE, model()),
    r"none of the 1 answers can be scored \(no prediction for": (ONE, model(("b", FLAT))),
    "the respondent 'p' twice for one stimulus": (ONE, model(("a", FLAT, "p"), ("a", FLAT, "p"))),
    "'a', 'q', respondent None: found 2 numbers .* expected 5": (ONE, model(("a", [0.5, 0.5]))),
    "respondent p: found 5 numbers with the sum 100, expected": (ONE, model(("a", [20.0] * 5, "p"))),
    "expected probabilities of 0 or more": (ONE, model(("a", [-0.5, 1.5, 0, 0, 0]))),
    "0 or more that sum to 1": (ONE, model(("a", [None, 1.0, 0, 0, 0]))),
}


@pytest.mark.parametrize("message", BROKEN)
def test_a_broken_table_is_refused_and_the_message_says_where(message):
    with pytest.raises(InputError, match=message):
        run(*BROKEN[message])


def test_a_response_to_an_unknown_stimulus_is_refused():
    with pytest.raises(InputError, match="which is not among the 0 items"):
        evaluate({}, human(("a", 1)), model(("a", FLAT)), "m", np.random.default_rng(1))


def test_a_small_probability_in_a_table_of_float64_does_not_become_zero():
    column = pl.Series("probabilities", [[1e-60, 1.0, 0, 0, 0]], dtype=pl.List(pl.Float64))
    found = run(human(("a", 1, 2)), model(("a", FLAT)).with_columns(column))
    assert found.overall["m"]["nll"].value == pytest.approx(60 * math.log(10))


def test_evaluating_needs_no_model_library():
    heavy = ("torch", "transformers", "silicus.models", "silicus.prompts")
    code = f"import sys, silicus.evaluate; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
