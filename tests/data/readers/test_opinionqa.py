import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from silicus.data import ReadOptions, read_dataset
from silicus.data.readers.opinionqa import READER
from silicus.errors import InputError
from silicus.study import Scale

FILE = Path("opinionqa") / "group_distributions.jsonl.gz"


def line(**changes):
    row = {
        "wave": "W26",
        "qkey": "SAFE_W26",
        "attribute": "POLPARTY",
        "group": "Democrat",
        "question": "How safe are you?",
        "options": ["Very", "Somewhat", "Not"],
        "ordinal": [1.0, 2.0, 3.0],
        "n": 10.0,
        "refused": 1.0,
        "counts": [2.0, 3.0, 4.0],
    }
    return {key: value for key, value in (row | changes).items() if value != "absent"}


def write(folder: Path, *rows, name: str = "groups.jsonl") -> Path:
    path = folder / name
    text = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def read(folder: Path, *rows):
    return READER.read(write(folder, *rows), ReadOptions())


def scale(folder: Path, options, ordinal) -> Scale:
    counts = [1.0] * len(options)
    made = read(folder, line(options=options, ordinal=ordinal, counts=counts, refused=0, n=len(options)))
    (item,) = made.items.values()
    return item.scale


def test_counts_become_rows_of_a_group_with_its_attribute(tmp_path):
    made = read(tmp_path, line(), line(attribute="AGE", group="18-29"))
    rows = made.responses.select("study", "condition", "question", "respondent", "response", "n", "weight").rows()
    start = ("W26", "all", "SAFE_W26", "POLPARTY: Democrat")
    assert rows[:4] == [(*start, 1, 2, 1.0), (*start, 2, 3, 1.0), (*start, 3, 4, 1.0), (*start, 99, 1, 1.0)]
    assert made.respondents.rows(named=True) == [
        {"respondent": "POLPARTY: Democrat", "weight": 1.0, "party_id": "Democrat", "age": None},
        {"respondent": "AGE: 18-29", "weight": 1.0, "party_id": None, "age": "18-29"},
    ]
    assert (made.unit, made.left_out, made.fielded) == ("group", {}, {"W26": "2017-04-04/2017-04-18"})


def test_an_option_nobody_chose_has_no_row(tmp_path):
    made = read(tmp_path, line(counts=[0, 6.0, 4.0], refused=0))
    assert made.responses["response"].to_list() == [2, 3]


def test_a_group_is_the_same_respondent_in_every_wave(tmp_path):
    made = read(tmp_path, line(), line(wave="W27", qkey="SAFE_W27"))
    assert made.respondents["respondent"].to_list() == ["POLPARTY: Democrat"]
    assert made.responses["study"].unique(maintain_order=True).to_list() == ["W26", "W27"]
    assert len(made.items) == 1


def test_the_scale_follows_the_places_and_not_the_order_of_the_options(tmp_path):
    made = scale(tmp_path, ["Better", "Worse", "The same"], [1.0, 2.0, 1.5])
    assert (made.kind, made.labels) == ("ordinal", {1: "Better", 2: "The same", 3: "Worse"})


def test_the_counts_move_with_their_options(tmp_path):
    made = read(tmp_path, line(ordinal=[1.0, 2.0, 1.5], refused=0, n=9))
    assert dict(made.responses.select("response", "n").rows()) == {1: 2, 3: 3, 2: 4}


def test_places_with_unequal_steps_become_ranks_and_this_is_said(tmp_path):
    made = read(tmp_path, line(options=list("abcde"), ordinal=[1, 2, 3, 4, 2.5], counts=[1, 1, 1, 1, 5]))
    (item,) = made.items.values()
    assert item.scale.labels == {1: "a", 2: "b", 3: "e", 4: "c", 5: "d"}
    assert made.shown["reason"].to_list() == ["ranks of the source's places 1, 2, 2.5, 3, 4"]


