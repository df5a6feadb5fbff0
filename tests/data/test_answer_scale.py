import json
from pathlib import Path

import pytest

from silicus.data.answer_scale import labelled_scale, parse_scale
from silicus.study import Scale

AGREE = {1: "Strongly disagree", 5: "Strongly agree"}
REFORMS = {1: "Raise the retirement age to 68", 2: "Raise the payroll tax rate to 6.5%", 3: "I’m indifferent"}
JOBS = {
    1: "Stays at [his/her] job",
    2: "Cuts back to part-time",
    3: "Stays home",
    4: "Seeks alternative arrangements or another full-time job",
}
MONEY = {1: "$1-$10", 2: "$11-$25", 3: "$26-$50", 4: "$51-$100", 5: "$101-$500", 6: "$501 or more"}
SEVEN = (
    "Strongly favor",
    "Somewhat favor",
    "Slightly favor",
    "Neither favor nor oppose",
    "Slightly oppose",
    "Somewhat oppose",
    "Strongly oppose",
)


def ordinal(low, high, labels=None, refusals=None):
    return Scale(kind="ordinal", low=low, high=high, labels=labels or {}, refusals=refusals or {})


def numeric(low, high, step=1, labels=None):
    return Scale(kind="numeric", low=low, high=high, step=step, labels=labels or {})


def binary(first, second, **more):
    return Scale(kind="binary", labels={1: first, 2: second}, **more)


RANGES = {
    "Only return an integer from 1 to 4, nothing else.": ordinal(1, 4),
    "Only return a number from 1 to 4, nothing else.": ordinal(1, 4),
    "Only return an integer from 0 to 10, nothing else.”": ordinal(0, 10),
    "Only return an integer from 0 to 100, nothing else.": numeric(0, 100),
    "Only return an integer from 0 to 1, nothing else.": Scale(kind="binary", low=0, high=1),
    "Only return an integer from 1 to 5, where 1 means Strongly disagree and 5 means Strongly agree, "
    "nothing else.": ordinal(1, 5, AGREE),
    "Only return an integer from 1 to 5, where 1 means Strongly disagree and 5 means Strongly agree, "
    "nothing else.”": ordinal(1, 5, AGREE),
    "Only return an integer from 1 to 7, where 1 = 'Extremely likely' and 7 = 'Extremely unlikely', "
    "nothing else.": ordinal(1, 7, {1: "Extremely likely", 7: "Extremely unlikely"}),
    "Only return an integer from 1 (Definitely not eligible) to 5 (Definitely eligible), nothing else.": ordinal(
        1, 5, {1: "Definitely not eligible", 5: "Definitely eligible"}
    ),
    "Only return an integer from 1 ($0–$20) to 7 (More than $120), nothing else.": ordinal(
        1, 7, {1: "$0–$20", 7: "More than $120"}
    ),
    "Only return an integer from 1 to 4, nothing else. (1 corresponds to Very unwilling; 4 corresponds to "
    "Very willing)": ordinal(1, 4, {1: "Very unwilling", 4: "Very willing"}),
    "Only return an integer from 1 to 4, nothing else, where 1 means “Raise …,” 2 means “…,” 3 means “…,” "
    "and 4 means “Not sure.”": ordinal(1, 3, {1: "Raise"}, {4: "Not sure"}),
    "Only return 1 if you accept it as final, up to 4 if you strongly believe it should be challenged.": ordinal(
        1, 4, {1: "you accept it as final", 4: "you strongly believe it should be challenged"}
    ),
    "Only return 1 for $1-$10; 2 for $11-$25; … 6 for $501 or more, nothing else.": ordinal(
        1, 6, {1: "$1-$10", 2: "$11-$25", 6: "$501 or more"}
    ),
    "Only return a multiple of 100 between 0 and 1000, nothing else.": numeric(0, 1000, step=100),
    "Only return an integer from 0 to 100 representing percent chance, nothing else.": numeric(0, 100),
    "Only return an integer from 0 to 1200 representing dollars, nothing else.": numeric(0, 1200),
    "Only return an integer from 0 to 10 representing dollars, nothing else.": numeric(0, 10),
    "Only return an integer from 0 to 1,000, nothing else.": numeric(0, 1000),
    "Only return an integer from $0 to $10, nothing else.": numeric(0, 10),
    "Only return a multiple of 5 from 0 to 100 (in dollars).": numeric(0, 100, step=5),
    "Only return an integer from 1 to 5, where 1 means Angry and 5 means Calm.'": ordinal(
        1, 5, {1: "Angry", 5: "Calm"}
    ),
    'Only return an integer from 1 to 4 where 1 means Very fair and 4 means Very unfair, nothing else."': ordinal(
        1, 4, {1: "Very fair", 4: "Very unfair"}
    ),
    "Only return an integer from 0 to 6, where 0 means 'in all cases' and 6 means 'never – in no cases'.": ordinal(
        0, 6, {0: "in all cases", 6: "never – in no cases"}
    ),
    "Only return an integer from 0 to 100, where 0 means 'Cold' and 100 means 'Warm'.": numeric(
        0, 100, labels={0: "Cold", 100: "Warm"}
    ),
    "Only return an integer from -3 to 3, where −3 means Bad and 3 means Good.": ordinal(-3, 3, {-3: "Bad", 3: "Good"}),
    "Only return an integer between 1 and 7 (1 = Low, 7 = High).": ordinal(1, 7, {1: "Low", 7: "High"}),
    "Only return an integer from 1 to 7, or 98 for Don't know, nothing else.": ordinal(
        1, 7, refusals={98: "Don't know"}
    ),
    "Only return an integer from 1 to 7, where "
    + ", ".join(f"{value} means '{label}'" for value, label in enumerate(SEVEN, start=1))
    + ", nothing else.": ordinal(1, 7, dict(enumerate(SEVEN, start=1))),
    "Only return an integer from 1 to 4, nothing else, where 1 means “Raise the retirement age to 68,” 2 "
    "means “Raise the payroll tax rate to 6.5%,” 3 means “I’m indifferent,” and 4 means “Not sure.”": Scale(
        kind="nominal", low=1, high=3, labels=REFORMS, refusals={4: "Not sure"}
    ),
}

