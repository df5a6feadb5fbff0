"""The quality report of a dataset: a table and sentences at the prompt, and a page with everything."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from silicus.data import Defect, Quality, Severity, StudyQuality
from silicus.errors import counted
from silicus.report.page import print_anywhere, write_page
from silicus.report.words import DASH, percent, shorten

__all__ = ["print_quality", "write_quality"]

_WIDTH = 100
_STUDIES = 40
_DEFECTS = 25
_REASONS = 5
_QUESTIONS = 30
_ASKED = 200

_SEVERITIES: dict[Severity, tuple[str, str, str]] = {
    "serious": ("Serious", "wrong as they stand: mend or leave out before anything is learnt from them", "bold red"),
    "doubtful": ("Doubtful", "may be wrong: look before they are used", "bold yellow"),
    "note": ("To know", "nothing wrong, but not to be overlooked", "bold"),
}
"""What a severity is called, what it says, and how it is shown at the prompt."""

_STATES = {
    "stated": "range stated",
    "labels": "points listed",
    "observed_task": "observed in the answers",
    "unsupported": "none",
}
_UNITS = {
    "person": ("person", "people"),
    "row": ("answer, its person unknown", "answers, their people unknown"),
    "group": ("group of people", "groups of people"),
}

# --- at the prompt


def print_quality(quality: Quality, console: Console) -> None:
    """Print what is in a dataset and what is wrong with it, in at most 100 columns.

    Args:
        quality: the quality report.
        console: where it is printed.
    """
    print_anywhere(lambda where: _print(quality, where), console)


def _print(quality: Quality, console: Console) -> None:
    width = min(_WIDTH, console.width)

    def line(text: str, style: str = "", indent: int = 0) -> None:
        # Text objects, not markup: a label may hold square brackets.
        console.print(Text(_fill(text, width, indent), style), width=width, highlight=False)

    line(quality.name, "bold")
    line(_read(quality))
    line(quality.source.line, "dim")
    notes = [f"{count:,} {note}." for note, count in quality.notes.items()]
    for sentence in filter(None, (_left_out(quality), *notes, _known(quality.attributes))):
        line(sentence)
    line("")
    console.print(_table(quality, width), width=width)
    if len(quality.studies) == 1 and len(quality.studies[0].asked) <= _QUESTIONS:
        line("")
        console.print(_asked_table(quality.studies[0]), width=width)
    if len(quality.studies) > _STUDIES:
        line(f"... and {len(quality.studies) - _STUDIES:,} more, see the HTML page.", "dim")
    _print_defects(quality, line)
    line("")
    line(_verdict(quality))


def _print_defects(quality: Quality, line: Callable[..., None]) -> None:
    shown = quality.defects[:_DEFECTS]
    for severity, (title, meaning, style) in _SEVERITIES.items():
        found = [defect for defect in shown if defect.severity == severity]
        if found:
            line("")
            line(f"{title} ({_count(quality, severity):,}): {meaning}", style)
        for defect in found:
            line(defect.found, indent=2)
            line(defect.advice, "dim", indent=4)
    if len(quality.defects) > _DEFECTS:
        line(f"... and {len(quality.defects) - _DEFECTS:,} more, see the HTML page.", "dim")


def _fill(text: str, width: int, indent: int) -> str:
    """Return the text in indented lines of at most `width`, a number never parted from its `%`."""
    space = " " * indent
    lines = textwrap.wrap(
        text.replace(" %", "\u00a0%"), width, initial_indent=space, subsequent_indent=space, break_on_hyphens=False
    )
    return "\n".join(lines).replace("\u00a0", " ")


def _table(quality: Quality, width: int) -> Table:
    """Return the table of studies, the worst first."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1), header_style="bold")
    # In a narrow terminal the last columns may go; the page has all.
    heads = _HEADS if width >= _WIDTH else (*_HEADS[:3], *_HEADS[6:])
    places = [_HEADS.index(head) for head in heads]
    table.add_column(heads[0], overflow="fold")
    for head in heads[1:]:
        table.add_column(head, justify="right", no_wrap=True)
    for study in quality.studies[:_STUDIES]:
        cells = _row(study)
        style = "red" if study.serious else "yellow" if study.doubtful else ""
        table.add_row(
            Text(shorten(cells[0], 40)), *(Text(cells[place]) for place in places[1:-1]), Text(cells[-1], style)
        )
    return table


