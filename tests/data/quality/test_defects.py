import json
from pathlib import Path

import polars as pl
import pytest

from silicus.data.dataset import ROWS, Stimulus, settle
from silicus.data.quality.defects import defects
from silicus.data.readers.socsci210 import read_derived, read_hub
from silicus.data.readers.wvs_shares import read_shares
from silicus.study import Item, Scale, Source

VOTE = "Vote? Only return 1 for Yes or 2 for No, nothing else."
PAY = "Pay? Only return an integer from 1 ($0–$20) to 7 (More than $120), nothing else."
SEVEN = "Rate it. Only return an integer from 1 to 7, nothing else."
PERCENT = "How likely? Only return an integer from 0 to 100, nothing else."
OPEN = "How many? Only return an integer representing hours, nothing else."


def found(folder: Path, answers, *, stimulus=SEVEN, published=False, **columns):
    """Return the defects of a hub file: one row an answer, a person each, columns as functions of the place."""
    rows = [
        {
            "participant": place,
            "demographic": {"age": 30},
            "stimuli": stimulus(place) if callable(stimulus) else stimulus,
            "response": answer,
            "condition_num": 0,
            "task_num": 3,
            "study_id": "kryns",
        }
        | {name: value(place) if callable(value) else value for name, value in columns.items()}
        for place, answer in enumerate(answers)
    ]
    path = folder / "hub.parquet"
    pl.DataFrame(rows).write_parquet(path)
    return defects(read_hub([path], published=published))


def told(defect) -> tuple[str, str, str]:
    return defect.kind, defect.severity, defect.found


# --- answers and their scale


@pytest.mark.parametrize("published", [False, True])
def test_answers_of_another_scale_are_told_from_slips(tmp_path, published):
    # As 8ctbk has them: asked for 1 or 2, answered 3 to 12.
    only = found(
        tmp_path, [*range(3, 13)] * 9 + [1, 2] * 4, stimulus=VOTE, study_id="8ctbk", published=published,
        condition_num=lambda place: place % 2, task_num=lambda place: place % 2,
    )  # fmt: skip
    wrong = [each for each in only if each.severity == "serious"]
    assert [told(each) for each in wrong] == [
        (
            "answers of another scale",
            "serious",
            f"8ctbk, task {task}: 45 of 49 answers lie off the stated scale 1, 2 (Yes … No): {values}.",
        )
        for task, values in enumerate(["3, 5, 7, 9, 11", "4, 6, 8, 10, 12"])
    ]
    assert "take scale and answers from the study's own codebook" in wrong[0].advice


def test_codes_of_the_points_are_told_with_the_way_back(tmp_path):
    # As ztwqy has them: stated 1 to 7, answered 10 x point + 1, and nobody the sixth point.
    only = found(tmp_path, [11, 21, 31, 41, 51, 71] * 20, stimulus=PAY, study_id="ztwqy")
    assert [told(each) for each in only] == [
        (
            "answers are codes of the points",
            "serious",
            "ztwqy, task 3: 120 of 120 answers lie off the stated scale 1 to 7 ($0–$20 … More than $120), and they are "
            "10 × point + 1: 11, 21, 31, 41, 51, 71.",
        )
    ]
    assert only[0].advice == (
        "They are codes of the points. Turn them back before they are used: point = (answer − 1) / 10."
    )
    assert only[0].answers == 120


@pytest.mark.parametrize(
    ("answers", "formula", "back"),
    [
        ([10, 20, 30, 70], "they are 10 × point:", "point = answer / 10."),
        ([95, 195, 295, 695], "they are 100 × point − 5:", "point = (answer + 5) / 100."),
        ([13, 17, 25, 37], "they are 4 × point + 9:", "point = (answer − 9) / 4."),
        (
            [10, 20, 30],
            "all fit 10 × point:",
            "as point = answer / 10; other maps fit too. Look it up in the codebook.",
        ),
    ],
)
def test_the_map_from_points_to_codes_is_named(tmp_path, answers, formula, back):
    only = found(tmp_path, answers * 10)
    assert formula in only[0].found
    assert only[0].advice.endswith(back)


