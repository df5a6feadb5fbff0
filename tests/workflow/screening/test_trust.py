"""The controls: what is asked beside the study, and that each check is given the effects that it is about."""

from __future__ import annotations

import polars as pl
import pytest

from silicus.effects import Screening
from silicus.study import read_table
from silicus.workflow import read_run
from tests.workflow.screening.made import (
    ARMS,
    BASE,
    EFFECT,
    LABELLED,
    binomial,
    rules_of,
    screened,
    write_script,
    write_study,
)


def check(found: Screening, name: str):
    return next(each for each in found.gate.checks if each.name == name)


def screen(world, tmp_path, *rules, study=None, **options) -> Screening:
    model = write_script(tmp_path / "model.yaml", *rules, *rules_of("pool", EFFECT))
    return screened(study or world.study, tmp_path / "out", **{**world.options, "model": model}, **options)[1]


def moved(condition: str, effect: float) -> list[dict]:
    """Return rules by which a condition raises answers."""
    return [
        {
            "when": {"condition": condition, "question": "visit", "group": group},
            "probabilities": binomial(mean + effect),
        }
        for group, mean in BASE.items()
    ]


def test_placebos_scrambled_arms_and_unrelated_questions_are_asked_of_some(alone):
    run = read_run(alone[0] / "controls" / "placebo")
    own = [(arm, "visit") for arm in ARMS]
    placebos = [(f"placebo {number}", "visit") for number in range(1, 6)]
    mixed = [(f"scrambled {arm}", "visit") for arm in ARMS]
    unrelated = [(arm, f"unrelated {name}") for arm in ARMS for name in ("writing hand", "birthday", "first name")]
    asked = run.predictions.group_by("condition", "question").agg(pl.col("respondent").n_unique())
    assert {(c, q) for c, q, _ in asked.iter_rows()} == {*own, *placebos, *mixed, *unrelated}
    assert set(asked["respondent"]) == {6}
    control = run.items[run.predictions.filter(condition="control", question="visit")["item"][0]]
    placebo = run.items[run.predictions.filter(condition="placebo 1")["item"][0]]
    assert placebo.context.startswith(control.context + "\n\n")
    shuffled = run.items[run.predictions.filter(condition="scrambled warm")["item"][0]].context
    assert sorted(shuffled.replace(",", "").replace(".", "").split()) == sorted(
        next(i for i in run.items.values() if i.condition == "warm").context.replace(",", "").replace(".", "").split()
    )


def test_the_same_are_asked_in_three_wordings(alone):
    folder = alone[0] / "controls"
    ways = read_table(folder / "ways" / "variants.parquet", "variants")
    assert ways["variant"].n_unique() == 3
    assert set(ways["question"]) == {"visit"}
    same = [set(read_run(folder / name).predictions["respondent"]) for name in ("ways", "placebo")]
    assert same[0] == same[1]


def test_labelled_answers_are_asked_in_two_orders(world, tmp_path):
    study = write_study(tmp_path / "s.yaml", questions=[{"id": "visit", "text": "How gladly?", "scale": LABELLED}])
    rule = {"when": {"question": "visit"}, "probabilities": [0.6, 0.3, 0.1]}
    screen(world, tmp_path, rule, study=study)
    assert (
        read_table(tmp_path / "out" / "controls" / "ways" / "variants.parquet", "variants")["variant"].n_unique() == 6
    )


@pytest.mark.parametrize("orders", [1, 2])
def test_nothing_is_said_of_the_interval_of_a_simulated_preference_for_places(world, tmp_path, capsys, orders):
    study = write_study(tmp_path / "s.yaml", questions=[{"id": "visit", "text": "How gladly?", "scale": LABELLED}])
    rule = {"when": {"question": "visit"}, "probabilities": [0.6, 0.3, 0.1]}
    found = screen(world, tmp_path, rule, study=study, orders=orders)
    told = capsys.readouterr()
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    for text in (told.out, told.err, page, *found.notes):
        assert "towards what stands first" not in " ".join(text.split())
    # The gate judges it, without an interval.
    assert check(found, "labels").status == "failed"