LISTS = {
    "Only return 1 for Yes or 2 for No, nothing else.": binary("Yes", "No"),
    "Only return 1 for “Yes” or 2 for “No”, nothing else.": binary("Yes", "No"),
    "Only return 1 for 'A' or 2 for 'B', nothing else.": binary("A", "B"),
    "Only return 1 (Yes) or 2 (No), nothing else.": binary("Yes", "No"),
    "Only return 1 for the first scenario; 2 for the second scenario, nothing else.": binary(
        "the first scenario", "the second scenario"
    ),
    "Only return 1 for Candidate 1 or 2 for Candidate 2, nothing else.": binary("Candidate 1", "Candidate 2"),
    "Only return 1 for 'A lot of money' or 2 for 'Very little money', nothing else.\"": binary(
        "A lot of money", "Very little money"
    ),
    "Only return 1 for Yes, 2 for No, or 3 for Don't know, nothing else.": binary(
        "Yes", "No", refusals={3: "Don't know"}
    ),
    "Only return 1 or 2, nothing else.": Scale(kind="binary", low=1, high=2),
    "Only return an integer (1, 2, 3, or 4), nothing else.": ordinal(1, 4),
    "Only return an integer, where 1 means Yes and 2 means No, nothing else.": binary("Yes", "No"),
    "Only return 1 for $1-$10; 2 for $11-$25; 3 for $26-$50; 4 for $51-$100; 5 for $101-$500; 6 for $501 or "
    "more, nothing else.": Scale(kind="ordinal", labels=MONEY),
    "Only return 1 for Never, 2 for Sometimes, 3 for Often, nothing else.": Scale(
        kind="ordinal", labels={1: "Never", 2: "Sometimes", 3: "Often"}
    ),
    "Only return 1 for Increase; 2 for Keep the same; 3 for Decrease.": Scale(
        kind="ordinal", labels={1: "Increase", 2: "Keep the same", 3: "Decrease"}
    ),
    "Only return 1 for ‘Stays at [his/her] job’, 2 for ‘Cuts back to part-time’, 3 for ‘Stays home’, or 4 "
    "for ‘Seeks alternative arrangements or another full-time job’, nothing else.": Scale(kind="nominal", labels=JOBS),
    "Only return 1 for 'Because it was right, and kind.'; 2 for 'I’d rather wait or leave.'; 3 for 'The "
    "doctor's fear', nothing else.": Scale(
        kind="nominal",
        labels={1: "Because it was right, and kind", 2: "I’d rather wait or leave", 3: "The doctor's fear"},
    ),
}

UNSUPPORTED = {
    "Only return an integer representing dollars, nothing else.": "no range stated",
    "Only return an integer representing the estimated monthly hours saved, nothing else.": "no range stated",
    "Only return an integer representing the cost of 2 to 3 meals, nothing else.": "no range stated",
    "Only return an integer, where 0 means None and 100 means All, nothing else.": "no range stated",
    "Only return yes or no.": "no range stated",
    "Only return 1 for …; … 6 for …, nothing else.": "no range stated",
    "Only return an integer from 1 to 1, nothing else.": "1 point",
    "Only return 1 for Yes, nothing else.": "1 point",
    "Only return an integer from 0 to 10 in steps of 0.5, nothing else.": "0.5 is not a whole number",
    "Only return an integer from 0 to 25000 representing dollars, nothing else.": "more than 3001 points",
    "Only return an integer from 0 to 1.5, nothing else.": "1.5 is not a whole number",
    "Only return a multiple of 100 between 50 and 1050.": "the ends 50 and 1050 are not multiples of 100",
    "Only return 1 for Yes; 1 for No, nothing else.": "the point 1 stands twice",
    "Only return 1, 2, 5, nothing else.": "the points 1, 2, 5 have gaps and no labels",
    "Only return an integer from 1 to 5, where 0 means Bad and 5 means Good.": (
        "the label of 0 ('Bad') lies outside the scale"
    ),
    "How much do you agree?": "no answer sentence",
}


