import polars as pl
import pytest

from silicus.data.dataset import ROWS
from silicus.data.stimuli import FEWEST_ANSWERS, assemble, question_id, question_words
from silicus.study import MAX_POINTS, Scale, Source

SOURCE = Source(citation="Nobody (2026).", licence="CC0-1.0")
YES_NO = Scale(kind="binary", labels={1: "Yes", 2: "No"})
SEVEN = Scale(kind="ordinal", low=1, high=7)
ASKED = 'You read "x" and were asked: "Vote?" Only return 1 for Yes or 2 for No, nothing else.'
OPEN = 'You read "a" and were asked: "How much?" Only return an integer representing dollars, nothing else.'
OTHER_ARM = OPEN.replace('"a"', '"b"')


def dataset(*cells, published=False):
    """Return the dataset of cells, each given as (condition, task, stimulus, answers)."""
    texts = list(dict.fromkeys(text for _, _, text, _ in cells))
    rows = [
        ("s", condition, task, f"s/{condition}/{place}", texts.index(text), answer, 1, 1.0, None)
        for condition, task, text, answers in cells
        for place, answer in enumerate(answers)
    ]
    table = pl.DataFrame(rows, schema=ROWS, orient="row")
    people = table.select("respondent", weight=1.0).unique(maintain_order=True)
    return assemble("tiny", SOURCE, texts, table, people, published=published)


def test_a_scale_that_no_stimulus_states_is_read_over_the_task_and_not_over_the_cell():
    made = dataset(("0", "task 0", OPEN, [0.0, 5.0] * 10), ("1", "task 0", OTHER_ARM, [20.0, 40.0] * 10))
    assert {str(item.scale) for item in made.items.values()} == {"0 to 40"}
    assert made.shown["provenance"].to_list() == ["observed_task"] * 2
    assert made.shown["reason"][0] == "no range stated; 0 to 40 in the 40 answers to the task"
    assert made.left_out == {}


def test_each_task_has_an_observed_scale_of_its_own():
    made = dataset(("0", "task 0", OPEN, [0.0, 5.0] * 20), ("0", "task 1", OPEN, [0.0, 90.0] * 20))
    assert [str(made.items[item].scale) for item in made.shown["item"]] == ["0 to 5", "0 to 90"]


def test_a_stimulus_without_a_scale_takes_the_one_that_others_of_its_task_state():
    stated = "How much? Only return an integer from 0 to 10, nothing else."
    made = dataset(("0", "task 0", stated, [0.0, 9.0]), ("1", "task 0", OPEN, [4.0, 6.0]))
    assert [str(made.items[item].scale) for item in made.shown["item"]] == ["0 to 10", "0 to 10"]
    assert made.shown["provenance"].to_list() == ["stated", "observed_task"]
    assert made.shown["reason"][1] == "no range stated; 0 to 10 as stated elsewhere in the task"


def test_answers_beside_the_scale_stated_in_the_task_widen_the_range_to_all_of_the_tasks_answers():
    stated = "How much? Only return an integer from 5 to 10, nothing else."
    made = dataset(("0", "task 0", stated, [7.0, 10.0] * 10), ("1", "task 0", OPEN, [0.0, 3.0] * 10))
    assert [str(made.items[item].scale) for item in made.shown["item"]] == ["5 to 10", "0 to 10"]
    assert made.shown["reason"][1] == "no range stated; 0 to 10 in the 40 answers to the task"


@pytest.mark.parametrize("range_", ["from 0 to 25000", "from 0 to 10 in steps of 0.5"])
def test_a_stated_scale_that_cannot_be_used_is_never_replaced_by_an_observed_one(range_):
    made = dataset(("0", "task 0", f"How much? Only return a number {range_}, nothing else.", [0.0, 10.0] * 20))
    assert made.shown["provenance"].to_list() == ["unsupported"]
    assert made.responses.is_empty()


