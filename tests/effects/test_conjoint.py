"""Effects of attributes of profiles: by hand, where attributes are restricted, by group, and what is refused."""

from __future__ import annotations

from statistics import fmean
from typing import Any

import numpy as np
import polars as pl
import pytest

from silicus.effects import FROM_PREDICTIONS, NOT_ALONE, Conjoint, ConjointPlan, conjoint
from silicus.errors import InputError
from silicus.record import parse
from silicus.study import PREDICTIONS, RESPONSES, Item, Scale

ITEM = Item("jobs", "all", "hire", "", "Hire?", Scale(kind="binary", labels={0: "No", 1: "Yes"}))
WHO = pl.DataFrame({"respondent": [f"p{n}" for n in range(100)], "group": ["old", "young"] * 50})


def profiles(*, restricted: bool = False, seed: int = 0) -> pl.DataFrame:
    """Return 100 people's answers to 8 profiles; surgeons, where so restricted, always have a degree."""
    rng, rows, job, degree = np.random.default_rng(seed), [], [], []
    for number in range(800):
        job.append(str(rng.choice(["cook", "nurse", "surgeon"])))
        degree.append("yes" if restricted and job[-1] == "surgeon" else str(rng.choice(["no", "yes"])))
        chance = 0.2 + 0.2 * (job[-1] == "nurse") + 0.3 * (degree[-1] == "yes") + 0.1 * (job[-1] == "surgeon")
        rows.append(("jobs", "all", "hire", ITEM.item, f"p{number // 8}", int(rng.random() < chance), 1, 1.0))
    table = pl.DataFrame(rows, schema=RESPONSES, orient="row")
    return table.with_columns(pl.Series("shown.job", job), pl.Series("shown.degree", degree))


def found(table: pl.DataFrame, who: pl.DataFrame | None = None, **plan: Any) -> Conjoint:
    declared = ConjointPlan(**({"outcome": "hire", "attributes": ("job", "degree")} | plan))
    return conjoint(table, {ITEM.item: ITEM}, who, declared, np.random.default_rng(0))


def mean(table: pl.DataFrame, **shown: str) -> float:
    return fmean(table.filter(**{f"shown.{name}": level for name, level in shown.items()})["response"])


def test_of_one_attribute_the_effect_is_the_difference_of_its_marginal_means():
    table = profiles()
    result = found(table, attributes=("job",), baselines={"job": "nurse"})
    assert [each.level for each in result.means] == ["nurse", "cook", "surgeon"]
    assert [(each.arm, each.control, each.attribute) for each in result.effects] == [
        ("cook", "nurse", "job"),
        ("surgeon", "nurse", "job"),
    ]
    for each in result.means:
        assert each.points.value == pytest.approx(mean(table, job=each.level))
        assert each.how == "marginal mean; CR2 standard errors by respondent, Satterthwaite degrees of freedom"
    for each in result.effects:
        assert each.points.value == pytest.approx(mean(table, job=each.arm) - mean(table, job="nurse"))
        assert each.percent.value == pytest.approx(100 * each.points.value)
        assert each.clusters_n == 100
        assert each.how.endswith("; p corrected by holm for 2 tests")
        assert each.p_adjusted >= each.p


def test_effects_recover_the_truth():
    drawn = [found(profiles(seed=seed)).effects for seed in range(16)]
    values = np.array([[each.points.value for each in effects] for effects in drawn])
    assert [(each.attribute, each.arm) for each in drawn[0]] == [
        ("job", "nurse"),
        ("job", "surgeon"),
        ("degree", "yes"),
    ]
    assert values.mean(axis=0) == pytest.approx([0.2, 0.1, 0.3], abs=0.03)
    errors = np.array([[each.points.standard_error for each in effects] for effects in drawn])
    assert errors.mean(axis=0) == pytest.approx(values.std(axis=0), rel=0.4)


def test_a_restricted_level_is_compared_where_both_were_shown():
    table = profiles(restricted=True)
    plain, declared = found(table), found(table, restricted=(("job", "degree"),))
    assert plain.never_together == [("job", "degree")]
    assert declared.never_together == []
    surgeon = next(each for each in declared.effects if each.arm == "surgeon")
    among = [mean(table, job=job, degree="yes") for job in ("surgeon", "cook")]
    assert surgeon.points.value == pytest.approx(among[0] - among[1])
    assert surgeon.how.startswith("average marginal component effect over the levels of degree shown with both; CR2")
    nurse = next(each for each in declared.effects if each.arm == "nurse")
    either = table.filter(pl.col("shown.job").is_in(["cook", "nurse"]))
    often = [len(either.filter(pl.col("shown.degree") == degree)) for degree in ("no", "yes")]
    parts = [mean(table, job="nurse", degree=d) - mean(table, job="cook", degree=d) for d in ("no", "yes")]
    assert nurse.points.value == pytest.approx(np.average(parts, weights=often))
    degree = next(each for each in declared.effects if each.attribute == "degree")
    assert "over the levels of job shown with both" in degree.how


