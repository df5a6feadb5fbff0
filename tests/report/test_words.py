"""Who is said to be closer, by what, and where nobody is."""

from __future__ import annotations

from silicus.report.words import deciding, undecided, verdict


def test_large_cells_are_decided_by_distance_and_small_ones_by_the_likelihood(asian_disease):
    evaluation = asian_disease(0.7, 0.25)
    assert deciding(evaluation) == "wasserstein"
    small = evaluation.model_copy(update={"answers_per_cell": 9.0})
    assert deciding(small) == "nll"
    better, told = verdict(small)
    assert better
    assert told.startswith(
        "On this study smollm2 is closer to people than uniform guessing: the difference in negative log likelihood, "
        "nats an answer, is −0."
    )


def test_nobody_is_said_to_be_closer_on_fewer_than_thirty_answers(asian_disease):
    evaluation = asian_disease(0.7, 0.25).model_copy(update={"answers_n": 29})
    assert undecided(evaluation) == "29 answers are too few to tell"
    better, told = verdict(evaluation)
    assert not better
    assert told.startswith(
        "On this study it cannot be said whether smollm2 is better than uniform guessing: 29 answers are too few to "
        "tell (the difference in W is −0."
    )


def test_a_model_that_answers_for_some_alone_is_not_said_to_be_closer(asian_disease):
    evaluation = asian_disease(0.7, 0.25)
    few = evaluation.model_copy(update={"left_out": {"no prediction for this respondent": 60}})
    many = evaluation.model_copy(update={"left_out": {"no prediction for this respondent": 90}})
    assert undecided(few) == ""
    assert undecided(many) == "23 % of the answers have no prediction, and their people may differ from the others"
    assert not verdict(many)[0]


def test_studies_without_the_distance_do_not_count_among_those_compared(of_studies):
    # A third of the scales has no order, and so no W.
    assert verdict(of_studies(12))[1].startswith("On these 8 studies ")
