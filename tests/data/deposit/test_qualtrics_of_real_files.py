"""Four surveys of a megastudy with their exports; what is expected is counted here with json and csv alone."""

import csv
import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from silicus.data.deposit.qualtrics import Survey, read_survey
from silicus.data.deposit.qualtrics_assignments import Assignment, assignments
from silicus.data.deposit.qualtrics_columns import columns
from silicus.data.deposit.qualtrics_flow import Randomiser, every_step

STUDIES = ("accuracy_nudges", "default_eric", "junk_fees", "privacy")


@pytest.fixture(params=STUDIES)
def study(request: pytest.FixtureRequest, shared_data: Path) -> Path:
    return shared_data / "deposits" / "megastudy" / request.param


@cache
def survey_of(folder: Path) -> Survey:
    return read_survey(folder / "survey.qsf")


@cache
def elements(folder: Path) -> Any:
    return json.loads((folder / "survey.qsf").read_text())["SurveyElements"]


def payloads(folder: Path, element: str) -> list[Any]:
    return [each["Payload"] for each in elements(folder) if each["Element"] == element]


def rows(folder: Path) -> list[list[str]]:
    with (folder / "response.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def randomisers(step: dict[str, Any]) -> list[dict[str, Any]]:
    inside = [each for child in step.get("Flow", []) for each in randomisers(child)]
    return [step, *inside] if step["Type"] == "BlockRandomizer" else inside


def one(folder: Path, id_: str) -> tuple[Survey, Assignment]:
    survey = survey_of(folder)
    return survey, next(each for each in assignments(survey) if each.id == id_)


def test_every_question_is_read_with_its_type(study: Path):
    survey = survey_of(study)
    asked = payloads(study, "SQ")
    assert {each["QuestionID"]: each["DataExportTag"] for each in asked} == {
        id_: question.tag for id_, question in survey.questions.items()
    }
    kinds = Counter(question.selector.partition("/")[0] for question in survey.questions.values())
    assert kinds == Counter(each["QuestionType"] for each in asked)


def test_no_html_is_left_and_every_letter_of_plain_text_stays(study: Path):
    survey = survey_of(study)
    for each in payloads(study, "SQ"):
        question = survey.questions[each["QuestionID"]]
        assert not re.search(r"<[a-z/]|&[a-z]+;|\xa0", question.text)
        if not re.search(r"[<&\u200b]", each["QuestionText"]):
            assert "".join(question.text.split()) == "".join(each["QuestionText"].split())


def test_choices_hold_what_the_export_holds(study: Path):
    survey = survey_of(study)
    recoded = [each for each in payloads(study, "SQ") if each["QuestionType"] == "MC" and each.get("RecodeValues")]
    for each in recoded:
        expected = {id_: str(each["RecodeValues"].get(id_, id_)) for id_ in each["Choices"]}
        found = {choice.id: choice.code for choice in survey.questions[each["QuestionID"]].choices}
        assert found.items() <= expected.items()
        assert found


def test_every_randomiser_is_an_assignment_with_its_arms(study: Path):
    survey = survey_of(study)
    expected = {
        each["FlowID"]: [child["FlowID"] for child in each["Flow"]]
        for each in randomisers(payloads(study, "FL")[0])
        if len(each["Flow"]) > 1
    }
    found = {each.id: [arm.id for arm in each.arms] for each in assignments(survey) if each.id.startswith("FL_")}
    assert found == expected
    steps = {step.id for step in every_step(survey.flow) if isinstance(step, Randomiser)}
    assert steps >= set(expected)


@pytest.mark.parametrize("with_ids", [True, False])
def test_every_column_is_understood_but_the_one_the_authors_added(study: Path, with_ids: bool):
    header, _, ids = rows(study)[:3]
    found = columns(survey_of(study), header, ids if with_ids else ())
    assert {column for column, meaning in found.items() if meaning.kind == "unknown"} <= {"TWIN_ID", ""}
    assert set(found) == set(header)


def test_names_and_import_ids_say_the_same_of_every_column_that_can_mean_one_question_only(study: Path):
    header, _, ids = rows(study)[:3]
    survey = survey_of(study)
    by_id, by_name = columns(survey, header, ids), columns(survey, header)
    for column, meaning in by_name.items():
        if not meaning.also and meaning.kind not in ("metadata", "browser"):
            assert meaning == by_id[column]


def test_answers_lie_on_the_scale_of_their_question(study: Path):
    header, _, ids, *people = rows(study)
    survey = survey_of(study)
    checked = 0
    for column, meaning in columns(survey, header, ids).items():
        question = survey.questions[meaning.question] if meaning.question else None
        if meaning.kind == "answer" and question and question.scale:
            place = header.index(column)
            cells = {row[place] for row in people if row[place]}
            assert {int(cell) for cell in cells} <= set(question.scale.answers)
            checked += 1
    piped = {each["QuestionID"] for each in payloads(study, "SQ") if "${" in json.dumps(each.get("Choices"))}
    answers = [match[1] for each in ids if (match := re.fullmatch(r'\{"ImportId":"(QID[0-9]+)(?:_[0-9]+)?"\}', each))]
    assert checked == sum(each not in piped for each in answers) > 0


def test_display_orders_name_the_arms(study: Path):
    header = rows(study)[0]
    flow = {column for column in header if re.match(r"FL_[0-9]+_DO_", column)}
    found = assignments(survey_of(study))
    named = {arm.column for each in found for arm in each.arms if each.id.startswith("FL_")}
    single = {column for column in flow if column.startswith("FL_163_DO_")}  # a randomiser with one child
    assert flow - single == named


def test_the_group_of_the_privacy_study_is_the_one_set_last(shared_data: Path):
    folder = shared_data / "deposits" / "megastudy" / "privacy"
    header, _, _, *people = rows(folder)
    _, found = one(folder, "FL_4")
    assert (found.kind, found.columns) == ("last", ("Group",))
    for row in people:
        cells = dict(zip(header, row, strict=True))
        last = [arm.values["Group"] for arm in found.arms if cells[arm.column] == "6"]
        assert last == [cells["Group"]]


def test_each_group_of_the_privacy_study_reads_its_own_scenario(shared_data: Path):
    survey, found = one(shared_data / "deposits" / "megastudy" / "privacy", "FL_4")
    shown = {arm.values["Group"]: [each.question for each in arm.shown] for arm in found.arms}
    blocks = {block.name: list(block.questions) for block in survey.blocks.values()}
    assert shown == {
        "CT": blocks["Contextual Targeting"],
        "BT": blocks["Behavioral Targeting"],
        "PSA": blocks["Privacy Sandbox - A"],
        "PSB": blocks["Privacy Sandbox - B"],
        "UA": blocks["Untargeted Advertising"],
        "NANT": blocks["No Ads - No Tracking"],
    }


def test_the_accuracy_question_comes_first_in_one_arm_and_last_in_the_others(shared_data: Path):
    survey, found = one(shared_data / "deposits" / "megastudy" / "accuracy_nudges", "FL_158")
    assert found.columns[0] == "Condition"
    steps = [[each.step for each in arm.shown if survey.questions[each.question].tag == "AccImp"] for arm in found.arms]
    assert steps == [["FL_1042"], ["FL_1042"], ["FL_1042"], ["FL_1039"]]


def test_the_fee_of_each_arm_stands_in_its_questions(shared_data: Path):
    folder = shared_data / "deposits" / "megastudy" / "junk_fees"
    header, _, _, *people = rows(folder)
    _, found = one(folder, "FL_5")
    assert found.columns[0] == "Hotel"
    assert {arm.values["Hotel"] for arm in found.arms} == {row[header.index("Hotel")] for row in people}
    for arm in found.arms:
        asked = next(each for each in arm.shown if each.question == "QID83")
        assert f"hotels to charge for {arm.values['Hotel']}?" in asked.text
        assert "correct.answer" not in found.columns


def test_the_two_orders_of_the_default_study_have_the_same_arms(shared_data: Path):
    _, found = one(shared_data / "deposits" / "megastudy" / "default_eric", "FL_212")
    assert found.same_as == ("FL_349",)
    assert [arm.name for arm in found.arms] == ["OPTOUT_Green", "OPTIN_Green"]
