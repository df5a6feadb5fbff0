"""Who is asked: a table of respondents, drawn by its weights; and `silicus population`, which makes the weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from silicus.errors import InputError, counted
from silicus.options import PopulationOptions
from silicus.record import Record, digest, read, write
from silicus.study import (
    Raking,
    design_effect,
    draw_profiles,
    draw_respondents,
    rake,
    read_margins,
    read_respondents,
    write_table,
)

__all__ = ["Population", "asked_respondents", "rake_population"]

_PROFILES = (
    "Respondents: profiles of US adults, raked to population margins by iterative proportional fitting; which are "
    "published exactly and which are recalled is told in silicus/study/profiles/README.md"
)
_BESIDE = ".raking.json"


class Population(Record):
    """What stands beside a table of respondents: how they came by their weights."""

    respondents: str
    """Who they are, in words."""
    content: str
    """Hash of the table."""
    raking: Raking


def asked_respondents(given: str, draw: int | None, seed: int) -> tuple[pl.DataFrame, str, list[str]]:
    """Return the respondents, who they are in words, and whom to cite for them and for how they were weighted.

    Args:
        given: a number of bundled profiles, or the file of a table.
        draw: how many are to be drawn from a table by their weights; `None`: all of them are asked.
        seed: where chance starts.

    Raises:
        InputError: it is neither, or the table is not as it should be.
    """
    table, words, sources, raking = _known(given, draw, seed)
    return table, words, [*sources, *([raking.method] if raking else [])]


def _known(given: str, draw: int | None, seed: int) -> tuple[pl.DataFrame, str, list[str], Raking | None]:
    """Return the respondents, who they are in words, whom to cite for them, and how they came by their weights."""
    rng = np.random.default_rng(seed)
    if given.isdigit():
        words = f"{int(given):,} bundled US adult profiles, drawn with seed {seed}"
        return draw_profiles(int(given), rng), words, [_PROFILES], None
    path = Path(given)
    if not path.suffix:
        raise InputError(f"found --respondents {given}, expected a number or a table (.csv, .tsv, .parquet).")
    table = read_respondents(path)
    raked = _raked(path, table)
    words = f"{counted(len(table), 'respondent', 'respondents')} of {path.name}" + _weighed(table, raked)
    if draw is not None:
        table = draw_respondents(table, draw, rng)
        words = f"{draw:,} drawn by weight, with replacement and seed {seed}, from {words}; {len(table):,} differ"
    return table, words, raked.raking.sources if raked else [], raked.raking if raked else None


def _raked(path: Path, table: pl.DataFrame) -> Population | None:
    """Return how a table came by its weights, where that is kept beside it and the table is still the same."""
    beside = path.with_suffix(_BESIDE)
    found = read(beside, Population) if beside.is_file() else None
    return found if found and found.content == _content(table) else None


def _weighed(table: pl.DataFrame, raked: Population | None) -> str:
    effect = design_effect(table["weight"])
    names = ", ".join(margin.attribute for margin in raked.raking.margins) if raked else ""
    told = f"weights raked to {names}" if raked else "weighted"
    # Sums of equal numbers are not quite equal.
    if not raked and effect < 1 + 1e-9:
        return ""
    effective = np.count_nonzero(table["weight"].to_numpy()) / effect
    return f" ({told}: design effect {effect:.2f}, effective number {effective:,.0f})"


def _content(table: pl.DataFrame) -> str:
    return digest(table.write_csv())


def rake_population(table: str, options: PopulationOptions) -> tuple[Path, Raking]:
    """Return the table it wrote, with weights under which the margins hold, and how they came about.

    Args:
        table: the file of a table of respondents, or a number of bundled profiles.
        options: the options.

    Raises:
        InputError: table and margins do not fit, or no weights meet all margins.
    """
    if not table.isdigit() and not Path(table).suffix:
        raise InputError(f"found {table}, expected a table (.csv, .tsv, .parquet), or a number of bundled profiles.")
    # Raked again, it is told once in which way.
    people, words, sources, _ = _known(table, None, options.seed)
    name = f"us-adults-{table}" if table.isdigit() else Path(table).stem
    out = options.out or Path("runs") / f"{name}-raked.parquet"
    if out.suffix != ".parquet":
        raise InputError(f"found --out {out}, expected the name of a .parquet file.")
    if not table.isdigit() and out.resolve() == Path(table).resolve():
        raise InputError(f"{out}: is what is read, and would be written over. Choose another file with --out.")
    margins = read_margins(options.margins)
    called = words if table.isdigit() else table
    weighted, raking = rake(people, margins, called, str(options.margins), sources)
    write_table(out, weighted)
    write(out.with_suffix(_BESIDE), Population(respondents=words, content=_content(weighted), raking=raking))
    return out, raking
