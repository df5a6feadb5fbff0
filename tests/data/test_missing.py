import pytest
from hypothesis import given
from hypothesis import strategies as st

from silicus.data.missing import is_code, says_no_answer, split_codes


@pytest.mark.parametrize("code", [-5, -1, -9, -99, 77, 88, 97, 98, 99, 777, 998, 999, 9998, 9999, 99999])
def test_the_codes_of_the_field_are_known_by_their_form(code):
    assert is_code(code)


@pytest.mark.parametrize("answer", [0, 1, 7, 9, 11, 61, 70, 76, 90, 96, 100, -10, 98.5, 60_100_000])
def test_other_numbers_are_no_codes(answer):
    assert not is_code(answer)


@pytest.mark.parametrize(
    ("answers", "codes"),
    [
        ([1, 2, 3, 4, 5, 77, 98, 99], [77, 98, 99]),
        ([0, 10, 20, 30, 40, 999], [999]),
        ([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, -5], [-5]),
        ([1, 2, 3, 99999], [99999]),
        ([-3, -2, -1, 0, 1, 2, 3], []),
        ([0, 25, 50, 75, 77, 98, 99, 100], []),
        ([0, 12, 40, 65, 88, 98], []),
        ([98, 99], []),
        ([-5, 0, 50, 100, 500, 1000], [-5]),
        ([-1, 0, 1, 2], [-1]),
        ([-20, -5, 0, 10], []),
    ],
)
def test_codes_lie_beyond_a_gap_wider_than_any_between_the_answers(answers, codes):
    kept, found = split_codes(answers)
    assert found == sorted(codes)
    assert kept == sorted(set(answers) - set(codes))


@given(st.lists(st.integers(-10, 1000), min_size=1))
def test_every_number_is_an_answer_or_a_code_and_some_answer_stays(numbers):
    kept, codes = split_codes(numbers)
    assert sorted([*kept, *codes]) == sorted(set(numbers))
    assert kept
    assert all(is_code(code) for code in codes)


@pytest.mark.parametrize("apostrophe", "'’‘ʼ`´")
def test_words_for_no_answer_are_known_with_any_apostrophe_and_what_follows_a_mark(apostrophe):
    assert says_no_answer(f"Don{apostrophe}t know")
    assert says_no_answer(f"Don{apostrophe}t know / not sure")
    assert not says_no_answer(f"Don{apostrophe}t know him")


@pytest.mark.parametrize("words", ["Unsure", "Not sure", "I'm not sure", "No opinion", "Undecided"])
def test_what_may_be_a_midpoint_is_no_answer_only_apart(words):
    assert (says_no_answer(words), says_no_answer(words, apart=True)) == (False, True)


@pytest.mark.parametrize("words", ["No", "None", "Not at all", "Nay", "Never", "Neither", "National", "Skipping"])
def test_answers_that_begin_alike_are_answers(words):
    assert not says_no_answer(words, apart=True)
