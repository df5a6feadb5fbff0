import csv
import gzip

import pytest

from silicus.data.reader import ReadOptions
from silicus.data.readers import text_table
from silicus.data.readers.draft import draft_codebook
from silicus.data.readers.labelled import read_labelled
from silicus.data.readers.table import READER
from silicus.data.readers.text_table import line_of, read_text
from silicus.errors import InputError

EXPORT = """id,Q1,Q2,
ID,"How are
you, really?",Q2,
"{""ImportId"":""_recordId""}","{""ImportId"":""QID1""}","{""ImportId"":""QID2""}",
a,1,2,
b,,3,
"""


def text(tmp_path, content, name="a.csv"):
    (tmp_path / name).write_text(content, encoding="utf-8", newline="")
    return tmp_path / name


def test_the_header_rows_of_a_qualtrics_export_are_no_people(tmp_path):
    found = read_text(text(tmp_path, EXPORT))
    assert found.cells["id"].to_list() == ["a", "b"]
    assert found.titles == {"id": "ID", "Q1": "How are you, really?"}
    assert found.notes == {"header rows of the Qualtrics export, left out": 2}


def test_import_ids_alone_are_left_out_without_titles(tmp_path):
    header, _, _, *rest = EXPORT.splitlines()
    found = read_text(text(tmp_path, "\n".join([header, *rest]) + "\n"))
    assert (len(found.cells), found.titles, found.above) == (2, {}, 1)


def test_a_row_of_an_export_is_named_by_its_line(tmp_path):
    # The second record fills two lines of the file, so that the row of "b" is line 6.
    assert read_labelled(text(tmp_path, EXPORT)).place(1).endswith("a.csv line 6")


def test_a_draft_has_the_words_of_the_export(tmp_path):
    rows = "".join(f"p{n},{n % 7 + 1},{n % 2}\n" for n in range(20))
    path = text(tmp_path, EXPORT.partition("\na,1")[0].replace(",\n", "\n").rstrip(",") + "\n" + rows)
    draft = draft_codebook(path)
    assert 'text: "How are you, really?"  # check' in draft
    assert "# 2 header rows of the Qualtrics export, left out." in draft


def test_blank_lines_are_no_rows(tmp_path):
    path = text(tmp_path, "\nq,r\n1,2\n\n3,4\n\n")
    found = read_text(path)
    assert found.cells.rows() == [("1", "2"), ("3", "4")]
    assert found.notes == {"blank lines, left out": 2}
    assert [line_of(path, row) for row in (0, 1)] == [3, 5]


def test_a_blank_line_of_one_column_is_an_empty_cell(tmp_path):
    path = text(tmp_path, "q\n1\n\n3\n")
    assert read_text(path).cells["q"].to_list() == ["1", None, "3"]
    assert line_of(path, 2) == 4


@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_a_csv_file_is_parted_by_what_parts_its_header(tmp_path, between):
    path = text(tmp_path, f'\ufeffq{between}"a, b"{between}r\n1{between}"x;y"{between}2\n')
    assert read_text(path).cells.to_dicts() == [{"q": "1", "a, b": "x;y", "r": "2"}]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("q,r,age\n1,2,3\n4,5\n", r"line 3 has 2 fields, the header has 3, taking commas .* No value for: age"),
        ("q,r,age\n1\n", r"line 2 has 1 field, .* No value for: r, age"),
        ("q;r\n1;2;3\n", r"line 2 has 3 fields, the header has 2, taking semicolons as what stands between them.$"),
        ('q,r\n1,"a\nb"\n1\n', r"line 4 has 1 field"),
        ('q,r\n1,2\n3,"open\n5,6\n', r"line 3: a quote is opened and not closed"),
        ('q,r\n1,"a"b\n', r"line 2: a quote is opened and not closed, or stands inside .* written twice"),
        ('q,r\r1,2\r3,"open\r5,6\r', r"line 3: a quote is opened and not closed"),
        ("q,r\r1,2\r3\r", r"line 3 has 1 field"),
        ("q\0,\0r\0\n", r"a.csv line 1: found zero bytes, .* `encoding: utf-16-le`, or save it as 'CSV UTF-8'"),
        ("", r"a.csv: cannot be read as a table: the file is empty"),
    ],
)
def test_a_line_that_does_not_fit_is_refused_by_its_number(tmp_path, content, message):
    with pytest.raises(InputError, match=message):
        read_text(text(tmp_path, content))


def test_a_packed_file_is_read_alike(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(EXPORT.encode()))
    assert read_text(tmp_path / "a.csv.gz").cells["id"].to_list() == ["a", "b"]


WORDS = "id,word\nä,“so” – naïve\nb,\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be-mark"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_utf_8_and_marked_utf_16_are_read_with_any_line_end(tmp_path, encoding, ends, name):
    words = WORDS.replace("\n", ends)
    content = b"\xfe\xff" + words.encode("utf-16-be") if encoding == "utf-16-be-mark" else words.encode(encoding)
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    found = read_text(tmp_path / name)
    assert found.cells.rows() == [("ä", "“so” – naïve"), ("b", None)]
    assert line_of(tmp_path / name, 1) == 3


