"""Whom to cite for a screening: what it used, and nothing else."""

from __future__ import annotations

import pytest
import yaml

from silicus.workflow import cite_run
from tests.report.test_cite import bibtex
from tests.workflow.screening.made import pilot_table, screened

PAST = {"hewitt2026", "lee2023", "huang2025", "perugini2014", "ohagan2005"}
PILOT = {"mackinnon1985", "lin2013", "holm1979", "angelopoulos2023", "duchi2023"}


def cited(folder) -> set[str]:
    return {key for key in bibtex(cite_run(folder)) if not key.startswith("source")}


def test_without_a_past_and_a_pilot_only_sources_are_cited(alone):
    assert cited(alone[0]) == set()
    assert [entry["annote"] for entry in bibtex(cite_run(alone[0])).values()] == [
        "Source: Nobody (2026). The pool. (licence: CC0-1.0)"
    ]


def test_intervals_and_numbers_of_people_are_cited_with_a_past(with_past):
    assert cited(with_past[0]) == PAST


def test_the_pilot_and_what_it_rectifies_are_cited(with_pilot):
    assert cited(with_pilot[0]) == PAST | PILOT


@pytest.mark.parametrize(
    ("plan", "more", "less"),
    [
        ({"correction": "romano-wolf", "draws": 100}, {"romano2005"}, {"holm1979"}),
        ({"correction": "benjamini-hochberg"}, {"benjamini1995"}, {"holm1979"}),
        ({"correction": "none"}, set(), {"holm1979"}),
        ({"clusters": "school"}, {"bell2002", "pustejovsky2018"}, {"mackinnon1985"}),
        ({"stratum": "group", "strata": {"a": 0.4, "b": 0.3, "c": 0.3}}, {"fisch2024"}, set()),
    ],
    ids=str,
)
def test_what_the_plan_declares_is_cited(world, tmp_path, plan, more, less):
    pilot_table(72).write_csv(tmp_path / "pilot.csv")
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(plan))
    folder, _ = screened(
        world.study, tmp_path / "out", **{**world.options, "controls": 0}, pilot=tmp_path / "pilot.csv",
        plan=tmp_path / "plan.yaml",
    )  # fmt: skip
    # What is believed after a pilot says how many people are needed.
    assert cited(folder) - {"perugini2014", "ohagan2005"} == PILOT - less | more


def test_past_studies_are_sources_too(with_past):
    assert with_past[1].sources == [
        "Nobody (2026). The pool. (licence: CC0-1.0)",
        "Anybody (2020). Past studies of the town. (licence: CC-BY-4.0)",
    ]
    assert with_past[1].licences == ["CC0-1.0", "CC-BY-4.0"]
    assert {entry.get("year") for entry in bibtex(cite_run(with_past[0])).values()} >= {"2020", "2026"}
