"""What tuned a model, or is shown to it, may not rectify it: the pilot's people are looked for in it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import polars as pl
import pytest

from silicus.data import Dataset, Unit, answers_digest, write_dataset_folder
from silicus.data.dataset import ANSWERS, SHOWN
from silicus.errors import InputError
from silicus.models.trained_as import TrainedAs
from silicus.options import ScreenOptions
from silicus.record import write
from silicus.study import read_pilot, read_study
from silicus.workflow.screening.independence import Learnt, check_apart, learnt_from
from silicus.workflow.screening.past import read_past
from silicus.workflow.screening.told import _tuned_on
from tests.workflow.screening.made import pilot_table, screened


def dataset(
    study, names: list[str], split: str | None = None, unit: Unit = "person", called: str | None = None
) -> Dataset:
    """Return answers of people to the first arm of a study, under its id or another."""
    items = {item.item: item for item in study.items()}
    first = next(iter(items.values()))
    rows = [(called or study.id, first.condition, first.question, first.item, name, 5, 1, 1.0, None) for name in names]
    responses = pl.DataFrame(rows, schema=ANSWERS, orient="row")
    if split is not None:
        responses = responses.with_columns(split=pl.lit(split), unseen=pl.lit("respondent"))
    people = pl.DataFrame({"respondent": names, "weight": [1.0] * len(names)})
    return Dataset(
        name="past", source=study.source, items=items, responses=responses, respondents=people,
        shown=pl.DataFrame(schema=SHOWN), rows_read=len(names), left_out={}, unit=unit,
    )  # fmt: skip


@pytest.fixture
def trained(world, tmp_path):
    """Return a function that writes a dataset folder and a model that says it learnt from it."""
    study = read_study(str(world.study))

    def make(names: list[str], **options) -> Path:
        data = dataset(study, names, **options)
        write_dataset_folder(tmp_path / "data", data, "made")
        manifest = {
            "recipe": {"parts": [{"data": str(tmp_path / "data")}]},
            "data": [{"answers": answers_digest(data)}],
        }
        (tmp_path / "training" / "model").mkdir(parents=True)
        (tmp_path / "training" / "manifest.json").write_text(json.dumps(manifest))
        known = TrainedAs(
            template="silicus", answers="value", base="base", prompts="p", recipe="r", run="k", version="0"
        )
        write(tmp_path / "training" / "model" / "silicus.json", known)
        return tmp_path / "training" / "model"

    return make


def apart(world, pilot: Path, model: Path, *, named: bool = True) -> list[str]:
    study = read_study(str(world.study))
    options = ScreenOptions(model=str(model), template="silicus", answers="value")
    return check_apart(learnt_from(options), study, read_pilot(pilot, study), named=named)


def test_a_model_that_learnt_from_the_pilots_people_is_refused(world, pilot, trained, tmp_path):
    model = trained(["person 4", "person 5", "somebody"])
    with pytest.raises(InputError) as caught:
        screened(world.study, tmp_path / "out", **{**world.options, "model": str(model)}, pilot=pilot)
    assert str(caught.value) == (
        f"{tmp_path}/data: the model learnt from answers of 'person 4' to this study, and 2 of 60 people of the pilot "
        "are such. What tunes a model may not rectify it: leave these people out of the one or the other."
    )
    assert not (tmp_path / "out").exists()


def test_the_same_answers_under_another_id_are_found_by_their_words(world, pilot, trained):
    with pytest.raises(InputError, match="the model learnt from answers of 'person 4' to this study"):
        apart(world, pilot, trained(["person 4"], called="another name"))


def test_other_people_of_the_study_are_noted(world, pilot, trained, tmp_path):
    assert apart(world, pilot, trained(["somebody", "anybody"])) == [
        f"the model learnt from 2 answers of other people to this study ({tmp_path}/data)"
    ]


def test_who_was_held_out_to_test_was_not_learnt_from(world, pilot, trained):
    assert apart(world, pilot, trained(["person 4"], split="test")) == []


def test_where_nobody_can_tell_a_pilot_is_refused(world, pilot, trained, tmp_path):
    model = trained(["somebody"])
    with pytest.raises(InputError) as caught:
        apart(world, pilot, model, named=False)
    assert str(caught.value) == (
        f"{tmp_path}/data: the model learnt from answers to this study, and nobody can tell whether the pilot's people "
        "are among those who gave them. Give both a column 'respondent' with the same ids."
    )


def test_answers_of_unidentified_people_are_refused_too(world, pilot, trained):
    with pytest.raises(InputError, match="nobody can tell whether the pilot's people are among those"):
        apart(world, pilot, trained(["1", "2"], unit="row"))


def test_a_model_whose_training_is_unknown_is_noted(world, pilot, trained):
    model = trained(["somebody"])
    (model.parent / "manifest.json").unlink()
    assert apart(world, pilot, model) == [
        f"{model} was trained, and the manifest of its training is not beside it: whether it learnt from people of the "
        "pilot is not known"
    ]


def test_data_that_are_gone_or_changed_are_noted(world, pilot, trained, tmp_path):
    model = trained(["person 4"])
    write_dataset_folder(tmp_path / "data", dataset(read_study(str(world.study)), ["somebody"]), "made")
    [note] = apart(world, pilot, model)
    assert note.startswith(
        f"{model} learnt from {tmp_path}/data, which is not there any more or holds other answers now"
    )
    (tmp_path / "data" / "dataset.json").unlink()
    assert apart(world, pilot, model) == [note]


def test_a_model_that_was_not_trained_here_has_nothing_to_hide(world, pilot):
    study = read_study(str(world.study))
    options = ScreenOptions(**world.options, template="silicus", answers="value")
    assert check_apart(learnt_from(options), study, read_pilot(pilot, study), named=True) == []


def test_examples_that_hold_answers_of_the_pilot_are_refused(world, pilot, trained, tmp_path):
    trained(["person 4"], split="train")
    with pytest.raises(InputError, match="the model learnt from answers of 'person 4' to this study") as caught:
        screened(world.study, tmp_path / "out", **world.options, pilot=pilot, shots=1, examples=tmp_path / "data")
    assert str(caught.value).startswith(f"{tmp_path}/data: ")


def test_ids_that_are_numbers_in_one_table_are_words_in_the_other(world, trained, tmp_path):
    table = pilot_table().with_columns(respondent=pl.int_range(1, 61)).drop("school")
    table.write_csv(tmp_path / "numbers.csv")
    with pytest.raises(InputError, match="the model learnt from answers of '7' to this study"):
        apart(world, tmp_path / "numbers.csv", trained(["7"]))


def test_people_are_found_under_the_name_of_their_study(world, pilot, trained):
    with pytest.raises(
        InputError, match="the model learnt from answers of 'person 4' to this study, and 1 of 60 people"
    ):
        apart(world, pilot, trained(["pool/person 4", "pool/somebody"]))


def test_what_a_model_is_shown_is_not_what_it_was_tuned_on(world, trained, tmp_path):
    model = trained(["somebody"], called="past study")
    shown = dataset(read_study(str(world.study)), ["anybody"], split="train", called="shown study")
    write_dataset_folder(tmp_path / "shown", shown, "made")
    options = ScreenOptions(model=str(model), shots=1, examples=tmp_path / "shown")
    assert set(learnt_from(options).data) == {str(tmp_path / "data"), str(tmp_path / "shown")}
    assert _tuned_on(options, learnt_from(options)) == ("past study",)
    untrained = ScreenOptions(model="uniform", shots=1, examples=tmp_path / "shown")
    assert _tuned_on(untrained, learnt_from(untrained)) == ()


def test_what_a_served_model_learnt_from_is_not_known(world, pilot):
    study = read_study(str(world.study))
    options = ScreenOptions(model="somebody/large", server="http://localhost:1/v1")
    learnt = learnt_from(options)
    assert (learnt.data, learnt.unknown) == ({}, ["what somebody/large on a server learnt from is not known"])
    assert check_apart(learnt, study, read_pilot(pilot, study), named=True) == [
        "what somebody/large on a server learnt from is not known: whether it learnt from people of the pilot is not "
        "known"
    ]


def test_a_served_model_is_known_by_the_folder_of_its_tokenizer(trained, tmp_path):
    model = trained(["somebody"])
    learnt = learnt_from(ScreenOptions(model="tuned", server="http://localhost:1/v1", tokenizer=str(model)))
    assert set(learnt.data) == {str(tmp_path / "data")}
    assert learnt.unknown == ["what tuned on a server learnt from is not known"]


def test_a_folder_that_does_not_say_what_it_learnt_from_is_not_known(tmp_path):
    (tmp_path / "model").mkdir()
    name = str(tmp_path / "model")
    assert learnt_from(ScreenOptions(model=name)).unknown == [
        f"{name} does not say what it learnt from (no silicus.json)"
    ]


def test_a_past_run_of_stimuli_that_the_model_learnt_from_is_refused(world):
    study = read_study(str(world.folder / "past-2.yaml"))
    learnt = Learnt({"data": dataset(study, ["somebody"])}, [])
    options, own = ScreenOptions(**world.options, template="silicus", answers="value"), read_study(str(world.study))
    with pytest.raises(InputError) as caught:
        read_past(world.past, own, options, learnt)
    assert str(caught.value) == (
        f"{world.past[2]}: 1 of its 2 stimuli are among those that the model learnt from (data), so that its errors "
        "there are smaller than elsewhere. Evaluate it on studies held out."
    )
    held_out = Learnt({"data": dataset(study, ["somebody"], split="test")}, [])
    assert len(read_past(world.past, own, options, held_out)) == len(world.past)


def test_what_is_not_known_of_training_is_noted_of_a_past(world, tmp_path, monkeypatch):
    unknown = Learnt({}, ["what it learnt from is not known"])
    # The door shows a function of the same name.
    monkeypatch.setattr(sys.modules["silicus.workflow.screening.screen"], "learnt_from", lambda _: unknown)
    found = screened(world.study, tmp_path / "out", **{**world.options, "controls": 0}, past=world.past[:2])[1]
    told = "what it learnt from is not known: past errors are too small where it learnt from past studies"
    assert told in found.notes
    without = screened(world.study, tmp_path / "other", **{**world.options, "controls": 0})[1]
    assert not any("learnt" in note for note in without.notes)
