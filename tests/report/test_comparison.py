"""Two models at the prompt: which is marked better, who is said to be closer, and of what that speaks."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from silicus.evaluate import Estimate, Evaluation
from silicus.report.comparison import Comparison, closer, print_comparison
from tests.report.test_findings import survey

OTHER = "training mean"


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    """Return the evaluation of a model that knows persons, beside one that always predicts the same."""
    return survey(people=40)


def compared(evaluation: Evaluation, **changed: object) -> Comparison:
    return Comparison(**{
        "evaluation": evaluation, "other": OTHER, "matched": ("own", "own"), "differs": {}, **changed,
    })  # fmt: skip


def shown(comparison: Comparison, encoding: str = "utf-8", width: int = 100) -> str:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    print_comparison(comparison, Console(file=file, width=width))
    file.flush()
    return file.buffer.getvalue().decode(encoding)


def row(text: str, title: str) -> list[str]:
    return next(line for line in text.splitlines() if line.startswith(title)).removeprefix(title).split()


def with_decisive(evaluation: Evaluation, value: float | None, low: float | None, high: float | None) -> Comparison:
    metric = evaluation.difference_metric
    estimate = Estimate(value=value, low=low, high=high, n=evaluation.cells_n)
    theirs = {**evaluation.differences[OTHER], metric: estimate}
    differences = {**evaluation.differences, OTHER: theirs}
    return compared(evaluation.model_copy(update={"differences": differences}))


def with_values(evaluation: Evaluation, metric: str, own: float | None, other: float | None, **more: object):
    def changed(system: str, value: float | None):
        estimate = evaluation.overall[system][metric].model_copy(update={"value": value})
        return {**evaluation.overall[system], metric: estimate}

    overall = {**evaluation.overall, "m": changed("m", own), OTHER: changed(OTHER, other)}
    return compared(evaluation.model_copy(update={"overall": overall, **more}))


def test_both_names_and_on_how_much_stand_above(evaluation):
    text = shown(compared(evaluation))
    assert text.startswith("m and training mean beside people\n")
    assert "A: m. B: training mean. Both on 3 studies, 12 cells, 480 answers, 120 people." in text


def test_every_metric_stands_there_with_its_difference_and_interval(evaluation):
    text = shown(compared(evaluation))
    own, other = (evaluation.overall[name]["wasserstein"].value for name in ("m", OTHER))
    found = evaluation.differences[OTHER]["wasserstein"]
    told = row(text, "Wasserstein-1, stated scale ↓")
    assert told[:2] == [f"{own:.3f}*", f"{other:.3f}"]
    assert told[2:] == [
        *f"−{other - own:.3f} (−{abs(found.low):.3f} to −{abs(found.high):.3f})".split(), "12",
    ]  # fmt: skip
    assert row(text, "Negative log likelihood, all answers alike ↓")[-1] == "480"


@pytest.mark.parametrize(
    ("metric", "title", "own", "other", "marked"),
    [
        ("brier", "Brier score ↓", 0.5, 0.6, ["0.500*", "0.600"]),
        ("accuracy_draw", "Accuracy of a random draw ↑", 0.5, 0.6, ["0.500", "0.600*"]),
        ("sd_ratio", "Standard deviation, prediction / people → 1", 0.9, 1.2, ["0.900*", "1.200"]),
        ("entropy_ratio", "Entropy, prediction / people → 1", 0.7, 1.2, ["0.700", "1.200*"]),
        ("sd_ratio", "Standard deviation, prediction / people → 1", 0.75, 1.25, ["0.750", "1.250"]),
        ("brier", "Brier score ↓", 0.50001, 0.50002, ["0.500", "0.500"]),
        ("brier", "Brier score ↓", 0.5, None, ["0.500", "–"]),
    ],
)
def test_the_better_one_is_marked(evaluation, metric, title, own, other, marked):
    assert row(shown(with_values(evaluation, metric, own, other)), title)[:2] == marked


def test_a_finite_log_likelihood_is_better_than_an_infinite_one(evaluation):
    zero = {**evaluation.probability_zero, "m": 3}
    text = shown(with_values(evaluation, "nll", None, 1.5, probability_zero=zero))
    assert row(text, "Negative log likelihood ↓")[:2] == ["∞", "1.500*"]
    assert "m gave probability 0 to 3 of the answers: its log likelihood is infinite." in " ".join(text.split())


@pytest.mark.parametrize(
    ("estimate", "who", "told"),
    [
        ((-0.03, -0.05, -0.01), "m",
         "m is closer to people than training mean: the difference A − B in W is −0.030 (95 % −0.050 to −0.010)."),
        ((0.03, 0.01, 0.05), OTHER,
         "training mean is closer to people than m: the difference A − B in W is +0.030 (95 % 0.010 to 0.050)."),
        ((-0.03, -0.05, 0.01), None,
         "m and training mean cannot be told apart: the difference A − B in W is −0.030 (95 % −0.050 to 0.010), an "
         "interval that includes 0."),
        ((0.0, 0.0, 0.0), None,
         "m and training mean cannot be told apart: the difference A − B in W is 0.000 in every resample of people."),
        ((-0.03, None, None), None,
         "m and training mean cannot be told apart: the difference A − B in W is −0.030, and there is no interval "
         "to tell that from chance."),
    ],
)  # fmt: skip
def test_who_is_closer_is_said_only_where_the_interval_says_it(evaluation, estimate, who, told):
    comparison = with_decisive(evaluation, *estimate)
    assert closer(comparison) == (
        who, f"On these 3 studies {told} That speaks of these studies alone: they are fewer than 10."
    )  # fmt: skip
    assert " ".join(closer(comparison)[1].split()) in " ".join(shown(comparison).split())


def test_without_a_difference_nothing_is_said_of_who_is_closer(evaluation):
    who, told = closer(with_decisive(evaluation, None, None, None))
    assert who is None
    assert told == "On these 3 studies it cannot be said whether m or training mean is closer to people."


def test_of_many_studies_the_verdict_speaks_of_the_data_and_of_one_of_it_alone(evaluation):
    every = evaluation.studies * 4
    many, one = (evaluation.model_copy(update={"studies": every[:n], "studies_n": n}) for n in (10, 1))
    assert closer(compared(many))[1].startswith("On these data m is closer")
    assert "alone" not in closer(compared(many))[1]
    assert closer(compared(one))[1].endswith("That speaks of this study alone.")


def test_it_is_said_how_each_was_asked_and_matched(evaluation):
    text = " ".join(shown(compared(evaluation, matched=("own", "mean"), differs={"seed": ("0", "1")})).split())
    assert "Beside the model the runs differ in seed: 0 and 1." in text
    assert (
        "Answers are compared with the prediction for their own respondent by m, and with the mean prediction for "
        "their stimulus by training mean: accuracy of a mean is not individual accuracy." in text
    )
    plain = " ".join(shown(compared(evaluation)).split())
    assert "the runs differ" not in plain
    assert "Every answer is compared with the prediction for its own respondent." in plain


def test_what_is_left_out_is_counted(evaluation):
    counts = {"not predicted in both runs": 1200, "fewer than 2 answers in the cell": 1}
    text = " ".join(shown(compared(evaluation.model_copy(update={"left_out": counts}))).split())
    assert "Left out: 1,200 answers (not predicted in both runs), 1 cell (fewer than 2 answers in the cell)." in text
    assert "Left out" not in shown(compared(evaluation.model_copy(update={"left_out": {}})))


def test_what_intervals_resample_and_what_guessing_scores_is_told(evaluation):
    text = " ".join(shown(compared(evaluation)).split())
    assert "95 % intervals resample respondents with all their answers (100 draws), and are centred on" in text
    guess = evaluation.overall["uniform"]["wasserstein"].value
    assert f"Wasserstein-1, stated scale of uniform guessing: {guess:.3f}." in text


def test_no_line_is_wider_than_the_console_and_plain_terminals_get_plain_signs(evaluation):
    assert max(map(len, shown(compared(evaluation), width=80).splitlines())) <= 80
    plain = shown(compared(evaluation), encoding="ascii")
    assert "?" not in plain
    assert "A - B (95 %)" in plain
