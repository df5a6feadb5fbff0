"""Whom to cite for the numbers of a run, as BibTeX: metrics and procedures by their name, sources by their address."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from silicus.evaluate import METRICS, Evaluation, MetricName
from silicus.report.findings import findings
from silicus.report.words import infinite

__all__ = ["CITED", "bibliography", "uses"]

CITED: dict[str, tuple[str, ...]] = {
    "wasserstein": ("ramdas2017",),
    "wasserstein_observed": ("ramdas2017", "kolluri2025"),
    "total_variation": ("gibbs2002",),
    "js_distance": ("lin1991", "endres2003"),
    "entropy_ratio": ("shannon1948",),
    "sd_ratio": ("bisbee2024",),
    "accuracy_draw": ("kolluri2025",),
    "accuracy_median": ("kolluri2025",),
    "brier": ("brier1950",),
    "nll": ("gneiting2007",),
    "nll_per_answer": ("gneiting2007",),
    "single_nll": ("gneiting2007",),
    "cao_emd_as_coded": ("cao2025",),
    "95 % intervals": ("davison1997",),
    "intervals of people's shares": ("wilson1927",),
    "effective numbers of answers": ("kish1965",),
    "How near could it come?": ("diaconis1991",),
    "Is it better than what is cheap?": (),
    "floor demographics": ("friedman2001",),
    "floor embedding": ("reimers2019",),
    "Does it move as people move?": ("phipson2010",),
    "Does it know persons, or only questions?": ("ahn2026", "phipson2010"),
    "Do questions hang together as for people?": (),
    "For whom does it fail?": ("phipson2010",),
    "Does it read what it is asked, or remember it?": ("liu2026", "shi2024", "zhang2025", "carlini2023"),
    "template socrates": ("kolluri2025",),
    "template cao": ("cao2025",),
    "template subpop": ("suh2025",),
    "template subpop-bio": ("suh2025",),
    "template subpop-portray": ("suh2025",),
    "objective individual": ("kolluri2025",),
    "objective rationale": ("kolluri2025",),
    "objective preference": ("rafailov2023", "kolluri2025"),
    "objective distribution": ("kullback1951", "cao2025", "suh2025"),
    "objective cao_as_coded": ("cao2025",),
    "objective subpop_as_coded": ("suh2025",),
    "ordinal loss ranked_probability": ("epstein1969",),
    "ordinal loss wasserstein": ("ramdas2017",),
    "adapter lora": ("hu2022",),
    "adapter qlora": ("hu2022", "dettmers2023"),
    "effects shrunken by those of past studies": ("hewitt2026",),
    "prediction intervals from past studies": ("lee2023",),
    "what a simulation is worth in people": ("huang2025",),
    "cautious numbers of people": ("perugini2014",),
    "assured numbers of people": ("ohagan2005",),
    "standard errors of effects": ("mackinnon1985",),
    "standard errors of effects, in clusters": ("bell2002", "pustejovsky2018"),
    "effects adjusted for covariates": ("lin2013",),
    "correction holm": ("holm1979",),
    "correction benjamini-hochberg": ("benjamini1995",),
    "correction romano-wolf": ("romano2005",),
    "rectified effects": ("angelopoulos2023", "duchi2023"),
    "rectified effects in strata": ("fisch2024",),
}
"""A metric, a procedure, the title of a finding or a setting -> the entries of `references.bib` to cite for it.

