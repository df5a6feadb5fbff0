"""The verdict, and the checks that need no other asking: each side of each threshold."""

from __future__ import annotations

import numpy as np
import pytest

from silicus.effects.trust.gate import (
    ESSENTIAL,
    NOT_BENCHMARKED,
    Answered,
    Check,
    CheckName,
    Failures,
    PastRecord,
    Status,
    check_failures,
    check_past_record,
    check_pilot,
    checked,
    verdict,
)


def all_with(name: CheckName = "placebo", status: Status = "passed", **more: bool) -> list[Check]:
    return [
        *(checked(each, "passed", "well.") for each in ESSENTIAL if each != name),
        checked(name, status, "so.", **more),
    ]


# --- the verdict


def test_a_study_is_supported_where_all_is_passed_and_people_were_compared_with():
    found = verdict(all_with(), benchmarked=True)
    assert found.verdict == "supported"
    assert found.reasons == ["compared with people, and 5 checks of 5 passed, none in doubt."]


def test_without_people_the_best_verdict_is_weak_and_says_so_first():
    found = verdict(all_with("wordings", "doubtful"), benchmarked=False)
    assert verdict(all_with(), benchmarked=False).verdict == found.verdict == "weak"
    assert found.reasons[0].startswith(f"{NOT_BENCHMARKED}: these effects have not been compared")
    assert "wordings doubtful: so." in found.reasons


@pytest.mark.parametrize("name", ["placebo", "persona", "keywords"])
def test_whatever_failed_forbids_the_use_and_comes_before_what_is_doubtful(name):
    checks = [checked("wordings", "doubtful", "it sways."), *all_with(name, "failed")]
    found = verdict(checks, benchmarked=True)
    assert found.verdict == "do not use"
    assert found.reasons[:2] == [f"{name} failed: so.", "wordings doubtful: it sways."]
    assert found.checks == checks


@pytest.mark.parametrize(
    ("name", "status", "expected"),
    [
        ("wordings", "doubtful", "weak"),
        ("wordings", "not done", "supported"),
        ("labels", "doubtful", "weak"),
        ("labels", "not done", "weak"),
    ],
)
def test_doubt_weakens_and_so_does_an_essential_check_that_was_not_done(name, status, expected):
    assert verdict(all_with(name, status), benchmarked=True).verdict == expected


def test_an_essential_check_that_a_study_cannot_have_does_not_weaken():
    found = verdict(all_with("labels", "not done", spared=True), benchmarked=True)
    assert found.verdict == "supported"
    assert found.reasons == ["compared with people, and 4 checks of 5 passed, none in doubt."]


def test_an_essential_check_that_nobody_made_is_missed():
    found = verdict([], benchmarked=True)
    assert found.verdict == "weak"
    assert found.reasons == [f"{name} not done: no such check was made." for name in ESSENTIAL]


@pytest.mark.parametrize("name", ["support", "keywords", "unrelated outcome", "persona", "wordings", "failures"])
def test_every_check_says_what_it_expects_and_what_it_tells(name):
    found = checked(name, "passed", "well.", ["b", "a", "b"])
    assert found.threshold
    assert found.meaning.startswith("whether ")
    assert found.arms == ["a", "b"]
    assert found.essential == (name in ESSENTIAL)


# --- the past


PAST = PastRecord(40, 0.5, 0.2, 0.8, 0.93, 0.88, 0.98)


def past(**changes: float) -> Check:
    return check_past_record(PastRecord(**{**vars(PAST), **changes}))  # pyright: ignore[reportArgumentType]


def test_a_past_in_which_effects_told_of_peoples_is_passed_with_its_numbers():
    found = check_past_record(PAST)
    assert found.status == "passed"
    assert found.found == (
        "over 40 past studies, people's effects were 0.50 [0.20, 0.80] of those predicted; 93 % [88, 98] of held-out "
        "effects lay in intervals meant to hold 95 %."
    )


@pytest.mark.parametrize(("low", "status"), [(0.001, "passed"), (0.0, "failed"), (-0.4, "failed")])
def test_a_slope_that_may_be_0_says_nothing_of_people(low, status):
    found = past(slope_low=low)
    assert found.status == status
    assert ("in the past its effects said nothing of people's" in found.found) == (status == "failed")


@pytest.mark.parametrize(("high", "status"), [(0.96, "passed"), (0.95, "passed"), (0.94, "doubtful")])
def test_intervals_that_hold_too_little_are_doubtful(high, status):
    assert past(coverage_high=high).status == status


def test_a_coverage_that_is_unknown_is_doubtful():
    found = past(coverage=np.nan, coverage_low=np.nan, coverage_high=np.nan)
    assert found.status == "doubtful"
    assert "how often its intervals held the truth is unknown" in found.found


def test_of_few_studies_or_none_nothing_is_said():
    assert past(studies=10).status == "passed"
    assert past(studies=9).found == "of past studies there are 9, and 10 are needed."
    assert check_past_record(None).found == "of past studies none are known, and 10 are needed."
    assert past(slope_low=np.nan).found == "the slope is unknown, although there are 40 past studies."
    assert {past(studies=9).status, check_past_record(None).status, past(slope_low=np.nan).status} == {"not done"}


# --- failures


@pytest.mark.parametrize(
    ("unread", "covered", "status"),
    [
        (5, 0.9, "passed"),
        (6, 0.9, "doubtful"),
        (20, 0.9, "doubtful"),
        (21, 0.9, "failed"),
        (0, 0.5, "passed"),
        (0, 0.49, "doubtful"),
        (5, np.nan, "passed"),
    ],
)
def test_unanswered_prompts_and_answers_not_offered_are_counted(unread, covered, status):
    found = check_failures(Failures(100, unread, covered))
    assert found.status == status
    assert found.found.startswith(f"of 100 prompts, {unread} unanswered")
    assert ("of the probability" in found.found) == (not np.isnan(covered))


def test_where_nothing_was_asked_nothing_is_said():
    found = check_failures(Failures(0, 0, np.nan))
    assert (found.status, found.found) == ("not done", "nothing was asked.")


def test_errors_nearly_as_large_as_without_a_model_are_no_record():
    assert past(left=0.94).status == "passed"
    found = past(left=0.96)
    assert found.status == "doubtful"
    assert found.found.endswith("; errors were 96 % as large as without any model.")


# --- people of this very study


def answered(found: float, standard_error: float = 0.1) -> Answered:
    return Answered("trust, letter", 0.4, 0.1, found, standard_error)


@pytest.mark.parametrize(
    ("effects", "status"),
    [
        ([answered(0.45)], "passed"),
        ([answered(0.4 + 1.95 * 0.1 * 2**0.5)], "passed"),
        ([answered(0.4 + 1.97 * 0.1 * 2**0.5)], "failed"),
        # Of two effects one lies that far more often.
        ([answered(0.4 + 1.97 * 0.1 * 2**0.5), answered(0.4)], "passed"),
        ([answered(0.45, 0.3)], "doubtful"),
        ([answered(0.45, 0.3), answered(0.45)], "passed"),
        ([], "not done"),
    ],
)
def test_people_who_do_otherwise_than_expected_speak_against_a_model(effects, status):
    assert check_pilot(effects).status == status


def test_the_effects_that_people_contradict_are_named():
    found = check_pilot([answered(-0.6), answered(0.4)])
    assert found.found == "1 of 2 effects lie where expected; elsewhere: trust, letter."
