from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from silicus.report import print_evaluation

NOT_BETTER = "On this study smollm2 is not better than uniform guessing"


def printed(evaluation, width: int = 100, encoding: str | None = None, terminal: bool = False) -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding or "utf-8", write_through=True)
    print_evaluation(evaluation, Console(file=file, width=width, force_terminal=terminal))
    return raw.getvalue().decode(encoding or "utf-8")


def joined(text: str) -> str:
    return " ".join(text.split())


def test_a_study_is_printed_with_its_counts_its_metrics_and_its_answers(asian_disease):
    text = joined(printed(asian_disease(0.68, 0.25)))
    assert "smollm2 beside people On 1 study, 2 cells, 307 answers, 307 people." in text
    assert "Wasserstein-1, stated scale ↓ 0.034" in text
    assert "Accuracy of a random draw ↑" in text
    assert "gain · choice, n = 152" in text
    assert "Programme A 72 % (64 to 78) 68 % 50 % 47 %" in text
    assert "mean 0.900, minimum 0.900" in text
    assert "95 % intervals resample people within cells (200 draws)" in text
    assert (
        "Uniform knows nothing; pooled knows these very answers and ignores the condition: a control, not a competitor."
        in text
    )
    assert "asked in one condition only" not in text
    assert (
        "Every answer is compared with the mean prediction for its stimulus: accuracy is how near the group's predicted"
        " answers come to each answer, not individual accuracy." in text
    )
    assert (
        "Cells have 153.5 answers in the median: a perfect prediction of people's distribution would still score "
        "W = 0.032 at these numbers of answers. " in text
    )


def test_a_model_nearer_than_uniform_is_said_to_be_nearer(asian_disease):
    text = joined(printed(asian_disease(0.7, 0.25)))
    assert "On this study smollm2 is closer to people than uniform guessing: the difference in W is −0.2" in text
    assert "not better" not in text


def test_a_model_farther_than_uniform_is_said_to_be_worse(asian_disease):
    text = joined(printed(asian_disease(0.1, 0.9)))
    assert f"{NOT_BETTER}, but worse: the difference in W is +0.4" in text


def test_a_model_like_uniform_is_said_to_be_no_better(asian_disease):
    text = joined(printed(asian_disease(0.5, 0.5)))
    assert f"{NOT_BETTER}: the difference in W is 0.000 in every resample of people." in text


def test_a_difference_that_no_resample_changes_has_no_interval(asian_disease):
    # People's shares of A lie below both .5 and .6, or above both .5 and .4, in every resample.
    text = joined(printed(asian_disease(0.486, 0.5)))
    assert f"{NOT_BETTER}, but worse: the difference in W is +0.007 in every resample of people." in text


def test_of_one_study_it_is_said_what_is_resampled_and_what_is_held_fixed(asian_disease):
    evaluation = asian_disease(0.7, 0.25)
    text = joined(printed(evaluation))
    assert "as if every answer came from another person (too narrow where people answered more than once)" in text
    text = joined(printed(evaluation.model_copy(update={"resampled": "respondents"})))
    assert (
        "95 % intervals resample respondents with all their answers (200 draws), and are centred on the estimate; "
        "predictions and pooled are held fixed. They speak of these questions, not of other studies." in text
    )


def test_of_few_studies_no_others_are_spoken_of(of_studies):
    # Two of three have an order, and so a W.
    few, many = joined(printed(of_studies(3))), joined(printed(of_studies(15)))
    assert "They speak of these questions, not of other studies." in few
    assert "On these 2 studies smollm2 is " in few
    assert "95 % intervals resample studies, and cells within them (100 draws). " in many
    assert "On these data smollm2 is " in many


def test_people_who_are_not_identified_are_not_counted(of_studies):
    text = joined(printed(of_studies(2, people_known=False)))
    assert "On 2 studies, 4 cells (2 nominal), 122 answers (people not identified). " in text


def test_the_effective_number_of_weighted_answers_is_printed(of_studies):
    # 15 answers of weight 1 and 15 of weight 3: 60^2 / (15 + 15 x 9) = 24.
    text = joined(printed(of_studies(1, weights=(1.0, 3.0))))
    assert "control · attitude, n = 30, effective 24.0 " in text


def test_answers_matched_in_both_ways_are_counted_apart(of_studies):
    evaluation = of_studies(1)
    mixed = {"matched_by_person": 50, "matched_by_mean": 10}
    text = joined(printed(evaluation.model_copy(update=mixed)))
    assert "50 answers compared with the prediction for their own respondent, 10 with the mean prediction" in text


def test_without_an_order_the_verdict_and_the_baselines_are_told_in_total_variation(of_studies):
    text = printed(of_studies(2, first=1, every=3))
    assert re.search(r"On these 2 studies smollm2 is .*: the difference in total variation is ", joined(text))
    assert re.search(r" TV +TV\b", text)
    assert "*" not in text