@pytest.mark.parametrize("encoding", ["cp1252", "Windows-1252", "mac_roman", "utf-16-le", "gb18030"])
def test_a_named_encoding_is_followed(tmp_path, encoding):
    (tmp_path / "a.csv").write_bytes(WORDS.replace("ï", "i").replace("ä", "a").encode(encoding))
    found = read_labelled(tmp_path / "a.csv", encoding)
    assert found.cells.rows() == [("a", "“so” – naive"), ("b", None)]
    assert found.place(1).endswith("a.csv line 3")


def test_a_mark_of_utf_8_is_no_part_of_the_first_name(tmp_path):
    (tmp_path / "a.csv").write_bytes(WORDS.encode("utf-8-sig"))
    assert read_text(tmp_path / "a.csv", "utf8").cells.columns == ["id", "word"]


def test_text_of_an_unnamed_encoding_is_answered_with_the_likely_ones(tmp_path):
    (tmp_path / "a.csv").write_bytes(WORDS.encode("mac_roman"))
    with pytest.raises(InputError) as caught:
        read_text(tmp_path / "a.csv")
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'a.csv'}: cannot be read as UTF-8 text ('utf-8' codec can't decode byte")
    assert message.endswith(
        "Save it as 'CSV UTF-8', or say in the recipe how it is written: `encoding: cp1252` (Windows) or "
        "`encoding: mac_roman` (an old Macintosh)."
    )


@pytest.mark.parametrize(
    ("encoding", "message"),
    [
        ("cp1253x", r"a.csv: found the encoding 'cp1253x', which is not known. Did you mean 'cp125\d'\?"),
        ("hex", r"found the encoding 'hex', which is not known. Known: cp1250, .*mac_roman"),
        ("a\0b", r"found the encoding 'a\0b', which is not known"),
        ("ascii", r"a.csv: cannot be read as ascii text \(.*byte 0xc3.*\). Name another encoding"),
    ],
)
def test_a_wrong_encoding_is_refused(tmp_path, encoding, message):
    (tmp_path / "a.csv").write_bytes(WORDS.encode())
    with pytest.raises(InputError, match=message):
        read_text(tmp_path / "a.csv", encoding)


def test_a_carriage_return_inside_quotes_ends_no_line(tmp_path):
    path = text(tmp_path, '"two\rlines",r\n1,"a\rb"\n')
    assert read_text(path).cells.to_dicts() == [{"two\rlines": "1", "r": "a\rb"}]


def test_a_packed_file_that_unpacks_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(text_table, "_MOST_BYTES", 2**20)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"q\n" + b"1\n" * 2**20))
    with pytest.raises(InputError, match=r"a.csv.gz: unpacks to more than 0 GiB. Unpack it, and keep the columns"):
        read_text(tmp_path / "a.csv.gz")


def test_a_cut_packed_file_is_refused(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(WORDS.encode() * 99)[:-20])
    with pytest.raises(InputError, match=r"a.csv.gz: cannot be read as UTF-8 text .* Save it as 'CSV UTF-8'"):
        read_text(tmp_path / "a.csv.gz")


# --- real exports; people are counted by the csv module, below the header and its two rows

BOOK = """
name: megastudy
source: {{citation: x, licence: not stated}}
respondent: TWIN_ID
questions: [{{id: q, column: {column}, text: Well, scale: {{kind: ordinal, low: 1, high: {high}}}}}]
"""


@pytest.mark.parametrize(
    ("study", "people", "column", "high"),
    [("default_eric", 600, "OPTOUT_Green", 2), ("junk_fees", 400, "Hotel.Surprised1", 7), ("privacy", 1200, "Q125", 4)],
)
def test_real_qualtrics_exports_have_their_people(shared_data, tmp_path, study, people, column, high):
    path = shared_data / "deposits" / "megastudy" / study / "response.csv"
    if not path.is_file():
        pytest.skip(f"the export is not at {path}")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))[2:]
    book = tmp_path / "book.yaml"
    book.write_text(BOOK.format(column=column, high=high))
    made = READER.read(path, ReadOptions(codebook=book))
    assert made.notes["header rows of the Qualtrics export, left out"] == 2
    assert made.rows_read == made.notes["rows in the file, each read as one cell a question"] == len(rows) == people
    answers = {f"megastudy/{row['TWIN_ID']}": int(row[column]) for row in rows if row[column]}
    assert dict(made.responses.select("respondent", "response").iter_rows()) == answers


def test_a_doubled_column_of_a_real_export_stops_nothing(shared_data):
    path = shared_data / "deposits" / "megastudy" / "accuracy_nudges" / "response.csv"
    if not path.is_file():
        pytest.skip(f"the export is not at {path}")
    assert "'Fake1_RT_First Click': its name stands twice" in draft_codebook(path)
