"""What is printed of the data there are, and of what was made of them."""

from __future__ import annotations

import io

from rich.console import Console

from silicus.data import DatasetManifest, Guarded, Split, every_reader
from silicus.report import print_prepared, print_readers
from silicus.study import Source

SOURCE = Source(citation="Nobody (2026).", licence="CC-BY-NC-4.0")


def printed(show, what) -> str:
    console = Console(file=io.StringIO(), width=80)
    show(what, console)
    return console.file.getvalue()


def manifest(**changes) -> DatasetManifest:
    facts = {
        "name": "tiny", "source": SOURCE, "unit": "person", "rows_read": 1200, "left_out": {"empty stimulus": 3},
        "made_from": "tiny.csv", "responses": "0", "silicus": "0", "created": "2026-01-01",
    }  # fmt: skip
    return DatasetManifest(**facts, **changes)


def test_every_reader_is_named_with_licence_citation_and_how_to_obtain_the_data():
    text = printed(print_readers, every_reader())
    for reader in every_reader():
        for told in (reader.name, reader.title, reader.source.licence, reader.source.citation, reader.obtain):
            assert told in text
    assert "socratesft/SocSci210" in text


def test_a_prepared_dataset_says_what_went_where_and_under_which_licence():
    text = printed(
        print_prepared,
        manifest(split=Split(counts={"train": 1000, "test": 197}), guard=Guarded(checked=["studies: 2, against 8"])),
    )
    assert "1,200 rows read" in text
    assert "3 rows left out: empty stimulus" in text
    assert "train: 1,000 answers" in text
    assert "No leak was found in what could be checked." in text
    assert "studies: 2, against 8" in text
    assert "what is made from them: CC-BY-NC-4.0" in text


def test_leaks_that_were_let_pass_or_left_out_are_told_and_not_called_clean():
    guarded = Guarded(checked=[], allowed=["items: 1 of 2"], dropped=["near-duplicates: 3 of 4 [x]"])
    text = printed(print_prepared, manifest(split=Split(counts={"train": 1}), guard=guarded))
    assert "No leak was found" not in text
    assert "Leaks that were let pass:\n  items: 1 of 2" in text
    assert "Leaks whose rows are left out of what is tested on:\n  near-duplicates: 3 of 4 [x]" in text


def test_data_that_were_not_split_say_how_to_split_them():
    text = " ".join(printed(print_prepared, manifest()).split())
    assert "Not split: everything is in one part. Hold something out with --hold-out study=0.2" in text
