"""Which data there are, and what was made of them, at the prompt."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from silicus.data import DatasetManifest, Guarded, Reader
from silicus.errors import counted

__all__ = ["print_prepared", "print_readers"]


def print_readers(readers: Sequence[Reader], console: Console) -> None:
    """Print every form of data: what it is, its licence, whom to cite, and how to come by it."""
    for reader in readers:
        console.print(Text.assemble((reader.name, "bold"), f"  {reader.title}"), soft_wrap=True)
        told = {
            "licence": reader.source.licence,
            "cite": reader.source.line.rpartition(" (licence: ")[0],
            "obtain": f"{reader.obtain}{f' Hub id: {reader.hub}' if reader.hub else ''}",
            "reads": reader.forms,
            "answers of": reader.source.fielded,
        }
        for what, words in told.items():
            if words:
                console.print(Text.assemble((f"  {what:<11}", "dim"), words), soft_wrap=True)
        console.print()


def print_prepared(manifest: DatasetManifest, console: Console) -> None:
    """Print how many answers went where, and what the guard looked for."""
    split, guarded = manifest.split, manifest.guard
    console.print(Text(f"{manifest.name}: {manifest.rows_read:,} rows read.", "bold"))
    for reason, rows in manifest.left_out.items():
        console.print(f"  {counted(rows, 'row', 'rows')} left out: {reason}", highlight=False, soft_wrap=True)
    for note, count in manifest.notes.items():
        console.print(f"  {count:,} {note}", highlight=False, soft_wrap=True)
    if split is None or guarded is None:
        console.print("Not split: everything is in one part. Hold something out with --hold-out study=0.2")
    else:
        for part, answers in split.counts.items():
            console.print(f"  {part}: {answers:,} answers", highlight=False)
        _print_leaks(guarded, console)
        console.print("The guard looked at:")
        for line in guarded.checked:
            console.print(f"  {line}", style="dim", highlight=False, soft_wrap=True)
    console.print(Text(f"Licence of the data and of what is made from them: {manifest.source.licence}"), soft_wrap=True)


def _print_leaks(guarded: Guarded, console: Console) -> None:
    if not guarded.allowed and not guarded.dropped:
        console.print("No leak was found in what could be checked.")
    told = {
        "Leaks that were let pass:": guarded.allowed,
        "Leaks whose rows are left out of what is tested on:": guarded.dropped,
    }
    for what, lines in told.items():
        for place, line in enumerate(lines):
            console.print(*([what] if place == 0 else []))
            console.print(f"  {line}", style="yellow", highlight=False, markup=False, soft_wrap=True)