def test_two_wrong_values_or_few_wrong_answers_are_no_codes_of_the_points(tmp_path):
    # Any two values lie on a line with two of the points, and so do three answers of 1,000.
    assert found(tmp_path, [61, 82] * 10)[0].kind == "answers of another scale"
    assert found(tmp_path, [11, 21, 31] + [1, 4, 7] * 100)[0].kind == "answers off the scale"


def test_answers_in_millions_are_judged_at_once(tmp_path):
    # Their greatest common divisor is a hundred thousand: its divisors are not tried one by one.
    assert found(tmp_path, [1_000_000, 2_000_000, 60_100_000] * 10)[0].kind == "answers of another scale"
    assert "they are 1000000 × point:" in found(tmp_path, [1_000_000, 2_000_000, 7_000_000] * 10)[0].found


def test_a_single_slip_is_told_with_its_value_and_share(tmp_path):
    only = found(tmp_path, [61] + [1, 4, 7] * 133, study_id="yjvpn")
    assert [told(each) for each in only] == [
        (
            "answers off the scale",
            "doubtful",
            "yjvpn, task 3: 1 of 400 answers (0.2 %) lies off the stated scale 1 to 7: 61.",
        )
    ]
    assert "do not move them to the nearest point" in only[0].advice


def test_half_of_the_answers_off_the_scale_make_it_another_scale_and_nine_answers_say_nothing(tmp_path):
    assert found(tmp_path, [1, 7] * 5 + [19, 8] * 5)[0].kind == "answers of another scale"
    assert found(tmp_path, [1, 4, 7] * 4 + [19, 8] * 5)[0].kind == "answers off the scale"
    assert found(tmp_path, [19, 8, 12] * 3)[0].kind == "answers off the scale"


def test_a_question_without_a_scale_is_told_with_the_reason(tmp_path):
    only = found(tmp_path, range(12), stimulus=OPEN)
    assert [told(each) for each in only] == [
        (
            "no scale",
            "doubtful",
            "kryns, task 3: 12 answers cannot be used: no range stated, and fewer than 30 answers to see one.",
        )
    ]


def test_a_scale_that_only_the_answers_show_is_told(tmp_path):
    only = found(tmp_path, range(40), stimulus=OPEN)
    assert [told(each) for each in only] == [
        (
            "observed scale",
            "note",
            "kryns, task 3: 40 answers on a scale that no stimulus states (no range stated; 0 to 39 in the 40 answers "
            "to the task).",
        )
    ]


def test_missing_codes_are_told_with_their_counts(tmp_path):
    only = found(tmp_path, [1, 4, 7] * 20 + [98] * 5 + [-5] * 2)
    assert [told(each) for each in only] == [
        ("missing codes", "note", "kryns: 7 rows hold a reason instead of an answer: code 98 (5), code -5 (2).")
    ]


def test_missing_codes_that_are_kept_as_answers_are_off_the_scale(tmp_path):
    only = found(tmp_path, [1, 4, 7] * 20 + [98] * 5 + [-5] * 2, published=True)
    assert [told(each) for each in only] == [
        (
            "answers off the scale",
            "doubtful",
            "kryns, task 3: 7 of 67 answers (10.4 %) lie off the stated scale 1 to 7: −5, 98.",
        )
    ]
    # They lie on a line with the points, and are most of the answers; they are codes all the same.
    assert found(tmp_path, [77, 88, 99] * 10 + [1, 4, 7], published=True)[0].kind == "answers off the scale"


@pytest.mark.parametrize("published", [False, True])
@pytest.mark.parametrize(
    ("answers", "sentence", "scale", "back"),
    [
        (
            range(7),
            "15 of 105 answers lie directly below the stated scale 1 to 7: 0; none is 7.",
            "0 to 6",
            "point = answer + 1",
        ),
        (
            range(-3, 4),
            "60 of 105 answers lie directly below the stated scale 1 to 7: −3, −2, −1, 0; none lies from 4 to 7.",
            "−3 to 3",
            "point = answer + 4",
        ),
    ],
)
def test_a_scale_that_begins_lower_than_the_words_say_is_told_with_the_likely_shift(
    tmp_path, published, answers, sentence, scale, back
):
    only = found(tmp_path, [*answers] * 15, published=published)
    shifted = [each for each in only if each.kind != "missing codes"]
    assert [told(each) for each in shifted] == [("shifted or recoded scale", "serious", f"kryns, task 3: {sentence}")]
    assert f"on a scale of {scale}: {back}." in shifted[0].advice


