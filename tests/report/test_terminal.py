from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from silicus.report import print_evaluation

NOT_BETTER = "On these data smollm2 is not better than uniform guessing"


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
    assert "Uniform knows nothing; pooled knows people's answers and ignores the condition." in text


def test_a_model_nearer_than_uniform_is_said_to_be_nearer(asian_disease):
    text = joined(printed(asian_disease(0.7, 0.25)))
    assert "On these data smollm2 is closer to people than uniform guessing: the difference in W is −0.2" in text
    assert "not better" not in text


def test_a_model_farther_than_uniform_is_said_to_be_worse(asian_disease):
    text = joined(printed(asian_disease(0.1, 0.9)))
    assert f"{NOT_BETTER}, but worse: the difference in W is +0.4" in text


def test_a_model_like_uniform_is_said_to_be_no_better(asian_disease):
    text = joined(printed(asian_disease(0.5, 0.5)))
    assert f"{NOT_BETTER}: the difference in W is 0.000 (95 % 0.000 to 0.000), an interval that includes 0." in text


def test_several_studies_are_printed_one_a_row(of_studies):
    text = joined(printed(of_studies(3)))
    assert "On 3 studies, 6 cells, 186 answers" in text
    assert "95 % intervals resample studies, and cells within them (100 draws)." in text
    for study in ("study-0 2 60", "study-1 2 62 – –", "study-2 2 64"):
        assert study in text
    assert "Left out: 2 answers: refusal." in text
    assert "Left out: 2 cells: no order on the scale, so no Wasserstein." in text


def test_of_very_many_studies_those_with_most_answers_are_printed(of_studies):
    text = printed(of_studies(42))
    assert "The 40 studies with most answers, of 42." in text
    assert not re.search(r"^study-0 ", text, re.MULTILINE)
    assert re.search(r"^study-41 ", text, re.MULTILINE)


def test_the_unknown_is_printed_as_a_dash_and_never_as_a_number(of_studies):
    evaluation = of_studies(3)
    unknown = evaluation.difference.model_copy(update={"value": None, "low": None, "high": None})
    text = joined(printed(evaluation.model_copy(update={"difference": unknown})))
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
