"""The disclosure sheet: nothing that is to be told is dropped, and what is unknown says so."""

from pathlib import Path

import pytest

from silicus.record import Record, read, write
from silicus.report.exports.disclosure import UNKNOWN, Asking, Disclosure, ModelUsed, People, write_disclosure


def sheet(tmp_path: Path, disclosure: Disclosure) -> str:
    path = tmp_path / "disclosure.md"
    write_disclosure(path, disclosure)
    return path.read_text(encoding="utf-8")


def sections() -> list[tuple[str, type[Record]]]:
    return [(name, type(getattr(Disclosure(), name))) for name in Disclosure.model_fields]


def test_every_field_stands_once_under_the_title_of_its_section(tmp_path: Path) -> None:
    text = sheet(tmp_path, Disclosure())
    parts = text.split("\n## ")[1:]
    assert [part.splitlines()[0] for part in parts] == [field.title for field in Disclosure.model_fields.values()]
    for part, (_, kind) in zip(parts, sections(), strict=True):
        told = [line for line in part.splitlines() if line.startswith("- ")]
        assert len(told) == len(kind.model_fields)
        for line, field in zip(told, kind.model_fields.values(), strict=True):
            assert field.title
            assert line.startswith(f"- {field.title}: ")


def test_what_is_unknown_is_marked_and_counted(tmp_path: Path) -> None:
    text = sheet(tmp_path, Disclosure())
    fields = [(name, field) for name, kind in sections() for field in kind.model_fields.items()]
    assert text.count(UNKNOWN) == len(fields) - 1  # the flag is always known
    assert f"filled in by hand: {len(fields) - 1} answers." in text
    assert "column `synthetic`, 1 in exported files): every row is marked" in text


@pytest.mark.parametrize("section", [name for name, _ in sections()])
def test_every_field_that_is_known_is_told(tmp_path: Path, section: str) -> None:
    kind = dict(sections())[section]
    known: dict[str, object] = {}
    for number, (name, field) in enumerate(kind.model_fields.items()):
        asked = str(field.annotation)
        known[name] = (
            {f"k{number}": 700 + number} if "int]" in asked
            else {f"k{number}": f"v{number}"} if "Mapping" in asked
            else (f"t{number}",) if "tuple" in asked
            else "every row is marked" if name == "synthetic"
            else 500 + number if "int" in asked
            else 0.25 if "float" in asked
            else f"word {number}."
        )  # fmt: skip
    text = sheet(tmp_path, Disclosure.model_validate({section: known}))
    part = text.split(f"\n## {Disclosure.model_fields[section].title}\n")[1].split("\n## ")[0]
    assert UNKNOWN not in part
    for value in known.values():
        words = (
            [*value, *map(str, value.values())]
            if isinstance(value, dict)
            else value
            if isinstance(value, tuple)
            else [str(value)]
        )
        assert all(word in part for word in words)


def test_zero_and_nothing_are_known(tmp_path: Path) -> None:
    text = sheet(tmp_path, Disclosure(asking=Asking(failures=0, wordings=()), people=People(respondents=0)))
    assert "- Answers that failed or could not be read: 0\n" in text
    assert "- Wordings that were averaged: none\n" in text
    assert "- People in the pilot (0: no pilot): 0\n" in text


def test_a_prompt_stands_as_it_was_read_even_where_it_has_fences(tmp_path: Path) -> None:
    prompt = "You are 34.\n```\n## Not a heading\n```\nAnswer:"
    text = sheet(tmp_path, Disclosure(asking=Asking(prompt=prompt)))
    assert f"\n````text\n{prompt}\n````\n" in text


def test_the_facts_can_be_kept_and_read_again(tmp_path: Path) -> None:
    facts = Disclosure(model=ModelUsed(name="smollm2"), asking=Asking(seeds={"people": 1}))
    write(tmp_path / "facts.json", facts)
    assert read(tmp_path / "facts.json", Disclosure) == facts
