from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from silicus.errors import InputError
from silicus.study import StudyQuestion, human_responses, ranked_places, read_study
from silicus.study.kinds import expanded, told_once

AGREE = "{id: agree, text: 'Agree?', rows: {a: Tea., b: Milk.}, scale: {kind: ordinal, low: 1, high: 3}}"
BRINGS = "{id: brings, text: 'What?', choose: any, at_most: 2, options: [Price, Greens, Terrace]}"
FIRST = "{id: first, text: 'Order?', rank: {p: Price, g: Greens, t: Terrace}}"
RANKING = StudyQuestion.model_validate({"id": "r", "text": "Order?", "rank": {"a": "A", "b": "B", "c": "C", "d": "D"}})


@pytest.fixture
def asking(study_file):
    """Return a function that reads the small study with other questions, in flow style, and perhaps people."""

    def read(*questions: str, human: str | None = None, table: str | None = None):
        path = study_file(questions="questions:\n" + "\n".join(f"  - {q}" for q in questions), human=human)
        path.with_name("a.csv").write_text(table or "", encoding="utf-8")
        return read_study(path)

    return read


def refused(asking, *questions: str, **people: str) -> str:
    with pytest.raises(InputError) as caught:
        human_responses(asking(*questions, **people))
    return str(caught.value)


def test_each_row_of_a_matrix_is_a_question_on_its_scale(asking):
    items = [item for item in asking(AGREE).items() if item.condition == "plain"]
    assert [(item.question, item.text) for item in items] == [
        ("agree.a", "Agree?\n\nTea."), ("agree.b", "Agree?\n\nMilk."),
    ]  # fmt: skip
    assert {item.scale.values for item in items} == {(1, 2, 3)}


def test_the_answers_wanted_of_a_matrix_are_wanted_in_each_of_its_rows(asking):
    study = asking(AGREE.replace("id: agree,", "id: agree, better: lower,"), "{id: plain, text: P, open: true}")
    assert study.better == {"agree.a": "lower", "agree.b": "lower"}


def test_each_option_is_asked_whether_it_is_ticked_among_all_of_them(asking):
    asked = asking(BRINGS).asked
    assert [question.id for question in asked] == ["brings.1", "brings.2", "brings.3"]
    assert asked[1].text == (
        "What?\n\nSeveral of these may be ticked, at most 2: Price; Greens; Terrace.\n\nIs this one ticked: “Greens”?"
    )
    assert asked[1].scale.labels == {0: "Not ticked", 1: "Ticked"}


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({}, "Several of these may be ticked:"),
        ({"at_least": 1}, "Several of these may be ticked, at least 1:"),
        ({"at_most": 1}, "One of these may be ticked, or none:"),
        ({"at_least": 2, "at_most": 2}, "Exactly 2 of these are to be ticked:"),
        ({"at_least": 1, "at_most": 1}, "Exactly 1 of these is to be ticked:"),
    ],
)
def test_the_words_say_how_many_may_be_ticked(limits, words):
    question = StudyQuestion.model_validate({"id": "q", "text": "T", "choose": "any", "options": ["A", "B"], **limits})
    assert words in expanded(question)[0].text


def test_the_labels_of_a_nominal_scale_will_do_as_options_and_its_refusals_stay():
    scale = {"kind": "nominal", "labels": {4: "A", 7: "B"}, "refusals": {9: "Don't know"}}
    question = StudyQuestion.model_validate({"id": "q", "text": "T", "choose": "any", "scale": scale})
    assert [asked.id for asked in expanded(question)] == ["q.4", "q.7"]
    assert told_once(question, "4") == {"q.4": 1, "q.7": 0}
    assert told_once(question, "Don't know") == told_once(question, 9.0) == {"q.4": 9, "q.7": 9}
    assert told_once(question, 7.0) == {"q.4": 0, "q.7": 1}


