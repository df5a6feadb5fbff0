from dataclasses import replace

import numpy as np
import polars as pl
import pyreadstat
import pytest

from silicus.data.dataset import ANSWERS
from silicus.data.deposit.socsci210_format import to_socsci210
from silicus.data.folder import read_dataset_folder, write_dataset_folder
from silicus.data.reader import ReadOptions
from silicus.data.readers.table import READER
from silicus.data.split import SplitPlan, split
from silicus.errors import InputError
from silicus.record import digest
from silicus.train.examples import individual_examples

CSV = """id,arm,w,age,vote,warm
a,0,1.0,30,Yes,7
b,1,0.5,41,No,
c,1,2.0,,Maybe,99
d,0,1.5,30,no answer,8
"""
BOOK = """
name: tiny
source: {citation: Somebody (2020), licence: CC0, fielded: 2020-05}
respondent: id
weight: w
condition:
  column: arm
  values:
    0: {id: control, control: true}
    1: {id: flyer, text: You get a flyer.}
attributes: {age: age}
missing: {99: Refused}
questions:
  - id: vote
    text: Will you vote?
    scale: {kind: binary, labels: {1: Yes, 0: No}}
    missing: {no answer: No answer given}
  - id: warmth
    column: warm
    text: How warm do you feel?
    scale: {kind: ordinal, low: 1, high: 7}
"""


def write(tmp_path, data=CSV, book=BOOK, name="answers.csv"):
    (tmp_path / name).write_text(data, encoding="utf-8")
    (tmp_path / f"{name}.codebook.yaml").write_text(book, encoding="utf-8")
    return tmp_path / name


def read_tiny(tmp_path, data=CSV, book=BOOK, **options):
    return READER.read(write(tmp_path, data, book), ReadOptions(**options))


# --- a table and its codebook


def test_answers_stand_in_the_order_of_the_file(tmp_path):
    made = read_tiny(tmp_path)
    assert made.responses.select("condition", "question", "respondent", "response", "weight", "missing").rows() == [
        ("control", "vote", "tiny/a", 1, 1.0, None),
        ("control", "warmth", "tiny/a", 7, 1.0, None),
        ("flyer", "vote", "tiny/b", 0, 0.5, None),
        ("flyer", "warmth", "tiny/c", None, 2.0, "Refused"),
        ("control", "vote", "tiny/d", None, 1.5, "No answer given"),
    ]
    assert made.left_out == {
        "answer outside the stated scale": 1,
        "no answer in the cell": 1,
        "vote: no point of the scale is called 'Maybe'": 1,
    }
    assert made.rows_read == 8
    assert (made.name, made.unit, made.source.fielded) == ("answers", "person", "2020-05")


def test_whole_numbers_off_the_scale_stay_as_published_where_that_is_asked(tmp_path):
    assert 8 in read_tiny(tmp_path, published=True).responses["response"].to_list()


def test_people_have_their_weight_and_attributes(tmp_path):
    assert read_tiny(tmp_path).respondents.rows(named=True) == [
        {"respondent": "tiny/a", "weight": 1.0, "age": 30},
        {"respondent": "tiny/b", "weight": 0.5, "age": 41},
        {"respondent": "tiny/c", "weight": 2.0, "age": None},
        {"respondent": "tiny/d", "weight": 1.5, "age": 30},
    ]


def test_an_attribute_has_the_words_of_the_codebook_and_no_missing_codes(tmp_path):
    book = BOOK.replace("{age: age}", "{age: {column: age, values: {30: young, 41: null}}, mood: free}")
    data = "".join(
        f"{line},{cell}\n" for line, cell in zip(CSV.splitlines(), ["free", "99", "b", "b", ""], strict=True)
    )
    people = read_tiny(tmp_path, data, book).respondents
    assert people["age"].to_list() == ["young", None, None, "young"]
    assert people["mood"].to_list() == [None, "b", "b", None]


