"""A screening as a page and at the prompt: one file, the numbers of the record, and whole words at any width."""

from __future__ import annotations

import html
import io
import re

import pytest
from rich.console import Console

from silicus.effects import Equivalence, Screening
from silicus.options import ScreenOptions
from silicus.report import print_screening, write_screening
from silicus.report.screening_words import arm_rows, needed_rows, recommendations
from silicus.report.words import number
from silicus.workflow import screen_study
from tests.report.page import Page
from tests.workflow.screening.made import EFFECT, pilot_table, rules_of, write_script, write_study

LONG = {"how-likely-to-visit": "visit", "reserved-for-you": "warm", "what-others-have-done": "cold"}


@pytest.fixture(scope="module")
def screening(tmp_path_factory: pytest.TempPathFactory) -> Screening:
    """Return a screening with a pilot, whose names are long."""
    folder = tmp_path_factory.mktemp("screening")
    study = write_study(folder / "pool.yaml", title='Which <b>letter</b> & "pool"?')
    text = study.read_text(encoding="utf-8")
    for long, short in LONG.items():
        text = text.replace(f"id: {short}\n", f"id: {long}\n")
    study.write_text(text, encoding="utf-8")
    arms = {next((long for long, own in LONG.items() if own == arm), arm): each for arm, each in EFFECT.items()}
    rules = rules_of("pool", arms, "how-likely-to-visit")
    people = pilot_table(60).drop("school").rename({"visit": "how-likely-to-visit"})
    people = people.with_columns(condition=people["condition"].replace({own: long for long, own in LONG.items()}))
    people.write_csv(folder / "pilot.csv")
    (folder / "crowd.csv").write_text("respondent,group\nx,a\ny,b\nz,c\n")
    options = ScreenOptions(
        model=write_script(folder / "model.yaml", *rules), respondents=str(folder / "crowd.csv"), controls=0,
        pilot=folder / "pilot.csv", price_person=2, budget=500, out=folder / "out",
    )  # fmt: skip
    found = screen_study(str(study), options)[1]
    assert found is not None
    return found


