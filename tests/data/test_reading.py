import pytest

from silicus.data import read_dataset
from silicus.errors import InputError

FORMS = "Expected SocSci210 as JSON lines"


def test_a_misspelt_file_is_answered_with_the_nearest(tmp_path):
    (tmp_path / "sample.jsonl").touch()
    with pytest.raises(InputError, match=rf"no such file. Did you mean 'sample.jsonl'\? {FORMS}"):
        read_dataset(tmp_path / "sampel.jsonl")
    with pytest.raises(InputError, match=f"no such file. {FORMS}"):
        read_dataset(tmp_path / "nowhere" / "sample.jsonl")


def test_a_file_of_another_kind_is_told_the_known_forms(tmp_path):
    (tmp_path / "sample.csv").touch()
    with pytest.raises(InputError, match=f"found a '.csv' file. {FORMS}"):
        read_dataset(tmp_path / "sample.csv")


def test_a_folder_without_parquet_files_says_what_is_in_it(tmp_path):
    with pytest.raises(InputError, match="found no parquet file in this folder, but nothing"):
        read_dataset(tmp_path)
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputError, match=r"found no parquet file in this folder, but notes\.txt"):
        read_dataset(tmp_path)
