from pathlib import Path

import polars as pl
import pytest

from silicus.data import read_dataset
from silicus.data.readers.wvs_options import OptionsError, scale_of_options


def test_the_questionnaire_says_which_questions_of_wave_7_have_no_order():
    trust = {1: "A great deal", 2: "Quite a lot", 3: "Not very much", 4: "None at all"}
    assert scale_of_options(trust, wave7=64)[0].kind == "ordinal"
    assert scale_of_options({1: "Better off", 2: "Worse off", 3: "Or about the same"}, wave7=56)[0].kind == "nominal"
    assert scale_of_options({1: "Yes", 2: "No"}, wave7=139)[0].kind == "binary"


def test_hard_to_say_is_a_midpoint_of_q122_and_beside_the_scale_of_q119():
    middle, _ = scale_of_options({0: "Disagree", 1: "Hard to say", 2: "Agree"}, wave7=122)
    assert (middle.values, middle.refusals) == ((0, 1, 2), {})
    agree = {0: "Hard to say", 1: "Strongly agree", 2: "Agree", 3: "Disagree", 4: "Strongly disagree"}
    beside, _ = scale_of_options(agree, wave7=119)
    assert (beside.values, beside.refusals) == ((1, 2, 3, 4), {0: "Hard to say"})


def test_bare_numbers_are_no_labels():
    scale, move = scale_of_options({1: "Never", 2: "2", 3: "3", 4: "Always"}, wave7=177)
    assert (scale.values, scale.labels, move) == ((1, 2, 3, 4), {1: "Never", 4: "Always"}, 0)


def test_values_mean_what_bare_numbers_say():
    scale, move = scale_of_options({1: "Not at all", 2: "1.0", 3: "2.0", 4: "Very", 5: "DK/Refused"})
    assert (scale.values, scale.labels, scale.refusals, move) == (
        (0, 1, 2, 3), {0: "Not at all", 3: "Very"}, {4: "DK/Refused"}, -1,
    )  # fmt: skip


@pytest.mark.parametrize(
    "words",
    ['"Dont know"', '"Dont know/Refused"', "DK/Refused", "No answer/refused", "Missing; Not available", "Neither (VOL)",
     "Other missing; Multiple answers Mail (EVS)", "Never heard of", "Both (DO NOT READ)", "No Answer"],
)  # fmt: skip
def test_no_answers_and_volunteered_ones_lie_beside_the_scale(words: str):
    scale, _ = scale_of_options({1: "Good", 2: "Bad", 3: words})
    assert (scale.kind, scale.refusals) == ("binary", {3: words})


@pytest.mark.parametrize("words", ['"Dont mind"', "None", "Neither"])
def test_other_answers_are_points(words: str):
    scale, _ = scale_of_options({1: "Good thing", 2: words, 3: "Bad thing"})
    assert scale.values == (1, 2, 3)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("Agree", "Neither", "Disagree"), "ordinal"),
        (("Too little", "About right", "Too much"), "ordinal"),
        (("Too little", "Too much", "About right"), "nominal"),
        (("Less likely", "No difference", "More likely"), "ordinal"),
        (("Favor Israel", "Fair", "Favor the Palestinians"), "nominal"),
        (("Favor strongly", "Favor", "Oppose", "Oppose strongly"), "ordinal"),
        (("Bad influence", "No influence", "Good influence"), "ordinal"),
        (("China", "India", "Brazil", "None"), "nominal"),
    ],
)
def test_words_of_other_surveys_are_in_order_where_they_are_degrees_and_do_not_turn(words: tuple[str, ...], kind: str):
    assert scale_of_options(dict(enumerate(words, start=1)))[0].kind == kind


@pytest.mark.parametrize(
    "words",
    [
        ("Minor threat", "No threat at all", "Not a threat at all"),
        ("Good", "Bad", "Good thing"),
        ("Gap between rich and poor", "Prices", "Gap between the rich and the poor"),
    ],
)
def test_an_answer_that_stands_twice_in_other_words_is_no_scale(words: tuple[str, ...]):
    with pytest.raises(OptionsError, match="one answer stands twice"):
        scale_of_options(dict(enumerate(words, start=1)))


def test_a_total_is_neither_a_point_nor_beside_the_scale():
    scale, _ = scale_of_options({1: "Good", 2: "Bad", 3: "DK/Refused", 4: "Total      N="})
    assert scale.answers == (1, 2, 3)


def test_options_cut_at_a_comma_and_numbers_out_of_order_are_no_scale():
    with pytest.raises(OptionsError, match="cut at a comma"):
        scale_of_options({1: "Have done", 2: "Have not done", 3: "but might do"})
    with pytest.raises(OptionsError, match="out of order"):
        scale_of_options({1: "Not at all", 2: "1.0", 3: "Very", 4: "2.0"})


# --- the real file

# Every kind below was told by a person from the words of the options.
KINDS = {
    "binary": {
        "1079": "Acceptable | Unacceptable",
        "168": "Better | Worse",
        "818": "Israelis | Palestinians",
        "1225": "Optimistic | Pessimistic",
        "2362": "Not mentioned | Important",
        "1068": "Yes | No",
    },
    "nominal": {
        "186": "Fair | Favor Israel | Favor Palestinians",
        "1886": "Fair | Favor India | Favor Pakistan",
        "901": "A more important role | A less important role | No change",
        "1424": "Better | Worse | Has not changed",
        "861": "Good influence | Bad influence | No influence",
        "883": "Too much | Not enough | Right amount",
        "1902": "Increased | Decreased | Stayed the same",
        "690": "More of a partner | More of an enemy | Neither",
        "1210": "More | Fewer | About the same",
        "785": "Good | Bad | Neither",
        "1380": "United States | China | European Union",
        "2102": "Their families | The government | Themselves",
    },
    "ordinal": {
        "447": "Major threat | Minor threat | No threat",
        "1280": "Major threat | Minor threat | Not a threat",
        "137": "A great danger | Moderate danger | Small danger | No danger at all",
        "913": "The best | Above average | Average | Below average | The worst",
        "1858": "Top priority | Some priority | No priority",
        "2295": "Have done | Might do | Would never do",
        "113": "Very important reason | Fairly important reason | Not important reason",
        "212": "Reduced | Maintained at current level | Increased",
        "2474": 'Good thing | "Dont mind" | Bad thing',
        "2246": "Very bad | Bad | Good | Very good",
        "2549": "Disagree | Hard to say | Agree",
        "994": "A lot | A little | Nothing at all",
        "2357": "None of them | Few of them | Most of them | All of them",
        "618": "Very strong conflicts | Strong conflicts | Not very strong conflicts | There are not conflicts",
        "574": "A lot more | Somewhat more | Only a little more | Not more",
        "679": "Very good | Somewhat good | Somewhat bad | Very bad",
        "148": "Very favorable | Somewhat favorable | Somewhat unfavorable | Very unfavorable",
        "2505": "Never justifiable | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | Always justifiable",
    },
}  # fmt: skip


def test_the_kinds_of_the_pew_file_are_those_told_by_hand(shared_data: Path):
    items = read_dataset(shared_data / "wvs" / "pew_dev.json").items.values()
    scales = {item.question.removeprefix("Q"): item.scale for item in items}
    for kind, questions in KINDS.items():
        for question, words in questions.items():
            scale = scales[question]
            shown = " | ".join(scale.label(value) or str(value) for value in scale.values)
            assert (question, scale.kind, shown) == (question, kind, words)
    counts = pl.Series([scale.kind for scale in scales.values()]).value_counts()
    assert dict(counts.iter_rows()) == {"ordinal": 204, "binary": 86, "nominal": 47}
