"""`silicus build inspect` and `silicus build draft`."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from silicus.errors import InputError
from silicus.workflow.build_inspect import draft_recipe, inspect_deposit


@pytest.fixture
def deposit(tmp_path: Path) -> Path:
    folder = tmp_path / "deposit"
    folder.mkdir()
    lines = "".join(f"p{place},{place % 2},{place % 5 + 1}\n" for place in range(40))
    (folder / "answers.csv").write_text(f"caseid,cond,q1\n{lines}")
    return folder


def test_a_deposit_is_inspected_as_a_folder_and_as_an_archive(deposit: Path):
    archive = deposit.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w") as bundle:
        bundle.write(deposit / "answers.csv", "answers.csv")
    for path in (deposit, archive):
        found = inspect_deposit(path)
        assert found.file == "answers.csv"
        assert found.assignments[0].columns == ("cond",)
        assert [each.column for each in found.outcomes] == ["q1"]


def test_a_draft_is_returned_and_written(deposit: Path, tmp_path: Path):
    out = tmp_path / "recipe.yaml"
    text = draft_recipe(deposit, out)
    assert text == out.read_text()
    assert text == draft_recipe(deposit)
    assert "column: cond" in text


def test_nothing_at_the_path_is_an_error_that_says_so(tmp_path: Path):
    with pytest.raises(InputError, match="no such file or folder"):
        inspect_deposit(tmp_path / "nowhere")
