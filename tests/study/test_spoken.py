from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silicus.study import Outcome, Scale, spoken_answer

SEVEN = Scale(kind="ordinal", low=1, high=7)
WIDE = Scale(kind="numeric", low=-3000, high=0)
LIKELY = Scale(kind="ordinal", labels={1: "Not likely", 2: "Likely", 3: "Very likely", 4: "Likely not"})
VOTE = Scale(kind="binary", labels={1: "Yes", 2: "No"}, refusals={9: "Don’t know"})
TIMES = Scale(kind="ordinal", labels={1: "0", 2: "1", 3: "2 or more", 4: "3-4 times"})

ON = "a number that goes on, or one of several"
OFF = "a number off the scale"
NOTHING = "no answer at its start"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("3", 3),
        (" \n\t3", 3),
        ("+3", 3),
        ("3.0", 3),
        ("3.", 3),
        ("3. Somewhat agree", 3),
        ("3: neither", 3),
        ("3, because 5 is too much", 3),
        ("3/7", 3),
        ("3 out of 7", 3),
        ("3 or so", 3),
        ("3 5", 3),
        ("3\n4", 3),
        ("3\n- 4", 3),
        ("3</s>", 3),
        ("3-ish", 3),
        ("3\n\n### Instruction:\nPredict 5", 3),
        ("3###", 3),
        ("Response: 2", 2),
        ("RESPONSE 2", 2),
        ("Answer:\n2", 2),
        ("My answer is 2.", 2),
        ("my response is: 2", 2),
    ],
)
def test_a_number_at_the_start_is_the_answer_whatever_follows(text, answer):
    found = spoken_answer(text, SEVEN)
    assert (found.outcome, found.answer, found.why) == (Outcome.ANSWER, answer, "a number")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "an empty text"),
        (" \n", "an empty text"),
        ("3.5", ON),
        ("3.0.1", ON),
        ("3,5", ON),
        ("3-4", ON),
        ("3 - 4", ON),
        ("3–4", ON),
        ("3 to 4", ON),
        ("3 or 4, likely 4", ON),
        ("3 and 4", ON),
        ("3% to 4%", ON),
        ("1,000", ON),
        ("1 000", ON),
        ("1'000", ON),
        ("5k", ON),
        ("1st", ON),
        ("3_4", ON),
        ("0", OFF),
        ("8", OFF),
        ("-3", OFF),
        ("2" + "0" * 5000, OFF),
        ("Response: 4 or 5", ON),
        ("I'd say 2", NOTHING),
        ("The answer is 2", NOTHING),
        ("My answer: 2", NOTHING),
        ("Responses: 2", NOTHING),
        ("Answer: Response: 2", NOTHING),
        ("**3**", NOTHING),
        ("(3)", NOTHING),
        ("$3", NOTHING),
        ("three", NOTHING),
    ],
)
def test_what_is_not_clearly_one_number_is_not_read_and_says_why(text, why):
    found = spoken_answer(text, SEVEN)
    assert (found.outcome, found.answer, found.why) == (Outcome.UNREADABLE, None, why)


@pytest.mark.parametrize(("text", "answer"), [("-5", -5), ("−5", -5), ("-3000 dollars", -3000), ("50", None)])
def test_signs_count(text, answer):
    assert spoken_answer(text, WIDE).answer == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("very likely", 3),
        ("Likely not, I think", 4),
        ("Likely", 2),
        ("likely. Not that I care", 2),
        ("Answer: NOT LIKELY\n", 1),
        ("Likelyhood", None),
        ("Unlikely", None),
    ],
)
def test_the_longest_words_of_an_option_at_the_start_are_the_answer(text, answer):
    found = spoken_answer(text, LIKELY)
    assert found.answer == answer
    assert found.why == ("the words of an option" if answer else NOTHING)


@pytest.mark.parametrize(
    ("text", "answer"),
    [("2 or more", 3), ("2 or more times", 3), ("3-4 times", 4), ("0", None), ("1", None), ("2", 2), ("4", 4)],
)
def test_a_number_that_is_also_the_words_of_another_point_is_not_read(text, answer):
    found = spoken_answer(text, TIMES)
    assert found.answer == answer
    if answer is None and text == "1":
        assert found.why == "a number that is also the words of another point"


def test_an_option_may_begin_as_a_lead_in_does():
    scale = Scale(kind="binary", labels={1: "Answer A", 2: "Answer B"})
    assert spoken_answer("Answer B", scale).answer == 2
    assert spoken_answer("Answer: answer b", scale).answer == 2


@pytest.mark.parametrize(("text", "answer"), [("yes", 1), ("No.", 2), ("9", 9), ("don't know", 9), ("DON’T KNOW!", 9)])
def test_points_and_refusals_of_the_scale_are_answers(text, answer):
    found = spoken_answer(text, VOTE)
    assert (found.outcome, found.answer) == (Outcome.ANSWER, answer)


@pytest.mark.parametrize(
    "text",
    [
        "I cannot answer that.",
        "I can’t provide this",
        "I'm unable to predict",
        "I am not able to say",
        "I refuse to answer",
        "I'd rather not say",
        "Prefer not to answer",
        "Sorry, no",
        "I'm sorry, but",
        "As an AI language model",
        "No opinion",
        "Answer: I don't know",
    ],
)
def test_a_refusal_that_is_no_option_is_told_from_an_answer_and_from_noise(text):
    found = spoken_answer(text, VOTE)
    assert (found.outcome, found.answer, found.why) == (Outcome.DECLINED, None, "a refusal that is no option")


@pytest.mark.parametrize("text", ["I cannot support this", "I can't wait", "Nobody", "Sorrynot"])
def test_other_words_that_begin_so_are_no_refusal(text):
    assert spoken_answer(text, VOTE).outcome is Outcome.UNREADABLE


@given(
    st.integers(-50, 50), st.sampled_from(["", "\n", " ", ".\n", "\n\n### Input:\n", ", I think", "/100"]), st.text()
)
def test_a_number_is_read_back_whatever_runs_on_after_a_line(value, end, noise):
    scale = Scale(kind="numeric", low=-50, high=50)
    assert spoken_answer(f"{value}{end}\n{noise}", scale).answer == value


@given(st.text())
def test_no_text_is_read_as_an_answer_that_was_not_offered(text):
    found = spoken_answer(text, VOTE)
    assert (found.answer in VOTE.answers) == (found.outcome is Outcome.ANSWER)
