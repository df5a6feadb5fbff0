from __future__ import annotations

import html
import io
import re

import polars as pl
import pytest
from rich.console import Console

from silicus import plugins
from silicus.data import Quality, inspect
from silicus.data.dataset import ROWS, Stimulus, settle
from silicus.errors import MissingExtraError
from silicus.report.quality import print_quality, write_quality
from silicus.study import Item, Scale, Source
from tests.report.page import Page

SOURCE = Source(citation="Someone (2020). <Paper>.", doi="10.1000/xyz", licence="CC0 & more")
SEVEN = Scale(kind="ordinal", low=1, high=7, labels={1: "[bold]Never[/bold] <b>", 7: "Always"})
BLANK = "–"


def quality(*rows, unit="person") -> Quality:
    """Return the report of rows (study, condition, question, respondent, answer) to one stimulus a condition."""
    conditions = list(dict.fromkeys(row[1] for row in rows))
    stimuli = [Stimulus(name, Item("", "", "", context="", text=name, scale=SEVEN), "stated") for name in conditions]
    full = [(*row[:4], conditions.index(row[1]), row[4], 1, 1.0, None) for row in rows]
    table = pl.DataFrame(full, schema=ROWS, orient="row")
    names = table["respondent"].unique(maintain_order=True)
    people = pl.DataFrame({"respondent": names, "weight": 1.0, "age": 40})
    return inspect(settle("tiny", SOURCE, stimuli, table, people, unit=unit))


def good(study: str, count: int = 14) -> list[tuple[str, str, str, str, float]]:
    return [(study, "0", "q", f"{study}/{n}", 1.0 + n % 7) for n in range(count)]


def coded(study: str) -> list[tuple[str, str, str, str, float]]:
    return [(study, "0", "q", f"{study}/{n}", 11.0 + 10 * (n % 7)) for n in range(14)]


