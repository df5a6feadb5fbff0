import json
from pathlib import Path

import pytest

from silicus.data.deposit.qualtrics import read_survey
from silicus.data.deposit.qualtrics_assignments import Assignment, assignments
from silicus.data.deposit.qualtrics_columns import ColumnMeaning, columns
from silicus.data.deposit.qualtrics_seen import Chosen, seen
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


def text(number: int, said: str) -> Json:
    return question(f"QID{number}", f"T{number}", "DB", "TB", QuestionText=said)


def found(folder: Path, questions: list[Json], blocks: list[Json], flow: list[Json]) -> list[Assignment]:
    return assignments(read_survey(survey_file(folder, questions, blocks, flow)))


def said(assignment: Assignment) -> dict[str, list[str]]:
    """Return the name of each arm -> the texts it shows."""
    return {arm.name: [shown.text for shown in arm.shown] for arm in assignment.arms}


GAIN, LOSS, ASK = (
    text(1, "200 will be saved."),
    text(2, "400 will die."),
    question("QID3", "Choice", QuestionText="So?"),
)
FRAMES = [block("BL_1", "Gain frame", "QID1"), block("BL_2", "Loss frame", "QID2"), block("BL_3", "Outcome", "QID3")]


def test_a_randomiser_of_blocks_is_told_by_its_display_order(tmp_path: Path):
    flow = [randomises("FL_2", 1, shows("FL_3", "BL_1"), shows("FL_4", "BL_2")), shows("FL_5", "BL_3")]
    (one,) = found(tmp_path, [GAIN, LOSS, ASK], FRAMES, flow)
    assert (one.kind, one.id, one.shown, one.evenly, one.where) == ("one", "FL_2", 1, True, ())
    assert said(one) == {"Gain frame": ["200 will be saved."], "Loss frame": ["400 will die."]}
    assert one.columns == ("FL_2_DO_Gainframe", "FL_2_DO_Lossframe")


def test_embedded_data_below_a_randomiser_reach_the_branches_behind_it(tmp_path: Path):
    flow = [
        randomises("FL_2", 1, sets("FL_3", arm="1"), sets("FL_4", arm="2")),
        branch("FL_5", [logic("arm", "1")], shows("FL_6", "BL_1")),
        branch("FL_7", [logic("arm", "1", "NotEqualTo")], shows("FL_8", "BL_2")),
        shows("FL_9", "BL_3"),
    ]
    (one,) = found(tmp_path, [GAIN, LOSS, ASK], FRAMES, flow)
    assert said(one) == {"arm = 1": ["200 will be saved."], "arm = 2": ["400 will die."]}
    assert one.columns == ("arm", "FL_2_DO_FL_3", "FL_2_DO_FL_4")


def test_embedded_data_are_put_into_the_words_of_questions_and_choices(tmp_path: Path):
    asked = question("QID3", "Fair", QuestionText="Is ${e://Field/fee} fair?", Choices=words("Yes, ${e://Field/fee}"))
    flow = [
        randomises("FL_2", 1, sets("FL_3", fee="a toll"), sets("FL_4", fee="a tax")),
        shows("FL_5", "BL_3"),
    ]
    (one,) = found(tmp_path, [asked], FRAMES[2:], flow)
    assert said(one) == {"fee = a toll": ["Is a toll fair?"], "fee = a tax": ["Is a tax fair?"]}
    assert one.arms[0].shown[0].choices == ("Yes, a toll",)


def test_the_last_of_embedded_data_set_in_random_order_stays(tmp_path: Path):
    flow = [
        randomises("FL_2", 2, sets("FL_3", arm="1"), sets("FL_4", arm="2")),
        branch("FL_5", [logic("arm", "1")], shows("FL_6", "BL_1")),
        branch("FL_7", [logic("arm", "2")], shows("FL_8", "BL_2")),
    ]
    (one,) = found(tmp_path, [GAIN, LOSS], FRAMES[:2], flow)
    assert one.kind == "last"
    assert said(one) == {"arm = 1": ["200 will be saved."], "arm = 2": ["400 will die."]}
    assert one.columns == ("arm",)


def test_blocks_in_random_order_are_no_arms(tmp_path: Path):
    flow = [randomises("FL_2", 2, shows("FL_3", "BL_1"), shows("FL_4", "BL_2"))]
    (one,) = found(tmp_path, [GAIN, LOSS], FRAMES[:2], flow)
    assert (one.kind, one.shown) == ("order", 2)
    assert said(one) == {"Gain frame": [], "Loss frame": []}