def test_a_shift_needs_answers_beside_the_scale_and_as_many_points_that_nobody_gave(tmp_path):
    def kinds(answers, **options):
        return [each.kind for each in found(tmp_path, answers, **options) if each.severity != "note"]

    assert kinds([*range(8)] * 15) == ["answers off the scale"]  # the seventh point is in use
    assert kinds([-1, *range(1, 7)] * 15) == []  # a code, and nothing between it and the scale
    assert kinds([*range(7)] * 4) == ["answers off the scale"]  # 28 answers
    assert kinds([*range(7)] * 5) == ["shifted or recoded scale"]
    assert kinds([0] * 5 + [*range(1, 7)] * 16) == ["answers off the scale"]  # 5 of 101
    assert kinds([0] * 6 + [*range(1, 7)] * 16) == ["shifted or recoded scale"]
    assert kinds([-1] * 20 + [*range(100)] * 2, stimulus=PERCENT) == []  # nobody gave 100
    # A code below the shifted scale does not hide that it is shifted, nor does a slip.
    assert kinds([-1] * 5 + [*range(7)] * 15) == ["shifted or recoded scale"]
    assert kinds([61] + [*range(7)] * 15) == ["shifted or recoded scale"]
    slip = found(tmp_path, [61] + [*range(7)] * 15)[0].found
    assert "16 of 106 answers lie directly below the stated scale 1 to 7 or elsewhere off it: 0, 61; none" in slip
    assert kinds([61, 62] + [*range(7)] * 15) == ["answers off the scale"]


def test_codes_directly_below_a_scale_from_0_are_counted(tmp_path):
    def five(place):
        return "Rate it. Only return an integer from 0 to 4, nothing else."

    only = found(tmp_path, [*range(-2, 3)] * 10, stimulus=five)
    assert "20 of 50 answers lie directly below the stated scale 0, 1, 2, 3, 4: −2, −1; none lies" in only[0].found
    assert (only[0].kind, only[0].answers) == ("shifted or recoded scale", 20)


def test_a_question_with_an_empty_stimulus_is_named_with_its_rows(tmp_path):
    answers = [1, 4, 7] * 7
    only = found(
        tmp_path, answers, stimulus=lambda place: "" if place < 1 else SEVEN, task_num=lambda place: min(place, 1)
    )
    assert [told(each) for each in only] == [
        ("empty stimulus", "doubtful", "kryns, task 0: 1 row is left out: the stimulus is empty.")
    ]
    assert only[0].question == "task 0"


def test_a_code_on_a_long_scale_is_suspect_where_its_neighbours_are_rare(tmp_path):
    answers = [*range(101)] * 4
    only = found(tmp_path, answers + [98] * 16, stimulus=PERCENT)
    assert [told(each) for each in only] == [
        (
            "code among the answers",
            "doubtful",
            # 99 and 97 are codes themselves, and many people give the round 100: 96 is the neighbour.
            "kryns, task 3: 20 answers are 98, on the scale 0 to 100, where the neighbouring 96 has 4.",
        )
    ]
    assert found(tmp_path, answers + [98] * 15, stimulus=PERCENT) == []
    more = found(tmp_path, [*range(101)] * 5 + [77] * 19, stimulus=PERCENT)
    assert more == []
    assert (
        "the neighbouring 76 and 78 have at most 4" in found(tmp_path, answers + [77] * 16, stimulus=PERCENT)[0].found
    )


def test_a_question_that_everybody_answers_alike_is_told(tmp_path):
    only = found(tmp_path, [3] * 10)
    assert [told(each) for each in only] == [
        ("one value", "doubtful", "kryns, task 3: all 10 answers are 3, on the scale 1 to 7.")
    ]
    assert found(tmp_path, [3] * 9) == []


@pytest.mark.parametrize("answers", [[1, 2, 3], [5, 6, 7]])
def test_answers_at_one_end_of_the_scale_are_told(tmp_path, answers):
    only = found(tmp_path, answers * 10)
    end = f"{answers[0]} to {answers[-1]}"
    assert [told(each) for each in only] == [
        (
            "one end of the scale",
            "doubtful",
            f"kryns, task 3: all 30 answers lie from {end}, on the scale 1 to 7.",
        )
    ]
    assert found(tmp_path, answers * 9) == []
    assert found(tmp_path, [*answers * 10, 4]) == []