def test_a_model_that_answers_by_place_fails(world, tmp_path):
    study = write_study(tmp_path / "s.yaml", questions=[{"id": "visit", "text": "How gladly?", "scale": LABELLED}])
    rules = [{"when": {"question": "visit", "condition": "warm"}, "probabilities": [0.8, 0.15, 0.05]},
             {"when": {"question": "visit"}, "probabilities": [0.6, 0.3, 0.1]}]  # fmt: skip
    found = screen(world, tmp_path, *rules, study=study)
    labels = check(found, "labels")
    assert (labels.status, found.gate.verdict) == ("failed", "do not use")
    # The only effect that there is turns round with the labels; the control and cold move by .5, warm by .75.
    assert "0 of 1 effect keeps its sign" in labels.found
    assert "58 % of the answers move in terms of meaning and 0 % in terms of place (18 predictions)" in labels.found


def test_numbers_without_labels_are_spared(alone):
    found = check(alone[1], "labels")
    assert (found.status, found.essential) == ("not done", False)
    assert not any(reason.startswith("labels") for reason in alone[1].gate.reasons)


def test_a_model_that_is_moved_by_placebos_fails(world, tmp_path):
    rules = [
        {"when": {"condition": f"placebo {n}", "question": "visit"}, "probabilities": binomial(8)} for n in range(1, 6)
    ]
    found = screen(world, tmp_path, *rules)
    assert (check(found, "placebo").status, found.gate.verdict) == ("failed", "do not use")
    assert "not above it: cold, warm" in check(found, "placebo").found
    assert check(found, "placebo").arms == ["cold", "warm"]


def test_placebos_are_compared_with_the_control_of_those_who_were_asked_them(world, tmp_path):
    base = moved("placebo 2", 0.7)
    found = check(screen(world, tmp_path, *base), "placebo")
    # Half a point of cold lies below .7, one of warm above.
    assert (found.status, found.arms) == ("doubtful", ["cold"])
    assert "the largest of 5 placebos 7.0" in found.found


def test_arms_that_move_everything_fail(world, tmp_path):
    rules = [{"when": {"condition": arm, "question": "unrelated birthday"}, "probabilities": p}
             for arm, p in {"warm": [0.05, 0.95], "cold": [0.9, 0.1]}.items()]  # fmt: skip
    found = check(screen(world, tmp_path, *rules), "unrelated outcome")
    # Over three questions: .45 and .4 of the range on one, nothing on two.
    assert found.found.endswith("warm 10.0 beside 15.0, cold 5.0 beside 13.3.")
    assert found.status == "failed"


def test_an_arm_that_works_by_single_words_is_in_doubt(world, tmp_path):
    mixed = moved("scrambled warm", 0.9)
    found = check(screen(world, tmp_path, *mixed), "keywords")
    assert (found.status, found.arms) == ("doubtful", ["warm"])


def test_a_model_that_does_not_read_who_answers_is_told(world, tmp_path):
    deaf = [
        {"when": {"condition": arm, "question": "visit"}, "probabilities": binomial(5 + effect)}
        for arm, effect in EFFECT.items()
    ]
    found = check(screen(world, tmp_path, *deaf), "persona")
    # The simulated have weights that differ: they speak of a population.
    assert (found.status, found.found[:5]) == ("doubtful", "0.0 %")


def test_without_controls_the_checks_are_not_done_and_the_verdict_is_weak(world, tmp_path):
    found = screened(world.study, tmp_path / "out", **{**world.options, "controls": 0})[1]
    for name in ("placebo", "unrelated outcome", "keywords", "labels", "wordings"):
        assert (check(found, name).status, check(found, name).found) == (
            "not done", "nobody was asked otherwise (--controls 0)."
        )  # fmt: skip
    assert found.gate.verdict == "weak"
    assert not (tmp_path / "out" / "controls").exists()


def test_all_are_asked_where_there_are_no_more_than_that(world, tmp_path):
    screened(world.study, tmp_path / "out", **{**world.options, "controls": 50})
    assert read_run(tmp_path / "out" / "controls" / "placebo").predictions["respondent"].n_unique() == 12


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_seed_asks_the_same_people(world, tmp_path, seed):
    for name in ("one", "two"):
        screened(world.study, tmp_path / name / "s", **{**world.options, "controls": 3}, seed=seed)
    first, second = (read_run(tmp_path / name / "s" / "controls" / "placebo").predictions for name in ("one", "two"))
    assert first.equals(second)


def test_one_check_in_doubt_is_enough_for_a_weak_verdict(with_pilot):
    found = with_pilot[1]
    done = {each.name: each.status for each in found.gate.checks}
    assert {name for name, status in done.items() if status == "passed"} >= {
        "past record", "failures", "placebo", "unrelated outcome", "keywords", "wordings", "persona"
    }  # fmt: skip
    # The pool is like no past study in its words.
    assert (done["support"], found.gate.verdict) == ("doubtful", "weak")