_HEADS = (
    "study", "rows", "answers", "condi-\ntions", "ques-\ntions", "cells", "scale\nknown", "off\nscale", "missing",
    "repeat-\ned", "serious,\ndoubtful",
)  # fmt: skip


def _asked_table(study: StudyQuality) -> Table:
    """Return the table of a study's questions and their scales."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1), header_style="bold")
    for place, head in enumerate(_ASKED_HEADS):
        table.add_column(head, justify="left" if place < _WORDS_OF_ASKED else "right", overflow="fold")
    for cells in _asked_rows(study):
        table.add_row(*(Text(cell) for cell in cells))
    return table


_ASKED_HEADS = ("question", "scale", "kind", "known by", "conditions", "answers", "missing", "off scale")
_WORDS_OF_ASKED = 4


def _asked_rows(study: StudyQuality) -> list[list[str]]:
    """Return the questions of a study as text, in the order of `_ASKED_HEADS`."""
    return [
        [
            shorten(each.question, 40), each.scale or DASH, each.kind or DASH, _STATES[each.provenance],
            *(f"{number:,}" for number in (each.conditions, each.kept, each.missing, each.outside)),
        ]
        for each in study.asked
    ]  # fmt: skip


def _row(study: StudyQuality) -> list[str]:
    """Return a study's numbers as text, in the order of `_HEADS`."""
    known = sum(rows for provenance, rows in study.scales.items() if provenance != "unsupported")
    numbers = (study.rows, study.answers, study.conditions, study.questions, study.cells)
    return [
        study.study,
        *(f"{number:,}" for number in numbers),
        percent(known / study.rows) if study.rows else DASH,
        _share(study),
        f"{sum(study.missing.values()):,}",
        DASH if study.repeats is None else f"{study.repeats.rows:,}",
        f"{study.serious}, {study.doubtful}",
    ]


def _share(study: StudyQuality) -> str:
    """Return the share of answers off their scale; a share that is not 0 is not shown as 0."""
    if study.outside_share and study.outside_share < 0.0005:
        return "<0.1 %"
    return percent(study.outside_share, 1 if study.outside_share else 0)


# --- as a page


def write_quality(path: Path, quality: Quality) -> None:
    """Write a quality report as one HTML file, whole or not at all.

    Args:
        path: the file.
        quality: the quality report.

    Raises:
        MissingExtraError: a library of the extra `report` is not installed.
        RunError: the file cannot be written.
    """
    defects = {severity: [d for d in quality.defects if d.severity == severity] for severity in _SEVERITIES}
    write_page(
        path,
        "quality.html.j2",
        quality=quality,
        under=_read(quality),
        verdict=_verdict(quality),
        figures=list(_figures(quality)),
        severities=[(name, *told[:2], defects[name]) for name, told in _SEVERITIES.items() if defects[name]],
        heads=[head.replace("-\n", "").replace("\n", " ") for head in _HEADS],
        studies=[(_row(study), _details(study), _of_study(quality, study)) for study in quality.studies],
        asked_heads=_ASKED_HEADS,
        asked=[_asked_rows(study)[:_ASKED] for study in quality.studies],
        attributes={name: percent(share) for name, share in quality.attributes.items()},
        percent=percent,
    )