# --- stimuli, conditions and people


def test_conditions_that_all_show_the_same_words_have_lost_their_manipulation(tmp_path):
    only = found(tmp_path, [1, 4, 7] * 20, study_id="rpw4u", condition_num=lambda place: place % 12)
    assert [told(each) for each in only] == [
        (
            "conditions all alike",
            "serious",
            "rpw4u: 12 conditions, 1 distinct text for “task 3”: all show the same words. Conditions are alike in 1 of "
            "1 question asked in several (60 answers).",
        )
    ]
    assert only[0].advice.startswith("The manipulation is lost.")


def test_conditions_some_of_which_show_the_same_words_are_named(tmp_path):
    # Conditions 2 and 10 show one text, 0 another; task 4 differs in every condition.
    only = found(
        tmp_path,
        [1, 4, 7] * 20,
        stimulus=lambda place: f"{place % 3 if place < 30 else place % 3 > 0}. {SEVEN}",
        condition_num=lambda place: [0, 2, 10][place % 3],
        task_num=lambda place: 4 if place < 30 else 3,
    )
    assert [told(each) for each in only] == [
        (
            "some conditions alike",
            "doubtful",
            "kryns: 3 conditions, 2 distinct texts for “task 3”: the same words in conditions 2 and 10. Conditions are "
            "alike in 1 of 2 questions asked in several (30 answers).",
        )
    ]


def test_ranges_that_differ_are_told_from_labels_that_differ(tmp_path):
    def ranges(place):
        return f"{place % 2}. Rate it. Only return an integer from 0 to {4 + place % 2}, nothing else."

    def labels(place):
        name = "Lakisha" if place % 2 else "Emily"
        return f"Hire? Only return 1 for {name} or 2 for nobody, nothing else."

    only = found(tmp_path, [0, 0, 4, 4] * 5, stimulus=ranges, study_id="53kjy", condition_num=lambda place: place % 2)
    assert [told(each) for each in only] == [
        (
            "ranges differ",
            "doubtful",
            "53kjy, task 3: 20 answers, asked in 2 conditions, on 2 ranges: 0, 1, 2, 3, 4; 0 to 5.",
        )
    ]
    only = found(tmp_path, [1, 1, 2, 2] * 5, stimulus=labels, study_id="3ydty", condition_num=lambda place: place % 2)
    assert [told(each) for each in only] == [
        (
            "labels differ",
            "note",
            "3ydty, task 3: 20 answers, asked in 2 conditions, on 1, 2 with 2 sets of labels: (Emily … nobody); "
            "(Lakisha … nobody).",
        )
    ]


@pytest.mark.parametrize("swapped", [True, False])
def test_a_scale_turned_round_between_conditions_is_serious(tmp_path, swapped):
    def rating(place):
        ends = ("Disagree", "Agree")
        low, high = ends[::-1] if place % 3 == 2 and swapped else ends
        name = ("Never", "Always") if place % 3 == 2 and not swapped else (low, high)
        return f"{place % 3}. Only return an integer from 1 to 7, where 1 means {name[0]} and 7 means {name[1]}."

    only = found(tmp_path, [1, 2, 3, 5, 6, 7] * 5, stimulus=rating, condition_num=lambda place: [0, 2, 10][place % 3])
    if swapped:
        assert [told(each) for each in only] == [
            (
                "scale reversed between conditions",
                "serious",
                "kryns, task 3: 30 answers on scales with their ends swapped: “disagree … agree” in conditions 0 and "
                "2; “agree … disagree” in condition 10.",
            )
        ]
        assert "Turn the answers of one side round" in only[0].advice
    else:
        assert [each.kind for each in only] == ["labels differ"]


def test_yes_and_no_turned_round_are_serious_and_ranges_that_differ_are_told_beside_it(tmp_path):
    def vote(place):
        first, second = ("Yes", "No") if place % 2 else ("No", "Yes")
        return f"Vote? Only return {place % 2} for {first} or 2 for {second}, nothing else."

    only = found(tmp_path, [2] * 30, stimulus=vote, condition_num=lambda place: place % 2)
    assert [each.kind for each in only if "scale" in each.kind or "ranges" in each.kind] == [
        "scale reversed between conditions", "ranges differ",
    ]  # fmt: skip