def test_some_of_several_blocks_show_each_its_own_texts(tmp_path: Path):
    third = text(4, "Nobody knows.")
    flow = [randomises("FL_2", 2, *(shows(f"FL_{n + 3}", f"BL_{n + 1}") for n in range(3)))]
    blocks = [*FRAMES[:2], block("BL_3", "Unsure", "QID4")]
    (one,) = found(tmp_path, [GAIN, LOSS, third], blocks, flow)
    assert (one.kind, one.shown) == ("some", 2)
    assert said(one)["Unsure"] == ["Nobody knows."]


def test_a_question_that_only_moves_is_told_and_what_stays_is_not(tmp_path: Path):
    flow = [
        randomises("FL_2", 1, sets("FL_3", arm="first"), sets("FL_4", arm="last")),
        branch("FL_5", [logic("arm", "first")], shows("FL_6", "BL_3")),
        shows("FL_7", "BL_1"),
        shows("FL_8", "BL_2"),
        branch("FL_9", [logic("arm", "last")], shows("FL_10", "BL_3")),
    ]
    (one,) = found(tmp_path, [GAIN, LOSS, ASK], FRAMES, flow)
    assert said(one) == {"arm = first": ["So?"], "arm = last": ["So?"]}
    assert [arm.shown[0].step for arm in one.arms] == ["FL_6", "FL_10"]


def test_a_block_shown_by_either_of_two_branches_is_no_difference(tmp_path: Path):
    flow = [
        randomises("FL_2", 1, sets("FL_3", arm="1"), sets("FL_4", arm="2")),
        branch("FL_5", [logic("arm", "1")], shows("FL_6", "BL_1"), shows("FL_7", "BL_3")),
        branch("FL_8", [logic("arm", "2")], shows("FL_9", "BL_2"), shows("FL_10", "BL_3")),
    ]
    (one,) = found(tmp_path, [GAIN, LOSS, ASK], FRAMES, flow)
    assert said(one) == {"arm = 1": ["200 will be saved."], "arm = 2": ["400 will die."]}


def test_a_randomiser_inside_a_branch_says_where_it_lies_and_takes_the_branch(tmp_path: Path):
    flow = [
        randomises("FL_2", 1, sets("FL_3", arm="1"), sets("FL_4", arm="2")),
        branch("FL_5", [logic("arm", "2")], randomises("FL_6", 1, sets("FL_7", frame="g"), sets("FL_8", frame="l"))),
        branch("FL_9", [logic("frame", "g"), logic("arm", "2", join="And")], shows("FL_10", "BL_1")),
    ]
    outer, inner = found(tmp_path, [GAIN], FRAMES[:1], flow)
    assert said(inner) == {"frame = g": ["200 will be saved."], "frame = l": []}
    assert inner.where == ("If arm EqualTo 2",)
    assert [shown.when for shown in outer.arms[1].shown] == [("If frame EqualTo g And arm EqualTo 2",)]
    assert outer.arms[0].shown == ()


def test_embedded_data_that_are_set_again_later_do_not_tell_the_arm(tmp_path: Path):
    flow = [
        randomises("FL_2", 1, sets("FL_3", right="a", topic="x"), sets("FL_4", right="b", topic="y")),
        randomises("FL_5", 1, sets("FL_6", right="c"), sets("FL_7", right="d")),
    ]
    first, second = found(tmp_path, [], [], flow)
    assert first.columns == ("topic", "FL_2_DO_FL_3", "FL_2_DO_FL_4")
    assert second.columns == ("right", "FL_5_DO_FL_6", "FL_5_DO_FL_7")


def test_embedded_data_set_by_children_in_random_order_tell_no_arm_of_either(tmp_path: Path):
    flow = [
        randomises(
            "FL_2",
            2,
            randomises("FL_3", 1, sets("FL_4", right="a"), sets("FL_5", right="b")),
            randomises("FL_6", 1, sets("FL_7", right="c"), sets("FL_8", right="d")),
        )
    ]
    _, first, second = found(tmp_path, [], [], flow)
    assert first.columns == ("FL_3_DO_FL_4", "FL_3_DO_FL_5")
    assert second.columns == ("FL_6_DO_FL_7", "FL_6_DO_FL_8")


def test_embedded_data_named_or_set_before_a_randomiser_tell_its_arm(tmp_path: Path):
    flow = [
        sets("FL_2", arm=None, frame="none"),
        randomises("FL_3", 1, sets("FL_4", arm="1", frame="g"), sets("FL_5", arm="2", frame="l")),
        sets("FL_6", arm=None),
    ]
    (one,) = found(tmp_path, [], [], flow)
    assert one.columns[:2] == ("arm", "frame")


def test_embedded_data_set_on_ways_that_exclude_one_another_tell_both_arms(tmp_path: Path):
    flow = [
        randomises(
            "FL_2",
            1,
            randomises("FL_3", 1, sets("FL_4", card="a"), sets("FL_5", card="b")),
            randomises("FL_6", 1, sets("FL_7", card="a"), sets("FL_8", card="b")),
        )
    ]
    _, early, late = found(tmp_path, [], [], flow)
    assert (early.columns[0], late.columns[0]) == ("card", "card")