@pytest.mark.parametrize("ordinal", [[1.0, 2.0], [1.0, 2.0, None], [1.0, 2.0, -1]])
def test_an_option_without_a_place_is_a_refusal(tmp_path, ordinal):
    made = scale(tmp_path, ["Move", "Stay", "Not sure"], ordinal)
    assert (made.kind, made.values, made.refusals) == ("binary", (1, 2), {98: "Not sure", 99: "Refused"})


def test_one_place_for_all_is_no_order(tmp_path):
    made = scale(tmp_path, ["Radio", "Web", "Print"], [1, 1, 1])
    assert (made.kind, made.labels) == ("nominal", {1: "Radio", 2: "Web", 3: "Print"})


def test_options_that_share_a_place_with_others_apart_have_no_order_either(tmp_path):
    made = read(tmp_path, line(ordinal=[1.0, 2.0, 2.0]))
    assert [item.scale.kind for item in made.items.values()] == ["nominal"]
    assert made.shown["reason"].to_list() == [None]


def test_options_that_make_no_scale_leave_their_rows_out(tmp_path):
    made = read(tmp_path, line(options=["Yes", "No", "No"]), line(group="Other"))
    assert made.left_out == {"no scale: the label 'No' stands twice. Give every point its own words": 4}
    assert made.responses["respondent"].unique().to_list() == ["POLPARTY: Other"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (line(n=11), "line 2: counts and refused add up to 10, n is 11. Correct one of them."),
        (line(counts=[2.5, 3, 4]), "line 2: found the count 2.5, expected a whole number of people, 0 or more."),
        (line(refused=-1), "line 2: found the count -1, expected a whole number of people, 0 or more."),
        (line(counts=[2, 3]), "line 2: found 2 counts for 3 options, expected one an option."),
        (line(ordinal=[1] * 4), "line 2: found 4 ordinal values, expected no more than the 3 options."),
        (
            line(ordinal=["low", 2, 3]),
            "line 2: found the ordinal value 'low', expected a number, or null for no place.",
        ),
        (line(refused="absent", refusal=1), "line 2: the key 'refused' is missing. Did you mean 'refusal'?"),
        (line(options="Yes"), "line 2: found options 'Yes', expected a list."),
        (line(n=True), "line 2: found n True, expected a number."),
        (["a"], 'line 2: found ["a"], expected a JSON object.'),
    ],
)
def test_a_wrong_line_is_named_with_what_was_found_and_expected(tmp_path, row, message):
    path = write(tmp_path, line(group="Republican"), row)
    with pytest.raises(InputError) as caught:
        READER.read(path, ReadOptions())
    assert str(caught.value) == f"{path} {message}"


def test_a_group_that_answers_a_question_twice_is_named_with_both_lines(tmp_path):
    path = write(tmp_path, line(), line())
    with pytest.raises(InputError) as caught:
        READER.read(path, ReadOptions())
    assert str(caught.value) == (
        f"{path} line 2: found 'POLPARTY: Democrat' and the question 'SAFE_W26' of W26 again, after {path} line 1. "
        "Keep one of them."
    )


def test_a_file_that_is_broken_or_empty_is_refused(tmp_path):
    path = tmp_path / "groups.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(line()).encode())[:-12])
    with pytest.raises(InputError, match=r"groups.jsonl.gz: cannot be read as UTF-8 text \("):
        READER.read(path, ReadOptions())
    with pytest.raises(InputError, match=r"groups.jsonl: found no line of counts, expected JSON lines"):
        read(tmp_path)


def test_broken_json_is_named_with_its_line_and_empty_lines_count(tmp_path):
    path = tmp_path / "groups.jsonl"
    path.write_text(json.dumps(line()) + '\n\n{"wave": \n')
    with pytest.raises(InputError, match=r"groups.jsonl line 3: not valid JSON: .* at column"):
        READER.read(path, ReadOptions())


def test_the_form_is_recognised_plain_gzipped_in_a_folder_and_with_a_key_missing(tmp_path):
    assert READER.recognises(write(tmp_path, line(refused="absent")))
    assert READER.recognises(write(tmp_path, line(), name="groups.jsonl.gz"))
    assert READER.recognises(tmp_path)


