"""The Qualtrics survey of a study: our own reader finds the study in it, and real surveys have the same parts."""

import json
from pathlib import Path
from typing import Any

import pytest

from silicus.data.deposit.qualtrics import Survey, read_survey
from silicus.data.deposit.qualtrics_assignments import assignments
from silicus.data.deposit.qualtrics_seen import seen
from silicus.errors import InputError
from silicus.report.exports.qsf import qsf_limits, study_to_qsf, write_qsf
from silicus.study import Condition, Scale, Source, Study, StudyQuestion, read_study

AGREE = Scale(kind="ordinal", low=1, high=5, labels={1: "Not at all", 5: "Fully & <truly>"}, refusals={9: "Don't know"})
QUESTIONS = (
    StudyQuestion(id="agree", text="Do you agree?\nWith 3 < 5?", scale=AGREE),
    StudyQuestion(id="side", text="Which side?", scale=Scale(kind="nominal", labels={7: "Left", 3: "Right"})),
    StudyQuestion(id="trust", text="Whom do you trust?", scale=AGREE, rows={"pm": "The mayor", "tv": "The news"}),
    StudyQuestion(
        id="own",
        text="What do you own?",
        choose="any",
        scale=Scale(kind="nominal", labels={1: "Car", 2: "Bike", 3: "Boat"}, refusals={99: "I would rather not say"}),
        at_most=2,
    ),
    StudyQuestion(id="first", text="Put in order.", rank={"tax": "Taxes", "war": "Peace", "air": "Clean air"}),
    StudyQuestion(
        id="pay",
        text="How much would you pay?",
        scale=Scale(kind="numeric", low=0, high=500, step=10, unit="$", labels={0: "nothing"}, refusals={999: "No"}),
    ),
    StudyQuestion(
        id="start",
        text="From when on?",
        scale=Scale.model_validate({"kind": "date", "low": "2026-01", "high": "2027-06"}),
    ),
    StudyQuestion(id="why", text="Why?", open=True),
)
ARMS = (
    Condition(id="plain", control=True),
    Condition(id="loss", text="Imagine you lose $10.\n\nWhat then?"),
    Condition(id="gain", text="Imagine you gain $10."),
)


def study(**more: Any) -> Study:
    given = {"conditions": ARMS, "questions": QUESTIONS, **more}
    return Study(id="own-study", title="A study", source=Source(citation="Made up", licence="CC0-1.0"), **given)


def surveyed(tmp_path: Path, made: Study) -> Survey:
    path = tmp_path / "survey.qsf"
    write_qsf(path, made)
    return read_survey(path)


def by_tag(survey: Survey) -> dict[str, Any]:
    return {question.tag: question for question in survey.questions.values()}


def test_the_randomiser_shows_one_arm_evenly_and_notes_it(tmp_path: Path) -> None:
    [found] = assignments(surveyed(tmp_path, study()))
    assert (found.kind, found.shown, found.evenly) == ("one", 1, True)
    assert [arm.values for arm in found.arms] == [{"condition": "plain"}, {"condition": "loss"}, {"condition": "gain"}]
    assert [[shown.text for shown in arm.shown] for arm in found.arms] == [[], [ARMS[1].text], [ARMS[2].text]]
    assert found.columns[0] == "condition"


def test_everybody_is_asked_every_question_after_the_arm(tmp_path: Path) -> None:
    survey = surveyed(tmp_path, study())
    asked = [survey.questions[shown.question] for shown in seen(survey)]
    assert [question.tag for question in asked if question.asks] == [question.id for question in QUESTIONS]
    assert [question.tag for question in asked[:2]] == ["shown_loss", "shown_gain"]


def test_words_are_those_of_the_study(tmp_path: Path) -> None:
    found = by_tag(surveyed(tmp_path, study()))
    for question in QUESTIONS:
        if question.id not in {"pay", "own"}:
            assert found[question.id].text == question.text
    assert found["own"].text == "What do you own?\n\nPlease tick at most 2."
    assert found["pay"].text == "How much would you pay?\n\nA whole number from $0 to $500; $0 = nothing."


@pytest.mark.parametrize("name", ["agree", "side", "start"])
def test_one_choice_has_the_codes_and_words_of_the_scale_with_refusals_last(tmp_path: Path, name: str) -> None:
    found = by_tag(surveyed(tmp_path, study()))[name]
    scale = next(question.scale for question in QUESTIONS if question.id == name)
    assert scale is not None
    assert found.kind == "single choice"
    assert [int(choice.code) for choice in found.choices] == list(scale.answers)
    assert [choice.text for choice in found.choices] == [scale.label(code) or str(code) for code in scale.answers]
    assert found.selector == ("MC/DL" if name == "start" else "MC/SAVR/TX")


