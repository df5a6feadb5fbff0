"""Small surveys of our own, built from dictionaries as Qualtrics would write them."""

import json
from pathlib import Path

Json = dict[str, object]


def question(id_: str, tag: str, kind: str = "MC", selector: str = "SAVR", **more: object) -> Json:
    payload = {"QuestionID": id_, "DataExportTag": tag, "QuestionType": kind, "Selector": selector, **more}
    return {"Element": "SQ", "Payload": payload}


def words(*texts: str, first: int = 1) -> Json:
    return {str(number): {"Display": text} for number, text in enumerate(texts, start=first)}


def block(id_: str, name: str, *questions: str, **options: object) -> Json:
    elements = [{"Type": "Question", "QuestionID": each} for each in questions]
    return {"ID": id_, "Type": "Standard", "Description": name, "BlockElements": elements, "Options": options}


def shows(flow_id: str, block_id: str) -> Json:
    return {"Type": "Standard", "FlowID": flow_id, "ID": block_id}


def sets(flow_id: str, **values: str | None) -> Json:
    entries = [{"Field": name} | ({} if value is None else {"Value": value}) for name, value in values.items()]
    return {"Type": "EmbeddedData", "FlowID": flow_id, "EmbeddedData": entries}


def randomises(flow_id: str, shown: object, *children: Json) -> Json:
    return {
        "Type": "BlockRandomizer",
        "FlowID": flow_id,
        "SubSet": shown,
        "EvenPresentation": True,
        "Flow": list(children),
    }


def logic(field: str, value: str, operator: str = "EqualTo", join: str | None = None) -> Json:
    said = f'<span class="c">{join or "If"}</span> <b>{field}</b> {operator} {value}'
    test: Json = {"LogicType": "EmbeddedField", "LeftOperand": field, "Operator": operator, "RightOperand": value}
    return test | {"Description": said} | ({"Conjuction": join} if join else {})


def branch(flow_id: str, tests: list[Json], *children: Json) -> Json:
    group = {str(number): test for number, test in enumerate(tests)} | {"Type": "If"}
    tree = {"0": group, "Type": "BooleanExpression"}
    return {"Type": "Branch", "FlowID": flow_id, "BranchLogic": tree, "Flow": list(children)}


def survey_file(folder: Path, questions: list[Json], blocks: list[Json], flow: list[Json]) -> Path:
    elements = [
        {"Element": "BL", "Payload": {str(number): each for number, each in enumerate(blocks)}},
        {"Element": "FL", "Payload": {"Type": "Root", "FlowID": "FL_1", "Flow": flow}},
        {"Element": "SO", "Payload": {"AvailableLanguages": {"EN": [], "DE": []}}},
        *questions,
    ]
    path = folder / "survey.qsf"
    entry = {"SurveyName": "A <i>small</i> survey", "SurveyLanguage": "EN"}
    path.write_text(json.dumps({"SurveyEntry": entry, "SurveyElements": elements}), encoding="utf-8")
    return path
