"""A run folder holds one training, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from silicus.errors import RunError
from silicus.train import Recipe
from silicus.workflow.training.folder import (
    DataUsed,
    TrainingManifest,
    begin,
    find_folder,
    finish,
    new_manifest,
)


def manifest(
    answers: str = "answers", weights: str = "weights", tested: tuple[str, ...] = (), **settings: object
) -> TrainingManifest:
    recipe = Recipe.model_validate({"parts": [{"data": "runs/poll-data"}], "model": "base/tiny model", **settings})
    used = DataUsed(
        name="poll", citation="A. Author (2026).", licence="CC0-1.0", objective="individual", examples=3, taken=6,
        given=4, answers=answers, split="q5 unseen",
    )  # fmt: skip
    return new_manifest(recipe, [used], weights, list(tested), left_out=[], warnings=[], steps=2, examples=6)


def test_nothing_is_written_before_weights_are_loaded(tmp_path):
    folder, _ = find_folder(tmp_path / "run", manifest())
    assert not folder.exists()
    begin(folder, manifest())
    assert (folder / "manifest.json").is_file()


def test_without_a_name_the_folder_is_named_after_data_model_and_settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder, said = find_folder(None, manifest())
    assert folder == Path("runs") / f"poll-tiny-model-{said.key[:6]}"
    assert find_folder(None, manifest(rank=3))[0] != folder


def test_an_interrupted_training_goes_on_in_its_folder(tmp_path):
    first = manifest()
    begin(tmp_path, first)
    folder, found = find_folder(tmp_path, manifest())
    assert (folder, found.created, found.finished) == (tmp_path, first.created, None)


def test_a_finished_training_is_found_with_its_results(tmp_path):
    begin(tmp_path, manifest())
    finish(tmp_path, manifest(), seconds=3.5, best_step=1)
    found = find_folder(tmp_path, manifest())[1]
    assert found.finished is not None
    assert (found.seconds, found.best_step) == (3.5, 1)


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"rank": 3}, "holds another training (rank was 16, is 3). Choose another folder with --out, or delete it."),
        ({"answers": "new"}, "holds another training (the answers have changed). Choose"),
        ({"weights": "new"}, "holds another training (the starting weights have changed). Choose"),
        ({"tested": ("new",)}, "holds another training (the answers have changed). Choose"),
        (
            {"parts": [{"data": "x", "reorder": True, "objective": "distribution"}, {"data": "y"}]},
            "holds another training (parts[0].objective was individual, is distribution; parts[0].reorder was False, "
            "is True; ",
        ),
    ],
)
def test_the_folder_of_another_training_is_refused_with_the_difference(tmp_path, other, told):
    begin(tmp_path, manifest())
    with pytest.raises(RunError) as caught:
        find_folder(tmp_path, manifest(**other))
    assert told in str(caught.value)


def test_a_folder_with_something_else_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(RunError, match=r"this folder holds something else \(thesis.txt\). Choose an empty"):
        find_folder(tmp_path, manifest())
    with pytest.raises(RunError, match=r"thesis.txt: is a file. Choose a new folder with --out."):
        find_folder(tmp_path / "thesis.txt", manifest())


def test_what_a_killed_run_leaves_of_its_manifest_is_nothing_else(tmp_path):
    (tmp_path / ".manifest.json.part").write_text("{")
    assert find_folder(tmp_path, manifest())[0] == tmp_path


def test_only_the_first_of_several_processes_writes(tmp_path, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    begin(tmp_path, manifest())
    finish(tmp_path, manifest(), seconds=1.0)
    assert list(tmp_path.iterdir()) == []


def test_two_trainings_share_a_key_if_recipe_answers_and_weights_are_the_same():
    others = [{"answers": "b"}, {"weights": "b"}, {"seed": 1}, {"tested": ("b",)}, {"test_cells": 7}]
    keys = {manifest().key, *(manifest(**other).key for other in others)}
    assert len(keys) == 1 + len(others)


def test_a_training_stays_the_same_whatever_it_is_called_and_wherever_its_data_lie():
    elsewhere = {"title": "Another", "sources": ["A. Author"], "parts": [{"data": "other/poll-data"}]}
    assert manifest(**elsewhere).key == manifest().key
