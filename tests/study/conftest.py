from collections.abc import Callable
from pathlib import Path

import pytest

from silicus.study import Study, read_study

PARTS = {
    "id": "id: tea",
    "source": "source: {citation: 'A. Author', licence: CC0-1.0}",
    "conditions": "conditions:\n  - {id: plain, control: true}\n  - {id: praise, text: Tea is lovely.}",
    "questions": "questions:\n  - id: like\n    text: Tea?\n    scale: {kind: binary, labels: {1: Yes, 2: No}}",
}


@pytest.fixture
def study_file(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a small study, with some of its parts changed, and returns the file."""

    def write(**changed: str | None) -> Path:
        path = tmp_path / "tea.yaml"
        path.write_text("\n".join(part for part in {**PARTS, **changed}.values() if part) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def scaled(study_file: Callable[..., Path]) -> Callable[[str], Study]:
    """Return a function that reads the small study with another scale."""

    def read(scale: str) -> Study:
        return read_study(study_file(questions=f"questions:\n  - id: like\n    text: Well?\n    scale: {scale}"))

    return read