@pytest.mark.parametrize(("sentence", "scale"), RANGES.items())
def test_a_stated_range_is_read_with_its_labels(sentence, scale):
    parsed = parse_scale(f'You read "a text" and then were asked: "How much? {sentence}')
    assert (parsed.scale, parsed.provenance, parsed.reason) == (scale, "stated", None)


@pytest.mark.parametrize(("sentence", "scale"), LISTS.items())
def test_a_list_of_points_is_read_with_its_labels(sentence, scale):
    parsed = parse_scale(f'You read "a text" and then were asked: "Which? {sentence}')
    assert (parsed.scale, parsed.provenance, parsed.reason) == (scale, "labels", None)


@pytest.mark.parametrize(("sentence", "reason"), UNSUPPORTED.items())
def test_a_sentence_without_a_usable_range_says_why(sentence, reason):
    parsed = parse_scale(f"You spend $5 to $10. {sentence}")
    assert (parsed.scale, parsed.provenance, parsed.reason) == (None, "unsupported", reason)


def test_the_last_answer_sentence_counts():
    parsed = parse_scale("Only return an integer from 1 to 7. And now? Only return 1 for Yes or 2 for No.")
    assert parsed.scale == binary("Yes", "No")


def test_line_breaks_and_runs_of_blanks_change_nothing():
    parsed = parse_scale(f"How much? Only return{' ' * 5000}an integer\nfrom 1\n\nto 7,\nnothing else.\n")
    assert parsed.scale == ordinal(1, 7)


def test_every_generation_prompt_in_the_real_file_states_a_scale_or_no_range(shared_data: Path):
    rows = json.loads((shared_data / "socsci210" / "raw_generations_100.json").read_text(encoding="utf-8"))
    reasons = [parsed.reason for row in rows if (parsed := parse_scale(row["input"])).scale is None]
    assert len(rows) == 100
    assert reasons == ["no range stated"] * 5


def scale_of(words: str) -> Scale | None:
    return parse_scale(f"How much? Only return {words}, nothing else.").scale


def test_a_range_may_be_told_from_its_high_end():
    assert scale_of("an integer from 5 to 1, where 5 means Agree and 1 means Disagree") == Scale(
        kind="ordinal", low=1, high=5, labels={1: "Disagree", 5: "Agree"}
    )


def test_a_plus_stands_before_a_high_end():
    assert scale_of("an integer from -3 to +3") == ordinal(-3, 3)


def test_a_refusal_beside_a_range_may_address_the_respondent():
    assert scale_of("an integer from 1 to 5 or 9 if you don't know") == Scale(
        kind="ordinal", low=1, high=5, refusals={9: "you don't know"}
    )


@pytest.mark.parametrize(
    ("labels", "kind", "refusals"),
    [
        ({1: "More", 2: "Less", 3: "About the same"}, "nominal", {}),
        ({1: "Less", 2: "About the same", 3: "More"}, "ordinal", {}),
        ({1: "Favor", 2: "Oppose", 3: "Neither"}, "nominal", {}),
        ({1: "Too little", 2: "About right", 3: "Too much"}, "ordinal", {}),
        ({1: "Major threat", 2: "Minor threat", 3: "No threat"}, "ordinal", {}),
        ({1: "White", 2: "Black", 3: "Some other race"}, "nominal", {}),
        ({1: "Agree", 2: "Don't know", 3: "Disagree"}, "binary", {2: "Don't know"}),
        ({1: "Agree", 2: "Undecided", 3: "Disagree"}, "ordinal", {}),
        ({1: "Agree", 2: "Disagree", 3: "Undecided"}, "binary", {3: "Undecided"}),
        ({0: "DK", 1: "Yes", 2: "No", 9: "Not applicable"}, "binary", {0: "DK", 9: "Not applicable"}),
        ({1: "Yes", 2: "Refused"}, "binary", {}),
    ],
)
def test_the_kind_of_a_scale_follows_from_the_order_of_its_labels(labels, kind, refusals):
    scale = labelled_scale(labels)
    assert (scale.kind, scale.refusals) == (kind, refusals)
    assert {**scale.labels, **scale.refusals} == labels


def test_a_refusal_inside_a_range_whose_points_are_not_all_labelled_stays_a_point():
    scale = scale_of("an integer from 1 to 5, where 1 means Bad, 3 means Don't know and 5 means Good")
    assert scale == Scale(kind="ordinal", low=1, high=5, labels={1: "Bad", 3: "Don't know", 5: "Good"})
