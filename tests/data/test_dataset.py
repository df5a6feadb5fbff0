from dataclasses import replace

import numpy as np
import polars as pl
from polars.testing import assert_frame_equal

from silicus.data.dataset import ANSWERS, ROWS, SHOWN, Stimulus, settle
from silicus.study import KEY, Item, Scale, Source

SOURCE = Source(citation="Nobody (2026).", licence="CC0-1.0")
YES_NO = Scale(kind="binary", labels={1: "Yes", 2: "No"}, refusals={9: "Don't know"})
VOTE = Item("", "", "", context="", text="Would you vote?", scale=YES_NO)
STIMULI = [
    Stimulus("Would you vote?", VOTE, "labels"),
    Stimulus("How much?", None, "unsupported", "no range stated"),
    Stimulus(" ", None, "unsupported", "no answer sentence"),
]


def row(respondent="s/1", stimulus: int | None = 0, answer: float | None = 1.0, **changes):
    values = {"study": "s", "condition": "0", "question": "vote", "respondent": respondent, "stimulus": stimulus}
    return {**values, "answer": answer, "n": 1, "weight": 1.0, "missing": None, **changes}


def dataset(*rows, **options):
    table = pl.DataFrame(rows, schema={**ROWS, **options.pop("further", {})})
    people = table.select("respondent", weight=1.0, age=30).unique(maintain_order=True)
    return settle("tiny", SOURCE, STIMULI, table, people, **options)


def test_answers_on_the_scale_become_responses_with_their_item():
    made = dataset(row("s/1", answer=1.0), row("s/2", answer=2.0))
    item = Item("s", "0", "vote", context="", text="Would you vote?", scale=YES_NO)
    assert made.items == {item.item: item}
    assert made.responses.schema == ANSWERS
    assert made.responses.rows() == [
        ("s", "0", "vote", item.item, "s/1", 1, 1, 1.0, None),
        ("s", "0", "vote", item.item, "s/2", 2, 1, 1.0, None),
    ]
    assert (made.name, made.source, made.rows_read, made.left_out) == ("tiny", SOURCE, 2, {})


def test_rows_left_out_are_counted_by_reason_and_never_clipped():
    made = dataset(
        row("s/1"),
        row("s/2", answer=3.0),
        row("s/3", answer=1.5),
        row("s/4", answer=None),
        row("s/5", stimulus=1),
        row("s/6", stimulus=2),
        row("s/7", stimulus=None),
        left_out={"no answer in the cell": 4},
    )
    assert made.left_out == {
        "no answer in the cell": 4,
        "answer outside the stated scale": 1,
        "answer is no whole number": 1,
        "empty stimulus": 2,
        "answer is not a number": 1,
        "no scale: no range stated": 1,
    }
    assert made.respondents["respondent"].to_list() == ["s/1"]
    assert len(made.responses) + sum(made.left_out.values()) == made.rows_read == 11


def test_a_refusal_is_an_answer_on_the_scale():
    assert dataset(row(answer=9.0)).responses["response"].to_list() == [9]


def test_a_missing_answer_stays_as_a_row_with_its_label_and_is_no_answer():
    made = dataset(row(answer=None, missing="Not asked"), row("s/2"))
    assert made.responses.select("response", "missing").rows() == [(None, "Not asked"), (1, None)]
    assert made.answered["respondent"].to_list() == ["s/2"]
    assert made.shown.select("rows", "kept", "missing", "outside").row(0) == (2, 1, 1, 0)


def test_a_value_that_the_source_calls_missing_is_no_answer_even_on_the_scale():
    made = dataset(row(answer=1.0, missing="Interview broken off"))
    assert made.responses.select("response", "missing").row(0) == (None, "Interview broken off")


def test_shares_without_counts_are_kept_as_weights():
    made = dataset(row("France", n=None, weight=0.3), row("France", answer=2.0, n=None, weight=0.7), unit="group")
    assert made.responses.select("n", "weight").rows() == [(None, 0.3), (None, 0.7)]
    assert not made.people_known


def test_columns_beside_the_schema_are_carried_along():
    made = dataset(row(rationale="because"), further={"rationale": pl.String})
    assert made.responses["rationale"].to_list() == ["because"]


def test_every_row_of_the_source_is_in_exactly_one_place_of_what_was_shown():
    made = dataset(
        row(), row("s/2", answer=3.0), row("s/3", answer=98.0), row("s/4", stimulus=1), row("s/5", stimulus=None)
    )
    assert made.shown.schema == SHOWN
    assert made.shown["rows"].sum() == made.rows_read
    assert made.shown.select("provenance", "rows", "kept", "outside", "missing").rows() == [
        ("labels", 3, 1, 1, 1),
        ("unsupported", 1, 0, 0, 0),
        ("unsupported", 1, 0, 0, 0),
    ]
    assert made.shown["scale"][0] == "1, 2 (refusals 9) (Yes … No)"


def test_one_stimulus_in_two_conditions_is_one_item_and_two_cells():
    made = dataset(row(), row("s/2", condition="1"))
    assert len(made.items) == 1
    cells = [(cell.study, cell.condition, cell.question, cell.item) for cell in made.cells()]
    assert cells == made.responses.select(KEY).rows()


def test_a_cell_in_which_nobody_answered_is_no_cell():
    made = dataset(row(), row("s/2", condition="1", answer=None, missing="Not asked"))
    assert [cell.condition for cell in made.cells()] == ["0"]


def test_nothing_left_gives_empty_tables_of_the_same_schema():
    made = dataset(row(stimulus=1))
    assert_frame_equal(made.responses, pl.DataFrame(schema=ANSWERS))
    assert made.items == {}


def test_a_sample_keeps_the_order_and_counts_what_it_leaves_out():
    made = dataset(*(row(f"s/{n}") for n in range(50)))
    drawn = made.sample(20, np.random.default_rng(1))
    assert len(drawn.responses) == len(drawn.respondents) == 20
    assert drawn.left_out == {"not in the random sample": 30}
    places = [int(name.removeprefix("s/")) for name in drawn.responses["respondent"]]
    assert places == sorted(places)
    again = made.sample(20, np.random.default_rng(1))
    assert again.responses.equals(drawn.responses)


def test_of_groups_whole_distributions_are_drawn():
    groups = [(f"g{group}", str(condition)) for condition in range(5) for group in range(4)]
    rows = [row(who, condition=condition, answer=answer) for who, condition in groups for answer in (1, 2)]
    made = replace(dataset(*rows), unit="group")
    drawn = made.sample(6, np.random.default_rng(1))
    kept = drawn.responses.group_by("condition", "respondent").len()
    assert (len(kept), kept["len"].unique().to_list()) == (6, [2])
    assert drawn.left_out == {"not in the random sample": 40 - 12}


def test_leaving_out_twice_for_one_reason_counts_both():
    made = dataset(*(row(f"s/{n}") for n in range(5)))
    fewer = made.keep(pl.col("respondent") != "s/0", "leaks").keep(pl.col("respondent") != "s/1", "leaks")
    assert fewer.left_out == {"leaks": 2}
    assert len(fewer.responses) + sum(fewer.left_out.values()) == fewer.rows_read
