"""What the columns of a data file may be in a study, by rules."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from silicus.data.deposit.profile import Profile, profile
from silicus.data.deposit.qualtrics import read_survey
from silicus.data.readers.labelled import LabelledTable, read_labelled
from tests.data.deposit.qualtrics_files import block, question, randomises, sets, shows, survey_file, words

ROWS = 400
MEGASTUDY = "deposits/megastudy"


def table(
    labels: dict[str, dict[str, str]] | None = None, titles: dict[str, str] | None = None, **columns: list[object]
):
    cells = pl.DataFrame({name: list(map(str, cells)) for name, cells in columns.items()})
    return LabelledTable(Path("answers.csv"), cells, labels=labels or {}, titles=titles or {})


def drawn(seed: int, *values: object, weights: list[float] | None = None) -> list[object]:
    shares = None if weights is None else np.array(weights) / sum(weights)
    return [values[place] for place in np.random.default_rng(seed).choice(len(values), ROWS, p=shares)]


def even(*values: object) -> list[object]:
    order = np.random.default_rng(len(values)).permutation(ROWS)
    return [values[place % len(values)] for place in order]


def first(found: Profile) -> tuple[str, ...]:
    return found.assignments[0].columns


def reasons(found: Profile, column: str) -> tuple[str, ...]:
    return next(each.reasons for each in found.assignments if each.columns == (column,))


def outcomes(found: Profile) -> set[str]:
    return {each.column for each in found.outcomes}


# --- what a column holds


def test_the_kind_of_a_column_follows_from_its_cells():
    found = profile(
        table(
            {"party": {"1": "Left", "2": "Right"}},
            caseid=list(range(1000, 1000 + ROWS)),
            wave=["2"] * ROWS,
            when=["2024-03-01"] * (ROWS // 2) + ["2024-03-02"] * (ROWS // 2),
            party=even(1, 2),
            score=drawn(1, *range(9)),
            said=drawn(2, "yes indeed", "not at all", "who knows"),
        )
    )
    kinds = {name: column.kind for name, column in found.columns.items()}
    assert kinds == {
        "caseid": "id", "wave": "constant", "when": "date", "party": "labelled", "score": "number", "said": "text",
    }  # fmt: skip
    assert found.people == ("caseid",)
    assert found.noted == ("when",)


def test_missing_codes_are_no_values_of_a_column():
    found = profile(table(q1=drawn(1, 1, 2, 3, 98), rows=even(1, 2))).columns
    assert found["q1"].distinct == 3
    assert found["q1"].missing == {"98": "code 98"}
    assert set(found["q1"].counts) == {"1", "2", "3"}
    assert found["rows"].counts == {"1": 200, "2": 200}


def test_weights_are_positive_numbers_with_fractions_by_that_name():
    found = profile(table(WEIGHT=[0.5 + place / 100 for place in range(ROWS)], weight_kg=drawn(1, *range(50, 90))))
    assert found.weights == ("WEIGHT",)


def test_numbers_too_long_to_be_finite_are_words():
    found = profile(table(q1=["1e999", "9" * 500] * (ROWS // 2), q2=["01", "1"] * (ROWS // 2)))
    assert found.columns["q1"].kind == "text"
    assert not found.assignments


def test_columns_that_cannot_be_used_say_why():
    cells = table(q1=even(1, 2))
    found = profile(LabelledTable(cells.path, cells.cells, twice=frozenset({"q1"})))
    assert "stands twice" in found.unusable["q1"]
    assert not found.columns


# --- demographics


def test_what_follows_from_a_demographic_is_one():
    ages = drawn(1, *range(18, 60))
    found = profile(table(AGE=ages, AGE2=["old" if age > 40 else "young" for age in ages], q1=drawn(2, 1, 2)))
    assert found.demographics == {"AGE": "age", "AGE2": "made of AGE"}


def test_what_differs_between_the_rows_of_a_person_is_no_demographic():
    found = profile(
        table(
            respondent_id=[place // 4 for place in range(ROWS)],
            gender=drawn(1, "Male", "Female"),
            educ=[place // 4 % 3 for place in range(ROWS)],
        )
    )
    assert found.repeated
    assert found.demographics == {"educ": "education"}


# --- assignments


def test_a_column_named_as_one_of_arms_with_even_groups_comes_first():
    found = profile(table(gender=drawn(1, "m", "f"), lucky=even(1, 2), cond=even(1, 2, 3)))
    assert first(found) == ("cond",)
    assert reasons(found, "cond") == (
        "its name says it",
        "its groups are of nearly equal size",
        "it has nothing to do with gender",
    )


def test_an_even_column_that_has_to_do_with_a_demographic_is_no_candidate():
    gender = even("m", "f")
    found = profile(
        table(
            gender=gender,
            likes=[1 if (one == "m") != (two < 1) else 0 for one, two in zip(gender, drawn(3, *range(9)), strict=True)],
        )
    )
    assert not found.assignments


def test_columns_that_say_the_same_count_as_one_and_those_that_follow_are_parts():
    arms = even(1, 2, 3, 4)
    found = profile(
        table(
            cond=arms, name=["abcd"[arm - 1] for arm in arms], treat=[int(arm > 2) for arm in arms], q1=drawn(1, 1, 2)
        )
    )
    assert [(each.columns, each.same, each.parts) for each in found.assignments] == [(("cond",), ("name",), ("treat",))]
    assert not {"name", "treat"} & outcomes(found)


def test_of_equal_scores_the_first_column_comes_first():
    found = profile(table(arm_b=even(1, 2), arm_a=even(1, 2, 3)))
    assert [each.columns for each in found.assignments] == [("arm_b",), ("arm_a",)]


def test_a_scale_of_many_columns_is_no_assignment():
    labels = {"1": "No", "2": "Yes"}
    shared = {f"group_{place}": labels for place in range(4)}
    columns = {name: drawn(place, 1, 2) for place, name in enumerate(shared)}
    assert not profile(table(shared, **columns)).assignments


def test_a_title_that_is_a_question_speaks_against_an_assignment():
    found = profile(table(titles={"group": "Do you belong to a group?"}, group=drawn(1, 1, 2, weights=[1, 9])))
    assert not found.assignments


def test_profiles_differ_between_the_rows_of_a_person_as_by_chance_and_answers_do_not():
    people = [place // 10 for place in range(ROWS)]
    found = profile(
        table(
            user_id=people,
            task=[place % 5 for place in range(ROWS)],
            job=drawn(1, "Nurse", "Cook", "Smith", weights=[1, 2, 4]),
            rating=[person % 4 + 1 for person in people],
            chosen=[place % 2 for place in range(ROWS)],
        )
    )
    assert [each.columns for each in found.assignments] == [("job",)]
    assert found.tasks == ("task",)
    assert {"rating", "chosen"} <= outcomes(found)


def test_the_survey_tells_what_is_assigned_by_which_column_is_filled(tmp_path: Path):
    path = survey_file(
        tmp_path,
        [
            question(
                f"QID{number}", f"Q{number}", QuestionText=f"Do you like it {number} times?", Choices=words("a", "b")
            )
            for number in (1, 2)
        ],
        [block("BL_1", "Opt in", "QID1"), block("BL_2", "Opt out", "QID2")],
        [randomises("FL_2", 1, shows("FL_3", "BL_1"), shows("FL_4", "BL_2"))],
    )
    place = [number % 2 for number in range(ROWS)]
    cells = pl.DataFrame(
        {
            "Q1": ["1" if each else None for each in place],
            "Q2": [None if each else "2" for each in place],
            "FL_2_DO_Optin": ["1" if each else None for each in place],
            "FL_2_DO_Optout": [None if each else "1" for each in place],
        }
    )
    found = profile(LabelledTable(tmp_path / "answers.csv", cells), read_survey(path))
    assert first(found) == ("FL_2_DO_Optin", "FL_2_DO_Optout")
    assert found.assignments[0].score == 4


def test_what_the_survey_assigns_comes_before_what_is_named_so(tmp_path: Path):
    path = survey_file(
        tmp_path,
        [question("QID1", "Q1", QuestionText="Will you vote?", Choices=words("No", "Yes"))],
        [block("BL_1", "Main", "QID1")],
        [randomises("FL_2", 1, sets("FL_3", flyer="red"), sets("FL_4", flyer="blue")), shows("FL_5", "BL_1")],
    )
    cells = table(version=even(1, 2), flyer=even("red", "blue")[::-1], Q1=drawn(1, 1, 2))
    found = profile(cells, read_survey(path))
    assert first(found) == ("flyer",)
    assert "the survey assigns it by chance (FL_2)" in reasons(found, "flyer")
    assert [(each.column, each.reasons[0]) for each in found.outcomes] == [("Q1", "the survey asks it")]


# --- outcomes


def test_columns_with_the_scale_of_another_after_the_assignment_are_outcomes():
    found = profile(
        table(before=drawn(1, *range(40)), arm=even(1, 2), q1=drawn(2, *range(1, 6)), q2=drawn(3, *range(1, 6)))
    )
    assert [(each.column, each.score) for each in found.outcomes] == [("q1", 3), ("q2", 3)]


def test_points_between_whole_numbers_and_degrees_in_words_are_scales():
    found = profile(
        table(
            arm=even(1, 2),
            near=drawn(1, 0, 0.25, 0.5, 0.75, 1),
            likes=drawn(2, "Oppose", "Favor", "Strongly Favor"),
            comment=drawn(3, "a nice study", "too long", "I ate"),
            odd=drawn(4, 1, 3, 3.1415),
        )
    )
    assert outcomes(found) == {"near", "likes"}


def test_sliders_that_not_everybody_uses_to_their_ends_share_a_scale():
    found = profile(table(arm=even(1, 2), one=drawn(1, *range(3, 80)), other=drawn(2, *range(0, 101, 5))))
    assert all("1 other column has its scale" in each.reasons for each in found.outcomes)
    assert outcomes(found) == {"one", "other"}


def test_questions_named_after_the_assignment_gain():
    found = profile(table(q7_treat=even(1, 2), q7_1=drawn(1, 1, 2, 3), q8_1=drawn(2, 1, 2, 3, 4)))
    scores = {each.column: each.score for each in found.outcomes}
    assert scores == {"q7_1": 3, "q8_1": 2}


# --- real deposits

CASES = {
    "ryan_aziz": ("deposits/ryan_aziz/rawdata_tess.csv", {"Q2_INSERT", "Q3_INSERT"}, ["Q2", "Q3", "Q4"]),
    "accuracy_nudges": (
        f"{MEGASTUDY}/accuracy_nudges/response.csv",
        {"Condition"},
        [f"{kind}{number}_3" for kind in ("Fake", "Real") for number in range(1, 9)],
    ),
    "default_eric": (
        f"{MEGASTUDY}/default_eric/response.csv",
        {"FL_212_DO_OPTIN_Green", "FL_349_DO_OPTIN_Green"},
        ["OPTIN_Green", "OPTOUT_Green", "OPTIN_Organ", "OPTOUT_Organ"],
    ),
    "junk_fees": (
        f"{MEGASTUDY}/junk_fees/response.csv",
        {"Hotel", "Rental.Car", "Tickets", "Food", "apartment", "HealthCare", "CreditCard"},
        [f"{kind}.Fair" for kind in ("Hotel", "Car", "Ticket", "Food", "Apart", "CC")] + ["Health.Fair "],
    ),
    "privacy": (
        f"{MEGASTUDY}/privacy/response.csv",
        {"Group"},
        ["Q11_1", "Q138_1", "Q140_1", "Q142_1", "Q2_1", "Q2_1.1"],
    ),
    "covid_yougov": (
        "deposits/covid_yougov/FourthWave.sav",
        {"q115_treat", "q60_treat"},
        ["q115_family", "q115_community", "q60_1", "q60_2", "q60_3", "q60_4"],
    ),
    "parties": (
        "deposits/parties/affect_exp_data.dta",
        {"exp_cond"},
        ["sd_neighbor", "sd_marriage", "sd_work", "sd_potus"],
    ),
    "conjoint": (
        "conjoint/HainmuellerHopkins.dta",
        {f"Feat{what}" for what in ("Ed", "Gender", "Country", "Reason", "Job", "Exp", "Plans", "Trips", "Lang")},
        ["Chosen_Immigrant"],
    ),
    "framing": (
        "framing/framing.csv",
        {"cond"},
        ["anx", "emo", "p_harm", "english", "immigr", "anti_info", "cong_mesg"],
    ),
    "patriot_act": ("framing/patriot_act.csv", {"T1_content"}, ["PA_support"]),
}  # fmt: skip


@pytest.fixture(scope="module")
def profiles(shared_data: Path) -> dict[str, Profile]:
    found: dict[str, Profile] = {}
    for name, (file, _, _) in CASES.items():
        path = shared_data / file
        qsf = path.with_name("survey.qsf")
        found[name] = profile(read_labelled(path), read_survey(qsf) if qsf.is_file() else None)
    return found


def test_the_assignment_is_among_the_first_three_in_every_real_deposit(profiles: dict[str, Profile]):
    hits = {
        name: [bool(true & {*each.columns, *each.same}) for each in profiles[name].assignments[:3]]
        for name, (_, true, _) in CASES.items()
    }
    assert [name for name, hit in hits.items() if not any(hit)] == []
    assert sum(hit[0] for hit in hits.values()) >= 9


def test_all_outcomes_are_candidates_in_every_real_deposit(profiles: dict[str, Profile]):
    lost = {name: set(true) - outcomes(profiles[name]) for name, (_, _, true) in CASES.items()}
    assert {name: missed for name, missed in lost.items() if missed} == {}


def test_all_nine_properties_of_the_conjoint_experiment_are_its_candidates(profiles: dict[str, Profile]):
    found = profiles["conjoint"]
    assert {each.columns[0] for each in found.assignments} == CASES["conjoint"][1]
    assert found.tasks == ("contest_no", "profile")


def test_without_its_survey_a_deposit_is_told_by_names_alone(shared_data: Path):
    found = profile(read_labelled(shared_data / MEGASTUDY / "privacy" / "response.csv"))
    assert first(found) == ("Group",)
    found = profile(read_labelled(shared_data / MEGASTUDY / "junk_fees" / "response.csv"))
    assert not found.assignments
