import json
from collections import Counter, defaultdict

import polars as pl
import pytest

from silicus.data.dataset import ROWS, Stimulus, settle
from silicus.data.quality.quality import Quality, inspect
from silicus.data.readers.socsci210 import read_derived, read_hub
from silicus.study import Item, Scale, Source

SOURCE = Source(citation="Someone (2020).", licence="CC0")
SEVEN = Scale(kind="ordinal", low=1, high=7)
EIGHT = Scale(kind="ordinal", low=0, high=7)


def shown(text: str, scale: Scale | None = SEVEN, provenance="stated", reason=None) -> Stimulus:
    item = scale and Item("", "", "", context="", text=text, scale=scale)
    return Stimulus(text, item, provenance, reason)


def dataset(stimuli, *rows, unit="person", **columns):
    """Return a dataset of rows (study, condition, question, respondent, stimulus, answer, missing)."""
    full = [(*row[:6], columns.get("n", 1), 1.0, *(row[6:] or (None,))) for row in rows]
    table = pl.DataFrame(full, schema=ROWS, orient="row")
    names = table["respondent"].unique(maintain_order=True).to_list()
    people = pl.DataFrame(
        {"respondent": names, "weight": 1.0, "age": 40, "team": [n if n[-1] in "1357" else None for n in names]}
    )
    return settle("tiny", SOURCE, stimuli, table, people, unit=unit)


@pytest.fixture(scope="module")
def tiny() -> Quality:
    stimuli = [shown("A"), shown("B"), shown("A", EIGHT), shown("C", None, "unsupported", "no range stated")]
    return inspect(
        dataset(
            stimuli,
            ("s", "0", "q", "s/1", 0, 3.0),
            ("s", "0", "q", "s/1", 1, 4.0),
            ("s", "0", "q", "s/2", 1, 9.5),
            ("s", "1", "q", "s/3", 2, 0.0),
            ("s", "1", "q", "s/4", 2, 98.0),
            ("s", "1", "r", "s/4", 0, None, "Refused"),
            ("s", "2", "r", "s/3", 0, 5.0),
            ("s", "2", "r", "s/3", 0, 5.0),
            ("t", "0", "q", "t/1", 3, 5.0),
            ("t", "0", "r", "t/1", 0, 5.0),
        )
    )


def test_the_rows_of_the_dataset_are_counted(tiny):
    assert (tiny.name, tiny.source, tiny.unit, tiny.rows_read) == ("tiny", SOURCE, "person", 10)
    assert tiny.rows_kept + sum(tiny.left_out.values()) == tiny.rows_read
    assert tiny.left_out == {"answer is no whole number": 1, "no scale: no range stated": 1}
    # s/2 gave the answer off the scale only.
    assert tiny.respondents == 4
    assert tiny.attributes == {"age": 1.0, "team": 0.75}
    assert [study.study for study in tiny.studies] == ["s", "t"]


def test_a_study_is_counted(tiny):
    study = tiny.studies[0]
    assert (study.rows, study.answers, study.respondents) == (8, 5, 3)
    assert (study.conditions, study.questions, study.cells, study.stimuli) == (3, 2, 4, 2)
    assert study.scales == {"stated": 8}
    assert (study.outside, study.outside_share, study.outside_answers) == (1, 1 / 6, [9.5])
    assert study.missing == {"Refused": 1, "code 98": 1}
    assert study.attributes == {"age": 1.0, "team": 2 / 3}


def test_cells_with_several_stimuli_and_with_few_answers_are_counted(tiny):
    # (0, q) shows A and B; (1, q) has one answer, (1, r) none.
    study = tiny.studies[0]
    assert study.cells_of_several_stimuli == 1
    assert study.cells_of_few_answers == 2


def test_repeats_say_what_differs(tiny):
    repeats = tiny.studies[0].repeats
    assert repeats is not None
    assert (repeats.people, repeats.rows, repeats.repeated) == (2, 4, 2)
    assert (repeats.stimuli_differ, repeats.answers_differ, repeats.questions) == (1, 1, ["q", "r"])
    assert tiny.studies[1].repeats is None


def test_conditions_with_the_same_words_and_scales_that_differ_are_named(tiny):
    study = tiny.studies[0]
    assert [each.model_dump() for each in study.alike] == [
        {"question": "r", "conditions": 2, "texts": 1, "groups": [["1", "2"]]}
    ]
    assert [each.model_dump() for each in study.scale_changes] == [
        {"question": "q", "range_differs": True, "scales": ["1 to 7", "0 to 7"], "conditions": 2}
    ]


def test_a_question_without_a_scale_has_no_share_off_it():
    found = inspect(dataset([shown("C", None, "unsupported", "no range")], ("t", "0", "q", "t/1", 0, 5.0)))
    study = found.studies[0]
    assert (study.scales, study.outside_share, study.cells_of_few_answers) == ({"unsupported": 1}, None, 1)
    assert (found.respondents, found.attributes, study.respondents, study.attributes) == (0, {}, 0, {})
    assert study.doubtful == 1