def _figures(quality: Quality) -> Iterator[tuple[str, str, str]]:
    """Yield the numbers at the top of the page: what, how many, and what is to be known of it."""
    yield "rows read", f"{quality.rows_read:,}", f"{quality.rows_kept:,} kept"
    one, many = _UNITS[quality.unit]
    yield "respondents", f"{quality.respondents:,}", one if quality.respondents == 1 else many
    cells = sum(study.cells for study in quality.studies)
    yield "studies", f"{len(quality.studies):,}", f"{cells:,} cells (condition and question)"
    others = f"{_count(quality, 'doubtful'):,} doubtful, {_count(quality, 'note'):,} to know"
    yield "serious defects", f"{_count(quality, 'serious'):,}", others


def _of_study(quality: Quality, study: StudyQuality) -> list[Defect]:
    return [defect for defect in quality.defects if defect.study == study.study]


def _details(study: StudyQuality) -> dict[str, str]:
    """Return everything counted in a study: what -> in words."""
    told = {
        "read": f"{counted(study.rows, 'row', 'rows')}, {study.answers:,} with an answer on the scale",
        "respondents": f"{study.respondents:,}",
        "asked": ", ".join(
            [
                counted(study.conditions, "condition", "conditions"),
                counted(study.questions, "question", "questions"),
                counted(study.cells, "cell", "cells"),
                counted(study.stimuli, "distinct stimulus", "distinct stimuli"),
            ]
        ),
        "scale": ", ".join(f"{_STATES[name]}: {rows:,} rows" for name, rows in study.scales.items()),
        "off the scale": _outside(study),
        "missing": ", ".join(f"{label}: {rows:,}" for label, rows in study.missing.items()) or "none",
        "cells of several stimuli": f"{study.cells_of_several_stimuli:,} of {study.cells:,}",
        "cells with fewer than 2 answers": f"{study.cells_of_few_answers:,} of {study.cells:,}",
        "attributes known": ", ".join(f"{name} {percent(share)}" for name, share in study.attributes.items()) or "none",
    }
    if study.repeats is not None:
        repeats = study.repeats
        told["repeated"] = (
            f"{counted(repeats.people, *_UNITS['person'])}, {repeats.rows:,} rows; of {repeats.repeated:,} repeats "
            f"{repeats.stimuli_differ:,} differ in the stimulus, {repeats.answers_differ:,} in the answer"
        )
    return told


def _outside(study: StudyQuality) -> str:
    if not study.outside:
        return "none"
    some = ", ".join(f"{answer:.10g}".replace("-", "−") for answer in study.outside_answers)
    return f"{counted(study.outside, 'answer', 'answers')} ({_share(study)}): {some}"


# --- words


def _read(quality: Quality) -> str:
    """Return how much was read, and of whom."""
    studies = counted(len(quality.studies), "study", "studies")
    people = counted(quality.respondents, *_UNITS[quality.unit])
    return f"{quality.rows_read:,} rows read, {quality.rows_kept:,} kept: {studies}, {people}."


def _left_out(quality: Quality) -> str:
    reasons = [f"{rows:,} ({reason})" for reason, rows in quality.left_out.items()]
    more = len(reasons) - _REASONS
    told = ", ".join(reasons[:_REASONS]) + (f", and {more} reasons more" if more > 0 else "")
    return f"Rows left out: {told}." if reasons else ""


def _known(attributes: dict[str, float]) -> str:
    told = ", ".join(f"{name} {percent(share)}" for name, share in attributes.items())
    return f"Known of respondents: {told}." if told else ""


def _verdict(quality: Quality) -> str:
    """Return how many defects were found, and in how many studies."""
    if not quality.defects:
        return "No defect was found. Whether these are the words people saw cannot be told from the data."
    counts = [f"{_count(quality, name):,} {told[0].lower()}" for name, told in _SEVERITIES.items()]
    studies = len({defect.study for defect in quality.defects})
    return (
        f"{counted(len(quality.defects), 'defect', 'defects')} ({', '.join(counts)}) in "
        f"{studies:,} of {counted(len(quality.studies), 'study', 'studies')}."
    )


def _count(quality: Quality, severity: Severity) -> int:
    return sum(defect.severity == severity for defect in quality.defects)
