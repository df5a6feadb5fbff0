"""Several runs on the same people: one table, nearest first, whatever the order in which they are named."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from silicus.errors import InputError
from silicus.evaluate import Evaluation
from silicus.record import read
from silicus.report import print_ways
from silicus.workflow import compare_runs, compare_ways
from tests.workflow.test_compare import answered, change, run

__all__ = ["answered"]


@pytest.fixture
def folders(answered: Path, tmp_path: Path) -> list[Path]:
    """Return three runs: a scripted model asked in two ways, and guessing, whose folder has the name of a baseline."""
    return [
        run(answered, tmp_path / "plain"),
        run(answered, tmp_path / "published", template="socrates"),
        run(answered, tmp_path / "uniform", "uniform"),
    ]


def test_every_way_has_the_distance_that_a_comparison_of_two_gives_it(folders):
    found = compare_ways(folders)
    assert [way.name for way in found.ways] == ["plain", "published", "uniform (run)"]
    for other, name in ((folders[1], "published"), (folders[2], "uniform (run)")):
        both = compare_runs(folders[0], other)
        own, theirs = (found.evaluation.overall[each]["wasserstein"].value for each in ("plain", name))
        assert own == pytest.approx(both.evaluation.overall[both.evaluation.name]["wasserstein"].value)
        assert theirs == pytest.approx(both.evaluation.overall[both.other]["wasserstein"].value)


def test_ways_are_told_nearest_first_with_what_they_differ_in(folders):
    found = compare_ways(folders)
    values = [estimate.value for _, estimate in found.nearest_first()]
    assert values == sorted(values)
    assert [way.settings for way in found.ways] == [
        {"model": "scripted", "template": "silicus"},
        {"model": "scripted", "template": "socrates"},
        {"model": "uniform", "template": "silicus"},
    ]


def test_the_difference_from_the_first_is_negative_where_a_way_is_nearer(folders):
    found = compare_ways(folders)
    first, *others = found.ways
    assert found.against_first(first) is None
    for way in others:
        own, theirs = (found.evaluation.overall[each.name]["wasserstein"].value for each in (first, way))
        difference = found.against_first(way)
        assert difference.value == pytest.approx(theirs - own)
        assert difference.low <= difference.value <= difference.high


def test_the_table_says_that_the_best_of_several_ways_looks_too_good(folders):
    console = Console(file=StringIO(), width=120)
    print_ways(compare_ways(folders), console)
    told = " ".join(console.file.getvalue().split())
    assert "3 ways beside people All on 1 study, 4 cells, 40 answers" in told
    assert "over the 3 ways:" in told
    assert "The best of 3 ways looks better here than it will on other people" in told


def test_numbers_are_kept_as_json_and_the_curve_as_a_page(folders, tmp_path):
    found = compare_ways(folders, tmp_path / "ways.json")
    assert read(tmp_path / "ways.json", Evaluation) == found.evaluation
    compare_ways(folders, tmp_path / "ways.html")
    page = (tmp_path / "ways.html").read_text(encoding="utf-8")
    assert "Specification curve, Wasserstein-1, stated scale, nearest first:" in page
    assert "template: socrates" in page
    assert '<td class="name">uniform (run)</td>' in page


def test_only_answers_that_all_ways_predict_are_compared_and_the_others_counted(folders):
    change(folders[1], "predictions", keep=pl.col("question") == "like")
    found = compare_ways(folders)
    assert found.evaluation.answers_n == 20
    assert found.evaluation.left_out["not predicted in all runs"] == 20


def test_what_cannot_be_set_side_by_side_is_refused(folders, answered, tmp_path):
    with pytest.raises(InputError, match="is named twice"):
        compare_ways([*folders, folders[1]])
    with pytest.raises(InputError, match=r"expected the name of a \.json or \.html file"):
        compare_ways(folders, tmp_path / "ways.csv")
    change(folders[2], "responses", pl.lit(1, dtype=pl.Int64).alias("response"))
    with pytest.raises(InputError, match="people's answers differ between the runs"):
        compare_ways(folders)


def test_an_option_that_was_left_out_is_told_as_its_default(answered, tmp_path):
    found = compare_ways([run(answered, tmp_path / "one"), run(answered, tmp_path / "two", wordings=2)])
    assert [way.settings for way in found.ways] == [{"wordings": "1"}, {"wordings": "2"}]