def test_the_scale_is_read_back_whole_where_it_has_no_refusals(tmp_path: Path) -> None:
    scales = [
        Scale(kind="ordinal", low=1, high=7, labels={1: "Never", 7: "Always"}),
        Scale(kind="nominal", labels={3: "Right", 4: "Neither", 7: "Left"}),
    ]
    questions = tuple(StudyQuestion(id=f"q{n}", text="?", scale=scale) for n, scale in enumerate(scales))
    found = by_tag(surveyed(tmp_path, study(questions=questions)))
    read = [found[question.id].scale for question in questions]
    assert [scale and (scale.values, scale.labels) for scale in read] == [(s.values, s.labels) for s in scales]


def test_a_matrix_has_a_row_a_question_and_the_points_of_its_scale(tmp_path: Path) -> None:
    found = by_tag(surveyed(tmp_path, study()))["trust"]
    assert (found.kind, found.selector) == ("matrix", "Matrix/Likert/SingleAnswer")
    assert [(row.tag, row.text) for row in found.choices] == [("trust.pm", "The mayor"), ("trust.tv", "The news")]
    assert [int(point.code) for point in found.answers] == [1, 2, 3, 4, 5, 9]
    assert [point.text for point in found.answers] == ["Not at all", "2", "3", "4", "Fully & <truly>", "Don't know"]


def test_several_options_may_be_ticked_and_a_refusal_stands_alone(tmp_path: Path) -> None:
    found = by_tag(surveyed(tmp_path, study()))["own"]
    assert found.kind == "multiple choice"
    assert [(choice.code, choice.text) for choice in found.choices] == [
        ("1", "Car"), ("2", "Bike"), ("3", "Boat"), ("99", "I would rather not say"),
    ]  # fmt: skip
    [payload] = [each["Payload"] for each in parts(study(), "SQ") if each["Payload"]["DataExportTag"] == "own"]
    assert [number for number, each in payload["Choices"].items() if each.get("ExclusiveAnswer")] == ["4"]


def test_a_ranking_has_its_options_in_order(tmp_path: Path) -> None:
    found = by_tag(surveyed(tmp_path, study()))["first"]
    assert found.kind == "rank order"
    assert [choice.text for choice in found.choices] == ["Taxes", "Peace", "Clean air"]


def test_an_amount_is_typed_and_checked_to_be_a_number_on_the_scale(tmp_path: Path) -> None:
    found = by_tag(surveyed(tmp_path, study()))
    assert (found["pay"].kind, found["why"].kind) == ("text entry", "text entry")
    settings = {
        each["Payload"]["DataExportTag"]: each["Payload"]["Validation"]["Settings"] for each in parts(study(), "SQ")
    }
    assert settings["pay"]["ContentType"] == "ValidNumber"
    assert settings["pay"]["ValidNumber"] == {"Min": "0", "Max": "500", "NumDecimals": "0"}
    assert settings["why"]["Type"] == "None"


def test_within_respondents_every_arm_is_shown_in_random_order_with_questions_of_its_own(tmp_path: Path) -> None:
    survey = surveyed(tmp_path, study(design="within", questions=QUESTIONS[:3]))
    [found] = assignments(survey)
    assert (found.kind, found.shown, len(found.arms)) == ("order", 3, 3)
    tags = [survey.questions[id_].tag for id_ in survey.asked]
    assert tags == [
        "agree_plain", "side_plain", "trust_plain",
        "shown_loss", "agree_loss", "side_loss", "trust_loss",
        "shown_gain", "agree_gain", "side_gain", "trust_gain",
    ]  # fmt: skip
    assert [row.tag for row in by_tag(survey)["trust_gain"].choices] == ["trust_gain.pm", "trust_gain.tv"]


def test_a_study_of_one_condition_has_no_randomiser(tmp_path: Path) -> None:
    survey = surveyed(tmp_path, study(conditions=ARMS[1:2]))
    assert assignments(survey) == []
    assert [shown.text for shown in seen(survey)][:2] == [ARMS[1].text, QUESTIONS[0].text]


def test_what_a_survey_cannot_hold_is_said() -> None:
    told = qsf_limits(study(design="within"))
    assert told == [
        "'own': how many options may be ticked is said in words and not checked.",
        "'own': Qualtrics numbers the options 1, 2, ...; in this order they are 1, 2, 3.",
        "'first': Qualtrics numbers the options 1, 2, ...; in this order they are tax, war, air.",
        "'pay' is typed as a number: “No” cannot be offered beside it.",
        "'pay' is typed as a number: that it goes in steps of 10 is not checked.",
        told[-1],
    ]
    assert "QUESTION_CONDITION" in told[-1]
    assert "QUESTION_CONDITION" not in " ".join(qsf_limits(study()))


