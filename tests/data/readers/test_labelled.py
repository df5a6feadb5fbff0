import gzip
from datetime import timedelta
from decimal import Decimal

import polars as pl
import pyreadstat
import pytest

from silicus.data.readers.labelled import LabelledTable, code_word, read_labelled
from silicus.errors import InputError


def table(tmp_path, **columns):
    return LabelledTable(tmp_path / "a.parquet", pl.DataFrame(columns))


@pytest.mark.parametrize(
    ("cells", "codes"),
    [
        ([1, 2, None], ["1", "2", None]),
        ([1.0, 2.5, float("nan")], ["1", "2.5", None]),
        (["1", "1.0", " 1.00 "], ["1", "1", "1"]),
        (["0.50", "-3.0", "10"], ["0.5", "-3", "10"]),
        (["01", "1e3", "v1.0"], ["01", "1e3", "v1.0"]),
        ([" No ", "", "  "], ["No", None, None]),
        ([True, False, None], ["true", "false", None]),
        ([0.1, 2.0**60], ["0.1", "1.152921504606847e+18"]),
    ],
)
def test_the_same_number_is_the_same_code_however_it_is_written(tmp_path, cells, codes):
    assert table(tmp_path, x=cells).codes("x").to_list() == codes


@pytest.mark.parametrize("value", [1, 1.0, "1.00", 0.25, "0.50", True, "01", " No ", -3.0, "10", "v1.0"])
def test_a_codebook_and_a_cell_write_a_value_alike(tmp_path, value):
    assert table(tmp_path, x=[value]).codes("x").to_list() == [code_word(value)]


def test_spss_user_missing_values_and_ranges_are_named(tmp_path):
    path = tmp_path / "a.sav"
    pyreadstat.write_sav(
        pl.DataFrame({"q": [1.0, 2.0, -7.0, -5.0, 98.0, None], "word": ["yes", "no", "RF", "yes", "no", ""]}),
        str(path),
        missing_ranges={"q": [{"lo": -1000, "hi": -1}, 98], "word": ["RF"]},
        variable_value_labels={"q": {1: "Yes", 2: "No", 98: "Don't know", -7: "Refused", -9: "Never used"}},
        column_labels={"q": "Would you\n vote?"},
    )
    found = read_labelled(path)
    assert found.codes("q").to_list() == ["1", "2", "-7", "-5", "98", None]
    assert found.missing["q"] == {"98": "Don't know", "-7": "Refused", "-9": "Never used", "-5": "code -5"}
    assert found.missing["word"] == {"RF": "code RF"}
    assert found.labels["q"]["1"] == "Yes"
    assert found.titles == {"q": "Would you vote?"}
    assert (found.is_number("q"), found.is_number("word")) == (True, False)


def test_stata_letters_leave_the_other_cells_numbers(tmp_path):
    path = tmp_path / "a.dta"
    pyreadstat.write_dta(
        pl.DataFrame({"q": pl.Series([1, 2, None, "a", "b"], dtype=pl.Object), "n": [1.5, 2.0, 3.0, 4.0, 5.0]}),
        str(path),
        missing_user_values={"q": ["a", "b"]},
        variable_value_labels={"q": {1: "Yes", 2: "No", "a": "Refused"}},
    )
    found = read_labelled(path)
    assert found.codes("q").to_list() == ["1", "2", None, "a", "b"]
    assert found.missing == {"q": {"a": "Refused", "b": ".b"}}
    assert found.is_number("q")
    assert found.codes("n").to_list() == ["1.5", "2", "3", "4", "5"]


def test_a_portable_file_has_labels_and_titles_but_no_reasons(tmp_path):
    # What ReadStat writes has neither labels nor missing values, so they are put between its records: 9 is declared
    # missing (8), the title has 14 letters (C), three values have words (D).
    pyreadstat.write_por(pl.DataFrame({"q": [1.0], "w": ["a"]}), str(tmp_path / "plain.por"))
    plain = (tmp_path / "plain.por").read_bytes().replace(b"\r\n", b"").rstrip(b"Z").decode()
    about = plain.replace("71/1/W", "89/CE/Would you vote71/1/W")
    rows = "D1/1/Q3/1/3/Yes2/2/No9/7/RefusedF1/1/a2/1/b9/1/c*.1/d"
    whole = about[: about.rindex("F1/1/a")] + rows
    whole += "Z" * (80 - len(whole) % 80)
    lines = [whole[place : place + 80] for place in range(0, len(whole), 80)]
    (tmp_path / "a.por").write_bytes("".join(f"{line}\r\n" for line in lines).encode())
    found = read_labelled(tmp_path / "a.por")
    assert found.codes("Q").to_list() == ["1", "2", None, None]
    assert found.codes("W").to_list() == ["a", "b", "c", "d"]
    assert found.labels == {"Q": {"1": "Yes", "2": "No", "9": "Refused"}}
    assert (found.titles, found.missing) == ({"Q": "Would you vote"}, {})


