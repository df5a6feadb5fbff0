import polars as pl
from polars.testing import assert_frame_equal

from silicus.data.dataset import ROWS, assemble, question_id
from silicus.study import KEY, RESPONSES, Item, Scale

YES_NO = Scale(kind="binary", labels={1: "Yes", 2: "No"})
SEVEN = Scale(kind="ordinal", low=1, high=7)
ASKED = 'You read "x" and were asked: "Vote?" Only return 1 for Yes or 2 for No, nothing else.'
OPEN = 'You were asked: "How much?" Only return an integer representing dollars, nothing else.'


def dataset(*rows):
    table = pl.DataFrame(rows, schema=ROWS, orient="row")
    people = table.select("respondent", pl.lit(1.0).alias("weight"), pl.lit(30).alias("age")).unique(
        maintain_order=True
    )
    return assemble("tiny", table, people)


def test_answers_on_the_scale_become_responses_with_their_item():
    made = dataset(("s", "0", "task 0", "s/1", ASKED, 1.0), ("s", "0", "task 0", "s/2", ASKED, 2.0))
    item = Item("s", "0", "task 0", context="", text=ASKED, scale=YES_NO, verbatim=True)
    assert made.items == {item.item: item}
    assert made.responses.schema == RESPONSES
    assert made.responses.rows() == [
        ("s", "0", "task 0", item.item, "s/1", 1, 1, 1.0),
        ("s", "0", "task 0", item.item, "s/2", 2, 1, 1.0),
    ]
    assert (made.name, made.rows_read, made.left_out) == ("tiny", 2, {})


def test_rows_left_out_are_counted_by_reason_and_never_clipped():
    made = dataset(
        ("s", "0", "task 0", "s/1", ASKED, 1.0),
        ("s", "0", "task 0", "s/2", ASKED, 3.0),
        ("s", "0", "task 0", "s/3", ASKED, 1.5),
        ("s", "0", "task 0", "s/4", ASKED, None),
        ("s", "0", "task 1", "s/5", OPEN, 5.0),
        ("s", "0", "task 1", "s/6", " ", 5.0),
        ("s", "0", "task 1", "s/7", None, 5.0),
    )
    assert made.left_out == {
        "answer outside the stated scale": 2,
        "empty stimulus": 2,
        "answer is not a number": 1,
        "no scale: no range stated": 1,
    }
    assert made.respondents["respondent"].to_list() == ["s/1"]
    assert len(made.responses) + sum(made.left_out.values()) == made.rows_read


def test_a_refusal_is_an_answer_on_the_scale():
    stimulus = "Vote? Only return 1 for Yes, 2 for No, or 3 for Not sure, nothing else."
    assert dataset(("s", "0", "task 0", "s/1", stimulus, 3.0)).responses["response"].to_list() == [3]


def test_one_stimulus_in_two_conditions_is_one_item_and_two_cells():
    made = dataset(("s", "0", "task 0", "s/1", ASKED, 1.0), ("s", "1", "task 0", "s/2", ASKED, 1.0))
    assert len(made.items) == 1
    cells = [(cell.study, cell.condition, cell.question, cell.item) for cell in made.cells()]
    assert cells == made.responses.select(KEY).rows()


def test_nothing_left_gives_empty_tables_of_the_same_schema():
    made = dataset(("s", "0", "task 0", "s/1", OPEN, 1.0))
    assert_frame_equal(made.responses, pl.DataFrame(schema=RESPONSES))
    assert made.items == {}


def test_a_question_is_named_by_the_words_after_the_last_asked():
    stimulus = 'You were asked: "Age?" You then read "x" and were asked: “Would you\n vote?” Only return 1 or 2.'
    assert question_id(stimulus, YES_NO).startswith("Would you vote? · ")


def test_without_asked_a_question_is_named_by_the_last_sentence_before_the_answer_sentence():
    stimulus = "Some firms do. How warm do you feel toward Dr. A and the U.S. Supreme Court? Only return 1 or 2."
    assert question_id(stimulus, YES_NO).startswith("How warm do you feel toward Dr. A and the U.S. Supreme Cour… · ")


def test_the_same_words_on_another_scale_are_another_question():
    stimulus = 'You were asked: "Vote?" Only return ...'
    assert question_id(stimulus, YES_NO) != question_id(stimulus, SEVEN)


def test_long_words_that_differ_late_are_different_questions():
    first, second = (question_id(f'asked: "{"very " * 20}{word}?" Only return 1 or 2.', YES_NO) for word in "ab")
    assert first != second
    assert first[:60] == second[:60]
