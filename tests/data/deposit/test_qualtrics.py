import copy
import json
import random
from pathlib import Path

import pytest

from silicus.data.deposit.qualtrics import Survey, read_survey
from silicus.data.deposit.qualtrics_assignments import assignments
from silicus.data.deposit.qualtrics_columns import columns
from silicus.data.deposit.qualtrics_flow import BlockStep, Branch, EmbeddedData, End, Group, OtherStep, Randomiser
from silicus.data.deposit.qualtrics_text import filled, media_in, pipes_in, plain
from silicus.errors import InputError
from tests.data.deposit.qualtrics_files import (
    Json,
    block,
    branch,
    logic,
    question,
    randomises,
    sets,
    shows,
    survey_file,
    words,
)


def of_one(folder: Path, asked: Json) -> Survey:
    id_ = str(asked["Payload"]["QuestionID"])  # type: ignore[index]
    return read_survey(survey_file(folder, [asked], [block("BL_1", "All", id_)], [shows("FL_2", "BL_1")]))


def test_html_becomes_the_words_a_reader_sees():
    text = "<style>p {color: red}</style><p>Is 3 < 5&nbsp;&amp; 2?</p>\n<div>One<br>two<br><br>three</div>"
    text += "<!-- <b>no</b> -->"
    assert plain(text) == "Is 3 < 5 & 2?\nOne\ntwo\n\nthree"
    assert plain("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>") == "a b\nc"
    assert plain("<script>if (a < b) { document.write('<p>x</p>') }</script>Yes\u200b<img src=x>") == "Yes"
    assert plain("unfinished <b and <!-- more") == "unfinished <b and"


def test_many_open_tags_and_comments_take_no_time():
    assert plain("<" * 500_000 + "x").endswith("x")
    assert plain("<!--" * 300_000) == ""
    assert plain("<script>" * 100_000 + "x") == ""
    assert plain("<div>" * 100_000 + "x") == "x"


def test_pictures_are_told_by_their_description_else_their_address():
    html = "<img src='a.png' alt='A red barn'> <img src=\"b.png\"> <iframe src=film></iframe>"
    assert media_in(html) == ("A red barn", "b.png", "film")


def test_places_for_piped_words_are_kept_listed_and_filled():
    text = plain("About <b>${e://Field/fee}</b>: ${q://QID1/ChoiceGroup/SelectedChoices}")
    assert text == "About ${e://Field/fee}: ${q://QID1/ChoiceGroup/SelectedChoices}"
    assert pipes_in([text, text]) == ("${e://Field/fee}", "${q://QID1/ChoiceGroup/SelectedChoices}")
    assert filled(text, {"fee": "a toll"}) == "About a toll: ${q://QID1/ChoiceGroup/SelectedChoices}"


def test_recoded_choices_are_read_in_the_order_shown(tmp_path: Path):
    asked = question(
        "QID4",
        "Share",
        QuestionText="<div>Would you <b>share</b> it?</div>",
        Choices=words("Very unlikely", "Somewhat unlikely", "Very likely", first=7),
        ChoiceOrder=[9, "8", 7],
        RecodeValues={"7": 1, "8": "2", "9": 3},
        Validation={"Settings": {"ForceResponse": "ON"}},
        Randomization={"Type": "All"},
    )
    found = of_one(tmp_path, asked).questions["QID4"]
    assert found.text == "Would you share it?"
    assert [(choice.id, choice.code) for choice in found.choices] == [("9", "3"), ("8", "2"), ("7", "1")]
    assert found.scale is not None
    assert found.scale.labels == {1: "Very unlikely", 2: "Somewhat unlikely", 3: "Very likely"}
    assert (found.scale.kind, found.forced, found.order) == ("ordinal", True, "random")


def test_bare_numbers_between_labelled_ends_are_no_labels(tmp_path: Path):
    asked = question("QID1", "Q1", Choices=words("1 = Not at all", "2", "3", "4", "5 = Very much"))
    scale = of_one(tmp_path, asked).questions["QID1"].scale
    assert scale is not None
    assert (scale.low, scale.high, scale.labels) == (1, 5, {1: "1 = Not at all", 5: "5 = Very much"})


def test_a_refusal_among_the_choices_stays_beside_the_scale(tmp_path: Path):
    asked = question("QID1", "Q1", Choices=words("Never", "Sometimes", "Often", "Prefer not to say"))
    scale = of_one(tmp_path, asked).questions["QID1"].scale
    assert scale is not None
    assert scale.values == (1, 2, 3)
    assert scale.refusals == {4: "Prefer not to say"}


