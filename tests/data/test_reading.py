import json

import pytest

from silicus.data import ReadOptions, every_reader, read_dataset
from silicus.data import reading as door
from silicus.data.readers import READERS
from silicus.errors import InputError

ASKED = 'You were asked: "Vote?" Only return 1 for Yes or 2 for No, nothing else.'
LINE = {"input": f"Demographics: Age: 76\n\nScenario: {ASKED}", "output": "1", "study_id": "s", "condition_num": 0}


def test_every_reader_says_whose_the_data_are_and_how_to_obtain_them():
    readers = every_reader()
    assert [reader.name for reader in readers] == READERS.names()
    assert {"socsci210", "wvs", "opinionqa", "subpop", "table"} <= set(READERS.names())
    for reader in readers:
        assert all([reader.title, reader.source.citation, reader.source.licence, reader.obtain, reader.forms])


def test_the_form_of_the_real_files_is_recognised_by_one_reader_alone(shared_data):
    files = {
        "socsci210/sample_20_studies.jsonl": "socsci210",
        "socsci210/9nphm_hub_schema.parquet": "socsci210",
        "wvs/train.json": "wvs",
        "wvs/pew_dev.json": "wvs",
        "opinionqa/group_distributions.jsonl.gz": "opinionqa",
        "deposits/covid_yougov/FourthWave.sav": "table",
        "conjoint/HainmuellerHopkins.dta": "table",
    }
    for file, name in files.items():
        claimed = [reader.name for reader in every_reader() if reader.recognises(shared_data / file)]
        assert claimed == [name], file


def test_no_reader_stumbles_over_a_file_of_another_kind(tmp_path):
    for name, content in {"a.json": b"{", "b.jsonl": b"\xff\xfe", "c.parquet": b"no", "d.gz": b"no", "e": b""}.items():
        (tmp_path / name).write_bytes(content)
        assert [reader.name for reader in every_reader() if reader.recognises(tmp_path / name)] == []
    assert [reader.name for reader in every_reader() if reader.recognises(tmp_path)] == []


def test_a_misspelt_file_is_answered_with_the_nearest(tmp_path):
    (tmp_path / "sample.jsonl").touch()
    with pytest.raises(InputError, match=r"no such file or folder. Did you mean 'sample.jsonl'\?"):
        read_dataset(tmp_path / "sampel.jsonl")
    with pytest.raises(InputError, match=r"no such file or folder. Expected .* \(silicus data list names the forms\)"):
        read_dataset(tmp_path / "nowhere" / "sample.jsonl")


def test_a_file_that_no_reader_knows_is_told_the_forms_and_what_to_do(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputError) as caught:
        read_dataset(tmp_path / "notes.txt")
    assert "found a '.txt' file, which no reader knows by its form" in str(caught.value)
    assert "The readers are socsci210, generations, wvs, opinionqa, subpop, table" in str(caught.value)
    assert "silicus data codebook FILE" in str(caught.value)


def test_a_table_without_a_codebook_is_told_how_to_draft_one(tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text("a\n1\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_dataset(path)
    assert str(caught.value).endswith(f"silicus data codebook {path} > {path}.codebook.yaml")


def test_a_folder_that_no_reader_knows_says_what_is_in_it(tmp_path):
    with pytest.raises(InputError, match="found nothing, which no reader knows"):
        read_dataset(tmp_path)
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputError, match=r"found notes\.txt, which no reader knows"):
        read_dataset(tmp_path)


def test_a_reader_may_be_named(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(LINE), encoding="utf-8")
    assert read_dataset(path, reader="socsci210").rows_read == 1
    with pytest.raises(InputError, match=r"unknown reader 'socsci'. Did you mean 'socsci210'\?"):
        read_dataset(path, reader="socsci")


def test_a_hub_id_is_fetched_and_read_by_the_reader_that_knows_it(tmp_path, monkeypatch):
    asked = []

    def fetch(repository, files):
        asked.append((repository, files))
        (tmp_path / "rows.jsonl").write_text(json.dumps(LINE), encoding="utf-8")
        return tmp_path / "rows.jsonl"

    monkeypatch.setattr(door, "fetch", fetch)
    made = read_dataset("socratesft/SocSci210")
    assert (made.name, made.rows_read) == ("SocSci210", 1)
    assert asked == [("socratesft/SocSci210", ("*.parquet", "metadata/*.json"))]
    assert read_dataset("someone/copy", reader="socsci210").name == "copy"


def test_a_hub_id_that_no_reader_knows_is_told_what_to_do():
    with pytest.raises(InputError, match=r"Did you mean 'socratesft/SocSci210'\?.* --reader NAME"):
        read_dataset("socratesft/SocSci211")


def test_a_codebook_sends_a_table_to_the_table_reader(tmp_path):
    (tmp_path / "answers.csv").write_text("a\n1\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"gone\.yaml: no such file"):
        read_dataset(tmp_path / "answers.csv", options=ReadOptions(codebook=tmp_path / "gone.yaml"))