def test_an_item_has_the_words_of_its_condition_and_question(tmp_path):
    made = read_tiny(tmp_path)
    shown = {(item.condition, item.question): (item.context, item.text) for item in made.cells()}
    assert shown["flyer", "vote"] == ("You get a flyer.", "Will you vote?")
    assert shown["control", "vote"] == ("", "Will you vote?")
    provenance = dict(made.shown.select("question", "provenance").iter_rows())
    assert provenance == {"vote": "labels", "warmth": "stated"}
    assert digest("Will you vote?") in made.shown["stimulus"].to_list()


def test_without_a_respondent_column_every_row_is_a_person(tmp_path):
    made = read_tiny(tmp_path, book=BOOK.replace("respondent: id\n", "").replace("weight: w\n", ""))
    assert made.respondents["respondent"].to_list() == ["tiny/1", "tiny/2", "tiny/3", "tiny/4"]
    assert set(made.responses["weight"]) == {1.0}


def test_without_a_condition_everybody_was_shown_the_same(tmp_path):
    start, end = BOOK.index("condition:"), BOOK.index("attributes:")
    made = read_tiny(tmp_path, book=BOOK[:start] + BOOK[end:])
    assert set(made.responses["condition"]) == {"all"}


def test_a_value_without_a_condition_stops_or_is_left_out_on_purpose(tmp_path):
    data = CSV + "e,2,1,50,Yes,3\nf,,1,50,Yes,3\n"
    with pytest.raises(
        InputError,
        match=r"the column 'arm' holds the value '2' in 1 of 6 rows, and the codebook has no condition for it. "
        r"Add it under condition > values, or leave these rows out: 2: null",
    ):
        read_tiny(tmp_path, data)
    made = read_tiny(tmp_path, data, BOOK.replace("    1: {id: f", "    2: null\n    1: {id: f"))
    assert made.left_out["arm: rows of '2', left out by the codebook"] == 2
    assert made.left_out["arm: no condition in the cell"] == 2
    assert "tiny/e" not in made.respondents["respondent"].to_list()


def test_crossed_conditions_join_their_names_and_words(tmp_path):
    data = "a,b,q\n1,1,1\n1,2,2\n2,1,3\n2,2,4\n"
    book = """
name: tiny
source: {citation: x, licence: CC0}
condition:
  - {column: a, values: {1: {id: low, text: Low.}, 2: {id: high, text: High.}}}
  - {column: b, values: {1: {id: plain}, 2: {id: flyer, text: A flyer.}}}
questions:
  - {id: q, text: Well, scale: {kind: ordinal, low: 1, high: 4}}
"""
    made = read_tiny(tmp_path, data, book)
    shown = {item.condition: item.context for item in made.cells()}
    assert shown == {"low × plain": "Low.", "low × flyer": "Low.\n\nA flyer.", "high × plain": "High.",
                     "high × flyer": "High.\n\nA flyer."}  # fmt: skip
    assert made.responses.select("condition", "response").rows()[2] == ("high × plain", 3)


def test_values_map_cells_to_points_before_labels_and_numbers(tmp_path):
    book = BOOK.replace("{kind: binary, labels: {1: Yes, 0: No}}", "{kind: ordinal, low: 1, high: 3}\n"
                        "    values: {Yes: 3, Maybe: 2, No: 1}")  # fmt: skip
    made = read_tiny(tmp_path, book=book)
    votes = made.responses.filter(question="vote")["response"].to_list()
    assert votes == [3, 1, 2, None]


def test_values_alone_make_a_scale(tmp_path):
    book = BOOK.replace("scale: {kind: binary, labels: {1: Yes, 0: No}}", "values: {Yes: 1, No: 2, Maybe: 3}")
    item = next(item for item in read_tiny(tmp_path, book=book).cells() if item.question == "vote")
    assert (item.scale.kind, list(item.scale.labels.items())) == ("nominal", [(1, "Yes"), (2, "No"), (3, "Maybe")])


