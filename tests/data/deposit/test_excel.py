import base64
import gzip
import subprocess
import sys
import zipfile
from xml.sax.saxutils import escape

import pytest

from silicus.data.deposit import excel
from silicus.data.deposit.excel import read_excel
from silicus.data.reader import ReadOptions
from silicus.data.readers.labelled import read_labelled
from silicus.data.readers.table import READER
from silicus.errors import InputError

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
# Cells of style 1 are days.
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/>'
    "</cellXfs></styleSheet>"
)
OLD = (
    "ABzY8Ql0^80{`t;O=uHA6#izjX@1CWO@&q{p<vb8LW_qKq>W0or<Cf&AB38kMM^a(F(6UUYRyFu1W$^WN<Da~dhrK6=*@#rsRuz2"
    "5<Pkn6g;$9-@M&zliET9wG!EHnYVA=%zN{8-kX`-eLoj2PCscWVFmi(Kw0;op+Y98c&thY)UNB2weD^zx{bPm$4!B3aN?!^olC}0"
    "#=8UskJUFsfiF}}Vgf^%v=-e&9AF=kLi*4rRLVUC_oxKW%zia8J<W6r(?{I*71MnzxyiJT`WD3r%*BT~dd)mOrnGTefT+MT*7?Me"
    "9yH;t%;PJ!gwfZD{n@eP**a@zRehKNg>+C$Ygt(j;sLzCaY9!j(KRqoM1;aUgP(d7_+hQ<*HK%(xpD!L|EiX|){wg?h%4o{6&09-"
    "eoDw>F2IK#Rko-|C3DFF{MgI8xD(pBiClgGG2W?Vp^P6(Ie_FDjZ`jVva-_M9V438&NJUjebO0XQ^~wn9ss;ygsL_SKQAL6(G-Hr"
    "hj}rDXpn`6-{%vf!|@T8O!BbCQL<h74INjd1}O))#R0>2po2AbGrh)Ew=v(sG(yiq_x9l?lQ}fSeXetBJB_o4@gcsWg5ODe;oITo"
    "t%a}gUBu50mM%tSKgOrgMn_wU^yM{$PSGju-jR3_x9-B+bUrg}{$m4jD<RW&-8?UYSd>eS5N2xB<m`y0nqtnCQFBnuW!e&}*b;0@"
    "&e3JX%f5zj!_*dROI>PnkiYZy6}F|Y?P^;J+j5%yji_CU!EBSZWNiDDMm&{WX;WRs#$^K5%!FmsTPE<FVYNB4VZ(+E8#Zj%_~#JD"
    "R{+0Ks{D~)yvVuC|2m6Q%Jy%P{}xA(p({t9ln0Tfdlvbc@@FfY!m=gSsbl>wlsHPGXEBaZ_G7%}{G}IhQTaUURt#<25~_9laxH%T"
    "<?(+5-8=>U02TlM"
)
"""An .xls workbook: `id`, `age`, `word` and `day` of two people, and an empty sheet."""


class Day(int):
    """A cell that is a day, counted from the end of 1899."""


class Failed(str):
    """A cell whose formula failed."""


def cell(place, value):
    if value is None:
        return ""
    if isinstance(value, Failed):
        return f'<c r="{place}" t="e"><v>{value}</v></c>'
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    style = ' s="1"' if isinstance(value, Day) else ""
    return f'<c r="{place}"{style}><v>{int(value) if isinstance(value, Day) else value}</v></c>'


def sheet_xml(rows, merged=()):
    body = "".join(
        f'<row r="{r}">' + "".join(cell(f"{chr(65 + c)}{r}", value) for c, value in enumerate(row)) + "</row>"
        for r, row in enumerate(rows, start=1)
    )
    ranges = "".join(f'<mergeCell ref="{each}"/>' for each in merged)
    return f'<worksheet xmlns="{MAIN}"><sheetData>{body}</sheetData><mergeCells>{ranges}</mergeCells></worksheet>'


def workbook(path, sheets):
    """Write a workbook of these sheets: name -> its XML."""
    listed = "".join(f'<sheet name="{n}" sheetId="{i}" r:id="r{i}"/>' for i, n in enumerate(sheets, start=1))
    targets = "".join(
        f'<Relationship Id="r{i}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{i}.xml"/>'
        for i in range(1, len(sheets) + 1)
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>',
        )
        whole = f'<Relationship Id="r" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        file.writestr("_rels/.rels", f'<Relationships xmlns="{PACKAGE}">{whole}</Relationships>')
        file.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{PACKAGE}">{targets}</Relationships>')
        file.writestr("xl/styles.xml", STYLES)
        for i, xml in enumerate(sheets.values(), start=1):
            file.writestr(f"xl/worksheets/sheet{i}.xml", xml)
    return path