@pytest.mark.parametrize(
    ("selector", "more"),
    [
        ("MAVR", {}),
        ("SAVR", {"RecodeValues": {"1": "yes", "2": "no"}}),
        ("SAVR", {"RecodeValues": {"1": 1, "2": 1}}),
        ("SAVR", {"Choices": words("Yes", "Yes")}),
        ("SAVR", {"Choices": words("${e://Field/right}", "${e://Field/wrong}")}),
    ],
)
def test_no_scale_is_told_where_the_points_are_unknown(tmp_path: Path, selector: str, more: Json):
    asked = question("QID1", "Q1", selector=selector, **{"Choices": words("Yes", "No"), **more})
    assert of_one(tmp_path, asked).questions["QID1"].scale is None


def test_a_matrix_has_sub_questions_and_recoded_answers(tmp_path: Path):
    asked = question(
        "QID2",
        "Trust",
        "Matrix",
        "Likert",
        SubSelector="SingleAnswer",
        Choices=words("The press", "The courts"),
        ChoiceDataExportTags={"1": "trust_press", "2": "trust_courts"},
        Answers=words("A lot", "A little", "None at all", first=11),
        AnswerOrder=["13", "12", "11"],
        RecodeValues={"11": "3", "12": "2", "13": "1"},
    )
    found = of_one(tmp_path, asked).questions["QID2"]
    assert (found.kind, found.selector) == ("matrix", "Matrix/Likert/SingleAnswer")
    assert [(each.id, each.text, each.tag) for each in found.choices] == [
        ("1", "The press", "trust_press"),
        ("2", "The courts", "trust_courts"),
    ]
    assert found.scale is not None
    assert found.scale.labels == {1: "None at all", 2: "A little", 3: "A lot"}


def test_a_slider_has_the_range_of_its_settings(tmp_path: Path):
    settings = {"CSSliderMin": 0, "CSSliderMax": 100, "GridLines": 10, "SnapToGrid": True, "NumDecimals": "0"}
    asked = question("QID3", "Warm", "Slider", "HSLIDER", Choices=words("&nbsp;"), Configuration=settings)
    scale = of_one(tmp_path, asked).questions["QID3"].scale
    assert scale is not None
    assert (scale.kind, scale.low, scale.high, scale.step) == ("numeric", 0, 100, 10)
    decimal = question("QID3", "Warm", "Slider", "HSLIDER", Configuration=settings | {"NumDecimals": "1"})
    assert of_one(tmp_path, decimal).questions["QID3"].scale is None


def test_a_picture_and_display_logic_belong_to_the_question(tmp_path: Path):
    shown_if = {"0": {"0": logic("arm", "2"), "1": logic("arm", "3", join="Or"), "Type": "If"}}
    asked = question(
        "QID1", "Q1", "DB", "GRB", QuestionText="Look:", GraphicsDescription="A headline", DisplayLogic=shown_if
    )
    found = of_one(tmp_path, asked).questions["QID1"]
    assert found.media == ("A headline",)
    assert not found.asks
    assert found.shown_if is not None
    assert found.shown_if.words == "If arm EqualTo 2 Or arm EqualTo 3"
    assert [found.shown_if.holds({"arm": arm}) for arm in "123"] == [False, True, True]
    assert found.shown_if.holds({}) is None


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("NotEqualTo", "4", True),
        ("GreaterThan", "4", True),
        ("LessThanOrEqual", "10", True),
        ("Contains", "2", False),
        ("Empty", "", False),
        ("MatchesRegex", "5", True),
        ("MatchesRegex", "(x+x+)+y", None),
        ("Unheard", "5", None),
    ],
)
def test_logic_holds_or_not_or_cannot_be_told(tmp_path: Path, operator: str, value: str, expected: bool | None):
    path = survey_file(tmp_path, [], [], [branch("FL_2", [logic("age", value, operator)])])
    step = read_survey(path).flow[0]
    assert isinstance(step, Branch)
    assert step.logic.holds({"age": "5"}) is expected


def test_the_flow_is_a_tree_of_steps(tmp_path: Path):
    flow = [
        sets("FL_2", PROLIFIC_PID=None, wave="2"),
        randomises("FL_3", "1", shows("FL_4", "BL_1"), shows("FL_5", "BL_2")),
        {"Type": "Group", "FlowID": "FL_6", "Description": "Rest", "Flow": [shows("FL_7", "BL_1")]},
        {"Type": "WebService", "FlowID": "FL_8"},
        {"Type": "EndSurvey", "FlowID": "FL_9"},
    ]
    survey = read_survey(survey_file(tmp_path, [], [block("BL_1", "One"), block("BL_2", "Two")], flow))
    assert (survey.name, survey.languages) == ("A small survey", ("EN", "DE"))
    assert survey.flow == (
        EmbeddedData("FL_2", {"PROLIFIC_PID": None, "wave": "2"}),
        Randomiser("FL_3", 1, True, (BlockStep("FL_4", "BL_1"), BlockStep("FL_5", "BL_2"))),
        Group("FL_6", "Rest", (BlockStep("FL_7", "BL_1"),)),
        OtherStep("FL_8", "WebService", ()),
        End("FL_9"),
    )