def test_missing_codes_do_not_stretch_an_observed_scale_and_are_no_answers():
    made = dataset(("0", "task 0", OPEN, [*range(1, 8)] * 5 + [98.0, 99.0, -5.0]))
    assert [str(item.scale) for item in made.items.values()] == ["1 to 7"]
    assert made.responses["missing"].drop_nulls().to_list() == ["code 98", "code 99", "code -5"]
    assert made.responses.filter(pl.col("missing").is_not_null())["response"].null_count() == 3
    assert len(made.answered) == 35


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([1.0, 5.0], f"no range stated, and fewer than {FEWEST_ANSWERS} answers to see one"),
        ([5.0] * 40, "no range stated, and all answers are the same"),
        ([0.0, 60_100_000.0] * 20, f"no range stated, and the answers span more than {MAX_POINTS} points"),
    ],
)
def test_a_scale_that_answers_cannot_show_stays_unsupported_and_says_why(answers, reason):
    made = dataset(("0", "task 0", OPEN, answers))
    assert made.left_out == {f"no scale: {reason}": len(answers)}
    assert made.shown.select("provenance", "reason").row(0) == ("unsupported", reason)
    assert made.responses.is_empty()


def test_a_code_off_a_stated_scale_is_missing_and_on_it_an_answer():
    percent = "How likely? Only return an integer from 0 to 100, nothing else."
    made = dataset(("0", "task 0", ASKED, [1.0, 98.0]), ("0", "task 1", percent, [98.0, 999.0]))
    assert made.responses.select("response", "missing").rows() == [
        (1, None),
        (None, "code 98"),
        (98, None),
        (None, "code 999"),
    ]
    assert made.shown["missing"].to_list() == [1, 1]


def test_answers_off_the_scale_are_dropped_and_counted_and_kept_as_published():
    cells = ("0", "task 0", ASKED, [1.0, 3.0, 12.0, 98.0, 1.5])
    dropped, kept = dataset(cells), dataset(cells, published=True)
    assert dropped.answered["response"].to_list() == [1]
    part = "answer is no whole number"
    assert dropped.left_out == {"answer outside the stated scale": 2, part: 1}
    assert kept.answered["response"].to_list() == [1, 3, 12, 98]
    assert kept.left_out == {part: 1}
    assert dropped.shown.select("kept", "outside", "missing").row(0) == (1, 3, 1)
    assert kept.shown.select("kept", "outside", "missing").row(0) == (1, 4, 0)
    assert dropped.shown["outside_answers"].to_list() == [[1.5, 3.0, 12.0]]


def test_an_answer_too_large_to_be_a_whole_number_is_left_out_even_as_published():
    made = dataset(("0", "task 0", ASKED, [1.0, 1e30]), published=True)
    assert made.left_out == {"answer is no whole number": 1}


def test_without_task_numbers_the_words_of_the_question_name_it():
    made = dataset(("0", None, ASKED, [1.0]))
    assert made.responses["question"][0] == question_id(ASKED, YES_NO)


def test_a_question_is_named_by_the_words_after_the_last_asked():
    stimulus = 'You were asked: "Age?" You then read "x" and were asked: “Would you\n vote?” Only return 1 or 2.'
    assert question_words(stimulus) == "Would you vote?"
    assert question_id(stimulus, YES_NO).startswith("Would you vote? · ")


def test_without_asked_a_question_is_named_by_the_last_sentence_before_the_answer_sentence():
    stimulus = "Some firms do. How warm do you feel toward Dr. A and the U.S. Supreme Court? Only return 1 or 2."
    assert question_id(stimulus, YES_NO).startswith("How warm do you feel toward Dr. A and the U.S. Supreme Cour… · ")


def test_the_same_words_on_another_scale_are_another_question():
    stimulus = 'You were asked: "Vote?" Only return ...'
    assert len({question_id(stimulus, scale) for scale in (YES_NO, SEVEN, None)}) == 3


def test_long_words_that_differ_late_are_different_questions():
    first, second = (question_id(f'asked: "{"very " * 20}{word}?" Only return 1 or 2.', YES_NO) for word in "ab")
    assert first != second
    assert first[:60] == second[:60]