def test_words_shown_are_built_from_the_row(tmp_path):
    data = "person,job,age,hired\n1,nurse,30,0\n1,cook,41,1\n2,nurse,30,1\n2,,41,0\n"
    book = """
name: jobs
source: {citation: x, licence: CC0}
respondent: person
show: "A {job} of {years} {{sic}}."
fields: {years: {column: age, values: {30: thirty}}}
questions:
  - id: hired
    text: Would you hire the {job}
    scale: {kind: binary, labels: {0: No, 1: Yes}}
"""
    made = read_tiny(tmp_path, data, book)
    assert [(i.context, i.text) for i in made.items.values()] == [
        ("A nurse of thirty {sic}.", "Would you hire the nurse"),
        ("A cook of 41 {sic}.", "Would you hire the cook"),
    ]
    assert made.left_out == {"an empty cell among the words shown": 1}
    assert len(made.respondents) == 2
    nurses, cook = made.responses["item"][0], made.responses["item"][1]
    assert made.responses["item"].to_list() == [nurses, cook, nurses]


FIELDS = """
name: jobs
source: {citation: x, licence: CC0}
respondent: person
show: "A {person} and {free} of {answer}."
fields: {person: {column: job, values: {1: nurse, 2: cook}}, answer: age, left: order}
attributes: {answer: sex}
missing: {99: Refused}
questions:
  - id: hired
    text: Would you hire them?
    scale: {kind: binary, labels: {0: No, 1: Yes}}
"""


def test_answers_carry_the_fields_of_their_row_in_the_words_shown(tmp_path):
    data = "person,job,age,order,free,sex,hired\n1,1,30,2,x,f,0\n1,2,41.0,,y,f,1\n2,1,30,99,x,m,99\n"
    made = read_tiny(tmp_path, data, FIELDS)
    assert made.responses.columns == [*ANSWERS, "shown.person", "shown.answer", "shown.left"]
    assert made.responses.select("^shown.*$", "response").rows() == [
        ("nurse", "30", "2", 0), ("cook", "41", None, 1), ("nurse", "30", None, None)
    ]  # fmt: skip
    assert made.respondents.columns == ["respondent", "weight", "answer"]
    write_dataset_folder(tmp_path / "made", made, made_from="jobs.csv")
    assert read_dataset_folder(tmp_path / "made").responses.equals(made.responses)


def test_fields_whatever_their_names_are_taken_for_nothing_else(tmp_path):
    rows = [f"{n},{1 + n % 2},{30 + n},{n},x,f,{n % 2}" for n in range(8)]
    data = "\n".join(["person,job,age,order,free,sex,hired", *rows]) + "\n"
    made = read_tiny(tmp_path, data, FIELDS)
    plain = replace(made, responses=made.responses.select(ANSWERS.names()))
    tables = [individual_examples(each.items, each.responses, each.respondents).table for each in (made, plain)]
    assert tables[0].equals(tables[1])
    texts = [to_socsci210(each, lambda item: item.text, lambda item, _: item.text) for each in (made, plain)]
    assert texts[0].equals(texts[1])
    plan = SplitPlan(hold_out={"respondent": 0.3})
    parts = [split(each, plan, np.random.default_rng(3))[0].responses for each in (made, plain)]
    assert parts[0].columns[-2:] == ["split", "unseen"]
    assert parts[0].drop("^shown.*$").equals(parts[1])


def test_conditions_that_cross_without_end_are_refused(tmp_path):
    arms = "{column: arm, values: {" + ", ".join(f"{n}: {{id: a{n}}}" for n in range(30)) + "}}"
    book = (
        BOOK.partition("condition:")[0] + f"condition: [{', '.join([arms] * 9)}]\n" + BOOK[BOOK.index("attributes") :]
    )
    with pytest.raises(InputError, match=r"cross to 19,683,000,000,000 conditions, expected at most 10,000\."):
        read_tiny(tmp_path, book=book)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_ids_that_differ_only_in_their_ending_are_several_people(tmp_path, kind):
    ids = [f"1.{n}" for n in range(1, 31)] + ["1.5 "]
    data = pl.DataFrame({"id": ids, "q": [1, 2, 3] * 10 + [1]})
    path = tmp_path / f"a.{kind}"
    data.write_csv(path) if kind == "csv" else data.write_parquet(path)
    book = tmp_path / "book.yaml"
    book.write_text(
        "name: 2024\nsource: {citation: x, licence: CC0}\nrespondent: id\n"
        "questions: [{id: q, text: Well, scale: {kind: ordinal, low: 1, high: 3}}]\n"
    )
    made = READER.read(path, ReadOptions(codebook=book))
    assert made.respondents["respondent"].to_list() == [f"2024/{each}" for each in ids]