def test_leftovers_are_read_but_not_asked(tmp_path: Path):
    trash = block("BL_0", "Trash", "QID2") | {"Type": "Trash"}
    both = [question("QID1", "Fee"), question("QID2", "Fee")]
    survey = read_survey(survey_file(tmp_path, both, [trash, block("BL_1", "All", "QID1")], [shows("FL_2", "BL_1")]))
    assert survey.asked == ("QID1",)
    assert set(survey.questions) == {"QID1", "QID2"}
    assert [each.id for each in survey.tagged("Fee")] == ["QID1"]
    assert set(survey.blocks) == {"BL_1"}


def test_a_block_tells_which_questions_it_shuffles_draws_and_never_shows(tmp_path: Path):
    advanced = {
        "FixedOrder": ["QID1", "{~SubSet~}", "{~Randomized~}", "{~Randomized~}"],
        "RandomizeAll": ["QID2", "QID3"],
        "RandomSubSet": ["QID4", "QID5"],
        "Undisplayed": ["QID6"],
        "TotalRandSubset": 1,
    }
    ids = [f"QID{number}" for number in range(1, 7)]
    way = {"RandomizeQuestions": "Advanced", "Randomization": {"Advanced": advanced}}
    path = survey_file(tmp_path, [question(i, i) for i in ids], [block("BL_1", "All", *ids, **way)], [])
    found = read_survey(path).blocks["BL_1"]
    assert found.questions == ("QID1", "QID4", "QID2", "QID3", "QID5")
    assert (found.shuffled, found.drawn, found.shown) == (("QID2", "QID3"), ("QID4", "QID5"), 1)


def test_a_file_that_is_no_json_is_refused_by_its_line(tmp_path: Path):
    path = tmp_path / "survey.qsf"
    path.write_text('{"SurveyEntry": {},\n"SurveyElements": [}')
    with pytest.raises(InputError, match=r"survey\.qsf line 2: not valid JSON: .* Expected a \.qsf file"):
        read_survey(path)


def test_an_absent_file_a_folder_and_bytes_that_are_no_text_are_refused(tmp_path: Path):
    with pytest.raises(InputError, match="no such file"):
        read_survey(tmp_path)
    path = tmp_path / "survey.qsf"
    path.write_bytes(b'{"a": "\xff\xfe"}')
    with pytest.raises(InputError, match=r"is no UTF-8 text \(invalid start byte at byte 7\), expected JSON"):
        read_survey(path)


def test_a_file_of_more_than_50_megabytes_is_refused_unread(tmp_path: Path):
    path = tmp_path / "survey.qsf"
    with path.open("wb") as file:
        file.truncate(50 * 1024 * 1024 + 1)
    with pytest.raises(InputError, match="found 52,428,801 bytes, expected a survey of at most 52,428,800"):
        read_survey(path)


@pytest.mark.parametrize("content", ["[]", "{}", '{"SurveyElements": {}}', "3", '"SurveyElements"'])
def test_json_that_is_no_survey_is_refused(tmp_path: Path, content: str):
    path = tmp_path / "survey.qsf"
    path.write_text(content)
    with pytest.raises(InputError, match="found JSON without a list of 'SurveyElements', expected a survey"):
        read_survey(path)


def test_a_survey_without_flow_is_refused(tmp_path: Path):
    path = tmp_path / "survey.qsf"
    path.write_text('{"SurveyElements": [{"Element": "BL", "Payload": []}]}')
    with pytest.raises(InputError, match="has no flow or no blocks"):
        read_survey(path)


def test_lists_in_lists_without_end_are_refused(tmp_path: Path):
    path = tmp_path / "survey.qsf"
    path.write_text("[" * 200_000)
    with pytest.raises(InputError, match="nested too deep"):
        read_survey(path)


def test_a_number_of_many_digits_is_refused(tmp_path: Path):
    path = tmp_path / "survey.qsf"
    path.write_text("9" * 10_000)
    with pytest.raises(InputError, match="cannot be read as JSON"):
        read_survey(path)


