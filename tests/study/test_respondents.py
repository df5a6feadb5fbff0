from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from silicus.errors import InputError
from silicus.study import (
    Respondent,
    design_effect,
    draw_profiles,
    draw_respondents,
    iter_respondents,
    read_respondents,
)


@pytest.fixture
def people(tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that writes a table of people and returns the file."""

    def write(text: str) -> Path:
        path = tmp_path / "people.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def refused(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_respondents(path)
    return str(caught.value)


@pytest.mark.parametrize("kind", ["csv", "tsv", "parquet"])
def test_respondents_are_read_alike_from_csv_tsv_and_parquet(tmp_path, kind):
    table = pl.DataFrame({"respondent": ["b", "a"], "weight": [0.5, 2.0], "age": [34, 60], "city": ["Oslo", None]})
    path = tmp_path / f"people.{kind}"
    if kind == "parquet":
        table.write_parquet(path)
    else:
        table.write_csv(path, separator="," if kind == "csv" else "\t")
    assert list(iter_respondents(read_respondents(path))) == [
        Respondent("b", {"age": 34, "city": "Oslo"}, 0.5),
        Respondent("a", {"age": 60}, 2.0),
    ]


def test_rows_without_ids_are_numbered_and_without_weights_count_alike(people):
    found = list(iter_respondents(read_respondents(people("age\n34\n60\n"))))
    assert [(r.id, r.weight) for r in found] == [("row 1", 1.0), ("row 2", 1.0)]


def test_values_are_shown_as_people_write_them(people):
    table = read_respondents(people("age,tall,mood,score\n34.0,1.75,good,true\n,,,false\n50,NaN,,\n"))
    assert [r.attributes for r in iter_respondents(table)] == [
        {"age": 34, "tall": "1.75", "mood": "good", "score": "Yes"},
        {"score": "No"},
        {"age": 50},
    ]


def test_columns_may_have_any_name(people):
    assert next(iter_respondents(read_respondents(people("line,index\nred,x\n")))).attributes == {
        "line": "red",
        "index": "x",
    }


def test_an_id_that_stands_twice_is_named(people):
    path = people("respondent,age\na,1\nb,2\na,3\n")
    assert refused(path) == f"{path}: the respondent 'a' stands twice. Give every row its own id."


def test_an_empty_id_is_named_with_its_line(people):
    path = people("respondent,age\na,1\n,2\n")
    assert refused(path) == f"{path} line 3: the column 'respondent' is empty. Give every row its own id."


@pytest.mark.parametrize(
    ("weight", "found"),
    [("-2", "the weight -2.0"), ("", "nothing"), ("NaN", "the weight nan"), ("inf", "the weight inf")],
)
def test_a_weight_that_is_none_is_named_with_its_line(people, weight, found):
    path = people(f"age,weight,line\n1,1.5,x\n2,{weight},y\n")
    assert refused(path) == f"{path} line 3: found {found}, expected a weight of 0 or more."


def test_a_bad_weight_of_a_parquet_table_is_named_with_its_row(tmp_path):
    path = tmp_path / "people.parquet"
    pl.DataFrame({"age": [1, 2], "weight": [1, -1]}).write_parquet(path)
    assert refused(path) == f"{path} row 2: found the weight -1, expected a weight of 0 or more."


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("age,weight\n1,heavy\n", "the column 'weight' holds String, expected numbers."),
        ("age,weight\n1,0\n2,0\n", "all weights are 0, expected at least one above 0."),
        ("respondent,weight\na,1\n", "found no attribute column, expected at least one beside respondent and weight."),
        ("age\n", "the table of respondents has no rows."),
        ("", "cannot be read as a table of respondents: empty CSV."),
        ("age,age\n1,2\n", "the column 'age' stands twice. Keep one of them."),
        ("country,n\nKenya,many\n", "the column 'n' holds String, expected numbers."),
        ("country,n,weight\nKenya,0,3\nPeru,5,0\n", "all weights are 0, expected at least one above 0."),
        ("n,weight\n4,2\n", "found no attribute column, expected at least one beside respondent and weight."),
    ],
)
def test_a_table_that_cannot_be_asked_is_refused(people, text, complaint):
    path = people(text)
    assert refused(path) == f"{path}: {complaint}"


@pytest.mark.parametrize("name", ["Weight", "weights", "wt", "WGT"])
def test_weights_under_another_name_are_not_taken_for_an_attribute(people, name):
    path = people(f"age,{name}\n30,1.5\n")
    assert refused(path) == (
        f"{path}: found the column '{name}', which would be told to the model as an attribute. Name the column of "
        "weights 'weight'."
    )


def test_a_group_weighs_as_many_people_as_it_has_times_the_weight_of_one(people):
    groups = list(iter_respondents(read_respondents(people("respondent,country,n\nKEN,Kenya,1266\nPER,Peru,1400\n"))))
    assert groups == [Respondent("KEN", {"country": "Kenya"}, 1266.0), Respondent("PER", {"country": "Peru"}, 1400.0)]
    both = list(iter_respondents(read_respondents(people("country,n,weight\nKenya,10,2.5\nPeru,40,0.5\n"))))
    assert [group.weight for group in both] == [25.0, 20.0]


@pytest.mark.parametrize(("count", "found"), [("-3", "the number of people -3"), ("", "nothing")])
def test_a_group_of_no_number_of_people_is_named_with_its_line(people, count, found):
    path = people(f"country,n\nKenya,5\nPeru,{count}\n")
    assert refused(path) == f"{path} line 3: found {found}, expected a number of people of 0 or more."


def test_respondents_are_drawn_in_proportion_to_their_weights_and_stand_once(people):
    table = read_respondents(people("respondent,age,weight\na,20,6\nb,30,3\nc,40,1\nd,50,0\n"))
    drawn = draw_respondents(table, 10_000, np.random.default_rng(1))
    weights = dict(drawn.select("respondent", "weight").iter_rows())
    assert set(weights) == {"a", "b", "c"}
    assert sum(weights.values()) == 10_000
    assert [weights[name] / 10_000 for name in "abc"] == pytest.approx([0.6, 0.3, 0.1], abs=0.015)
    assert drawn.equals(draw_respondents(table, 10_000, np.random.default_rng(1)))
    assert not drawn.equals(draw_respondents(table, 10_000, np.random.default_rng(2)))


def test_a_mean_over_drawn_respondents_is_that_of_the_weighted_table(people):
    table = read_respondents(people("age,weight\n20,6\n30,3\n40,1\n"))
    rng = np.random.default_rng(5)
    means = [
        np.average(each["age"], weights=each["weight"])
        for each in (draw_respondents(table, 9, rng) for _ in range(2000))
    ]
    assert np.mean(means) == pytest.approx(25, abs=0.15)
    # As of 9 draws with replacement: the variance of the table (45), over 9.
    assert np.var(means) == pytest.approx(5, rel=0.15)


def test_the_design_effect_is_how_much_the_variance_of_a_mean_grows():
    weights = np.array([1.0, 1, 4, 10])
    rng = np.random.default_rng(2)
    means = (rng.normal(size=(200_000, 4)) * weights).sum(axis=1) / weights.sum()
    assert design_effect(weights) == pytest.approx(means.var() * 4, rel=0.02)
    assert design_effect(7 * weights) == pytest.approx(4 * 118 / 256)


def test_a_line_with_too_many_fields_is_named(people):
    path = people('age,city\n1,"Oslo, Norway"\n2,Bergen,Norway\n')
    assert refused(path) == f"{path} line 3 has 3 fields, the header has 2."


def test_a_broken_parquet_table_is_told_in_one_sentence(tmp_path):
    path = tmp_path / "people.parquet"
    path.write_bytes(b"PAR1 half of a table")
    message = refused(path)
    assert message.startswith(f"{path}: cannot be read as a table of respondents: ")
    assert "\n" not in message


def test_a_table_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "people.xlsx"
    assert refused(path) == f"{path}: no such file. Expected a table of respondents (.csv, .tsv or .parquet)."
    path.write_bytes(b"")
    assert refused(path) == f"{path}: found a '.xlsx' file, expected respondents as .csv, .tsv or .parquet."


def test_profiles_are_drawn_with_a_seed_and_without_repeats():
    first, again, other = (draw_profiles(300, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)
    assert first["respondent"].n_unique() == 300
    assert first.columns[:2] == ["respondent", "weight"]


def test_all_profiles_can_be_drawn_and_not_one_more():
    assert draw_profiles(4000, np.random.default_rng(0))["respondent"].n_unique() == 4000
    for count in (0, 4001):
        with pytest.raises(InputError, match=rf"found --respondents {count}, expected 1 to 4000"):
            draw_profiles(count, np.random.default_rng(0))