def test_a_file_is_read_by_its_form(tmp_path):
    assert read_dataset(write(tmp_path, line())).source == READER.source


def test_other_files_are_not_recognised_and_raise_nothing(tmp_path):
    (tmp_path / "a.jsonl.gz").write_bytes(b"no gzip")
    (tmp_path / "b.jsonl").write_bytes(b"\xff\xfe")
    (tmp_path / "c.csv").write_text("wave,qkey,refused,counts\n")
    assert not READER.recognises(tmp_path)
    assert not READER.recognises(tmp_path / "absent.jsonl")


def test_a_folder_that_cannot_be_listed_is_not_recognised(tmp_path, monkeypatch):
    def refuse(folder):
        raise PermissionError(folder)

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert not READER.recognises(tmp_path)


# --- the real file


@pytest.fixture(scope="module")
def lines(shared_data):
    """Return the objects on the lines of the real file, read without our code."""
    with gzip.open(shared_data / FILE, "rt", encoding="utf-8") as file:
        return [json.loads(text) for text in file]


@pytest.fixture(scope="module")
def made(shared_data):
    return READER.read(shared_data / FILE, ReadOptions())


def test_every_person_and_refusal_of_the_real_file_is_there(made, lines):
    # 18,669,153 counts a person once an attribute and question; 164,750 of them refused.
    assert len(lines) == 15_700
    assert made.responses["n"].sum() == sum(row["n"] for row in lines) == 18_669_153
    refused = made.responses.filter(made.responses["response"] == 99)
    assert refused["n"].sum() == sum(row["refused"] for row in lines) == 164_750
    # 50,743 counts and 14,395 refusals above 0.
    cells = sum(sum(count > 0 for count in row["counts"]) + (row["refused"] > 0) for row in lines)
    assert made.rows_read == len(made.responses) == cells == 65_138
    assert (made.left_out, made.name) == ({}, "group_distributions")


def test_waves_questions_groups_and_stimuli_of_the_real_file_are_counted(made, lines):
    assert set(made.responses["study"]) == {row["wave"] for row in lines} == set(made.fielded)
    assert made.responses["question"].n_unique() == len({row["qkey"] for row in lines}) == 394
    assert len(made.respondents) == len({(row["attribute"], row["group"]) for row in lines}) == 40
    # Three questions about satisfaction were asked word for word in W32 and in W50.
    shown = {(row["question"], *row["options"]) for row in lines}
    assert len(made.items) == len(shown) == 391
    assert made.respondents.columns[2:] == [
        "age", "region", "education", "income", "ideology", "party_id", "ethnicity", "gender",
    ]  # fmt: skip


def test_the_counts_of_each_option_of_the_real_file_are_those_of_its_label(made, lines):
    expected = {
        (row["wave"], row["qkey"], f"{row['attribute']}: {row['group']}", option): count
        for row in lines
        for option, count in [*zip(row["options"], row["counts"], strict=True), ("Refused", row["refused"])]
        if count
    }
    found = {
        (study, question, respondent, made.items[item].scale.label(response)): n
        for study, question, respondent, item, response, n in made.responses.select(
            "study", "question", "respondent", "item", "response", "n"
        ).iter_rows()
    }
    assert found == expected


def test_the_scales_of_the_real_file_have_these_kinds(made, lines):
    # Counted over the distinct wordings: one place for all options, two places, more of them.
    places = {(row["question"], *row["options"]): row["ordinal"] for row in lines}
    kinds = Counter("nominal" if len(set(o)) == 1 else "binary" if len(o) == 2 else "ordinal" for o in places.values())
    assert Counter(item.scale.kind for item in made.items.values()) == kinds
    assert kinds == {"ordinal": 258, "binary": 129, "nominal": 4}
    beside = Counter(item.scale.refusals.get(98) for item in made.items.values())
    assert beside == {None: 383, "Not sure": 7, "I don't know the answer": 1}