@pytest.mark.parametrize("shown_again", [False, True])
def test_a_task_repeated_within_a_person_is_told_with_what_differs(tmp_path, shown_again):
    # Persons 0 to 9 twice, all with another stimulus, every other one with another answer; in one case once more.
    answers = [1 + place % 7 for place in range(20)] + [1 + (place + place % 2) % 7 for place in range(10)]
    only = found(
        tmp_path,
        answers + answers[:1] * shown_again,
        stimulus=lambda place: f"Profile {place // 20 if place < 30 else 0}. {SEVEN}",
        participant=lambda place: place % 20 if place < 30 else 0,
        study_id="nj5dx",
    )
    (each,) = only
    assert each.found == (
        "nj5dx: 10 people answered the same question of the same condition more than once "
        f"({20 + shown_again} answers to task 3). Of 10 such repeats the stimuli differ in {10 - shown_again}, the "
        "answers in 5."
    )
    kind = "repeated within a person" if shown_again else "repeated with other stimuli"
    assert (each.kind, each.severity) == (kind, "doubtful" if shown_again else "note")


def test_answers_to_one_question_in_two_conditions_are_no_repeat(tmp_path):
    only = found(
        tmp_path, [1, 4, 7, 2] * 5, stimulus=lambda place: f"{place % 2}. {SEVEN}",
        participant=lambda place: place // 2, condition_num=lambda place: place % 2,
    )  # fmt: skip
    assert only == []


def test_groups_of_people_repeat_no_task():
    scale = Scale(kind="binary", labels={1: "Yes", 2: "No"})
    stimulus = Stimulus("Vote?", Item("", "", "", context="", text="Vote?", scale=scale), "labels")
    rows = pl.DataFrame(
        [("w", "all", "q", "AT", 0, answer, 20, 1.0, None) for answer in (1.0, 2.0)], schema=ROWS, orient="row"
    )
    people = pl.DataFrame({"respondent": ["AT"], "weight": [1.0]})
    data = settle("w", Source(citation="c", licence="l"), [stimulus], rows, people, unit="group")
    assert defects(data) == []


def test_the_worst_comes_first_and_among_equals_what_concerns_most_answers(tmp_path):
    answers = [1] * 10 + [2] * 20 + [8, 9, 19] * 10
    tasks = [0] * 10 + [1] * 20 + [2] * 30
    only = found(tmp_path, answers, task_num=lambda place: tasks[place])
    assert [(each.kind, each.question, each.answers) for each in only] == [
        ("answers of another scale", "task 2", 30),
        ("one value", "task 1", 20),
        ("one value", "task 0", 10),
    ]


# --- real rows


def test_the_defects_of_the_real_rows_are_these(shared_data):
    folder = shared_data / "socsci210"
    only = defects(read_derived(folder / "sample_20_studies.jsonl"))
    # 12 + 6 rows of zrwjp ask for "an integer representing" dollars or hours (grep), and 6esdw shows 5 scenarios in
    # 8 conditions (counted with plain JSON in test_quality.py).
    assert [(each.kind, each.study, each.answers) for each in only] == [
        ("no scale", "zrwjp", 12),
        ("no scale", "zrwjp", 6),
        ("some conditions alike", "6esdw", 16),
    ]
    assert "in conditions 0, 1 and 5; conditions 3, 6 and 7. Conditions are alike in 3 of 3 questions" in only[2].found
    assert defects(read_hub([folder / "9nphm_hub_schema.parquet"])) == []


def test_the_question_of_the_real_shares_without_words_is_named(shared_data):
    path = shared_data / "wvs" / "train.json"
    # The entries that go straight on to the options, and their shares above 0, in plain JSON.
    entries = json.loads(path.read_text(encoding="utf-8"))
    empty = [entry for entry in entries if entry["input"].strip() == "Here are the options:"]
    assert {entry["id"] for entry in empty} == {"144"}
    rows = sum(share > 0 for entry in empty for share in entry["options_dist"].values())
    only = [each for each in defects(read_shares(path)) if each.kind == "empty stimulus"]
    assert [told(each) for each in only] == [
        ("empty stimulus", "doubtful", f"wvs7, Q144: {rows} rows are left out: the stimulus is empty.")
    ]