def test_digits_beyond_64_bits_are_words(tmp_path):
    data = CSV.replace(",30,", f",{2**63},").replace(",41,", ",5,")
    assert read_tiny(tmp_path, data).respondents["age"].to_list() == [str(2**63), "5", None, str(2**63)]


def test_a_decimal_is_left_out_as_no_whole_number(tmp_path):
    assert read_tiny(tmp_path, CSV.replace("Yes,7", "Yes,6.5")).left_out["answer is no whole number"] == 1


def test_the_rows_of_the_file_and_slips_of_the_codebook_are_noted(tmp_path):
    book = BOOK.replace("{99: Refused}", "{99: Refused, 98: Unsure, 97: Skipped}").replace(
        "{age: age}", "{age: {column: age, values: {30: young, 77: old}}}"
    )
    book = book.replace("{no answer: No answer given}", "{no answer: No answer given, none: None}")
    assert read_tiny(tmp_path, book=book).notes == {
        "rows in the file, each read as one cell a question": 4,
        "missing codes of the codebook that no cell holds: '97', '98'": 2,
        "values of 'age' that no cell of 'age' holds: '77'": 1,
        "missing codes of the question vote that no cell holds: 'none'": 1,
        "cells of the question vote that hold 'Maybe', no point of its scale (left out)": 1,
    }


def test_people_whose_rows_differ_in_weight_are_noted(tmp_path):
    made = read_tiny(tmp_path, CSV.replace("b,1,0.5,41", "a,1,0.5,30"))
    note = "people whose rows differ in 'w': answers keep their own weight, people get their first"
    assert made.notes[note] == 1
    assert made.responses.filter(respondent="tiny/a")["weight"].to_list() == [1.0, 1.0, 0.5]
    assert made.respondents["weight"][0] == 1.0


def test_a_codebook_may_end_in_yml(tmp_path):
    path = write(tmp_path)
    (tmp_path / "answers.csv.codebook.yaml").rename(tmp_path / "answers.csv.codebook.yml")
    assert READER.recognises(path)
    assert READER.read(path, ReadOptions()).name == "answers"


def test_a_doubled_column_stops_only_who_names_it(tmp_path):
    lines = zip(CSV.splitlines(), ["t,t", *["1,2"] * 4], strict=True)
    data = "".join(f"{line},{more}\n" for line, more in lines)
    assert len(read_tiny(tmp_path, data).respondents) == 4
    with pytest.raises(InputError, match=r"names the column 't' of answers.csv, but its name stands twice in the head"):
        read_tiny(tmp_path, data, BOOK.replace("{age: age}", "{time: t}"))


def test_what_only_one_row_of_a_person_tells_counts_for_all(tmp_path):
    data = "id,age,q\n1,,1\n1,30,2\n2,40,1\n"
    book = BOOK.partition("respondent")[0] + (
        "respondent: id\nattributes: {age: age}\nquestions:\n"
        "  - {id: q, text: Well, scale: {kind: binary, low: 1, high: 2}}\n"
    )
    assert read_tiny(tmp_path, data, book).respondents.select("respondent", "age").rows() == [
        ("tiny/1", 30), ("tiny/2", 40)
    ]  # fmt: skip
    with pytest.raises(InputError, match=r"'tiny/1' has the age 31 in one row and 30 in another"):
        read_tiny(tmp_path, data.replace("1,,1", "1,31,1"), book)


# --- what is refused