def test_the_same_arms_on_two_ways_point_at_one_another(tmp_path: Path):
    def arms(number: int) -> Json:
        return randomises(f"FL_{number}", 1, shows(f"FL_{number + 1}", "BL_1"), shows(f"FL_{number + 2}", "BL_2"))

    flow = [
        randomises(
            "FL_2",
            1,
            {"Type": "Group", "FlowID": "FL_3", "Description": "Early", "Flow": [arms(10), shows("FL_4", "BL_3")]},
            {"Type": "Group", "FlowID": "FL_5", "Description": "Late", "Flow": [shows("FL_6", "BL_3"), arms(20)]},
        )
    ]
    order, early, late = found(tmp_path, [GAIN, LOSS, ASK], FRAMES, flow)
    assert (order.same_as, early.same_as, late.same_as) == ((), ("FL_20",), ("FL_10",))
    assert early.where == ("1 of 2 of FL_2", "Early")


def test_a_random_number_is_an_assignment(tmp_path: Path):
    flow = [sets("FL_2", draw="${rand://int/1:2}"), branch("FL_3", [logic("draw", "2")], shows("FL_4", "BL_1"))]
    (one,) = found(tmp_path, [GAIN], FRAMES[:1], flow)
    assert (one.kind, one.columns) == ("random number", ("draw",))
    assert said(one) == {"draw = 1": [], "draw = 2": ["200 will be saved."]}


def test_questions_drawn_within_a_block_are_arms(tmp_path: Path):
    advanced = {"FixedOrder": ["{~SubSet~}", "QID3"], "RandomSubSet": ["QID1", "QID2"], "TotalRandSubset": 1}
    way = {"RandomizeQuestions": "Advanced", "Randomization": {"Advanced": advanced}}
    blocks = [block("BL_1", "My vignettes", "QID1", "QID2", "QID3", **way)]
    (one,) = found(tmp_path, [GAIN, LOSS, ASK], blocks, [shows("FL_2", "BL_1")])
    assert (one.kind, one.id, one.shown) == ("drawn questions", "BL_1", 1)
    assert said(one) == {"T1": ["200 will be saved."], "T2": ["400 will die."]}
    assert one.columns == ("Myvignettes_DO_T1", "Myvignettes_DO_T2")


def test_a_shuffled_block_is_an_order_of_questions(tmp_path: Path):
    blocks = [block("BL_1", "All", "QID1", "QID2", RandomizeQuestions="true")]
    (one,) = found(tmp_path, [GAIN, LOSS], blocks, [shows("FL_2", "BL_1")])
    assert (one.kind, one.columns) == ("question order", ("All_DO_T1", "All_DO_T2"))


def test_nothing_is_shown_behind_the_end_of_the_survey(tmp_path: Path):
    ended = {"Type": "EndSurvey", "FlowID": "FL_9"}
    flow = [
        branch("FL_2", [logic("age", "17")], ended | {"FlowID": "FL_3"}),
        shows("FL_4", "BL_1"),
        ended,
        shows("FL_5", "BL_2"),
    ]
    survey = read_survey(survey_file(tmp_path, [GAIN, LOSS], FRAMES[:2], flow))
    assert [shown.question for shown in seen(survey)] == ["QID1"]
    assert seen(survey, Chosen(taken=frozenset(["FL_2"]))) == ()


def test_embedded_data_that_hold_one_another_do_not_fill_the_memory(tmp_path: Path):
    flow = [sets("FL_2", v0="xxxxxxxxxx")]
    flow += [sets(f"FL_{n + 2}", **{f"v{n}": f"${{e://Field/v{n - 1}}}" * 10}) for n in range(1, 60)]
    asked = text(1, "${e://Field/v59}")
    survey = read_survey(survey_file(tmp_path, [asked], FRAMES[:1], [*flow, shows("FL_99", "BL_1")]))
    assert len(seen(survey)[0].text) <= 11_000


def test_more_arms_than_can_be_listed_are_refused(tmp_path: Path):
    flow = [randomises("FL_2", 1, *(sets(f"FL_{n}", arm=str(n)) for n in range(3, 1500)))]
    with pytest.raises(InputError, match=r"has 1,498 steps and randomises 1,497 arms, .* in a recipe by hand"):
        found(tmp_path, [], [], flow)