def test_a_statistics_file_that_does_not_say_its_encoding_is_read_by_the_one_named(tmp_path):
    path = tmp_path / "a.dta"
    # Stata 8 files hold bytes without an encoding.
    pyreadstat.write_dta(pl.DataFrame({"word": ["caf#"]}), str(path), version=8)
    path.write_bytes(path.read_bytes().replace(b"caf#", b"caf\x8e"))
    assert read_labelled(path, "mac_roman").codes("word").to_list() == ["café"]
    assert read_labelled(path, "cp1252").codes("word").to_list() == ["cafŽ"]
    with pytest.raises(InputError, match=r"a.dta: found the encoding 'mac_romn', .* Did you mean 'mac_roman'"):
        read_labelled(path, "mac_romn")


@pytest.mark.parametrize(("name", "between"), [("a.csv", ","), ("a.csv", ";"), ("a.tsv", "\t"), ("a.csv.gz", ",")])
def test_text_tables_are_read_with_their_separator(tmp_path, name, between):
    text = f'q{between}word\n1{between}"a, b; c"\n{between}NA\n'
    opened = gzip.open if name.endswith(".gz") else open
    with opened(tmp_path / name, "wt", encoding="utf-8") as file:
        file.write(text)
    found = read_labelled(tmp_path / name)
    assert found.cells.columns == ["q", "word"]
    assert found.codes("q").to_list() == ["1", None]
    assert found.codes("word").to_list() == ["a, b; c", None]
    assert found.place(1).endswith("line 3")


def test_a_parquet_file_keeps_its_types(tmp_path):
    pl.DataFrame({"q": [1, 2], "word": ["a", "b"]}).write_parquet(tmp_path / "a.parquet")
    found = read_labelled(tmp_path / "a.parquet")
    assert (found.is_number("q"), found.is_number("word")) == (True, False)
    assert found.place(1).endswith("row 2")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.ods", b"", r"found a '.ods' file, expected one of .sav, .dta, .por, .csv"),
        ("a.csv", b"q,r\n1,2\n3,4,5\n", r"a.csv line 3 has 3 fields, the header has 2"),
        ("a.csv", b"q,r\n", r"the table has no rows"),
        ("a.csv", b"", r"a.csv: cannot be read as a table"),
        ("a.csv", "q,r\nnaïve,1\n".encode("latin-1"), r"cannot be read as UTF-8 text .* Save it as 'CSV UTF-8'"),
        ("a.csv.gz", b"q,r\n1,2\n", r"cannot be read as UTF-8 text .*Not a gzipped file"),
        ("a.parquet", b"no parquet", r"cannot be read as a parquet table"),
        ("a.sav", b"no spss", r"cannot be read as a '.sav' file"),
        ("a.dta", b"no stata", r"cannot be read as a '.dta' file"),
        ("a.por", b"no portable", r"cannot be read as a '.por' file"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_labelled(tmp_path / name)


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"b.csv: no such file"):
        read_labelled(tmp_path / "b.csv")


def test_a_column_that_is_not_there_is_answered_with_the_nearest(tmp_path):
    with pytest.raises(InputError, match=r"book.yaml: names the column 'agee', which a.parquet does not have.*'age'"):
        table(tmp_path, age=[1]).check_column("agee", "book.yaml")


def test_ids_are_as_they_are_written_unless_they_are_numbers(tmp_path):
    written = ["1.1", "1.10", " 1.1", "007", "7", " ", None]
    assert table(tmp_path, x=written).ids("x").to_list() == ["1.1", "1.10", " 1.1", "007", "7", None, None]
    assert table(tmp_path, x=[1.0, 2.5, None]).ids("x").to_list() == ["1", "2.5", None]
    long = [Decimal("12345678901234567890.10"), Decimal("12345678901234567891.10")]
    assert table(tmp_path, x=long).ids("x").n_unique() == 2


@pytest.mark.parametrize("cells", [[[1], [2]], [{"a": 1}, {"a": 2}], [b"\xff", b"a"], [timedelta(1), timedelta(2)]])
def test_a_column_of_neither_numbers_nor_words_is_named(tmp_path, cells):
    with pytest.raises(InputError, match=r"book: names the column 'tags' of a.parquet, but it holds \w+.*, neither"):
        table(tmp_path, tags=cells).check_column("tags", "book")


def test_every_real_user_missing_cell_is_named(shared_data):
    path = shared_data / "deposits" / "covid_yougov" / "FourthWave.sav"
    found = read_labelled(path)
    assert found.cells.shape == (500, 136)
    # Another road: without user_missing the library itself turns these cells into nulls.
    nulls, _ = pyreadstat.read_sav(str(path), output_format="polars")
    numbers = [c for c in found.cells.columns if found.is_number(c)]
    named = {c: found.codes(c).is_in(list(found.missing.get(c, {}))).sum() for c in numbers}
    expected = {c: nulls[c].null_count() - found.cells[c].null_count() for c in numbers}
    assert named == expected
    assert sum(named.values()) > 1000
    assert found.missing["q1"] == {"8": "skipped", "9": "not asked"}