def book(tmp_path, *rows, merged=(), name="a.xlsx"):
    return workbook(tmp_path / name, {"data": sheet_xml(rows, merged), "notes": sheet_xml([])})


def test_cells_keep_their_types_and_days_are_written_as_iso_dates(tmp_path):
    path = book(
        tmp_path,
        ["id", "age", "day", "voted", "mixed", "sum"],
        ["007", 34, Day(43188), True, 1, Failed("#DIV/0!")],
        ["8", 35.5, Day(43189), False, "one", 2],
        ["NA", None, None, None, 0.25, ""],
    )
    found = read_labelled(path)
    assert found.cells.rows() == [
        ("007", 34.0, "2018-03-29", True, "1", None),
        ("8", 35.5, "2018-03-30", False, "one", 2.0),
        (None, None, None, None, "0.25", None),
    ]
    assert [found.is_number(column) for column in found.cells.columns] == [False, True, False, False, False, True]
    assert found.codes("voted").to_list() == ["true", "false", None]
    assert (found.titles, found.notes) == ({}, {})


def test_empty_rows_and_columns_are_passed_over_and_rows_keep_their_number(tmp_path):
    path = book(tmp_path, [], [None, "id", None, "q"], [None, None], [None, "a", None, 1], [], [None, "b", None, 2])
    found = read_excel(path)
    assert found.cells.to_dicts() == [{"id": "a", "q": 1.0}, {"id": "b", "q": 2.0}]
    assert found.notes == {"empty rows, left out": 2}
    assert [found.place(row) for row in (0, 1)] == [f"{path} row 4", f"{path} row 6"]


def test_headings_over_merged_cells_become_titles_of_the_names_below(tmp_path):
    path = book(
        tmp_path,
        ["Study 1", None, None, None],
        [],
        ["id", "People", None, "q"],
        [None, "age", "sex", None],
        ["a", 34, 1, 7],
        merged=["A1:D1", "A3:A4", "B3:C3", "D3:D4"],
    )
    found = read_excel(path)
    assert found.cells.to_dicts() == [{"id": "a", "age": 34.0, "sex": 1.0, "q": 7.0}]
    assert found.titles == {
        "id": "Study 1: id", "age": "Study 1: People: age", "sex": "Study 1: People: sex", "q": "Study 1: q",
    }  # fmt: skip
    assert found.notes["heading rows above the names of the columns"] == 2
    assert found.place(0).endswith("row 5")


def test_numbers_below_merged_cells_are_no_names(tmp_path):
    path = book(tmp_path, ["id", "People", None], ["a", 34, 1], merged=["B1:C1"])
    with pytest.raises(InputError, match=r"a.xlsx row 2: stands below merged cells, .* Give every column a name"):
        read_excel(path)


def test_cells_merged_among_the_answers_are_no_headings(tmp_path):
    path = book(tmp_path, ["id", "q"], ["a", "1"], ["b", None], merged=["A3:B3"])
    assert read_excel(path).cells["id"].to_list() == ["a", "b"]


def test_doubled_and_absent_names_are_known(tmp_path):
    found = read_excel(book(tmp_path, ["q", "q", None, 2019, None], [1, 2, None, 4, 5]))
    assert found.cells.to_dicts() == [{"q": 1.0, "2019": 4.0, "": 5.0}]
    assert found.twice == {"q", ""}
    assert "has no name" in (found.problem("") or "")
    assert "stands twice" in (found.problem("q") or "")


def test_the_header_rows_of_a_qualtrics_export_are_no_people(tmp_path):
    ids = ['{"ImportId":"_recordId"}', '{"ImportId":"QID1"}']
    found = read_excel(book(tmp_path, ["id", "Q1"], ["ID", "How are\nyou?"], ids, ["a", 1]))
    assert found.cells.to_dicts() == [{"id": "a", "Q1": 1.0}]
    assert found.titles == {"id": "ID", "Q1": "How are you?"}
    assert (found.above, found.place(0)) == (2, f"{found.path} row 4")


def test_a_sheet_is_named_where_several_hold_cells(tmp_path):
    one, two = sheet_xml([["id"], ["a"]]), sheet_xml([["id"], ["b"]])
    path = workbook(tmp_path / "a.xlsx", {"wave 1": one, "wave 2": two, "empty": sheet_xml([])})
    assert read_labelled(path, sheet="wave 2").cells["id"].to_list() == ["b"]
    with pytest.raises(InputError) as caught:
        read_excel(path)
    assert str(caught.value) == f"{path}: has 2 sheets: 'wave 1', 'wave 2'. Name one of them under `sheet`."
    with pytest.raises(InputError, match=r"a.xlsx: has no sheet 'wave2'. Did you mean 'wave 2'\?"):
        read_excel(path, "wave2")
    with pytest.raises(InputError, match=r"a.xlsx: the table has no rows"):
        read_excel(path, "empty")