def printed(found: Quality, width: int = 100, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    print_quality(found, Console(file=file, width=width))
    return raw.getvalue().decode(encoding)


def joined(text: str) -> str:
    return " ".join(text.split())


# --- at the prompt


def test_the_head_says_how_much_was_read_of_whom_and_under_which_terms():
    text = joined(printed(quality(*good("s"), ("s", "0", "q", "s/99", 9.5))))
    assert text.startswith("tiny 15 rows read, 14 kept: 1 study, 14 people. Someone (2020). <Paper>.")
    assert "(licence: CC0 & more)" in text
    assert "Rows left out: 1 (answer is no whole number). Known of respondents: age 100 %." in text


@pytest.mark.parametrize(
    ("unit", "words"), [("row", "14 answers, their people unknown."), ("group", "14 groups of people.")]
)
def test_the_head_says_what_a_respondent_is(unit, words):
    assert words in joined(printed(quality(*good("s"), unit=unit)))


def test_each_study_has_a_line_the_worst_first():
    text = printed(quality(*good("fine"), *coded("bad"), ("fine", "0", "q", "fine/1", 2.0)))
    lines = [line.split() for line in text.splitlines() if line.startswith(("fine ", "bad "))]
    assert lines == [
        ["bad", "14", "0", "1", "1", "1", "100", "%", "100.0", "%", "0", BLANK, "1,", "0"],
        ["fine", "15", "15", "1", "1", "1", "100", "%", "0", "%", "0", "2", "0,", "1"],
    ]


def test_defects_stand_as_sentences_with_what_to_do_the_worst_first():
    text = joined(printed(quality(*coded("bad"), *good("s"), ("s", "0", "q", "s/99", 61.0))))
    serious, doubtful = text.index("Serious (1): wrong as they stand"), text.index("Doubtful (1): may be wrong")
    assert serious < text.index("they are 10 × point + 1: 11, 21, 31, 41, 51, 61, 71.") < doubtful
    assert "Turn them back before they are used: point = (answer − 1) / 10." in text
    assert doubtful < text.index("s, q: 1 of 15 answers (6.7 %) lies off the stated scale")
    assert "To know" not in text
    assert text.endswith("2 defects (1 serious, 1 doubtful, 0 to know) in 2 of 2 studies.")


def test_labels_are_no_markup():
    assert "1 to 7 ([bold]Never[/bold] <b> … Always)" in joined(printed(quality(*coded("bad"))))


def test_without_a_defect_it_is_said_what_cannot_be_told():
    text = joined(printed(quality(*good("s"))))
    assert text.endswith("No defect was found. Whether these are the words people saw cannot be told from the data.")


def test_beyond_forty_studies_and_twenty_five_defects_the_page_is_named():
    text = printed(quality(*(row for n in range(43) for row in coded(f"s{n:02}"))))
    assert "\n... and 3 more, see the HTML page.\n" in text
    assert "\n... and 18 more, see the HTML page.\n" in text
    assert len(re.findall("are 10 × point", text)) == 25
    assert "Serious (43)" in text


@pytest.mark.parametrize("width", [100, 80])
def test_no_line_is_wider_than_the_terminal(width):
    found = quality(*coded("bad"), *good("a study of long name " * 4), *good("s", 20_000))
    lines = printed(found, width).splitlines()
    assert max(map(len, lines)) <= width
    assert not any(line.lstrip().startswith("%") for line in lines)


def test_a_terminal_without_these_signs_gets_plain_ones():
    text = printed(quality(*coded("bad")), encoding="ascii")
    assert "they are 10 x point + 1" in joined(text)
    assert "?" not in text


# --- as a page


def page_of(found: Quality, folder) -> str:
    write_quality(folder / "quality.html", found)
    return (folder / "quality.html").read_text(encoding="utf-8")


def words_of(text: str) -> str:
    return joined(html.unescape(re.sub(r"<[^>]*>", " ", re.sub(r"(?s)<style>.*?</style>", "", text))))


@pytest.fixture(scope="module")
def several() -> Quality:
    alike = [("alike", str(n % 2), "r", f"alike/{n}", 1.0 + n % 7) for n in range(14)]
    return quality(*coded("bad"), *good("fine"), ("fine", "0", "q", "fine/1", 9.5), *alike)


def test_a_page_needs_nothing_from_elsewhere(several, tmp_path):
    text = page_of(several, tmp_path)
    page = Page(text)
    assert {tag for tag, _ in page.tags} & {"script", "link", "iframe", "img", "object", "embed"} == set()
    addresses = {a["href"] for _, a in page.tags if "href" in a}
    assert addresses == {"https://doi.org/10.1000/xyz", "#study-1", "#study-2", "#study-3"}
    assert "@import" not in text
    assert "url(" not in text


def test_a_page_escapes_what_data_say(several, tmp_path):
    text = page_of(several, tmp_path)
    assert "[bold]Never[/bold] &lt;b&gt; … Always" in text
    assert "Someone (2020). &lt;Paper&gt;." in text


def test_every_study_has_a_place_of_its_own_the_worst_first(several, tmp_path):
    page = Page(page_of(several, tmp_path))
    assert [a["id"] for tag, a in page.tags if tag == "details"] == ["study-1", "study-2", "study-3"]
    assert not any("open" in a for tag, a in page.tags if tag == "details")
    words = words_of(page_of(several, tmp_path)).partition("Study by study")[2]
    assert words.index("bad 14 rows, defects: 1 serious") < words.index("fine 15 rows, defects: 1 doubtful")
    assert words.index("fine 15 rows") < words.index("alike 14 rows, defects: none")


def test_a_page_says_all_that_was_counted_in_a_study(several, tmp_path):
    words = words_of(page_of(several, tmp_path)).partition("Study by study")[2].partition("fine 15 rows")[2]
    assert "read 15 rows, 14 with an answer on the scale" in words
    assert "asked 1 condition, 1 question, 1 cell, 1 distinct stimulus" in words
    assert "scale range stated: 15 rows" in words
    assert "off the scale 1 answer (6.7 %): 9.5" in words
    assert "cells with fewer than 2 answers 0 of 1" in words
    assert "attributes known age 100 %" in words


def test_a_page_of_one_study_is_open_and_names_each_defect_once(tmp_path):
    text = page_of(quality(*coded("bad")), tmp_path)
    assert [a.get("open", "closed") for tag, a in Page(text).tags if tag == "details"] == [None]
    assert text.count("are 10 × point + 1") == 1


def test_conditions_alike_repeats_and_scales_that_differ_have_their_tables(tmp_path):
    found = quality(*good("s"))
    study = found.studies[0].model_copy(
        update={
            "alike": [{"question": "q", "conditions": 3, "texts": 2, "groups": [["0", "2"]]}],
            "scale_changes": [
                {"question": "q", "range_differs": True, "scales": ["1 to 7", "0 to 7"], "conditions": 3}
            ],
            "repeats": {
                "people": 1, "rows": 4, "repeated": 2, "stimuli_differ": 1, "answers_differ": 0, "questions": ["q"],
            },
            "missing": {"Refused": 3},
        }
    )  # fmt: skip
    found = Quality.model_validate(found.model_dump() | {"studies": [study.model_dump(warnings=False)]})
    words = words_of(page_of(found, tmp_path))
    assert "Conditions that show the same words question conditions texts the same words in q 3 2 0, 2" in words
    assert "Scales that differ within a question question what differs scales q range 1 to 7; 0 to 7" in words
    assert "repeated 1 person, 4 rows; of 2 repeats 1 differ in the stimulus, 0 in the answer" in words
    assert "missing Refused: 3" in words


def test_beyond_a_hundred_the_defects_stand_with_their_studies(tmp_path):
    words = words_of(page_of(quality(*(row for n in range(103) for row in coded(f"s{n}"))), tmp_path))
    assert "Serious (103)" in words
    assert "The other 3 stand with their studies below." in words
    assert words.count("are 10 × point + 1") == 100 + 103


def test_nothing_wrong_and_nothing_left_out_are_said(tmp_path):
    words = words_of(page_of(quality(*good("s")), tmp_path))
    assert "No defect was found." in words
    assert "Nothing: every row that was read was kept." in words
    assert "What is wrong" not in words


def test_a_page_without_its_extra_says_which_is_missing(monkeypatch, tmp_path):
    def absent(module: str):
        raise ModuleNotFoundError(name=module)

    monkeypatch.setattr(plugins.importlib, "import_module", absent)
    with pytest.raises(MissingExtraError, match=r"pip install 'silicus\[report\]'"):
        write_quality(tmp_path / "quality.html", quality(*good("s")))
    assert list(tmp_path.iterdir()) == []


# --- questions and notes


def test_the_scale_of_each_question_of_one_study_is_shown_at_the_prompt_and_on_the_page(tmp_path):
    found = quality(*good("s"), ("s", "0", "q", "s/99", 9.5), ("s", "0", "q", "s/98", 98.0))
    text = printed(found, width=120)
    (shown,) = [line for line in text.splitlines() if line.startswith("q ")]
    assert "1 to 7" in shown
    assert "ordinal" in shown
    assert shown.split()[-4:] == ["1", "14", "1", "1"]
    assert "Questions and their scales" in words_of(page_of(found, tmp_path))


def test_of_several_studies_the_questions_stand_on_the_page_alone(several, tmp_path):
    assert "known by" not in printed(several)
    assert page_of(several, tmp_path).count("Questions and their scales") == 3


def test_notes_on_the_source_are_told_with_their_number(tmp_path):
    found = quality(*good("s")).model_copy(update={"notes": {"people under two numbers": 3}})
    assert "3 people under two numbers." in printed(found)
    assert "3 people under two numbers." in words_of(page_of(found, tmp_path))
