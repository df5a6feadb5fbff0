"""A pilot held against what was expected of people, and which results count as compared with them."""

from __future__ import annotations

import polars as pl
import pytest

from silicus.effects import Check, Screening
from silicus.report.screening_words import needed_rows, recommendations
from silicus.workflow.screening.trust import answered, benchmarked
from tests.workflow.screening.made import BASE, EFFECT, binomial, pilot_table, rules_of, screened, write_script


def check(found: Screening, name: str = "pilot") -> Check:
    return next(each for each in found.gate.checks if each.name == name)


def contrary(count: int = 60) -> pl.DataFrame:
    """Return a pilot in which the warm arm lowers answers by half of the scale."""
    down = pl.when(pl.col("condition") == "warm").then(pl.col("visit") - 5).otherwise("visit").clip(0, 10)
    return pilot_table(count).drop("school").with_columns(visit=down)


def test_a_pilot_against_all_that_was_expected_ends_the_use_of_the_simulation(world, screen):
    found = screen(contrary(), past=world.past)[1]
    assert (check(found).status, found.gate.verdict) == ("failed", "do not use")
    assert check(found).found == "1 of 2 effects lie where expected; elsewhere: warm on visit."
    assert found.gate.benchmarked
    assert any(reason.startswith("pilot failed: 1 of 2 effects") for reason in found.gate.reasons)


def test_where_it_failed_what_people_themselves_did_still_counts(world, screen):
    found = screen(contrary(), past=world.past)[1]
    assert [row[1] for row in needed_rows(found) if row[3] != "–"] == ["warm", "cold"]
    [told] = recommendations(found)
    assert "warm" not in told


def test_a_pilot_that_does_as_expected_is_told_with_how_exact_it_is(with_pilot):
    found = with_pilot[1]
    errors = [(arm.pilot.alone.points.standard_error, arm.expected.standard_error) for arm in found.arms]
    # Sixty people know less than twelve well-predicted studies: they could hardly have spoken against these.
    assert all(people > expected for people, expected in errors)
    assert check(found).status == "doubtful"
    assert check(found).found == (
        "2 of 2 effects lie where expected, but 2 are less exact in the pilot than as expected."
    )


def test_what_is_held_against_the_pilot_is_what_was_expected_of_it(with_pilot):
    found = with_pilot[1]
    for own, arm in zip(answered(found.arms), found.arms, strict=True):
        alone = arm.pilot.alone.points
        assert own.name == f"{arm.arm} on visit"
        assert (own.expected, own.sd) == (arm.expected.value, arm.expected.standard_error)
        assert (own.found, own.standard_error) == (alone.value, alone.standard_error)


def test_without_a_past_nothing_was_expected_of_a_pilot(screen):
    found = screen(contrary())[1]
    assert check(found).status == "not done"
    assert check(found).found == "nothing was expected of people that a pilot has answered."
    assert found.gate.benchmarked


def test_without_a_pilot_there_is_no_such_check(with_past):
    assert "pilot" not in {each.name for each in with_past[1].gate.checks}
    assert answered(with_past[1].arms) == []


@pytest.mark.parametrize(("count", "compared"), [(60, True), (59, False), (57, False)])
def test_of_fewer_than_twenty_people_in_an_arm_nothing_is_benchmarked(screen, count, compared):
    found = screen(pilot_table(count).drop("school"))[1]
    # Everybody's place in a row of three is the arm.
    assert min(min(arm.pilot.alone.n_arm, arm.pilot.alone.n_control) for arm in found.arms) == count // 3
    assert (found.gate.benchmarked, found.state) == (compared, "" if compared else "NOT BENCHMARKED")


def test_an_effect_that_no_people_answered_leaves_the_rest_unproven(screen):
    found = screen(pilot_table(60, arms=("control", "warm")).drop("school"))[1]
    assert not benchmarked(found.arms)
    assert benchmarked([arm for arm in found.arms if arm.arm == "warm"])
    assert not benchmarked([])


def test_a_model_that_failed_says_nothing_of_people_until_some_have_answered(world, screen, tmp_path):
    # Words that ought to do nothing do more than any arm.
    placebos = [
        {
            "when": {"condition": f"placebo {number}", "question": "visit", "group": group},
            "probabilities": binomial(mean + 3),
        }
        for number in range(1, 6)
        for group, mean in BASE.items()
    ]
    failing = write_script(tmp_path / "failing.yaml", *placebos, *rules_of("pool", EFFECT))
    options = {**world.options, "model": failing}
    before = screened(world.study, tmp_path / "before", **options)[1]
    assert before.gate.verdict == "do not use"
    for row in needed_rows(before):
        # What can be detected is a matter of the design alone; all else would rest on the model.
        assert set(row[2:7]) == {"–"}
        assert row[7] != "–"
        assert row[8] == "nothing"
    assert list(recommendations(before)) == [
        "No arm is recommended: the model failed a check, so its effects are no reason to prefer one."
    ]
    after = screen(pilot_table(90).drop("school"), model=failing, controls=6)[1]
    assert after.gate.verdict == "do not use"
    assert {row[8] for row in needed_rows(after)} <= {"the rectified pilot", "the pilot alone"}
    assert all(row[3] != "–" or row[5] != "–" for row in needed_rows(after))
    assert "the model failed a check" not in " ".join(recommendations(after))