def test_a_flow_that_is_too_deep_is_refused(tmp_path: Path):
    step: Json = shows("FL_99", "BL_1")
    for number in range(60):
        step = {"Type": "Group", "FlowID": f"FL_{number}", "Flow": [step]}
    with pytest.raises(InputError, match="nested deeper than 50 steps"):
        read_survey(survey_file(tmp_path, [], [], [step]))


def test_a_flow_that_is_too_long_is_refused(tmp_path: Path):
    steps = [shows(f"FL_{number}", "BL_1") for number in range(5001)]
    with pytest.raises(InputError, match="more than 5,000 steps"):
        read_survey(survey_file(tmp_path, [], [], steps))


def test_ids_that_stand_twice_are_refused(tmp_path: Path):
    with pytest.raises(InputError, match="two steps of the flow have the id 'FL_2'"):
        read_survey(survey_file(tmp_path, [], [], [shows("FL_2", "BL_1"), shows("FL_2", "BL_1")]))
    with pytest.raises(InputError, match="two questions have the id 'QID1'"):
        read_survey(survey_file(tmp_path, [question("QID1", "a"), question("QID1", "b")], [], []))


def test_a_wrong_type_is_named_with_its_place(tmp_path: Path):
    with pytest.raises(InputError, match=r"survey\.qsf \(QID1 > QuestionText\): found \['a'\], expected words"):
        of_one(tmp_path, question("QID1", "Q1", QuestionText=["a"]))
    with pytest.raises(InputError, match=r"\(QID1 > Choices\): found 'none', expected a mapping or a list"):
        of_one(tmp_path, question("QID1", "Q1", Choices="none"))
    with pytest.raises(InputError, match="found nothing, expected the id of a question"):
        read_survey(survey_file(tmp_path, [{"Element": "SQ"}], [], []))
    with pytest.raises(InputError, match="expected the id of a block"):
        read_survey(survey_file(tmp_path, [], [{"Type": "Standard"}], []))
    with pytest.raises(InputError, match="expected a step of the flow with a FlowID and a Type"):
        read_survey(survey_file(tmp_path, [], [], [{"Type": "Standard"}]))


def test_half_a_surrogate_pair_can_be_written_later(tmp_path: Path):
    found = of_one(tmp_path, question("QID1", "Q1", QuestionText="A \ud83d face"))
    assert found.questions["QID1"].text.encode("utf-8") == b"A ? face"


def _places(value: object) -> list[tuple[object, object]]:
    """Return every container of a nested value with each of its keys."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [(value, key) for key in keys] + [each for key in keys for each in _places(value[key])]  # type: ignore[index]


def test_any_value_of_another_type_ends_in_a_survey_or_a_clear_error(tmp_path: Path):
    display = {"0": {"0": logic("arm", "a"), "Type": "If"}}
    questions = [
        question("QID1", "Q1", Choices=words("Yes", "No"), RecodeValues={"1": 1, "2": 0}, DisplayLogic=display),
        question("QID2", "Q2", "Matrix", "Likert", Choices=words("x"), Answers=words("a", "b")),
        question("QID3", "Q3", "Slider", "HSLIDER", Configuration={"CSSliderMin": 0, "CSSliderMax": 9}),
    ]
    advanced = {"FixedOrder": ["{~SubSet~}"], "RandomSubSet": ["QID2", "QID3"], "TotalRandSubset": 1}
    way = {"RandomizeQuestions": "Advanced", "Randomization": {"Advanced": advanced}}
    blocks = [block("BL_1", "One", "QID1"), block("BL_2", "Two", "QID2", "QID3", **way)]
    flow = [
        sets("FL_2", n="${rand://int/1:3}"),
        randomises("FL_3", 1, sets("FL_4", arm="a"), sets("FL_5", arm="b")),
        branch("FL_6", [logic("arm", "a")], shows("FL_7", "BL_1")),
        shows("FL_8", "BL_2"),
    ]
    path = survey_file(tmp_path, questions, blocks, flow)
    whole = json.loads(path.read_text())
    draw = random.Random(6)  # noqa: S311
    refused: list[str] = []
    for number in range(len(_places(whole))):
        broken = copy.deepcopy(whole)
        container, key = _places(broken)[number]
        container[key] = draw.choice([None, 3, -1.5, True, "x", [], ["x"], {}, {"x": "y"}, [[]], 10**30])  # type: ignore[index]
        path.write_text(json.dumps(broken))
        try:
            survey = read_survey(path)
            assignments(survey)
            columns(survey, ["Q1", "Q2_1", "FL_3_DO_FL_4", "Two_DO_Q2"], ['{"ImportId": "QID1"}', "{", "[]", ""])
        except InputError as error:
            refused.append(str(error))
    assert len(refused) > 10
    assert all("survey" in message for message in refused)
