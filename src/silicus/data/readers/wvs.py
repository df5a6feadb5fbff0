"""The World Values Survey, wave 7, person by person or as shares by country, and Pew's surveys in the same form.

Cao et al. (2025, https://doi.org/10.18653/v1/2025.naacl-long.162) teach models the answers of countries, from shares
that they computed without weights. `wvs_shares.py` reads those, `wvs_wave7.py` the survey's own file,
`wvs_options.py` tells the scales, `wvs_published.py` which country and question is in which published part.
"""

from __future__ import annotations

from pathlib import Path

from silicus.data.dataset import Dataset
from silicus.data.reader import Reader, ReadOptions
from silicus.data.readers.wvs_shares import KEYS, WAVE7_SOURCE, read_shares
from silicus.data.readers.wvs_wave7 import COLUMNS, read_wave7
from silicus.errors import InputError

__all__ = ["READER"]

# The header of the survey's file is 6,000 characters long, an entry with all its options at most 3,000.
_START = 16_384
# Of an entry's keys those that other forms do not have.
_OWN_KEYS = ("instruction", "options", "options_dist")


def _recognises(path: Path) -> bool:
    if path.suffix == ".json":
        start = _start(path)
        return start.lstrip("\ufeff \n\r\t").startswith("[") and sum(f'"{key}"' in start for key in _OWN_KEYS) >= 2
    header = _start(path).partition("\n")[0] if path.suffix == ".csv" else ""
    return sum(column in header for column in COLUMNS) >= 2


def _start(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(_START)
    except OSError:
        return ""


def _read(path: Path, options: ReadOptions) -> Dataset:
    if path.suffix == ".json":
        return read_shares(path)
    if path.suffix == ".csv":
        return read_wave7(path, options.codebook, published=options.published)
    found = "a folder" if path.is_dir() else f"a '{path.suffix}' file"
    raise InputError(f"{path}: found {found}, expected {READER.forms}.")


READER = Reader(
    name="wvs",
    codebook=True,
    title="World Values Survey, wave 7: people or shares by country, and shares of Pew's global surveys",
    source=WAVE7_SOURCE,
    obtain=(
        "Fill in the form at worldvaluessurvey.org and download the country-pooled CSV file of wave 7; the shares by "
        "country are in the repository of Cao et al. (validation and Pew sets) or computed from that file."
    ),
    forms=(
        f"a JSON list of shares by country with the keys {', '.join(KEYS)}, or the survey's country-pooled CSV file "
        "with a codebook"
    ),
    recognises=_recognises,
    read=_read,
)
