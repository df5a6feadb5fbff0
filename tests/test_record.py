from __future__ import annotations

import errno
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silicus.errors import InputError, RunError
from silicus.record import Record, atomic, digest, parse, read, read_yaml, write, write_text


class Cup(Record):
    """A cup."""

    size: int
    """How much it holds."""
    colours: list[str] = []


class Shelf(Record):
    """Where cups stand."""

    cups: dict[str, Cup] = {}
    best: Cup | None = None


def yaml_file(folder: Path, text: str) -> Path:
    path = folder / "shelf.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(path: Path, kind: type[Record] = Shelf) -> str:
    with pytest.raises(InputError) as caught:
        read(path, kind)
    return str(caught.value)


def half_write(path: Path, failure: Exception) -> None:
    with atomic(path) as temporary:
        temporary.write_text("half")
        raise failure


@given(st.integers(), st.lists(st.text()))
def test_a_record_survives_being_written_and_read(tmp_path_factory, size, colours):
    path = tmp_path_factory.mktemp("record") / "cup.json"
    cup = Cup(size=size, colours=colours)
    write(path, cup)
    assert read(path, Cup) == cup


def test_a_misspelt_key_is_answered_with_the_keys_of_its_own_place(tmp_path):
    path = yaml_file(tmp_path, "best:\n  size: 1\n  colors: [red]\n")
    assert refused(path) == f"{path} line 3 (best > colors): unknown key 'colors'. Did you mean 'colours'?"


def test_several_problems_are_told_at_once_each_with_its_line(tmp_path):
    path = yaml_file(tmp_path, "best:\n  size: big\ncups:\n  old: {colours: [red]}\n")
    assert refused(path).splitlines() == [
        f"{path} line 4 (cups > old > size): the key 'size' is missing.",
        f"{path} line 2 (best > size): found 'big', expected: input should be a valid integer, unable to parse "
        "string as an integer.",
    ]


def test_a_long_finding_is_cut(tmp_path):
    path = yaml_file(tmp_path, f"best: {{size: {'x' * 200}}}\n")
    assert "found 'xxx" in refused(path)
    assert "…, expected" in refused(path)


def test_a_list_as_a_key_is_refused_with_its_line(tmp_path):
    path = yaml_file(tmp_path, "cups:\n  ? [a, b]\n  : 1\n")
    assert refused(path) == f"{path} line 2: found a list or a mapping as a key, expected a word or number."


def test_a_control_character_is_refused_with_its_line(tmp_path):
    path = yaml_file(tmp_path, "cups: {}\nbest: \x00\n")
    assert refused(path) == f"{path} line 2: found the character U+0000, which YAML forbids. Remove it."


def test_broken_json_is_named_with_its_line(tmp_path):
    path = tmp_path / "cup.json"
    path.write_text('{\n"size": }')
    assert refused(path, Cup) == f"{path} line 2: not valid JSON: Expecting value."


def test_a_file_that_is_not_text_is_refused(tmp_path):
    path = tmp_path / "shelf.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    assert refused(path).startswith(f"{path}: cannot be read as UTF-8 text (")


def test_a_mapping_that_came_from_no_file_is_checked_too():
    with pytest.raises(InputError, match=r"^given \(size\): the key 'size' is missing\.$"):
        parse({}, Cup, where="given")


def test_only_numbers_true_false_and_null_are_no_words(tmp_path):
    path = yaml_file(
        tmp_path, "[1, -2, 1.5, 1e3, true, false, null, ~, yes, NO, On, 1:30, 010, 0x1F, 2020-01-01, .5]\n"
    )
    assert read_yaml(path) == [
        1, -2, 1.5, 1000.0, True, False, None, None,
        "yes", "NO", "On", "1:30", "010", "0x1F", "2020-01-01", ".5",
    ]  # fmt: skip


def test_anchors_and_merged_keys_work(tmp_path):
    path = yaml_file(tmp_path, "cups: {a: &a {size: 3}, b: {<<: *a, colours: [red]}}\n")
    assert read(path, Shelf).cups["b"] == Cup(size=3, colours=["red"])


def test_a_file_is_whole_or_as_it_was(tmp_path):
    path = tmp_path / "deep" / "note.txt"
    write_text(path, "old")
    with pytest.raises(ZeroDivisionError):
        half_write(path, ZeroDivisionError())
    assert path.read_text() == "old"
    assert [p.name for p in path.parent.iterdir()] == ["note.txt"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_in_one_sentence_and_leaves_no_file(tmp_path, code):
    with pytest.raises(RunError, match=r"note\.txt: no space left on the device\. What was finished is kept;"):
        half_write(tmp_path / "note.txt", OSError(code, "full"))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(RunError) as caught:
        write_text(tmp_path / "taken" / "note.txt", "x")
    assert str(caught.value).startswith(f"{tmp_path / 'taken' / 'note.txt'}: cannot be written (")


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_a_digest_tells_parts_apart_and_not_only_their_sum(first, second):
    assert (digest(*first) == digest(*second)) == (first == second)
    assert len(digest(*first)) == 16
