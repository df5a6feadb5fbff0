"""What is printed of how respondents came by their weights."""

from __future__ import annotations

import io

import polars as pl
from rich.console import Console

from silicus.report import print_raking
from silicus.study import Margins, Raking, rake

WANTED = Margins.model_validate({"margins": {
    "x": {"source": "Census [2022]", "shares": {"a": 0.3, "b": 0.7}},
    "y": {"source": "Survey", "counts": {"c": 8, "a name that is far too long to stand in its column": 2}},
}})  # fmt: skip


def people(weight: list[float], y: list[str]) -> pl.DataFrame:
    long = {"d": "a name that is far too long to stand in its column"}
    return pl.DataFrame({"respondent": [f"p{n}" for n in range(len(y))], "weight": weight, "x": list("aabbab"),
                         "y": [long.get(each, each) for each in y]})  # fmt: skip


def printed(raking: Raking) -> str:
    console = Console(file=io.StringIO(), width=80)
    print_raking(raking, console)
    return console.file.getvalue()


def test_raking_is_told_with_its_convergence_margins_and_sources():
    _, found = rake(people([1.0] * 6, list("cdcccc")), WANTED, "people.csv", "us.yaml", ["GSS"])
    lines = printed(found).splitlines()
    assert lines[0] == "Raking of people.csv to us.yaml"
    assert lines[1].startswith(f"Converged: yes ({len(found.iterations) - 1} iterations, largest gap ")
    assert lines[2] == "Attributes raked: x, y; began with equal weights"
    assert lines[3] == f"Design effect: {found.design_effect:.3f} | Effective n: {found.effective_n:.0f} of 6"
    assert lines[4].endswith("they sum to 6")
    assert "        0    0.2000000  x: a" in lines
    assert "  a                                            3   0.5000   0.3000   0.3000" in lines
    assert "  a name that is far too long to st…           1   0.1667   0.2000   0.2000" in lines
    assert lines[-4].startswith("Method: Deming, W. E., & Stephan, F. F. (1940).")
    assert lines[-3:] == ["Source: GSS", "Source: x: Census [2022]", "Source: y: Survey"]


def test_first_weights_those_left_out_and_the_trim_are_told():
    wanted = WANTED.model_copy(update={"missing": "drop", "trim": 3.0, "total": 1_000_000.0})
    table = people([1, 2, 1, 2, 1, 1], list("cdcccc")).with_columns(
        x=pl.when(pl.col("respondent") == "p0").then(None).otherwise("x")
    )
    _, found = rake(table, wanted, "people.csv", "us.yaml", [])
    text = printed(found)
    assert "began with the weights of the table\nLeft out: 1 respondent, 'x' is unknown\nDesign effect: " in text
    assert " (before: 1.122) | Effective n: " in text
    assert "they sum to 1,000,000\nTrimmed: 0 respondents held at 3 times the mean\n" in text


def test_of_many_iterations_the_middle_is_left_out():
    _, found = rake(people([1.0] * 6, list("cdcccc")), WANTED, "people.csv", "us.yaml", [])
    many = found.model_copy(update={"iterations": found.iterations[:1] * 40})
    text = printed(many)
    assert [number for number in range(41) if f"\n{number:>9}  " in text] == [0, 1, 2, 3, 4, 5, 34, 35, 36, 37, 38, 39]
    assert "\n        …\n" in text
