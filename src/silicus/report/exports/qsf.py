"""A study as a Qualtrics survey (.qsf), with which people can be asked what a model was asked.

between     a randomiser shows one arm evenly, notes it as `condition`; then the questions, the same for all arms
within      a randomiser shows every arm in random order, each followed by questions of its own
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from silicus.errors import InputError
from silicus.record import digest, write
from silicus.report.exports.qsf_question import description_payload, limits_of, question_payload
from silicus.study import Condition, Study, StudyQuestion

__all__ = ["qsf_limits", "study_to_qsf", "write_qsf"]

_NEVER = "0000-00-00 00:00:00"
_ID_LENGTH = 15
_ARM = "condition"


def write_qsf(path: Path, study: Study) -> None:
    """Write a study as a .qsf file that Qualtrics imports.

    Raises:
        InputError: the study shows profiles.
        RunError: the file cannot be written.
    """
    write(path, study_to_qsf(study))


def qsf_limits(study: Study) -> list[str]:
    """Return what of a study a Qualtrics survey cannot hold as it is, in sentences.

    Examples:
        >>> from silicus.study import read_study
        >>> qsf_limits(read_study("asian-disease"))
        []
    """
    found = [limit for question in study.questions for limit in limits_of(question)]
    if study.design == "within" and len(study.conditions) > 1:
        found.append(
            "Everybody is shown every condition: a question has a column for each of them, QUESTION_CONDITION, and no "
            "column says one condition. In which order they were shown is exported with the randomiser's viewing order."
        )
    return found


def study_to_qsf(study: Study) -> dict[str, Any]:
    """Return a study as the content of a .qsf file.

    Questions have the export tags of the study's ids (within respondents `question_condition`), choices the codes of
    the scale and its refusals, which stand last. The same study gives the same content.

    Raises:
        InputError: the study shows profiles, which are drawn for each respondent.
    """
    if study.profiles:
        raise InputError(
            f"the study '{study.id}' shows profiles that are drawn for each respondent, which a Qualtrics survey "
            "cannot draw without a script of its own. Field it with a tool for conjoint experiments."
        )
    survey = _Survey(study.id)
    flow = _within(survey, study) if study.design == "within" and len(study.conditions) > 1 else _between(survey, study)
    return {"SurveyEntry": _entry(survey, study), "SurveyElements": _elements(survey, study, flow)}


@dataclass
class _Survey:
    """A survey while it is made: its blocks and questions, and ids that are the same each time."""

    study: str
    blocks: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    questions: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    steps: int = 1

    def id(self, prefix: str, name: str) -> str:
        """Return an id as Qualtrics makes them, such as BL_0a1b2c3d4e5f6a7."""
        return f"{prefix}_{digest(self.study, name)[:_ID_LENGTH]}"

    def step(self, kind: str, **more: Any) -> dict[str, Any]:
        """Return a step of the flow."""
        self.steps += 1
        return {"Type": kind, "FlowID": f"FL_{self.steps}", **more}

    def block(self, name: str, payloads: list[dict[str, Any]]) -> dict[str, Any]:
        """Add a block with its questions, and return the step of the flow that shows it."""
        id_ = self.id("BL", f"{len(self.blocks)} {name}")
        self.questions += payloads
        self.blocks.append(
            {
                "Type": "Standard" if self.blocks else "Default",
                "SubType": "",
                "Description": name,
                "ID": id_,
                "BlockElements": [{"Type": "Question", "QuestionID": each["QuestionID"]} for each in payloads],
                "Options": {"BlockLocking": "false", "RandomizeQuestions": "false", "BlockVisibility": "Expanded"},
            }
        )
        return self.step("Standard", ID=id_, Autofill=[])

    def next_id(self, ahead: int = 1) -> str:
        """Return the id of the question that comes so many places after the last."""
        return f"QID{len(self.questions) + ahead}"


def _between(survey: _Survey, study: Study) -> list[dict[str, Any]]:
    arms = [_arm(survey, condition, noted=True) for condition in study.conditions]
    shown = [_randomiser(survey, arms, 1)] if len(arms) > 1 else arms
    return [*shown, _asked(survey, study.questions, "Questions", "")]


def _within(survey: _Survey, study: Study) -> list[dict[str, Any]]:
    arms: list[dict[str, Any]] = []
    for condition in study.conditions:
        arm = _arm(survey, condition, noted=False)
        asked = _asked(survey, study.questions, f"Questions, {condition.id}", f"_{condition.id}")
        arms.append({**arm, "Flow": [*arm["Flow"], asked]})
    return [_randomiser(survey, arms, len(arms))]


def _randomiser(survey: _Survey, arms: list[dict[str, Any]], shown: int) -> dict[str, Any]:
    return survey.step("BlockRandomizer", SubSet=shown, EvenPresentation=True, Flow=arms)


def _arm(survey: _Survey, condition: Condition, *, noted: bool) -> dict[str, Any]:
    """Return the group of steps that notes an arm and shows its text."""
    steps = [_noted(survey, condition.id)] if noted else []
    if condition.text.strip():
        payload = description_payload(survey.next_id(), f"shown_{condition.id}", condition.text.strip())
        steps.append(survey.block(f"Condition {condition.id}", [payload]))
    return survey.step("Group", Description=condition.id, Flow=steps)


def _noted(survey: _Survey, condition: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "Description": _ARM, "Type": "Custom", "Field": _ARM, "VariableType": "String", "DataVisibility": [],
        "AnalyzeText": False, "Value": condition,
    }  # fmt: skip
    return survey.step("EmbeddedData", EmbeddedData=[entry])


def _asked(survey: _Survey, questions: tuple[StudyQuestion, ...], name: str, ending: str) -> dict[str, Any]:
    payloads = [
        question_payload(survey.next_id(ahead), question.id + ending, question)
        for ahead, question in enumerate(questions, start=1)
    ]
    return survey.block(name, payloads)


def _entry(survey: _Survey, study: Study) -> dict[str, Any]:
    return {
        "SurveyID": survey.id("SV", "survey"),
        "SurveyName": study.title or study.id,
        "SurveyDescription": None,
        "SurveyOwnerID": survey.id("UR", "owner"),
        "SurveyBrandID": "",
        "DivisionID": None,
        "SurveyLanguage": "EN",
        "SurveyActiveResponseSet": survey.id("RS", "responses"),
        "SurveyStatus": "Inactive",
        **{f"Survey{name}Date": _NEVER for name in ("Start", "Expiration", "Creation")},
        "CreatorID": survey.id("UR", "owner"),
        **{f"Last{name}": _NEVER for name in ("Modified", "Accessed", "Activated")},
        "Deleted": None,
    }


def _elements(survey: _Survey, study: Study, flow: list[dict[str, Any]]) -> list[dict[str, Any]]:
    blocks = {str(number): block for number, block in enumerate(survey.blocks)}
    root = {"Type": "Root", "FlowID": "FL_1", "Flow": flow, "Properties": {"Count": survey.steps}}
    scoring: dict[str, Any] = {
        "ScoringCategories": [], "ScoringCategoryGroups": [], "ScoringSummaryCategory": None,
        "ScoringSummaryAfterQuestions": 0, "ScoringSummaryAfterSurvey": 0, "DefaultScoringCategory": None,
    }  # fmt: skip
    questions = [(each["QuestionID"], each["QuestionDescription"], each) for each in survey.questions]
    return [
        _element(survey, "BL", "Survey Blocks", blocks),
        _element(survey, "FL", "Survey Flow", root),
        _element(survey, "PROJ", "CORE", {"ProjectCategory": "CORE", "SchemaVersion": "1.1.0"}, third="1.1.0"),
        _element(survey, "QC", "Survey Question Count", None, second=str(len(questions))),
        _element(survey, "RS", survey.id("RS", "responses"), None, second="Default Response Set"),
        _element(survey, "SCO", "Scoring", scoring),
        _element(survey, "SO", "Survey Options", _options(study)),
        _element(survey, "STAT", "Survey Statistics", {"MobileCompatible": True, "ID": "Survey Statistics"}),
        *(_element(survey, "SQ", id_, payload, second=words) for id_, words, payload in questions),
    ]


def _element(
    survey: _Survey, kind: str, name: str, payload: object, second: str | None = None, third: str | None = None
) -> dict[str, Any]:
    return {
        "SurveyID": survey.id("SV", "survey"),
        "Element": kind,
        "PrimaryAttribute": name,
        "SecondaryAttribute": second,
        "TertiaryAttribute": third,
        "Payload": payload,
    }


def _options(study: Study) -> dict[str, Any]:
    """Return the settings of the survey: nothing of its own, no way back, no title that tells what is compared."""
    off = ("BackButton", "CollectGeoLocation", "EmailThankYou", "ShowExportTags", "ValidateMessage")
    no = ("AnonymizeResponse", "PasswordProtection", "RefererCheck", "ResponseSummary")
    absent = (
        "EOSMessage", "EOSMessageLibrary", "InactiveMessage", "InactiveMessageLibrary", "SurveyExpiration",
        "ThankYouEmailMessage", "ThankYouEmailMessageLibrary", "ValidationMessage", "ValidationMessageLibrary",
    )  # fmt: skip
    return {
        **dict.fromkeys(off, "false"),
        **dict.fromkeys(no, "No"),
        **dict.fromkeys(absent),
        "AvailableLanguages": {"EN": []},
        "BallotBoxStuffingPrevention": "true",
        "EOSRedirectURL": "",
        "Footer": "",
        "Header": "",
        "InactiveSurvey": "DefaultMessage",
        "NewScoring": 1,
        "NextButton": " → ",
        "NoIndex": "Yes",
        "PartialData": "+1 week",
        "PartialDataCloseAfter": "LastActivity",
        "PreviousButton": " ← ",
        "ProgressBarDisplay": "None",
        "ProtectSelectionIds": True,
        "SaveAndContinue": "true",
        "SecureResponseFiles": "true",
        "Skin": {"brandingId": None, "templateId": "*base", "overrides": None},
        "SkinLibrary": "",
        "SkinType": "templated",
        "SurveyMetaDescription": "",
        "SurveyName": study.title or study.id,
        "SurveyProtection": "PublicSurvey",
        "SurveyTermination": "DefaultMessage",
        "SurveyTitle": "Survey",
    }
