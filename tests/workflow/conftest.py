from pathlib import Path

import pytest

TEA = """\
id: tea
source: {citation: A. Author, licence: CC0-1.0}
conditions:
  - {id: plain, control: true}
  - {id: praise, text: Tea is lovely.}
questions:
  - id: like
    text: How much do you like tea?
    scale: {kind: numeric, low: 0, high: 10}
  - id: buy
    text: Will you buy tea?
    scale: {kind: binary, labels: {1: Yes, 2: No}, refusals: {9: Don't know}}
"""


@pytest.fixture
def tea(tmp_path: Path) -> Path:
    """Return the file of a study of two conditions and two questions, without human answers."""
    path = tmp_path / "tea.yaml"
    path.write_text(TEA, encoding="utf-8")
    return path


@pytest.fixture
def crowd(tmp_path: Path):
    """Return a function that writes a table of people with eight attributes and returns the file."""

    def write(count: int) -> Path:
        path = tmp_path / f"crowd-{count}.csv"
        lines = ["respondent,age,gender,education,income,location,party_id,ideology,household_size"]
        lines += [
            f"p{n},{18 + n % 73},{'Female' if n % 2 else 'Male'},Level {n % 6},Band {n % 14},State {n % 50},"
            f"Party {n % 7},Side {n % 5},{1 + n % 6}"
            for n in range(count)
        ]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write