def test_studies_with_serious_defects_come_first_then_those_with_most_rows():
    rows = [("a", "0", "q", f"a/{n}", 0, 1.0 + n % 7) for n in range(14)]
    rows += [("b", "0", "q", f"b/{n}", 0, 1.0 + n % 7) for n in range(21)]
    rows += [("c", "0", "q", f"c/{n}", 0, 12.0 + n % 7 * 2) for n in range(10)]
    found = inspect(dataset([shown("A")], *rows))
    assert [(s.study, s.serious, s.doubtful) for s in found.studies] == [("c", 1, 0), ("b", 0, 0), ("a", 0, 0)]


def test_a_count_of_people_is_no_few_answers_and_groups_repeat_nothing():
    rows = [("w", "all", "q", "AT", 0, answer) for answer in (1.0, 2.0)]
    study = inspect(dataset([shown("A")], *rows, unit="group", n=20)).studies[0]
    assert (study.cells_of_few_answers, study.repeats) == (0, None)
    study = inspect(dataset([shown("A")], *rows[:1], unit="group", n=None)).studies[0]
    assert study.cells_of_few_answers == 0


def test_a_report_without_any_row_kept_is_still_a_report():
    found = inspect(dataset([shown("A")], ("s", "0", "q", "s/1", 0, 61.0)))
    assert (found.rows_kept, found.studies[0].answers, found.studies[0].outside) == (0, 0, 1)


def test_a_report_survives_the_way_to_disk(tiny):
    assert Quality.model_validate_json(tiny.model_dump_json()) == tiny


# --- real rows


def test_the_studies_of_the_real_rows_are_counted_as_plain_json_counts_them(shared_data):
    path = shared_data / "socsci210" / "sample_20_studies.jsonl"
    found = inspect(read_derived(path))
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows, conditions, scenarios = Counter(), defaultdict(set), defaultdict(set)
    for line in lines:
        rows[line["study_id"]] += 1
        conditions[line["study_id"]].add(line["condition_num"])
        scenarios[line["study_id"]].add(line["input"].partition("Scenario:")[2].strip())
    assert (found.rows_read, found.rows_kept, len(found.studies)) == (len(lines), 2762, len(rows)) == (2780, 2762, 20)
    assert {s.study: s.rows for s in found.studies} == rows
    assert {s.study: s.conditions for s in found.studies} == {study: len(c) for study, c in conditions.items()}
    assert {s.study: s.stimuli for s in found.studies} == {study: len(s) for study, s in scenarios.items()}
    # Every output of the 2,762 rows with a scale is a whole number on it.
    assert sum(s.outside for s in found.studies) == 0
    # No line says who answered.
    assert (found.unit, found.respondents, found.studies[0].repeats) == ("row", 2762, None)
    named = Counter(name for line in lines if line["study_id"] != "zrwjp" for name in _named(line["input"]))
    assert {name: round(share * 2762) for name, share in found.attributes.items()} == {
        "age": named["Age"], "gender": named["Gender"], "education": named["Education"], "income": named["Income"],
        "employment": named["Employment"], "party_id": named["Political affiliation"], "ideology": named["Ideology"],
    }  # fmt: skip


def _named(text: str) -> list[str]:
    demographics = text.partition("Demographics:")[2].partition("\n")[0]
    return [pair.partition(":")[0].strip() for pair in demographics.split("; ")]


def test_the_conditions_of_6esdw_show_the_same_words_as_plain_json_finds(shared_data):
    path = shared_data / "socsci210" / "sample_20_studies.jsonl"
    study = next(s for s in inspect(read_derived(path)).studies if s.study == "6esdw")
    where = defaultdict(lambda: defaultdict(set))
    for line in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
        scenario = line["input"].partition("Scenario:")[2].strip()
        if line["study_id"] == "6esdw":
            question = scenario.partition("After you listed person #")[2][0]
            where[question][scenario].add(str(line["condition_num"]))
    plain = {
        question: (sum(map(len, texts.values())), len(texts), sorted(sorted(c) for c in texts.values() if len(c) > 1))
        for question, texts in where.items()
    }
    assert plain["2"] == (6, 2, [["0", "1", "5"], ["3", "6", "7"]])
    assert plain == {
        alike.question.partition("#")[2][0]: (alike.conditions, alike.texts, sorted(alike.groups))
        for alike in study.alike
    }


def test_the_real_hub_rows_have_34_people_and_no_repeat(shared_data):
    # 36 rows of 34 participants (two answered both tasks), 9 cells, 9 stimuli: polars on the file itself.
    path = shared_data / "socsci210" / "9nphm_hub_schema.parquet"
    table = pl.read_parquet(path)
    found = inspect(read_hub([path]))
    study = found.studies[0]
    assert study.respondents == table["participant"].n_unique() == 34
    assert study.stimuli == table["stimuli"].n_unique() == 9
    assert study.cells == table.select("condition_num", "task_num").n_unique() == 9
    assert (study.repeats, study.alike, study.scale_changes, found.defects) == (None, [], [], [])
    ethnicity = table["demographic"].struct.field("ethnicity")
    assert found.attributes["ethnicity"] == ethnicity.is_not_null().sum() == 0
