"""What a file of margins may say, and how it meets a table of respondents."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from silicus.errors import InputError
from silicus.study import Margins
from silicus.study.margins import Target, match_margins, read_margins

FILE = """\
margins:
  gender:
    source: Census
    shares: {Female: 0.51, Male: 0.49}
"""


@pytest.fixture
def margins(tmp_path: Path):
    """Return a function that writes a file of margins and returns its path."""

    def write(text: str) -> Path:
        path = tmp_path / "us.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def people(weight: list[float] | None = None, **attributes: list) -> pl.DataFrame:
    count = len(next(iter(attributes.values())))
    ids = [f"p{n}" for n in range(1, count + 1)]
    return pl.DataFrame({"respondent": ids, "weight": weight or [1.0] * count, **attributes})


def asked(shares: dict, **more) -> Margins:
    return Margins.model_validate({"margins": {"x": {"source": "S", "counts": shares}}, **more})


def matched(table: pl.DataFrame, wanted: Margins) -> tuple[pl.DataFrame, Target, dict[str, int]]:
    kept, targets, left_out = match_margins(table, wanted, "people.csv", "us.yaml")
    return kept, targets[0], left_out


def refused(table: pl.DataFrame, wanted: Margins) -> str:
    with pytest.raises(InputError) as caught:
        match_margins(table, wanted, "people.csv", "us.yaml")
    return str(caught.value)


def test_a_file_of_margins_is_read_with_its_sources(margins):
    found = read_margins(margins(FILE + "total: 1000\nmissing: drop\ntrim: 5\n"))
    assert found.margins["gender"].source == "Census"
    assert found.margins["gender"].targets == {"Female": 0.51, "Male": 0.49}
    assert (found.total, found.missing, found.trim) == (1000, "drop", 5)


def test_shares_that_were_rounded_and_counts_become_shares_of_1():
    rounded = Margins.model_validate({"margins": {"x": {"source": "S", "shares": {"a": 0.333, "b": 0.333, 3: 0.331}}}})
    assert sum(rounded.margins["x"].targets.values()) == pytest.approx(1)
    assert list(rounded.margins["x"].targets) == ["a", "b", "3"]
    assert asked({"a": 30, "b": 90}).margins["x"].targets == {"a": 0.25, "b": 0.75}


@pytest.mark.parametrize(
    ("shares", "sums"),
    [("{Female: 0.51, Male: 0.42}", "0.93"), ("{Female: 51, Male: 49}", "100"), ("{a: 1.006}", "1.006")],
)
def test_shares_that_do_not_sum_to_1_are_refused_with_their_sum_and_line(margins, shares, sums):
    path = margins(f"margins:\n  gender: {{source: Census, shares: {shares}}}\n")
    with pytest.raises(InputError) as caught:
        read_margins(path)
    assert str(caught.value) == (
        f"{path} line 2 (margins > gender): the shares sum to {sums}, expected 1 within 0.005. Give numbers of people, "
        "or per cents, as counts."
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("margins: {}\n", "found no margin, expected at least one."),
        ("margins: {g: {shares: {a: 1}}}\n", "the key 'source' is missing."),
        ("margins: {g: {source: S}}\n", "found neither shares nor counts, expected one of them."),
        ("margins: {g: {source: S, shares: {a: 1}, counts: {a: 1}}}\n", "found both shares and counts, expected one"),
        ("margins: {g: {source: S, shares: {a: 1.2, b: -0.2}}}\n", "found -0.2 for 'b', expected 0 or more."),
        ("margins: {g: {source: S, counts: {a: 0}}}\n", "the counts sum to 0, expected more."),
        ('margins: {g: {source: S, counts: {1: 2, "1": 3}}}\n', "a category stands twice, as a number and as a word."),
        ("margins: {g: {source: S, share: {a: 1}}}\n", "unknown key 'share'. Did you mean 'shares'?"),
        (FILE + "trim: 1\n", "found trim 1, expected more than 1: a multiple of the mean weight."),
        (FILE + "total: 0\n", "found the total 0, expected more than 0."),
        (FILE + "missing: skip\n", "found 'skip', expected: input should be 'error' or 'drop'."),
        (
            "total: 1000\nmargins: {g: {source: S, counts: {a: 600, b: 300}}}\n",
            "the counts of 'g' sum to 900, the total is 1,000. They speak of different people; correct one of them",
        ),
    ],
)
def test_a_file_with_a_mistake_is_refused_in_a_sentence(margins, text, told):
    path = margins(text)
    with pytest.raises(InputError) as caught:
        read_margins(path)
    assert told in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_every_respondent_is_put_into_the_category_whatever_way_it_is_written():
    table = people(x=[1.0, 2.0, 1.0])
    _, target, left_out = matched(table, asked({2: 30, 1: 70}))
    assert target.categories == ("2", "1")
    assert target.place.tolist() == [1, 0, 1]
    assert target.share.tolist() == [0.3, 0.7]
    assert left_out == {}
    _, yes, _ = matched(people(x=[True, False]), asked({"Yes": 1, "No": 1}))
    assert yes.place.tolist() == [0, 1]


def test_a_number_is_put_into_the_range_in_which_it_lies():
    wanted = asked({"18-29": 1, "30 to 49": 1, "50+": 1})
    _, target, _ = matched(people(x=[18.0, 29.5, 30, 49, 50, 104]), wanted)
    assert target.place.tolist() == [0, 0, 1, 1, 2, 2]
    assert refused(people(x=[17, 40, 60, 20]), wanted).startswith(
        "people.csv: found the x '17' (respondent 'p1', 1 resp"
    )
    # Words are words, even where they look like ranges.
    _, words, _ = matched(people(x=["50+", "18-29", "30 to 49"]), wanted)
    assert words.place.tolist() == [2, 0, 1]


def test_a_margin_of_no_column_is_refused_with_the_nearest():
    wanted = Margins.model_validate({"margins": {"gendr": {"source": "S", "shares": {"a": 1}}}})
    assert refused(people(gender=["a"]), wanted) == (
        "us.yaml: 'gendr' is no attribute of people.csv. Did you mean 'gender'?"
    )
    weight = Margins.model_validate({"margins": {"weight": {"source": "S", "shares": {"a": 1}}}})
    assert refused(people(gender=["a"]), weight).startswith("us.yaml: 'weight' is no attribute")


def test_a_category_of_the_table_without_a_share_is_refused_with_who_has_it():
    assert refused(people(x=["Male", "Femal", "Femal"]), asked({"Male": 1, "Female": 1})) == (
        "people.csv: found the x 'Femal' (respondent 'p2', 2 respondents without a category in all), for which us.yaml "
        "has no number. Did you mean 'Female'?"
    )


def test_a_category_of_the_margin_with_nobody_in_it_is_refused_unless_its_share_is_0():
    told = (
        "us.yaml: nobody in people.csv with a weight above 0 has the x 'Other', whose share is 0.5. Known: Male. Or "
        "merge it with another category."
    )
    assert refused(people(x=["Male", "Male"]), asked({"Male": 1, "Other": 1})) == told
    assert refused(people([1.0, 0.0], x=["Male", "Other"]), asked({"Male": 1, "Other": 1})) == told
    assert matched(people(x=["Male"]), asked({"Male": 1, "Other": 0}))[1].share.tolist() == [1, 0]


def test_an_unknown_attribute_is_refused_or_left_out_as_the_file_says():
    table = people(x=["a", None, "b", ""], y=["c", "d", None, "c"])
    assert refused(table, asked({"a": 1, "b": 1})) == (
        "people.csv: the 'x' of respondent 'p2' is unknown, as of 2 respondents in all. Fill it in, or leave them out "
        "with 'missing: drop' in the file of the margins."
    )
    kept, target, left_out = matched(table, asked({"a": 1, "b": 1}, missing="drop"))
    assert kept["respondent"].to_list() == ["p1", "p3"]
    assert target.place.tolist() == [0, 1]
    assert left_out == {"'x' is unknown": 2}
    assert "of no respondent with a weight above 0 every attribute is known" in refused(
        people(x=[np.nan]), asked({1: 1}, missing="drop")
    )