@pytest.mark.parametrize(
    ("data", "book", "message"),
    [
        (CSV, BOOK.replace("weight: w", "weight: ww"), r"names the column 'ww', which answers.csv does not have"),
        (CSV, BOOK.replace("column: warm", "column: warmt"), r"column 'warmt'.* Did you mean 'warm'"),
        (CSV, BOOK.replace("vote?", "vote, {agee}?"), r"names the column 'agee', .* Did you mean 'age'"),
        (
            CSV,
            BOOK.replace("    1: {id: f", "    2: {id: f"),
            r"the column 'arm' never holds the value '2'.* Known: 0, 1",
        ),
        (CSV.replace("b,1,0.5", ",1,0.5"), BOOK, r"answers.csv line 3: the column 'id' is empty"),
        (CSV.replace("b,1,0.5", "b,1,-0.5"), BOOK, r"answers.csv line 3: found '-0.5' as 'w', expected a weight of 0"),
        (CSV.replace("b,1,0.5", "b,1,"), BOOK, r"answers.csv line 3: found nothing as 'w'"),
        (
            CSV,
            BOOK.replace("labels: {1: Yes, 0: No}", "labels: {1: yes, 0: nein}").replace("no answer:", "none:"),
            r"no cell of 'vote' is an answer to the question 'vote'. The first is 'Yes'. Did you mean 'yes'",
        ),
        (
            CSV,
            BOOK.replace("    scale: {kind: ordinal, low: 1, high: 7}\n", ""),
            r"the question 'warmth' has no scale, and answers.csv does not label the points of 'warm' one by one",
        ),
        (
            CSV,
            BOOK.replace("{kind: ordinal, low: 1, high: 7}", "{kind: ordinal, labels: {1: None, 6: One, 7: 8, 8: 9}}"),
            r"the cell '8' of the question 'warmth' is a point of its scale and the words of the point 7.* \{8: 7\}",
        ),
        (
            CSV,
            BOOK.replace("scale: {kind: binary, labels: {1: Yes, 0: No}}", "values: {Yes: 1}"),
            r"the question 'vote': its labels are no scale \(1 point\)",
        ),
    ],
)
def test_a_codebook_that_does_not_fit_its_table_is_refused(tmp_path, data, book, message):
    with pytest.raises(InputError, match=message):
        read_tiny(tmp_path, data, book)


def test_a_text_table_without_a_codebook_is_told_how_to_get_one(tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text(CSV)
    with pytest.raises(
        InputError, match=r"needs a codebook .* silicus data codebook .*answers.csv > .*csv.codebook.yaml"
    ):
        READER.read(path, ReadOptions())


def test_a_codebook_that_is_not_there_is_answered_with_the_nearest(tmp_path):
    path = write(tmp_path)
    with pytest.raises(InputError, match=r"no such file. Did you mean 'answers.csv.codebook.yaml'"):
        READER.read(path, ReadOptions(codebook=tmp_path / "answer.csv.codebook.yaml"))


def test_text_tables_are_recognised_by_the_codebook_beside_them(tmp_path):
    assert READER.recognises(write(tmp_path))
    pl.DataFrame({"q": [1]}).write_parquet(tmp_path / "a.parquet")
    assert not READER.recognises(tmp_path / "a.parquet")
    assert not READER.recognises(tmp_path)
    (tmp_path / "a.sav").touch()
    assert READER.recognises(tmp_path / "a.sav")


# --- labels of the file


def test_a_question_without_a_scale_takes_the_labels_of_its_column(tmp_path):
    path = tmp_path / "survey.sav"
    pyreadstat.write_sav(
        pl.DataFrame({"q": [1.0, 2.0, -9.0]}),
        str(path),
        missing_ranges={"q": [{"lo": -99, "hi": -1}]},
        variable_value_labels={"q": {1: "1", 2: "0", -9: "Not asked"}},
    )
    book = tmp_path / "book.yaml"
    book.write_text("name: s\nsource: {citation: x, licence: CC0}\nquestions: [{id: q, text: Vote}]\n")
    made = READER.read(path, ReadOptions(codebook=book))
    assert [item.scale.labels for item in made.items.values()] == [{1: "1", 2: "0"}]
    assert made.responses["missing"].to_list() == [None, None, "Not asked"]