def test_a_typed_number_without_refusals_or_steps_loses_nothing() -> None:
    age = StudyQuestion(id="age", text="How old are you?", scale=Scale(kind="numeric", low=18, high=99))
    few = StudyQuestion(id="few", text="Any?", choose="any", options=["One", "Two"], at_least=1)
    assert qsf_limits(study(questions=(age,))) == []
    assert qsf_limits(study(questions=(few,)))[0] == (
        "'few': how many options may be ticked is said in words and not checked."
    )


def test_profiles_are_refused() -> None:
    with pytest.raises(InputError, match=r"'shared-flat' shows profiles .* cannot draw without a script of its own"):
        study_to_qsf(read_study("shared-flat"))


def test_the_same_study_gives_the_same_survey_and_no_id_twice() -> None:
    made = study_to_qsf(study())
    assert made == study_to_qsf(study())
    steps = [step["FlowID"] for step in flow_of(made["SurveyElements"][1]["Payload"])]
    assert len(set(steps)) == len(steps)
    # Qualtrics counts the root among the steps.
    assert made["SurveyElements"][1]["Payload"]["Properties"]["Count"] == len(steps)


def flow_of(step: Any) -> list[Any]:
    return [step, *(inner for child in step.get("Flow", []) for inner in flow_of(child))]


def parts(made: Study, kind: str) -> list[Any]:
    return [each for each in study_to_qsf(made)["SurveyElements"] if each["Element"] == kind]


@pytest.fixture(scope="module")
def real(shared_data: Path) -> list[Any]:
    return [
        json.loads(path.read_text("utf-8")) for path in sorted((shared_data / "deposits/megastudy").glob("*/*.qsf"))
    ]


def kinds(survey: Any) -> set[str]:
    return {each["Element"] for each in survey["SurveyElements"]}


def test_it_has_the_elements_and_entry_that_all_real_surveys_have(real: list[Any]) -> None:
    made = study_to_qsf(study())
    # A preview link (PL) names a preview at Qualtrics, which there is none of yet.
    assert kinds(made) == set[str].intersection(*map(kinds, real)) - {"PL"}
    assert set(made["SurveyEntry"]) == set.intersection(*(set(each["SurveyEntry"]) for each in real))
    for each in made["SurveyElements"]:
        assert set(each) == set(real[0]["SurveyElements"][0])


@pytest.mark.parametrize("kind", ["FL", "SO", "SCO", "STAT", "PROJ"])
def test_its_parts_have_the_keys_that_all_real_ones_have(real: list[Any], kind: str) -> None:
    payloads = [each["Payload"] for survey in real for each in survey["SurveyElements"] if each["Element"] == kind]
    [own] = parts(study(), kind)
    assert set.intersection(*map(set, payloads)) <= set(own["Payload"])


def test_its_blocks_and_steps_have_the_keys_that_all_real_ones_have(real: list[Any]) -> None:
    payloads = [each["Payload"] for survey in real for each in survey["SurveyElements"] if each["Element"] == "BL"]
    blocks = [block for each in payloads for block in (each.values() if isinstance(each, dict) else each)]
    [own] = parts(study(), "BL")
    for block in own["Payload"].values():
        assert set.intersection(*map(set, blocks)) <= set(block)
    flows = [each["Payload"] for survey in real for each in survey["SurveyElements"] if each["Element"] == "FL"]
    steps = [step for flow in flows for step in flow_of(flow)]
    for step in flow_of(parts(study(), "FL")[0]["Payload"]):
        alike = [set(each) for each in steps if each["Type"] == step["Type"]]
        assert alike, step["Type"]
        assert set.intersection(*alike) <= set(step)


def test_its_questions_have_the_keys_that_all_real_ones_of_the_kind_have(real: list[Any]) -> None:
    payloads = [each["Payload"] for survey in real for each in survey["SurveyElements"] if each["Element"] == "SQ"]
    met: set[str] = set()
    for each in parts(study(), "SQ"):
        own = each["Payload"]
        shape = [own.get(key) for key in ("QuestionType", "Selector", "SubSelector")]
        alike = [p for p in payloads if [p.get(key) for key in ("QuestionType", "Selector", "SubSelector")] == shape]
        assert alike, shape
        needed = set.intersection(*map(set, alike)) - {"QuestionJS", "Randomization"}
        assert needed <= set(own), (shape, needed - set(own))
        met.add(own["QuestionType"])
    assert met == {"DB", "MC", "Matrix", "RO", "TE"}