@pytest.mark.parametrize("people_known", [True, False])
@pytest.mark.parametrize("studies", [1, 3])
def test_the_notes_are_no_wall_of_words(of_studies, studies, people_known):
    text = printed(of_studies(studies, zero=True, people_known=people_known)).rstrip()
    assert len(text.rpartition("\n\n")[2].splitlines()) <= 11


def test_one_answer_is_one_answer(of_studies):
    text = joined(printed(of_studies(1).model_copy(update={"answers_per_cell": 1.0, "perfect_wasserstein": None})))
    assert "Cells have 1 answer in the median. " in text


def test_several_studies_are_printed_one_a_row(of_studies):
    text = joined(printed(of_studies(3)))
    assert "On 3 studies, 6 cells (2 nominal), 186 answers, 188 people." in text
    assert "95 % intervals resample people within cells (100 draws)" in text
    assert re.search(r"study-1 2 62 – –( \S+){4} 0\.\d{3}\* 0\.\d{3}\*", text)
    assert "* total variation: no order, so no W." in text
    for study in ("study-0 2 60", "study-1 2 62 – –", "study-2 2 64"):
        assert study in text
    assert "Left out: 2 answers (refusal), 2 cells (no order on the scale, so no Wasserstein)." in text


def test_of_very_many_studies_those_with_most_answers_are_printed(of_studies):
    text = printed(of_studies(42))
    assert "The 40 studies with most answers, of 42." in text
    assert not re.search(r"^study-0 ", text, re.MULTILINE)
    assert re.search(r"^study-41 ", text, re.MULTILINE)


def test_the_unknown_is_printed_as_a_dash_and_never_as_a_number(of_studies):
    evaluation = of_studies(3)
    unknown = evaluation.difference.model_copy(update={"value": None, "low": None, "high": None})
    text = joined(
        printed(evaluation.model_copy(update={"differences": {"uniform": {evaluation.difference_metric: unknown}}}))
    )
    assert "nan" not in text.lower()
    assert "None" not in text
    assert "study-1 2 62 – – 0." in text
    assert "it cannot be said whether smollm2 is better than uniform guessing" in text


def test_an_infinite_log_likelihood_is_printed_as_such_and_explained(of_studies):
    text = joined(printed(of_studies(1, zero=True)))
    assert "Negative log likelihood ↓ ∞" in text
    assert re.search(r"smollm2 gave probability 0 to \d+ answers: its log likelihood is infinite\.", text)


@pytest.mark.parametrize("width", [80, 100, 160])
@pytest.mark.parametrize("studies", [1, 3])
def test_no_line_is_longer_than_100_columns_or_the_terminal(of_studies, studies, width):
    evaluation = of_studies(studies, ("a condition of a very long name, longer than a terminal is wide " * 2, "b"))
    lines = printed(evaluation, width).splitlines()
    assert max(map(len, lines)) <= min(width, 100)


def test_a_long_scale_is_printed_as_its_mean_and_a_long_nominal_one_by_its_most_given_answers(of_studies):
    study = of_studies(1)
    assert "mean of 1 to 7 " in joined(printed(study))
    names = [cell.model_copy(update={"ordered": False}) for cell in study.cells]
    assert "and 2 answers given less" in printed(study.model_copy(update={"cells": names}))


def test_cells_that_are_not_shown_are_counted(of_studies):
    text = joined(printed(of_studies(1, [f"arm {n}" for n in range(13)])))
    assert "The 13 cells are too many to show here" in text


def test_refusals_are_printed_beside_the_cell(of_studies):
    study = of_studies(2)
    nominal = study.cells[2:]
    one = study.model_copy(update={"studies_n": 1, "cells_n": 2, "cells": nominal})
    assert "control · attitude, n = 31 (refusals 3 %, model 10 %)" in printed(one)


def test_a_cell_without_answers_is_printed_with_dashes(asian_disease):
    evaluation = asian_disease(0.7, 0.25)
    nothing = {
        "answers": 0,
        "people_effective": None,
        "human": [None, None],
        "predicted": {system: [None, None] for system in evaluation.overall},
    }
    cells = [evaluation.cells[0].model_copy(update=nothing)]
    text = joined(printed(evaluation.model_copy(update={"cells": cells})))
    assert "gain · choice, n = 0 Programme A – – – – Programme B – – – –" in text


def test_square_brackets_in_a_condition_are_words(of_studies):
    assert "[red]arm[/red] · attitude" in printed(of_studies(1, ("[red]arm[/red]", "b")))


def test_a_file_gets_no_colours_and_a_terminal_does(asian_disease):
    evaluation = asian_disease(0.7, 0.25)
    assert "\x1b" not in printed(evaluation)
    assert "\x1b[" in printed(evaluation, terminal=True)


def test_an_encoding_without_arrows_gets_letters(asian_disease):
    text = printed(asian_disease(0.7, 0.25), encoding="ascii")
    assert "Wasserstein-1, stated scale v" in text
    assert "Accuracy of a random draw ^" in text
