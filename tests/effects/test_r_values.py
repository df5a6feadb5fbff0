"""Effects on real data are those of R's estimatr and clubSandwich, worked out by `r_values.R` and stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyreadstat
import pytest
import yaml

from silicus.effects import (
    Bounds,
    ConjointPlan,
    Effect,
    EffectsPlan,
    benjamini_hochberg,
    conjoint,
    effects,
    holm,
)
from silicus.study import RESPONSES, Item, Scale

STORED: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "r_values.yaml").read_text(encoding="utf-8"))
NAMES = {"1": "arm1", "2": "arm2", "4": "arm4", "Con": "armCon", "Pro": "armPro"}


def table(
    study: str, question: str, scale: Scale, rows: Iterable[tuple[str, str, float | None, float]]
) -> tuple[pl.DataFrame, dict[str, Item]]:
    """Return answers and items of rows of condition, respondent, response, weight."""
    items = [Item(study, arm, question, f"You are in {arm}.", "How much?", scale) for arm in {row[0] for row in rows}]
    item = {each.condition: each.item for each in items}
    made = [
        (study, arm, question, item[arm], person, None if answer is None else int(answer), 1, weight)
        for arm, person, answer, weight in rows
    ]
    return pl.DataFrame(made, schema=RESPONSES, orient="row"), {each.item: each for each in items}


@pytest.fixture(scope="module")
def framing(shared_data: Path) -> Callable[..., list[Effect]]:
    """Return the effects of Brader, Valentino & Suhay's stories on perceived harm, for a plan."""
    raw = pl.read_csv(shared_data / "framing" / "framing.csv").with_row_index("respondent")
    scale = Scale(kind="ordinal", low=2, high=8)
    people = raw.select(pl.col("respondent").cast(pl.String), "age", "educ", "gender", "income")

    def found(*, weighted: bool = False, **plan: Any) -> list[Effect]:
        rows = [
            (str(row["cond"]), str(row["respondent"]), row["p_harm"], float(row["age"]) if weighted else 1.0)
            for row in raw.iter_rows(named=True)
        ]
        answers, items = table("framing", "harm", scale, rows)
        return effects(answers, items, people, EffectsPlan(control="3", **plan), np.random.default_rng(0))

    return found


@pytest.fixture(scope="module")
def patriot(shared_data: Path) -> Callable[..., list[Effect]]:
    """Return the effects of arguments about the Patriot Act, for a plan."""
    raw = pl.read_csv(shared_data / "framing" / "patriot_act.csv", null_values="NA").with_row_index("respondent")
    people = raw.select(pl.col("respondent").cast(pl.String), party="pid_3")

    def found(*, weighted: bool = False, **plan: Any) -> list[Effect]:
        rows = [
            (
                row["T1_content"],
                str(row["respondent"]),
                row["PA_support"],
                2.0 if weighted and row["sample_label"] == "Original Study" else 1.0,
            )
            for row in raw.iter_rows(named=True)
        ]
        answers, items = table("patriot", "support", Scale(kind="ordinal", low=1, high=7), rows)
        return effects(answers, items, people, EffectsPlan(control="Control", **plan), np.random.default_rng(0))

    return found


def same(found: Effect, stored: dict[str, float]) -> None:
    assert found.points.value == pytest.approx(stored["estimate"], abs=1e-9)
    assert found.points.standard_error == pytest.approx(stored["standard_error"], rel=1e-9)
    assert found.df == pytest.approx(stored["df"], rel=1e-9)
    assert found.p == pytest.approx(stored["p"], rel=1e-6)


@pytest.mark.parametrize(
    ("name", "plan"),
    [
        ("framing_hc2", {}),
        ("framing_lin", {"covariates": ("age", "educ", "gender", "income")}),
        ("framing_cr2", {"clusters": "income"}),
        ("framing_lin_cr2", {"clusters": "income", "covariates": ("age",)}),
        ("framing_weighted_hc2", {"weighted": True}),
        ("framing_weighted_lin", {"weighted": True, "covariates": ("educ", "income")}),
        ("framing_weighted_cr2", {"weighted": True, "clusters": "income"}),
        ("framing_weighted_clubsandwich", {"weighted": True, "clusters": "income"}),
        ("framing_weighted_lin_cr2", {"weighted": True, "clusters": "income", "covariates": ("gender",)}),
    ],
)
def test_framing_is_as_in_r(framing, name, plan):
    found = framing(**plan)
    assert len(found) == 3
    for each in found:
        same(each, STORED[name][NAMES[each.arm]])


def test_weights_that_are_declared_out_have_no_effect(framing):
    for each in framing(weighted=True, weights=False):
        same(each, STORED["framing_hc2"][NAMES[each.arm]])


@pytest.mark.parametrize(("name", "weighted"), [("patriot_hc2", False), ("patriot_weighted_hc2", True)])
def test_the_patriot_act_is_as_in_r(patriot, name, weighted):
    found = patriot(weighted=weighted)
    assert {each.arm for each in found} == {"Con", "Pro"}
    for each in found:
        same(each, STORED[name][NAMES[each.arm]])
    assert found[0].left_out == {"no answer given": 3}


