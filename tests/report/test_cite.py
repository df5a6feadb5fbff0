"""Whom to cite: every metric and finding has its entries, and every source ends in BibTeX that can be read."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silicus.data import every_reader
from silicus.evaluate import METRICS
from silicus.report.cite import CITED, bibliography, uses
from silicus.report.findings import findings
from tests.report.test_findings import survey

BIB = (files("silicus.report") / "references.bib").read_text(encoding="utf-8")


def bibtex(text: str) -> dict[str, dict[str, str]]:
    """Return key -> field -> value of a bibliography, read brace by brace as BibTeX reads it."""
    entries: dict[str, dict[str, str]] = {}
    place = 0
    while start := re.compile(r"\s*@(\w+)\{([\w-]+),").match(text, place):
        kind, key = start.groups()
        assert key not in entries, f"{key} stands twice"
        entries[key] = {"kind": kind}
        place = start.end()
        while field := re.compile(r"\s*(\w+)\s*=\s*\{").match(text, place):
            place = closing(text, field.end())
            entries[key][field[1]] = text[field.end() : place]
            place = re.compile(r"\}\s*,?").match(text, place).end()
        place = re.compile(r"\s*\}").match(text, place).end()
    assert not text[place:].strip(), f"not BibTeX: {text[place : place + 60]!r}"
    return entries


def closing(text: str, place: int) -> int:
    """Return where the brace closes that was opened before `place`; a backslash hides none from BibTeX."""
    depth = 1
    for found in re.compile(r"[{}]").finditer(text, place):
        depth += 1 if found[0] == "{" else -1
        if not depth:
            return found.start()
    raise AssertionError("a brace is never closed")


@pytest.mark.parametrize(("key", "entry"), bibtex(BIB).items())
def test_every_entry_says_who_when_and_where(key, entry):
    assert ("author" in entry and "title" in entry) or "note" in entry
    assert re.fullmatch(r"(19|20)\d{2}", entry["year"])
    assert {"doi", "url", "publisher"} & {*entry}
    assert key.endswith(entry["year"])
    assert re.fullmatch(r"10\.\d{4,9}/\S+", entry.get("doi", "10.1000/none"))
    assert entry["kind"] != "article" or {"journal", "volume", "number", "pages"} <= {*entry}


def test_no_two_entries_have_one_doi():
    dois = [entry["doi"].lower() for entry in bibtex(BIB).values() if "doi" in entry]
    assert len(dois) == len(set(dois))


def test_every_metric_has_whom_to_cite_and_no_key_leads_nowhere():
    assert [metric for metric in METRICS if not CITED.get(metric)] == []
    assert {key for keys in CITED.values() for key in keys} <= {*bibtex(BIB)}


def test_no_entry_is_there_for_nothing():
    sources = {"haerpfer2022", "durmus2023", "santurkar2023", "tversky1981", "deming1940"}
    assert {*bibtex(BIB)} == sources | {key for keys in CITED.values() for key in keys}


def test_every_finding_and_procedure_of_an_evaluation_is_known():
    evaluation = survey(people=40)
    found = uses(evaluation)
    assert len(findings(evaluation)) == 6
    assert {finding.title for finding in findings(evaluation)} <= {*found}
    assert [use for use in found if use not in CITED] == []


def test_what_an_evaluation_lacks_is_not_cited(asian_disease):
    evaluation = asian_disease(0.7, 0.2)
    found = uses(evaluation)
    assert {"wasserstein", "nll", "95 % intervals", "intervals of people's shares"} <= {*found}
    assert not {"For whom does it fail?", "effective numbers of answers"} & {*found}
    nothing = evaluation.overall["smollm2"]["wasserstein"].model_copy(update={"value": None})
    flat = {**evaluation.overall, "smollm2": {**evaluation.overall["smollm2"], "wasserstein": nothing}}
    assert "wasserstein" not in uses(evaluation.model_copy(update={"overall": flat}))


def test_an_infinite_log_likelihood_is_cited_too(of_studies):
    evaluation = of_studies(1, zero=True)
    assert evaluation.overall["smollm2"]["nll"].value is None
    assert "nll" in uses(evaluation)


def test_weights_ask_for_the_effective_number(of_studies):
    assert "effective numbers of answers" in uses(of_studies(3, weights=(1.0, 4.0)))


def test_a_floor_is_cited_where_it_stands_beside_the_model(asian_disease):
    evaluation = asian_disease(0.7, 0.2)
    further = {
        table: {**getattr(evaluation, table), "demographics": getattr(evaluation, table)["uniform"]}
        for table in ("differences", "overall")
    }
    assert "floor demographics" in uses(evaluation.model_copy(update=further))
    assert "floor demographics" not in uses(evaluation)


def test_an_entry_says_all_it_is_cited_for_once():
    found = bibtex(bibliography(["accuracy_draw", "wasserstein_observed", "accuracy_draw", "template silicus"], []))
    assert [*found] == ["kolluri2025", "ramdas2017"]
    assert found["kolluri2025"]["annote"].startswith("Accuracy of a random draw; Wasserstein-1, observed range")


@pytest.mark.parametrize(
    ("reader", "keys"),
    [("socsci210", ["kolluri2025"]), ("opinionqa", ["santurkar2023"]), ("subpop", ["suh2025"]),
     ("wvs", ["cao2025", "haerpfer2022"])],
)  # fmt: skip
def test_the_sources_of_readers_are_told_by_their_doi_with_all_they_say(reader, keys):
    source = next(each.source for each in every_reader() if each.name == reader)
    found = bibtex(bibliography([], [source.line]))
    assert [*found] == keys
    assert all(source.licence in entry["annote"] for entry in found.values())


@pytest.mark.parametrize(
    "address",
    ["https://arxiv.org/abs/2306.16388", "arXiv:2306.16388", "doi:10.48550/ARXIV.2306.16388.", "arXiv 2306.16388"],
)
def test_a_paper_is_known_by_its_number_however_that_is_written(address):
    assert [*bibtex(bibliography([], [f"Durmus, E., et al. (2023). {address}"]))] == ["durmus2023"]


def test_a_source_of_ones_own_becomes_an_entry_with_its_address():
    lines = [
        "Poll & Sons (2024). 50 % of {us}. https://doi.org/10.5555/ABC_1 (licence: CC0-1.0)",
        "Poll (2024). More. https://example.org/a_b?c=1 (licence: ask us)",
        "What people told me",
    ]
    found = bibtex(bibliography([], [*lines, lines[0]]))
    assert [*found] == ["source2024", "source2024-2", "source"]
    first, second, third = found.values()
    assert first["note"] == r"Poll \& Sons (2024). 50 \% of \textbraceleft{}us\textbraceright{}."
    assert (first["doi"], first["year"]) == ("10.5555/ABC_1", "2024")
    assert (second["url"], "doi" in second) == ("https://example.org/a_b?c=1", False)
    assert {*third} == {"kind", "note", "annote"}


def test_a_line_with_a_second_doi_that_is_not_known_has_an_entry_for_it():
    line = "Durmus, E. (2023). 10.48550/arXiv.2306.16388. Data: Me (2024), 10.5555/mine"
    found = bibtex(bibliography([], [line]))
    assert [*found] == ["durmus2023", "source2023"]
    assert found["source2023"]["doi"] == "10.5555/mine"


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Z"])), max_size=3))
def test_whatever_a_source_says_bibtex_can_read_it(lines):
    assert len(bibtex(bibliography(["nll"], lines))) <= 1 + len(lines)
