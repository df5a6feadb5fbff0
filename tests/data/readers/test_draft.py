import re
from pathlib import Path

import polars as pl
import pyreadstat
import pytest

from silicus.data.reader import ReadOptions
from silicus.data.readers.codebook import Codebook
from silicus.data.readers.draft import draft_codebook, in_degrees
from silicus.data.readers.labelled import read_labelled
from silicus.data.readers.table import READER, read_answers
from silicus.errors import InputError
from silicus.record import read

PAGE = Path(__file__).resolve().parents[3] / "docs" / "your-own-data.md"


def filled(path, draft):
    """Write a draft with its TODOs, and nothing else, replaced by words; return its codebook."""
    book = path / "draft.yaml"
    book.write_text(
        re.sub(r"TODO[^\n]*", "Words: any, even with {{braces}} and a question mark?", draft), encoding="utf-8"
    )
    return read(book, Codebook)


def csv_file(tmp_path, rows=24):
    header = "caseid,wt,cond,age,mood,heat,free,slider,done\n"
    lines = (
        f"{100 + n},{0.5 + n / 16},{n % 2},{20 + n},{('Very bad', 'Bad', 'Good', 'Very good')[n % 4]},"
        f"{n % 7 + 1},text {n},{n * 4 % 101},{('2.0', '')[n % 2]}\n"
        for n in range(rows)
    )
    path = tmp_path / "answers.csv"
    path.write_text(header + "".join(lines))
    return path


def test_a_column_may_be_called_rows(tmp_path):
    (tmp_path / "answers.csv").write_text("id,rows\na,1\nb,2\nc,2\n", encoding="utf-8")
    assert "rows" in draft_codebook(tmp_path / "answers.csv")


def test_a_draft_guesses_the_roles_of_columns(tmp_path):
    book = filled(tmp_path, draft_codebook(csv_file(tmp_path)))
    assert (book.name, book.respondent, book.weight) == ("answers", "caseid", "wt")
    assert [factor.column for factor in book.condition] == ["cond"]
    assert list(book.condition[0].values) == ["0", "1"]
    assert {name: each.column for name, each in book.attributes.items()} == {"age": "age"}
    scales = {question.id: str(question.scale) for question in book.questions}
    assert scales == {"mood": "1, 2, 3, 4", "heat": "1 to 7", "slider": "0 to 100"}


def test_a_draft_names_every_column_with_its_values(tmp_path):
    draft = draft_codebook(csv_file(tmp_path))
    assert "answers.csv: 24 rows, 9 columns" in draft
    assert "heat  # 7 numbers: 1 (4), 2 (4), 3 (4), 4 (3)" in draft
    assert "#   done: 1 numbers: 2 (12); 12 empty" in draft
    assert "#   free: 24 words: text 0 (1)" in draft


def test_a_draft_is_refused_while_a_todo_is_left(tmp_path):
    book = tmp_path / "draft.yaml"
    book.write_text(draft_codebook(csv_file(tmp_path)))
    with pytest.raises(
        InputError, match=r"draft.yaml line 5 \(source\): found 'TODO whom to cite'. Write the words"
    ) as error:
        read(book, Codebook)
    assert "found 'TODO the words of the question'" in str(error.value)
    assert "found 'TODO the words shown to these 12 rows'" in str(error.value)


def test_what_the_condition_determines_is_no_question(tmp_path):
    path = tmp_path / "a.csv"
    tone = ("good", "bad", "good", "bad")
    path.write_text("cond,tone,q\n" + "".join(f"{n % 4},{tone[n % 4]},{n % 3}\n" for n in range(24)))
    draft = draft_codebook(path)
    assert [question.id for question in filled(tmp_path, draft).questions] == ["q"]
    assert "# Part of the condition: they say nothing that its column does not say.\n#   tone: 2 words" in draft