What is not here, such as our own template, asks for no citation; a finding without entries is of our own make."""

_ENTRY = re.compile(r"^@\w+\{(?P<key>[^,]+),\n(?P<fields>.*?)^\}$", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"^  (\w+) = \{(.*)\},$", re.MULTILINE)
_DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"{}]+")
_ARXIV = re.compile(r"arxiv(?:\.org/abs/|:|\s)\s*(\d{4}\.\d{4,5})", re.IGNORECASE)
_LINE = re.compile(r"(?P<citation>.*?)(?:\s+(?P<address>https?://[^\s{}]+))?(?:\s+\(licence: .*\))?", re.DOTALL)
_YEAR = re.compile(r"\((\d{4})\)")
# A brace counts for BibTeX even behind a backslash, so that a single one would break what follows.
_ESCAPED = str.maketrans({
    **{sign: f"\\{sign}" for sign in "&%$#_"},
    "\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}", "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
})  # fmt: skip


@dataclass(frozen=True)
class _Entry:
    """One entry of `references.bib`, a field a line."""

    text: str
    fields: dict[str, str]

    @property
    def dois(self) -> set[str]:
        """Every DOI it goes by, in small letters: a paper on arXiv has one there too."""
        own = [self.fields["doi"]] if "doi" in self.fields else []
        on_arxiv = [_of_arxiv(self.fields["eprint"])] if "eprint" in self.fields else []
        return {doi.lower() for doi in (*own, *on_arxiv)}

    def told(self, why: Iterable[str]) -> str:
        """Return the entry with what it is cited for, in a field that bibliographies do not print."""
        return f"{self.text.removesuffix('}')}  annote = {{{'; '.join(why)}}},\n}}\n"


@cache
def _entries() -> dict[str, _Entry]:
    text = (Path(__file__).parent / "references.bib").read_text(encoding="utf-8")
    return {found["key"]: _Entry(found[0], dict(_FIELD.findall(found["fields"]))) for found in _ENTRY.finditer(text)}


def uses(evaluation: Evaluation) -> list[str]:
    """Return every metric, procedure and finding whose numbers an evaluation holds, by its name in `CITED`."""
    found: list[str] = [metric for metric in METRICS if _holds(evaluation, metric)]
    found.append("95 % intervals")
    if evaluation.studies_n == 1:
        found.append("intervals of people's shares")
    if any(c.people_effective is not None and abs(c.people_effective - c.answers) > 0.05 for c in evaluation.cells):
        found.append("effective numbers of answers")
    found += [finding.title for finding in findings(evaluation)]
    return found + [f"floor {other}" for other in evaluation.differences if f"floor {other}" in CITED]


def _holds(evaluation: Evaluation, metric: MetricName) -> bool:
    name = evaluation.name
    value = evaluation.overall[name][metric].value
    return value is not None or infinite(evaluation, name, metric, evaluation.answers_n)


def bibliography(used: Iterable[str], sources: Iterable[str]) -> str:
    r"""Return BibTeX entries for everything used and for every source, each once, with what it is cited for.

    Args:
        used: names of `CITED`; others need no citation.
        sources: citation lines, such as `Source.line`; one whose address no entry has becomes an entry of its own.

    Examples:
        >>> print(bibliography([], ["Author (2020). Tea & we. https://example.org (licence: CC0)"]))
        @misc{source2020,
          note = {Author (2020). Tea \& we.},
          year = {2020},
          url = {https://example.org},
          annote = {Source: Author (2020). Tea \& we. https://example.org (licence: CC0)},
        }
        <BLANKLINE>
    """
    why: dict[str, list[str]] = {}
    made: dict[str, _Entry] = {}
    for use in used:
        for key in CITED.get(use, ()):
            why.setdefault(key, []).append(_escaped(METRICS[use].title if use in METRICS else use.replace("_", " ")))
    for line in dict.fromkeys(" ".join(source.split()) for source in sources):
        keys, unknown = _matching(line)
        if unknown or not keys:
            key = _free_key(line, {*_entries(), *made})
            made[key] = _misc(key, line, unknown)
            keys = [*keys, key]
        for key in keys:
            why.setdefault(key, []).append(f"Source: {_escaped(line)}")
    entries = {**_entries(), **made}
    return "\n".join(entries[key].told(reasons) for key, reasons in why.items())


def _matching(line: str) -> tuple[list[str], list[str]]:
    """Return the entries whose DOI stands in a citation line, and the DOIs there that no entry has."""
    known = {doi: key for key, entry in _entries().items() for doi in entry.dois}
    dois = list(dict.fromkeys(_dois(line)))
    keys = dict.fromkeys(known[doi.lower()] for doi in dois if doi.lower() in known)
    return list(keys), [doi for doi in dois if doi.lower() not in known]


def _dois(line: str) -> Iterator[str]:
    for found in _DOI.finditer(line):
        yield found[0].rstrip(".,;)")
    for found in _ARXIV.finditer(line):
        yield _of_arxiv(found[1])


def _of_arxiv(number: str) -> str:
    return f"10.48550/arXiv.{number}"


def _misc(key: str, line: str, unknown: list[str]) -> _Entry:
    """Return an entry of what a citation line says: the words, and the year and address that stand in them."""
    found = _LINE.fullmatch(line)
    words, address = (found["citation"], found["address"]) if found else (line, None)
    fields = {"note": _escaped(words)}
    if year := _YEAR.search(line):
        fields["year"] = year[1]
    if unknown:
        fields["doi"] = unknown[0]
    elif address:
        fields["url"] = address
    rows = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
    return _Entry(f"@misc{{{key},\n{rows}}}", fields)


def _free_key(line: str, taken: set[str]) -> str:
    year = _YEAR.search(line)
    stem = f"source{year[1] if year else ''}"
    return next(key for key in (stem, *(f"{stem}-{number}" for number in range(2, len(taken) + 3))) if key not in taken)


def _escaped(text: str) -> str:
    return text.translate(_ESCAPED)