def test_an_old_workbook_is_read_alike(tmp_path):
    (tmp_path / "a.xls").write_bytes(gzip.decompress(base64.b85decode(OLD)))
    found = read_labelled(tmp_path / "a.xls")
    assert found.cells.columns == ["id", "age", "word", "day"]
    assert found.cells.rows() == [("007", 34.0, "yes", "2018-03-29"), ("008", 35.5, "no", None)]


def test_a_workbook_with_a_codebook_is_a_dataset(tmp_path):
    path = book(tmp_path, ["id", "q"], ["a", 1], [], ["b", 9])
    (tmp_path / "a.xlsx.codebook.yaml").write_text(
        "name: s\nsource: {citation: x, licence: y}\nrespondent: id\nmissing: {9: Refused}\n"
        "questions: [{id: q, text: Well, scale: {kind: ordinal, low: 1, high: 7}}]\n"
    )
    assert READER.recognises(path)
    made = READER.read(path, ReadOptions())
    assert made.responses.select("respondent", "response", "missing").rows() == [
        ("s/a", 1, None),
        ("s/b", None, "Refused"),
    ]


@pytest.mark.parametrize("name", ["a.xlsx", "a.xls"])
@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 cut off", b"id,q\n1,2\n", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 99]
)
def test_a_file_that_is_no_workbook_is_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=rf"{name}: cannot be read as an Excel file: .* Save it again as .xlsx"):
        read_excel(tmp_path / name)


@pytest.mark.parametrize("rows", [[], [["id", "q"]], [["", "NA"]], [["A", None], [None, None]]])
def test_a_sheet_without_people_is_refused(tmp_path, rows):
    with pytest.raises(InputError, match=r"a.xlsx: the table has no rows"):
        read_excel(book(tmp_path, *rows, merged=["A1:B1"]))


def test_two_cells_in_the_far_corners_take_neither_memory_nor_the_process(tmp_path):
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    xml = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'
    with pytest.raises(InputError, match=r"a.xlsx: cannot be read as an Excel file: it is damaged, or needs more"):
        read_excel(workbook(tmp_path / "a.xlsx", {"data": xml}))


def test_a_range_of_too_many_cells_is_refused(tmp_path):
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1000000"><c r="Z1000000"><v>2</v></c></row>'
    xml = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'
    with pytest.raises(InputError, match=r"a.xlsx: .*: its range has more than 10,000,000 cells. Save"):
        read_excel(workbook(tmp_path / "a.xlsx", {"data": xml}))


def test_a_workbook_that_unpacks_without_end_is_refused(tmp_path):
    many = b'<row><c t="inlineStr"><is><t>' + b"x" * 1_000_000 + b"</t></is></c></row>"
    xml = f'<worksheet xmlns="{MAIN}"><sheetData>'.encode() + many * 210 + b"</sheetData></worksheet>"
    path = workbook(tmp_path / "a.xlsx", {"data": xml})
    assert path.stat().st_size < 1_000_000
    with pytest.raises(InputError, match=r"its cells hold more than 200,000,000 characters"):
        read_excel(path)


def test_a_workbook_that_takes_too_long_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(excel, "_SECONDS", 0.001)
    with pytest.raises(InputError, match=r"it takes longer than 0.001 seconds"):
        read_excel(book(tmp_path, ["id"], ["a"]))


def test_merged_ranges_beside_the_cells_are_passed_over(tmp_path):
    path = book(tmp_path, [None, "id", "q"], [None, "a", 1], merged=["Y1:Z1", "A1:A2", "C9:D9"])
    assert read_excel(path).cells.to_dicts() == [{"id": "a", "q": 1.0}]


def test_the_script_knows_nothing_of_silicus():
    code = (
        "import runpy, sys; sys.argv = ['x', '/nowhere']; "
        f"runpy.run_path({str(excel._SCRIPT)!r}, run_name='__main__'); "
        "assert not [m for m in sys.modules if m.startswith(('silicus', 'polars'))]"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert "No such file" in done.stdout


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("a.csv", {"sheet": "x"}, r"a.csv: found the sheet 'x', but only Excel files have sheets. Leave it out"),
        ("a.xlsx", {"encoding": "cp1252"}, r"a.xlsx: found the encoding 'cp1252', but '.xlsx' files say their own"),
    ],
)
def test_an_option_that_says_nothing_is_refused(tmp_path, name, options, message):
    (tmp_path / name).write_text("q\n1\n")
    with pytest.raises(InputError, match=message):
        read_labelled(tmp_path / name, **options)
