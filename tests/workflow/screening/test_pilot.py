"""What the pilot adds: the same numbers as the tables give by hand, and none where they would not be true."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from silicus.effects import PredictedRows, RectifyPlan, Screening, rectify
from silicus.errors import InputError
from silicus.workflow import read_run
from tests.workflow.screening.made import (
    ARMS,
    BASE,
    LABELLED,
    NUMBERS,
    pilot_table,
    write_script,
    write_study,
)

SCALE = np.arange(11)


def arms_of(found: Screening) -> dict[str, Any]:
    return {arm.arm: arm.pilot for arm in found.arms}


def rows(predictions: pl.DataFrame, answers: pl.Series | None = None, **others) -> PredictedRows:
    """Return rows with a column for the mean of the control and one for each arm."""
    design = np.column_stack([np.ones(len(predictions)), *(predictions["condition"] == arm for arm in ARMS[1:])])
    p = np.stack(predictions["probabilities"].to_list()).astype(float)
    known = None if answers is None else answers.to_numpy().astype(float)
    return PredictedRows(design.astype(float), p @ SCALE / p.sum(axis=1), known, **others)


def by_hand(folder: Path, table: pl.DataFrame, plan: RectifyPlan | None = None, **others):
    """Return what `rectify` says of the tables: people with what is predicted of them, simulated people as the pool."""
    people, pool = (read_run(folder / name).predictions for name in ("pilot", "simulation"))
    own = table.filter(pl.col("visit").is_between(0, 10)).join(
        people.select("respondent", "condition", "probabilities"), on=["respondent", "condition"], maintain_order="left"
    )
    names = {name: own[column].to_list() for name, column in others.items()}
    people_rows = rows(
        own, own["visit"], weight=own["weight"].to_numpy(), respondent=own["respondent"].to_list(), **names
    )
    known = pool.join(
        pl.read_csv(folder.parent / "people.csv") if "stratum" in others else pool.select("respondent").unique(),
        on="respondent",
    )
    told = {"stratum": known[others["stratum"]].to_list()} if "stratum" in others else {}
    simulated = rows(known, weight=known["weight"].to_numpy(), respondent=known["respondent"].to_list(), **told)
    return {arm: rectify(people_rows, simulated, np.eye(3)[place], plan) for place, arm in enumerate(ARMS) if place}


def alike(found, hand) -> None:
    names = ("estimate", "standard_error", "low", "high", "df", "pilot_n", "effective_n")
    for name in names:
        assert getattr(found, name) == pytest.approx(getattr(hand, name), rel=1e-5), name


def test_rectified_effects_are_those_of_the_tables(with_pilot, pilot):
    folder, found = with_pilot
    hand = by_hand(folder, pl.read_csv(pilot))
    for arm, screen in arms_of(found).items():
        alike(screen.rectified, hand[arm])
        assert 0 < screen.rectified.power <= 1
        assert screen.alone.points.value == pytest.approx(hand[arm].alone.estimate)
        assert screen.alone.points.standard_error == pytest.approx(hand[arm].alone.standard_error)


def test_with_a_pilot_a_screening_has_been_compared_with_people(with_pilot):
    folder, found = with_pilot
    assert (found.state, found.pilot_people) == ("", 60)
    assert "NOT BENCHMARKED" not in (folder / "report.html").read_text(encoding="utf-8")
    assert {arm.basis for arm in found.arms} == {"past errors and rectified pilot"}


def test_everybody_of_the_pilot_is_asked_in_every_arm(with_pilot):
    people = read_run(with_pilot[0] / "pilot").predictions
    assert people.group_by("condition").len().sort("condition")["len"].to_list() == [60, 60, 60]


def test_answers_within_arms_go_along_with_predictions(with_pilot, pilot):
    table = pl.read_csv(pilot)
    own, said = table["visit"].to_numpy().astype(float), np.array([BASE[group] for group in table["group"]])
    for arm in ARMS:
        here = (table["condition"] == arm).to_numpy()
        own[here], said[here] = own[here] - own[here].mean(), said[here] - said[here].mean()
    freedom = len(own) - len(ARMS) - 1
    # Less what chance would explain.
    expected = 1 - (1 - float(own @ said) ** 2 / (own @ own) / (said @ said)) * (freedom + 1) / freedom
    for screen in arms_of(with_pilot[1]).values():
        assert screen.explained == pytest.approx(expected, rel=1e-4)


def test_what_more_people_would_bring_is_told_with_a_price(with_pilot, screen):
    priced = with_pilot[1]
    for each in arms_of(priced).values():
        assert [row.cost for row in each.more] == [2.0 * row.more for row in each.more]
    split = priced.questions[0].split
    assert split is not None
    # 900 at 2 a person in three arms.
    assert split.people_alone == 150
    assert all(each.more == [] for each in arms_of(screen(pilot_table())[1]).values())


def test_weights_can_be_left_out(screen):
    folder, found = screen(pilot_table().drop("school"), {"weights": False})
    flat = by_hand(folder, pilot_table().with_columns(weight=pl.lit(1.0)))
    people = pl.read_csv(folder.parent / "pilot.csv")
    for arm, each in arms_of(found).items():
        means = people.group_by("condition").agg(pl.col("visit").mean())
        told = dict(means.iter_rows())
        assert each.alone.points.value == pytest.approx(told[arm] - told["control"])
        assert each.alone.points.value == pytest.approx(flat[arm].alone.estimate)


def test_strata_count_by_their_shares(world, screen, tmp_path):
    table = pilot_table(72).drop("school")
    shares = {"a": 0.5, "b": 0.3, "c": 0.2}
    folder, found = screen(table, {"stratum": "group", "strata": shares})
    pl.read_csv(world.people).select("respondent", "group").write_csv(folder.parent / "people.csv")
    hand = by_hand(folder, table, RectifyPlan(shares=shares), stratum="group")
    for arm, each in arms_of(found).items():
        alike(each.rectified, hand[arm])
        assert set(each.rectified.powers) == {"a", "b", "c"}


def test_a_stratum_without_people_leaves_the_pilot_alone(screen):
    table = pilot_table().filter(pl.col("group") != "c").drop("school")
    found = screen(table, {"stratum": "group", "strata": {"a": 0.5, "b": 0.3, "c": 0.2}})[1]
    for arm in found.arms:
        assert arm.pilot.rectified is None
        assert arm.pilot.reason == (
            "pilot: nobody is in stratum 'c'. Ask people there, or merge it with another stratum."
        )
        assert arm.basis == "pilot alone"


def test_clusters_go_by_a_column_that_the_model_is_not_told(screen):
    folder, found = screen(pilot_table(), {"clusters": "school"})
    assert "school" not in read_run(folder / "pilot").respondents.columns
    hand = by_hand(folder, pilot_table(), cluster="school")
    for arm, each in arms_of(found).items():
        alike(each.rectified, hand[arm])
        assert each.rectified.clusters_n == each.alone.clusters_n == 10


def test_who_answers_in_every_arm_is_a_cluster(world, screen, tmp_path):
    study = write_study(tmp_path / "within.yaml", design="within")
    once = pilot_table(20).drop("school")
    other = [pilot_table(20, seed)["visit"] for seed in range(3)]
    table = pl.concat([once.with_columns(condition=pl.lit(arm), visit=other[place]) for place, arm in enumerate(ARMS)])
    folder, found = screen(table, study=study)
    hand = by_hand(folder, table)
    for arm, each in arms_of(found).items():
        assert each.rectified.clusters_n == 20
        alike(each.rectified, hand[arm])
        assert each.rectified.pilot_n == 60


def test_refusals_are_no_answers_on_the_scale(screen, tmp_path):
    scale = {**NUMBERS, "refusals": {99: "Rather not say"}}
    study = write_study(tmp_path / "refusing.yaml", questions=[{"id": "visit", "text": "How gladly?", "scale": scale}])
    model = write_script(tmp_path / "r.yaml", {"when": {"group": "a"}, "probabilities": [0.05] * 11 + [0.45]},
                         {"probabilities": [0.0] * 5 + [0.9] + [0.0] * 5 + [0.1]})  # fmt: skip
    table = pilot_table().with_columns(visit=pl.when(pl.col("respondent") == "person 7").then(99).otherwise("visit"))
    folder, found = screen(table.drop("school"), study=study, model=model)
    for each in arms_of(found).values():
        assert each.rectified.pilot_n == 59
    control = table.filter((pl.col("condition") == "control") & (pl.col("visit") < 99))
    warm = table.filter((pl.col("condition") == "warm") & (pl.col("visit") < 99))
    means = [np.average(part["visit"], weights=part["weight"]) for part in (warm, control)]
    assert arms_of(found)["warm"].alone.points.value == pytest.approx(means[0] - means[1])
    cell = found.cells[0]
    # A third of the weight has 45 % of refusals, the others 10 %.
    assert cell.refusal == pytest.approx(0.45 / 3 + 0.1 * 2 / 3, abs=1e-6)
    assert cell.predicted == pytest.approx(5.0, abs=1e-6)
    assert folder.joinpath("exports", "pilot.csv").is_file()


def test_too_few_people_in_an_arm_leave_it_unrectified(screen):
    table = pilot_table().drop("school")
    one = pl.concat([table.filter(pl.col("condition") != "cold"), table.filter(pl.col("condition") == "cold").head(1)])
    found = screen(one)[1]
    for arm in found.arms:
        assert arm.pilot.rectified is None
        assert arm.pilot.reason == "fewer than 2 people of the pilot answered in the arm or the control"
    assert {arm.arm: arm.basis for arm in found.arms} == {"warm": "pilot alone", "cold": None}


def test_an_arm_that_the_pilot_has_not_is_left_as_it_is(screen):
    found = screen(pilot_table(arms=("control", "warm")).drop("school"))[1]
    assert {arm.arm: arm.pilot is None for arm in found.arms} == {"warm": False, "cold": True}


def test_a_question_that_the_pilot_was_not_asked_is_left_as_it_is(world, screen, tmp_path):
    both = [
        {"id": "visit", "text": "How gladly?", "scale": NUMBERS},
        {"id": "warmth", "text": "How warm is it?", "scale": LABELLED},
    ]
    study = write_study(tmp_path / "two.yaml", questions=both)
    model = write_script(tmp_path / "m.yaml", {"when": {"question": "warmth"}, "probabilities": [0.2, 0.3, 0.5]},
                         {"probabilities": [1 / 11] * 11})  # fmt: skip
    found = screen(pilot_table().drop("school"), study=study, model=model)[1]
    assert {(arm.question, arm.pilot is None) for arm in found.arms} == {("visit", False), ("warmth", True)}


def test_a_pilot_that_answered_nothing_that_is_compared_is_refused(screen, tmp_path):
    both = [
        {"id": "visit", "text": "How gladly?", "scale": NUMBERS},
        {"id": "warmth", "text": "How warm is it?", "scale": LABELLED},
    ]
    study = write_study(tmp_path / "two.yaml", questions=both)
    with pytest.raises(InputError) as caught:
        screen(pilot_table().drop("school"), {"outcomes": ["warmth"]}, study=study)
    path = tmp_path / "pilot.csv"
    assert str(caught.value) == f"{path}: the pilot answered none of the questions that are compared (warmth)."
    assert not (tmp_path / "out").exists()


def test_people_who_are_simulated_may_not_rectify(screen, tmp_path):
    with pytest.raises(InputError) as caught:
        screen(pilot_table(), respondents=str(tmp_path / "pilot.csv"))
    assert str(caught.value) == (
        f"{tmp_path}/pilot.csv: 60 of 60 people of the pilot are among those who are simulated, such as 'person 0'. "
        "Leave them out of the table: what rectifies must not depend on what is rectified."
    )
    assert not (tmp_path / "out").exists()


def test_people_who_may_be_drawn_to_be_simulated_may_not_rectify(screen, tmp_path):
    with pytest.raises(InputError, match="60 of 60 people of the pilot are among those who are simulated"):
        screen(pilot_table(), respondents=str(tmp_path / "pilot.csv"), draw=5)


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        ({"stratum": "grup", "strata": {"a": 1}}, "the plan names the stratum 'grup', which the simulated respondents "
         "do not have. Did you mean 'group'?"),
        ({"moderators": ["grup"]}, "the plan names the moderator 'grup', which the simulated respondents do not have. "
         "Did you mean 'group'?"),
        ({"covariates": ["grup"]}, "the plan names the covariate 'grup', which the pilot does not have. Did you mean "
         "'group'?"),
        ({"clusters": "grup"}, "the plan names the cluster 'grup', which the pilot does not have. Did you mean "
         "'group'?"),
    ],
)  # fmt: skip
def test_an_attribute_that_nobody_has_is_refused_before_a_model_is_asked(screen, tmp_path, plan, told):
    with pytest.raises(InputError) as caught:
        screen(pilot_table().drop("school"), plan)
    assert told in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_stratum_that_the_pilot_lacks_is_refused(screen, tmp_path):
    with pytest.raises(InputError, match="the plan names the stratum 'group', which the pilot does not have"):
        screen(pilot_table().drop("group"), {"stratum": "group", "strata": {"a": 0.5, "b": 0.3, "c": 0.2}})


def test_covariates_need_not_be_told_to_the_model(screen):
    table = pilot_table().with_columns(income=pl.int_range(pl.len()) % 7)
    folder, found = screen(table, {"attributes": ["group"], "covariates": ["income"]})
    assert read_run(folder / "pilot").respondents.columns == ["respondent", "weight", "group"]
    design = np.column_stack([np.ones(60), *(table["condition"] == arm for arm in ARMS[1:])])
    income = table["income"].to_numpy() - np.average(table["income"], weights=table["weight"])
    whole = np.column_stack([design, income, design[:, 1:] * income[:, None]])
    root = np.sqrt(table["weight"].to_numpy())
    hand = np.linalg.lstsq(whole * root[:, None], table["visit"].to_numpy() * root, rcond=None)[0]
    for place, (_, each) in enumerate(arms_of(found).items(), start=1):
        assert each.alone.points.value == pytest.approx(hand[place])


# --- what the model is told of the pilot's people

SECRET = pl.format("passed the check {}", pl.int_range(pl.len()) % 2)
"""How people did in a check of attention: known of those alone who answered."""


def notes(found: Screening, words: str) -> list[str]:
    return [note for note in found.notes if words in note]


def test_what_is_known_of_the_pilot_alone_is_not_told_to_the_model(screen):
    folder, found = screen(pilot_table().drop("school").with_columns(attention=SECRET, minutes=pl.int_range(pl.len())))
    assert read_run(folder / "pilot").respondents.columns == ["respondent", "weight", "group"]
    assert notes(found, "of the pilot's people the model is told") == ["of the pilot's people the model is told group"]
    assert notes(found, "it is not told") == ["it is not told the pilot's columns attention, minutes"]
    assert notes(found, "told there") == []


def test_what_is_not_told_leaves_in_no_file(screen):
    folder, found = screen(pilot_table().drop("school").with_columns(attention=SECRET), {"covariates": ["attention"]})
    assert found.arms[0].pilot.alone.how.startswith("difference in means, adjusted for attention (Lin)")
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in {"plan.json", "report.html"}]
    tables = [path for path in files if path.parent.name == "exports" and path.suffix in {".csv", ".sav", ".dta"}]
    assert {path.name for path in tables} >= {"pilot.csv"}
    assert [path.name for path in files if b"passed the check" in path.read_bytes()] == []
    assert [path.name for path in tables if b"attention" in path.read_bytes()] == []
    assert b"group" in (folder / "exports" / "pilot.csv").read_bytes()


def test_the_plan_may_tell_the_model_more_and_says_so(screen):
    table = pilot_table().drop("school").with_columns(attention=SECRET)
    folder, found = screen(table, {"attributes": ["attention"]}, model="uniform")
    assert read_run(folder / "pilot").respondents.columns == ["respondent", "weight", "attention"]
    assert notes(found, "of the pilot's people the model is told") == [
        "of the pilot's people the model is told attention"
    ]
    assert notes(found, "it is not told") == ["it is not told the pilot's columns group"]
    assert notes(found, "told there") == [
        "known of the pilot's people or of simulated ones alone, and told there: attention, group"
    ]


def test_clusters_are_not_told_even_where_simulated_people_have_them(world, screen, tmp_path):
    people = pl.read_csv(world.people).with_columns(school=pl.lit("school 1"))
    people.write_csv(tmp_path / "people.csv")
    folder, _ = screen(pilot_table(), {"clusters": "school"}, respondents=str(tmp_path / "people.csv"))
    assert read_run(folder / "pilot").respondents.columns == ["respondent", "weight", "group"]


def test_where_nothing_is_known_of_both_the_model_is_told_nothing(screen):
    folder, found = screen(pilot_table().drop("group", "school"), model="uniform")
    assert read_run(folder / "pilot").respondents.columns == ["respondent", "weight"]
    assert notes(found, "of the pilot's people the model is told") == [
        "of the pilot's people the model is told nothing"
    ]