def test_effects_by_party_and_their_differences_are_as_in_r(patriot):
    found = patriot(moderators=("party",), correction="none")
    levels = [each for each in found if each.moderator and each.against is None]
    changes = [each for each in found if each.against == "Democrat"]
    assert (len(levels), len(changes)) == (4, 2)
    for each in changes:
        same(each, STORED["patriot_interaction"][f"{NAMES[each.arm]}:partyRepublican"])
    for each in levels:
        stored = STORED[f"patriot_{each.level.lower()}s"][NAMES[each.arm]]
        assert each.points.value == pytest.approx(stored["estimate"], abs=1e-9)
        assert each.points.standard_error == pytest.approx(stored["standard_error"], rel=1e-9)
        # All levels stand in one fit: 2,059 answers less 6 means.
        assert each.df == 2053


def test_corrected_p_values_are_as_in_r():
    assert holm(STORED["p_plain"]) == pytest.approx(STORED["p_holm"], rel=1e-9)
    assert benjamini_hochberg(STORED["p_plain"]) == pytest.approx(STORED["p_BH"], rel=1e-9)


def test_two_one_sided_tests_are_as_in_r(patriot):
    for each in patriot(equivalence=Bounds(low=-0.5, high=0.5)):
        assert each.equivalence.p == pytest.approx(STORED["patriot_tost"][each.arm], rel=1e-6)
        assert not each.equivalence.equivalent


# --- conjoint

FEATURES = ("Ed", "Gender", "Country", "Reason", "Job", "Exp", "Plans", "Trips", "Lang")


@pytest.fixture(scope="module")
def immigrants(shared_data: Path) -> Callable[..., Any]:
    """Return what properties of immigrants do in Hainmueller & Hopkins (2015), for a plan."""
    path = shared_data / "conjoint" / "HainmuellerHopkins.dta"
    raw, _ = pyreadstat.read_dta(str(path), output_format="dict")
    rows = [("all", str(int(who)), int(y), 1.0) for who, y in zip(raw["CaseID"], raw["Chosen_Immigrant"], strict=True)]
    answers, items = table("immigrants", "chosen", Scale(kind="binary", labels={0: "No", 1: "Yes"}), rows)
    # Two digits, so that the alphabet has the order of the codes.
    shown = {f"shown.{name}": [f"{int(code):02}" for code in raw[f"Feat{name}"]] for name in FEATURES}
    answers = answers.with_columns(**{name: pl.Series(codes) for name, codes in shown.items()})

    def found(attributes: tuple[str, ...] = FEATURES, **plan: Any) -> Any:
        declared = ConjointPlan(outcome="chosen", attributes=attributes, **plan)
        return conjoint(answers, items, None, declared, np.random.default_rng(0))

    return found


def test_component_effects_are_as_in_r_and_fluent_english_raises_the_share_chosen(immigrants):
    found = immigrants()
    assert len(found.effects) == len(STORED["amce"]) == 41
    for each in found.effects:
        same(each, STORED["amce"][f"Feat{each.attribute}{int(each.arm)}"])
        assert each.clusters_n <= 1396
    # Published: the less English, the fewer choose; an interpreter costs .16 (Hainmueller & Hopkins 2015, figure 1).
    tongues = [each.points for each in found.effects if each.attribute == "Lang"]
    assert 0 > tongues[0].high > tongues[0].value > tongues[1].value > tongues[2].value
    assert round(tongues[2].value, 2) == -0.16
    # Kept apart by design: professions from little education, reasons from peaceful countries.
    assert found.never_together == [("Ed", "Job"), ("Country", "Reason")]


def test_marginal_means_are_as_in_r(immigrants):
    found = immigrants(("Lang", "Gender"))
    assert len(found.means) == 6
    for each in found.means:
        stored = STORED[f"means_Feat{each.attribute}"][f"Feat{each.attribute}{int(each.level)}"]
        assert each.points.value == pytest.approx(stored["estimate"], abs=1e-9)
        assert each.points.standard_error == pytest.approx(stored["standard_error"], rel=1e-9)
        assert each.df == pytest.approx(stored["df"], rel=1e-9)


def test_a_restricted_attribute_is_compared_where_both_levels_were_shown_as_in_r(immigrants):
    found = immigrants(restricted=(("Ed", "Job"),))
    for each in found.effects:
        if each.attribute == "Job" and each.arm in {"05", "11"}:
            stored = STORED["amce_restricted"][f"FeatJob{int(each.arm)}"]
            assert each.points.value == pytest.approx(stored["estimate"], abs=1e-9)
            assert each.points.standard_error == pytest.approx(stored["standard_error"], rel=1e-9)
            assert "over the levels of Ed shown with both" in each.how
    assert found.never_together == [("Country", "Reason")]