def meanings(folder: Path, header: list[str], import_ids: list[str] | None = None) -> dict[str, ColumnMeaning]:
    matrix = question(
        "QID5", "Trust", "Matrix", "Likert", Choices=words("Press", "Courts", first=7), QuestionText="How?"
    )
    several = question("QID6", "Pick", selector="MAVR", Choices=words("A", "B", first=4), RecodeValues={"4": 1, "5": 2})
    written = question("QID7", "Why", "TE", "SL", QuestionText="Why?")
    twice = [question("QID8", "Twice", QuestionText="One?"), question("QID9", "Twice", QuestionText="Two?")]
    timer = question("QID10", "T", "Timing", "PageTimer")
    tagged = question("QID11", "Own", "Matrix", "Likert", Choices=words("x"), ChoiceDataExportTags={"1": "own_x"})
    ids = ["QID5", "QID6", "QID7", "QID8", "QID9", "QID10", "QID11"]
    blocks = [block("BL_1", "Main part", *ids, RandomizeQuestions="true"), block("BL_2", "Second one", "QID1")]
    flow = [sets("FL_2", arm="1"), randomises("FL_3", 1, shows("FL_4", "BL_1"), shows("FL_5", "BL_2"))]
    path = survey_file(folder, [matrix, several, written, *twice, timer, tagged, GAIN], blocks, flow)
    return columns(read_survey(path), header, import_ids or [])


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("Trust_2", ("answer", "QID5", "8", None)),
        ("Pick_2", ("answer", "QID6", "5", None)),
        ("Pick_1_TEXT", ("written", "QID6", "4", None)),
        ("Why", ("written", "QID7", None, None)),
        ("Why_TEXT", ("written", "QID7", None, None)),
        ("2_Why", ("written", "QID7", None, None)),
        ("T_Page Submit", ("timing", "QID10", "page submit", None)),
        ("own_x", ("answer", "QID11", "1", None)),
        ("Trust_DO_8", ("choice order", "QID5", "8", None)),
        ("FL_3_DO_Mainpart", ("flow order", None, "FL_4", "FL_3")),
        ("FL_3_DO", ("flow order", None, None, "FL_3")),
        ("Mainpart_DO_Why", ("question order", "QID7", "Why", "BL_1")),
        ("arm", ("embedded data", None, None, "arm")),
        ("Duration (in seconds)", ("metadata", None, None, "Duration (in seconds)")),
        ("ResponseId", ("metadata", None, None, "ResponseId")),
        ("Q_RecaptchaScore", ("metadata", None, None, "Q_RecaptchaScore")),
        ("Whyever", ("unknown", None, None, None)),
        ("", ("unknown", None, None, None)),
    ],
)
def test_a_column_is_understood_by_its_name(tmp_path: Path, column: str, expected: tuple[str | None, ...]):
    meaning = meanings(tmp_path, [column])[column]
    assert (meaning.kind, meaning.question, meaning.part, meaning.source) == expected


def test_a_sub_question_carries_the_words_of_both(tmp_path: Path):
    assert meanings(tmp_path, ["Trust_1"])["Trust_1"].text == "How?\nPress"


def test_a_tag_of_two_questions_is_settled_by_the_import_id(tmp_path: Path):
    by_name = meanings(tmp_path, ["Twice"])["Twice"]
    assert (by_name.question, by_name.also) == ("QID8", ("QID9",))
    by_id = meanings(tmp_path, ["Twice"], ['{"ImportId":"QID9"}'])["Twice"]
    assert (by_id.question, by_id.text, by_id.also) == ("QID9", "Two?", ())


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ('{"ImportId":"QID5_8"}', ("answer", "QID5", "8", None)),
        ('{"ImportId":"2_QID5_8"}', ("answer", "QID5", "8", None)),
        ('{"ImportId":"QID5_DO","choiceId":"7"}', ("choice order", "QID5", "7", None)),
        ('{"ImportId":"FL_3_DO","choiceId":"Second one"}', ("flow order", None, "FL_5", "FL_3")),
        ('{"ImportId":"BL_1_DO","choiceId":"Why"}', ("question order", "QID7", "Why", "BL_1")),
        ('{"ImportId":"startDate","timeZone":"Z"}', ("metadata", None, None, "startDate")),
        ("{broken", ("unknown", None, None, None)),
    ],
)
def test_a_renamed_column_is_understood_by_its_import_id(tmp_path: Path, cell: str, expected: tuple[str | None, ...]):
    meaning = meanings(tmp_path, ["renamed"], [cell])["renamed"]
    assert (meaning.kind, meaning.question, meaning.part, meaning.source) == expected
    assert meaning.loop == ("2" if "2_QID5" in cell else None)


def test_an_import_id_is_read_as_json_and_never_too_long(tmp_path: Path):
    deep = '{"ImportId":' + "[" * 5000
    long = json.dumps({"ImportId": "QID5", "more": "x" * 20_000})
    assert meanings(tmp_path, ["a", "b"], [deep, long])["a"].kind == "unknown"
    assert meanings(tmp_path, ["a", "b"], [deep, long])["b"].kind == "unknown"