def test_words_of_no_answer_are_refusals_in_a_draft(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("q\n" + "Yes\nNo\nDK\n" * 3)
    scale = filled(tmp_path, draft_codebook(path)).questions[0].scale
    assert scale is not None
    assert (scale.kind, scale.labels, scale.refusals) == ("binary", {1: "No", 2: "Yes"}, {3: "DK"})


def test_a_column_that_cannot_be_used_is_listed_with_the_reason(tmp_path):
    path = tmp_path / "a.parquet"
    pl.DataFrame({"q": [1, 2] * 3, "tags": [["a"]] * 6}).write_parquet(path)
    assert "# Columns that cannot be used.\n#   'tags': it holds List(String), neither" in draft_codebook(path)


def test_ids_that_differ_only_in_their_ending_name_the_people_of_a_draft(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("key,q\n" + "".join(f"1.{n},{n % 2}\n" for n in range(1, 31)))
    assert "respondent: key  #" in draft_codebook(path)


def test_words_with_signs_of_yaml_survive_a_draft(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('"a: b",null,"x{y}"\nyes: # no,"it\'s ""so""",1\n"- no",true,2\nyes: # no,true,1\n')
    book = filled(tmp_path, draft_codebook(path))
    labels = {question.id: question.scale.labels for question in book.questions if question.scale}
    assert labels["a: b"] == {1: "- no", 2: "yes: # no"}
    assert labels["null"] == {1: 'it\'s "so"', 2: "true"}
    assert len(read_answers(read_labelled(path), book, "draft").responses) == 9


def test_a_labelled_file_is_drafted_with_its_titles_and_labels(tmp_path):
    path = tmp_path / "a.sav"
    pyreadstat.write_sav(
        pl.DataFrame({"q": [1.0, 2.0, 3.0, 9.0], "pid3": [1.0, 2.0, 1.0, 1.0]}),
        str(path),
        missing_ranges={"q": [9]},
        variable_value_labels={"q": {1: "Never", 2: "Often", 3: "Don't know", 9: "Skipped"}},
        column_labels={"q": "How {often}?"},
    )
    draft = draft_codebook(path)
    book = filled(tmp_path, draft)
    assert "; missing: 9 Skipped" in draft
    assert (book.questions[0].text, list(book.attributes)) == ("How {{often}}?", ["party_id"])
    assert book.questions[0].scale.refusals == {3: "Don't know"}
    made = read_answers(read_labelled(path), book, "draft")
    assert made.responses.select("response", "missing").rows() == [(1, None), (2, None), (3, None), (None, "Skipped")]


@pytest.mark.parametrize("column", ["id", "CaseID", "pid", "uid", "user_id"])
def test_a_person_with_several_rows_is_told_of_show(tmp_path, column):
    path = tmp_path / "a.csv"
    path.write_text(f"{column},q\n" + "".join(f"{n // 2},{n % 2}\n" for n in range(40)))
    draft = draft_codebook(path)
    assert f"respondent: {column}  # 20 numbers" in draft
    assert "# show:" in draft


@pytest.mark.parametrize(
    "words",
    [
        ["Strongly disagree", "Disagree", "Neither agree nor disagree", "Agree", "Strongly agree"],
        ["not anxious at all", "a little anxious", "somewhat anxious", "very anxious"],
        ["Never", "Rarely", "Sometimes", "Often", "Always"],
        ["Very unlikely", "Somewhat unlikely", "Somewhat likely", "Very likely"],
        ["Very bad", "Bad", "Good", "Very good"],
    ],
)
def test_degrees_are_put_in_order(words):
    assert in_degrees(sorted(words)) == words


def test_words_without_degrees_have_no_order():
    assert in_degrees(["Democrat", "Independent", "Republican"]) is None


@pytest.mark.parametrize(
    "file",
    [
        "framing/framing.csv", "framing/patriot_act.csv", "conjoint/taxes.csv.gz", "conjoint/HainmuellerHopkins.dta",
        "gss/poliscidata_gss.csv.gz", "deposits/covid_yougov/FourthWave.sav", "deposits/parties/affect_exp_data.dta",
        "deposits/parties/pcomp_yougov_data.dta",
    ],
)  # fmt: skip
def test_the_draft_of_a_real_file_reads_it_once_its_todos_are_filled(shared_data, tmp_path, file):
    path = shared_data / file
    draft = draft_codebook(path)
    book = filled(tmp_path, draft)
    table = read_labelled(path)
    assert all(column in draft for column in table.cells.columns)
    made = read_answers(table, book, "draft")
    assert len(made.responses) + sum(made.left_out.values()) == len(book.questions) * table.cells.height
    assert len(made.responses) > 0


# --- the page


def files_of_the_page(folder):
    """Write the files shown in the page, as it names them."""
    blocks = re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for name, text in blocks:
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name, _ in blocks]


def test_the_example_of_the_page_is_read_as_it_says(tmp_path):
    data, book, _ = files_of_the_page(tmp_path)
    assert READER.recognises(data)
    made = READER.read(data, ReadOptions())
    assert (made.rows_read, made.left_out) == (12, {"no answer in the cell": 1})
    assert (len(made.answered), made.responses["missing"].drop_nulls().to_list()) == (10, ["Refused"])
    assert "Of the 12 cells here, 10 are answers" in " ".join(PAGE.read_text(encoding="utf-8").split())
    assert made.respondents.row(1, named=True) == {
        "respondent": "flyer/p2", "weight": 1.0, "age": 51, "education": "College"
    }  # fmt: skip
    assert {item.condition for item in made.cells()} == {"control", "flyer"}
    assert book.name == f"{data.name}.codebook.yaml"


def test_the_draft_of_the_pages_example_needs_only_its_todos(tmp_path):
    data, *_ = files_of_the_page(tmp_path)
    book = filled(tmp_path, draft_codebook(data))
    assert (book.respondent, book.condition[0].column) == ("id", "arm")
    assert [question.id for question in book.questions] == ["vote", "mayor"]
    assert list(book.questions[1].missing) == ["99"]