def test_levels_that_share_nothing_have_no_effect():
    table = profiles().filter((pl.col("shown.job") == "surgeon") == (pl.col("shown.degree") == "yes"))
    result = found(table, restricted=(("job", "degree"),))
    surgeon = next(each for each in result.effects if each.arm == "surgeon")
    assert (surgeon.points.value, surgeon.reason) == (None, NOT_ALONE)


def test_means_of_groups_and_their_differences_depend_on_no_baseline():
    table = profiles()
    result = found(table, WHO, moderators=("group",))
    kept = [each for each in result.means if each.moderator]
    assert len(kept) == 5 * 3
    young = [each for each in kept if each.group == "young" and each.level == "cook"]
    assert [each.against for each in young] == [None, "old"]
    own = table.join(WHO, on="respondent").filter(pl.col("shown.job") == "cook")
    means = {group: fmean(own.filter(group=group)["response"]) for group in ("old", "young")}
    assert young[0].points.value == pytest.approx(means["young"])
    assert young[1].points.value == pytest.approx(means["young"] - means["old"])
    other = found(table, WHO, moderators=("group",), baselines={"job": "surgeon"})

    def told(means: list[Any]) -> dict[tuple[str, ...], float]:
        return {(each.level, str(each.group), str(each.against)): each.points.value for each in means}

    assert told(other.means) == pytest.approx(told(result.means))


def test_predictions_with_what_was_shown_have_estimates_alone():
    table = profiles()
    p = [[1.0 - each, float(each)] for each in table["response"]]
    model = table.with_columns(
        probabilities=pl.Series(p, dtype=pl.List(pl.Float32)), refusal=pl.lit(0.0), covered=pl.lit(1.0)
    ).select(*PREDICTIONS.names(), "shown.job", "shown.degree")
    for one, two in zip(found(table).effects, found(model).effects, strict=True):
        assert two.points.value == pytest.approx(one.points.value)
        assert (two.p, two.points.low, two.reason) == (None, None, FROM_PREDICTIONS)
    assert found(model).means[0].reason == FROM_PREDICTIONS
    assert found(model).means[0].points.low is None


def test_profiles_of_which_an_attribute_is_not_known_are_left_out_and_counted():
    table = profiles().with_columns(pl.when(pl.int_range(pl.len()) % 8 > 0).then("shown.job").alias("shown.job"))
    result = found(table)
    assert result.effects[0].left_out == {"attribute 'job' not shown": 100}
    assert sum(each.n for each in result.means if each.attribute == "degree") == 700


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ({"attributes": ("jobb",)}, r"the table of answers has no column 'shown\.jobb'\. Did you mean 'job'\?"),
        ({"baselines": {"job": "cok"}}, r"no profile shows the baseline 'cok' of 'job'\. Did you mean 'cook'\?"),
        ({"outcome": "hired"}, r"nobody answered the question 'hired'\. Did you mean 'hire'\?"),
    ],
)
def test_a_plan_that_names_what_is_not_there_is_answered_with_the_nearest(plan, message):
    with pytest.raises(InputError, match=message):
        found(profiles(), **plan)


def test_a_table_without_attributes_or_with_one_level_is_refused():
    with pytest.raises(InputError, match=r"has no column 'shown\.job'\.$"):
        found(profiles().drop("shown.job", "shown.degree"))
    with pytest.raises(InputError, match="all profiles show the same 'job', so it has no effect to estimate"):
        found(profiles().filter(pl.col("shown.job") == "cook"))


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ({"baselines": {"jbo": "cook"}}, r"'jbo' is not among the attributes \(job, degree, town\)"),
        ({"restricted": [["job", "city"]]}, r"'city' is not among the attributes"),
        ({"restricted": [["job", "degree"], ["town", "job"]]}, r"'job' stands in two restrictions\. An attribute may"),
    ],
)
def test_a_plan_that_contradicts_itself_is_refused(plan, message):
    with pytest.raises(InputError, match=message):
        parse({"outcome": "hire", "attributes": ["job", "degree", "town"]} | plan, ConjointPlan, "plan.yaml")
