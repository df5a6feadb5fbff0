"""What a build leaves: what went in, what every gate found, and who has looked at it."""

from __future__ import annotations

from silicus.data.deposit.documents import Document
from silicus.data.deposit.gates import Gate
from silicus.data.deposit.passages import Span
from silicus.data.readers.labelled import LabelledTable
from silicus.record import Record

__all__ = ["Approval", "Build", "labels_document"]


class Approval(Record):
    """Who has looked at a dataset and found it right."""

    by: str
    on: str
    """The day."""
    responses: str
    """Hash of the answers that were approved: others are not."""


class Build(Record):
    """What was built of a deposit (`build.json`)."""

    name: str
    """Of the study."""
    deposit: str
    """The folder or archive."""
    recipe: str
    """Its file."""
    inputs: dict[str, str]
    """The recipe and the files of the deposit it names -> hash of their content."""
    gates: list[Gate]
    found: dict[str, Span | None]
    """Condition or question -> where its words stand in the documents."""
    responses: str | None
    """Hash of the answers; null where a gate stopped the dataset."""
    approval: Approval | None = None
    silicus: str

    @property
    def passed(self) -> bool:
        """Whether every gate was passed."""
        return all(gate.passed for gate in self.gates)


def labels_document(table: LabelledTable) -> Document | None:
    """Return what the data file itself says of its columns, a line a column; `None` where it says nothing."""
    lines: list[str] = []
    places: list[tuple[int, str]] = []
    start = 0
    for column in table.cells.columns:
        words = [table.titles.get(column, ""), *table.labels.get(column, {}).values()]
        line = "; ".join(word for word in words if word)
        if line:
            places.append((start, f"labels of '{column}'"))
            lines.append(line)
            start += len(line) + 1
    return Document(table.path.name, "\n".join(lines), tuple(places)) if lines else None