@pytest.fixture(scope="module")
def page(screening, tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_screening(path, screening)
    return path.read_text(encoding="utf-8")


def printed(found: Screening, width: int, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    print_screening(found, Console(file=file, width=width))
    return raw.getvalue().decode(encoding)


def test_the_page_is_one_file_that_loads_nothing(page):
    own = Page(page)
    assert own.all("script", "link", "iframe", "img") == []
    assert not re.search(r"@import|url\(", page)
    assert "src" not in {name for _, attributes in own.tags for name in attributes}
    assert len(own.all("svg")) == 1


def test_the_numbers_of_the_page_are_those_of_the_record(screening, page):
    text = html.unescape(re.sub(r"<[^>]+>", "|", page))
    for row, arm in zip(arm_rows(screening), screening.arms, strict=True):
        assert row.simulated == number(arm.predicted.points.value, 2, signed=True)
        assert row.alone.startswith(number(arm.pilot.alone.points.value, 2, signed=True))
        assert number(arm.pilot.rectified.low, 2, signed=True) in row.rectified
        assert number(arm.pilot.adjusted.high, 2, signed=True) in row.adjusted
        for told in (row.simulated, row.percent, row.expected, row.alone, row.rectified, row.adjusted):
            assert f"|{told}|" in text
        for more in arm.pilot.more:
            assert f"|{more.more:,}|" in text
    for cell in screening.cells:
        assert f"|{number(cell.predicted, 2)}|" in text
    for check in screening.gate.checks:
        assert check.found in text
    for each in (screening.plan_hash, screening.frozen, *recommendations(screening)):
        assert each in text
    split = screening.questions[0].split
    assert f"people alone ({split.people_alone:,} in each arm)" in text


def test_words_of_the_study_are_no_tags(page):
    assert "Which &lt;b&gt;letter&lt;/b&gt; &amp; &#34;pool&#34;?" in page


def test_simulated_effects_carry_no_interval_on_the_page(page):
    assert "in brackets 95 % intervals. A simulated effect has none" in " ".join(page.split())


@pytest.mark.parametrize("width", [80, 100, 110, 200])
def test_the_prompt_shows_whole_words_in_every_width(screening, width):
    lines = printed(screening, width).splitlines()
    assert max(map(len, lines)) <= min(width, 110)
    words = " ".join(lines).split()
    # Heads and names are not broken within a word.
    for word in ("question", "simulated", "rectified", "adjusted", "expected", "cautious", "assured", "detectable",
                 *(part for name in LONG for part in name.split("-"))):  # fmt: skip
        assert any(word in each for each in words), word


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_terminal_without_utf8_shows_every_number(screening, encoding):
    text, other = printed(screening, 100, encoding), printed(screening, 100)
    assert "?" not in text.replace('"pool"?', "")
    digits = [re.findall(r"\d+\.\d+", each) for each in (text, other)]
    assert digits[0] == digits[1]


def test_the_prompt_says_it_is_simulated_first(screening):
    assert printed(screening, 110).splitlines()[1].startswith("These are simulated answers, not data from people.")


def test_names_are_whole_where_there_is_room(screening):
    text = printed(screening, 110)
    assert text.count("how-likely-to-visit   what-others-have-done") == 3
    assert "People needed in each arm for power 80 %; found and detectable are for 100" in text


def test_what_a_choice_rests_on_is_told(screening):
    assert "the rectified pilot" in " ".join(printed(screening, 110).split())


def one_line(found: Screening) -> str:
    return " ".join(printed(found, 200).split())


def with_choice(found: Screening, better: dict[str, float], recommended: list[str] | None = None) -> Screening:
    """Return a screening whose arms are better than the control with the probabilities given."""
    [question] = found.questions
    choice = question.choice
    assert choice is not None
    arms = [
        each.model_copy(update={"better": each.better.model_copy(update={"value": better[each.arm]})})
        for each in choice.arms
    ]
    choice = choice.model_copy(update={"arms": arms, "recommended": recommended or list(choice.recommended or [])})
    return found.model_copy(update={"questions": [question.model_copy(update={"choice": choice})]})


def test_where_nobody_said_what_is_better_no_arm_is_recommended(screening, page):
    [question] = screening.questions
    silent = question.model_copy(update={"better": None, "choice": None})
    found = screening.model_copy(update={"questions": [silent]})
    sentence = (
        "how-likely-to-visit: no arm is recommended, for nobody said which answers are better ('better' in the study "
        "or the plan)."
    )
    assert list(recommendations(found)) == [sentence]
    assert sentence in one_line(found)
    assert "best of all" in page


def test_a_page_without_a_choice_has_no_table_of_one(screening, tmp_path):
    silent = screening.questions[0].model_copy(update={"better": None, "choice": None})
    write_screening(tmp_path / "report.html", screening.model_copy(update={"questions": [silent]}))
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "no arm is recommended, for nobody said which answers are better" in text
    assert "<th>best of all</th>" not in text


def test_an_arm_that_is_rather_worse_is_never_named(screening):
    warm, cold = "reserved-for-you", "what-others-have-done"
    sets = [each.arms for each in screening.questions[0].choice.sets]
    both = next(arms for arms in sets if set(arms) == {warm, cold})
    [told] = recommendations(with_choice(screening, {warm: 0.9, cold: 0.5}, both))
    assert told.startswith(f"how-likely-to-visit (higher is better): field {warm} beside the control; ")
    [told] = recommendations(with_choice(screening, {warm: 0.9, cold: 0.51}, both))
    assert f"field {' and '.join(both)} beside the control" in told
    [told] = recommendations(with_choice(screening, {warm: 0.5, cold: 0.2}, both))
    assert told.startswith("how-likely-to-visit (higher is better): no arm is worth fielding: none is rather better")
    assert not {warm, cold} & set(told.split())


def judged(found: Screening, *, pilot: bool) -> Screening:
    """Return a screening whose model failed a check, with its pilot or without."""
    gate = found.gate.model_copy(update={"verdict": "do not use"})
    own = {} if pilot else {"basis": "past errors", "pilot": None}
    arms = [arm.model_copy(update=own) for arm in found.arms]
    return found.model_copy(update={"gate": gate, "arms": arms})


def test_of_a_model_that_failed_no_people_are_told_unless_some_have_answered(screening):
    whole, after, before = (screening, judged(screening, pilot=True), judged(screening, pilot=False))
    assert needed_rows(after) == needed_rows(whole)
    assert list(recommendations(after)) == list(recommendations(whole))
    for row, known in zip(needed_rows(before), needed_rows(whole), strict=True):
        assert row[2:7] == ["–"] * 5
        # What can be detected does not depend on the model's effects.
        assert (row[7], row[8]) == (known[7], "nothing")
    assert list(recommendations(before)) == [
        "No arm is recommended: the model failed a check, so its effects are no reason to prefer one."
    ]


def test_a_question_without_a_pilot_is_not_helped_by_that_of_another(screening):
    failed = judged(screening, pilot=True)
    other = failed.questions[0].model_copy(update={"question": "other"})
    arms = [arm.model_copy(update={"question": "other", "basis": None, "pilot": None}) for arm in failed.arms]
    both = failed.model_copy(update={"questions": [*failed.questions, other], "arms": [*failed.arms, *arms]})
    assert list(recommendations(both))[1] == (
        "other: no arm is recommended, for the model failed a check and no pilot answered."
    )


def test_the_pilots_own_tests_are_told_with_their_correction(screening):
    text = one_line(screening)
    assert screening.plan.correction == "holm"
    for arm in screening.arms:
        alone = arm.pilot.alone
        assert (
            f"{arm.question}, {arm.arm}, the pilot alone: p = {number(alone.p)}, corrected {number(alone.p_adjusted)} ("
        ) in text
    plan = screening.plan.model_copy(update={"correction": "none"})
    assert ", corrected " not in one_line(screening.model_copy(update={"plan": plan}))


@pytest.mark.parametrize(("equivalent", "told"), [(True, "yes"), (False, "not shown")])
def test_whether_the_pilots_effect_is_too_small_to_matter_is_told(screening, equivalent, told):
    same = Equivalence(low=-1, high=1, p=0.03, equivalent=equivalent)
    first = screening.arms[0]
    alone = first.pilot.alone.model_copy(update={"equivalence": same})
    arm = first.model_copy(update={"pilot": first.pilot.model_copy(update={"alone": alone})})
    text = one_line(screening.model_copy(update={"arms": [arm, *screening.arms[1:]]}))
    assert text.count("too small to matter") == 1
    assert f"; too small to matter: {told} (p = 0.030) (" in text