def test_a_ranking_is_asked_as_pairs_of_which_one_is_put_higher(asking):
    asked = asking(FIRST).asked
    assert len(asked) == 3
    assert {frozenset(q.id.removeprefix("first.").split(">")) for q in asked} == {
        frozenset("pg"), frozenset("pt"), frozenset("gt"),
    }  # fmt: skip
    words = {"p": "Price", "g": "Greens", "t": "Terrace"}
    for question in asked:
        first, second = question.id.removeprefix("first.").split(">")
        assert question.scale.labels == {1: words[first], 2: words[second]}
        assert question.text.endswith("Price; Greens; Terrace.\n\nWhich of these two is put higher?")


@pytest.mark.parametrize("count", range(2, 11))
def test_every_option_of_a_ranking_stands_first_in_half_of_its_pairs(count):
    question = StudyQuestion.model_validate({"id": "q", "text": "T", "rank": [f"O{n}" for n in range(count)]})
    pairs = [asked.id.removeprefix("q.").split(">") for asked in expanded(question)]
    assert len(pairs) == count * (count - 1) // 2
    times = [sum(first == key for first, _ in pairs) for key in question.rank]
    assert set(times) <= {(count - 1) // 2, count // 2}
    # The option listed first is not the one that stands first for every wording.
    assert expanded(question) == expanded(question)


def test_which_option_comes_first_does_not_follow_the_list():
    ahead = []
    for n in range(200):
        question = StudyQuestion.model_validate({"id": f"q{n}", "text": "T", "rank": ["A", "B"]})
        ahead.append(expanded(question)[0].id.endswith("1>2"))
    assert 70 < sum(ahead) < 130


def test_every_ranking_of_people_comes_back_from_its_pairs():
    for order in permutations("abcd"):
        answers = told_once(RANKING, ">".join(order))
        found = ranked_places(RANKING, {pair: float(answer == 1) for pair, answer in answers.items()})
        assert {key: place.mean for key, place in found.items()} == {key: n for n, key in enumerate(order, start=1)}
        assert [found[key].borda for key in order] == [3 / 6, 2 / 6, 1 / 6, 0]


@settings(max_examples=30)
@given(st.lists(st.integers(1, 50), min_size=24, max_size=24))
def test_mean_places_from_pairs_are_those_of_whole_rankings(weights):
    orders = list(permutations("abcd"))
    share = np.array(weights) / sum(weights)
    told = [told_once(RANKING, ">".join(order)) for order in orders]
    higher = {pair: float(sum(w * (t[pair] == 1) for w, t in zip(share, told, strict=True))) for pair in told[0]}
    for key, place in ranked_places(RANKING, higher).items():
        expected = sum(w * (order.index(key) + 1) for w, order in zip(share, orders, strict=True))
        assert place.mean == pytest.approx(expected)


@pytest.mark.parametrize(
    ("question", "complaint"),
    [
        ("{id: q, text: T}", "the question 'q' has no scale. Give it one, or 'choose: any', 'rank' or 'open: true'."),
        ("{id: q, text: T, rows: {a: A, b: B}, rank: [A, B]}",
         "found rows and rank, expected one of them. Make two questions of it."),
        ("{id: q, text: T, rows: {a: A, b: B}}",
         "found rows without a scale, expected the scale on which each of them is answered."),
        ("{id: q, text: T, open: true, scale: {kind: ordinal, low: 1, high: 2}}",
         "found a scale beside 'open', which needs none. Delete it."),
        ("{id: q, text: T, options: [A, B]}",
         "found 'options' without 'choose: any'. One answer among several is a scale: "
         "{kind: nominal, labels: {1: ..., 2: ...}}."),
        ("{id: q, text: T, choose: any}",
         "found 'choose: any' without options, expected a list of them, or a nominal scale."),
        ("{id: q, text: T, choose: any, options: [A, B], scale: {kind: nominal, labels: {1: A, 2: B}}}",
         "found options and a scale, expected one of them."),
        ("{id: q, text: T, choose: any, options: [A, B], at_least: 2, at_most: 1}",
         "found at least 2 and at most 1 of 2 options, which cannot be."),
        ("{id: q, text: T, choose: any, scale: {kind: nominal, labels: {2: A, 3: B}, refusals: {0: No}}}",
         "the refusal 0 is also how a tick is written (0, 1). Give it another code."),
        ("{id: q, text: T, rank: A}", "found 'A', expected: input should be a valid dictionary."),
        ("{id: q, text: T, rank: [A]}", "found 1 entry under 'rank', expected 2 or more."),
        ("{id: q, text: T, rank: [A, A]}", "'A' stands twice under 'rank'. Give every entry its own words."),
        ("{id: q, text: T, rank: {a: A, b: ' '}}", "'b' under 'rank' has no words."),
        ("{id: q, text: T, rank: {a>b: A, c: B}}",
         "found the key 'a>b' under 'rank', expected a name without ';' and '>'."),
        (f"{{id: q, text: T, rank: {list(range(11))}}}", "found 11 options to rank, expected at most 10."),
    ],
)  # fmt: skip
def test_a_question_that_cannot_be_is_refused(asking, question, complaint):
    assert refused(asking, question).endswith(complaint)


def test_two_questions_that_come_to_the_same_id_are_refused(asking):
    message = refused(asking, AGREE, "{id: agree.a, text: T, scale: {kind: ordinal, low: 1, high: 3}}")
    assert message.endswith("two questions have the id 'agree.a'. Give every question an id of its own.")


def test_an_open_question_is_kept_and_is_no_item(asking):
    study = asking(AGREE, "{id: why, text: 'Why?', open: true}")
    assert [question.id for question in study.open_questions()] == ["why"]
    assert "why" not in {item.question for item in study.items()}


def test_counts_of_ticks_and_orders_become_answers_to_every_option_and_pair(asking):
    counts = "{plain: {agree.b: {3: 4}, brings: {Price: 8, '3': 2, people: 12}, first: {p>g>t: 7, t>Greens>p: 5}}}"
    table = human_responses(asking(AGREE, BRINGS, FIRST, human=f"human: {{counts: {counts}}}"))
    found = {(question, answer): n for question, answer, n in table.select("question", "response", "n").iter_rows()}
    assert found["agree.b", 3] == 4
    assert (found["brings.1", 1], found["brings.1", 0]) == (8, 4)
    assert (found["brings.3", 1], found["brings.3", 0]) == (2, 10)
    higher = {q: n for (q, answer), n in found.items() if q.startswith("first") and answer == 1}
    pair = next(q for q in higher if set(q.removeprefix("first.").split(">")) == {"p", "t"})
    assert higher[pair] == (7 if pair == "first.p>t" else 5)
    assert table["respondent"].null_count() == len(table)


@pytest.mark.parametrize(
    ("counts", "complaint"),
    [
        ("brings: {Price: 8}",
         "'brings': expected 'people: N' beside the options, for how many people there were in all."),
        ("brings: {Price: 8, people: 5}", "'brings': 8 ticked 'Price', expected at most the 5 people there were."),
        ("brings: {Prise: 8, people: 9}", "'brings': 'Prise' is none of the options. Did you mean 'Price'?"),
        ("first: {p>g: 3}", "'first': the order 'p>g' leaves out 't', expected all 3 options."),
        ("first: {p>g>p: 3}", "'first': 'p>g>p' names 'p' twice."),
        ("agree: {1: 3}",
         "'agree': 'agree' is answered row by row: give each row its own line, as 'agree.a', 'agree.b'."),
        ("agree.c: {1: 3}", "name the question 'agree.c', which the study does not have. Did you mean 'agree.b'?"),
    ],
)  # fmt: skip
def test_counts_that_do_not_fit_are_refused(asking, counts, complaint):
    message = refused(asking, AGREE, BRINGS, FIRST, human=f"human: {{counts: {{plain: {{{counts}}}}}}}")
    assert complaint in message


HEAD = "respondent,condition,question,response,first.p,first.g,first.t\n"
TABLE = "human: {responses: a.csv}"


def test_a_row_of_several_answers_becomes_one_for_each_of_the_same_person(asking):
    table = HEAD + "7,plain,brings,1;Terrace,,,\n8,plain,brings,none,,,\n8,plain,first,,2,1,3\n9,plain,first,,,,\n"
    found = human_responses(asking(AGREE, BRINGS, FIRST, human=TABLE, table=table))
    told = {(who, question): answer for who, question, answer in
            found.select("respondent", "question", "response").iter_rows()}  # fmt: skip
    assert [told["7", f"brings.{key}"] for key in "123"] == [1, 0, 1]
    assert [told["8", f"brings.{key}"] for key in "123"] == [0, 0, 0]
    pairs = [q for who, q in told if who == "8" and q.startswith("first")]
    places = ranked_places(
        StudyQuestion.model_validate(
            {"id": "first", "text": "T", "rank": {"p": "Price", "g": "Greens", "t": "Terrace"}}
        ),
        {q: float(told["8", q] == 1) for q in pairs},
    )
    assert {key: place.mean for key, place in places.items()} == {"g": 1, "p": 2, "t": 3}
    assert {told["9", q] for q in pairs} == {None}


def test_several_answers_of_a_nameless_row_are_one_person_and_an_answer_alone_stays_nameless(asking):
    table = "condition,question,response\nplain,agree.a,2\nplain,brings,1;2\nplain,brings,2\n"
    found = human_responses(asking(AGREE, BRINGS, human=TABLE, table=table))
    assert found["respondent"].to_list() == [None, *["line 3"] * 3, *["line 4"] * 3]


def test_an_empty_cell_is_no_answer_to_any_option_or_row(asking):
    table = "condition,question,response\nplain,brings,\nplain,agree.a,NA\n"
    found = human_responses(asking(AGREE, BRINGS, human=TABLE, table=table))
    assert found.select("question", "response").rows() == [
        *((f"brings.{key}", None) for key in "123"), ("agree.a", None),
    ]  # fmt: skip


def test_answers_to_an_open_question_are_passed_over(asking):
    table = "condition,question,response\nplain,why,Because\nplain,agree.a,2\n"
    found = human_responses(asking(AGREE, "{id: why, text: 'Why?', open: true}", human=TABLE, table=table))
    assert found["question"].to_list() == ["agree.a"]


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("7,plain,brings,1;4,,,", "a.csv line 2: '4' is none of the options. Known: 1, 2, 3, Greens, Price, Terrace."),
        ("7,plain,brings,1;1,,,", "a.csv line 2: '1;1' names '1' twice."),
        ("7,plain,brings,1;2;3,,,", "a.csv line 2: '1;2;3' ticks 3 options, expected 0 to 2."),
        ("7,plain,first,p>g,,,", "a.csv line 2: the order 'p>g' leaves out 't', expected all 3 options."),
        ("7,plain,first,,1,1,2",
         "a.csv line 2: the places of 'first' are p 1, g 1, t 2, expected a number of its own for each option."),
        ("7,plain,first,,1,,2",
         "a.csv line 2: the places of 'first' are p 1, g empty, t 2, expected a number of its own for each option."),
        ("7,plain,agree,1,,,",
         "a.csv line 2: 'agree' is answered row by row: give each row its own line, as 'agree.a', 'agree.b'."),
        ("7,plain,agree.c,1,,,", "a.csv line 2: the study 'tea' has no condition 'plain' with a question 'agree.c'."),
    ],
)  # fmt: skip
def test_a_row_that_does_not_fit_is_refused_with_its_line_and_what_was_expected(asking, row, complaint):
    assert refused(asking, AGREE, BRINGS, FIRST, human=TABLE, table=f"{HEAD}{row}\n").endswith(complaint)
