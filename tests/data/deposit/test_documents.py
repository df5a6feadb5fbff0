import codecs
import sys
import zipfile
from pathlib import Path

import docx
import pypdf
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from silicus.data.deposit import documents
from silicus.data.deposit.documents import Document, decode, read_document
from silicus.data.deposit.draft_recipe import draft_recipe
from silicus.data.deposit.folder import open_deposit
from silicus.data.deposit.material import gather
from silicus.data.deposit.passages import find
from silicus.errors import InputError, MissingExtraError
from tests.data.deposit import qualtrics_files as qsf


def read(path: Path) -> Document:
    return read_document(path, path.name)


def places(document: Document) -> list[tuple[str, str]]:
    """Return every place with the words from it up to the next."""
    ends = [offset for offset, _ in document.places[1:]] + [len(document.text) + 1]
    return [(place, document.text[start : end - 1]) for (start, place), end in zip(document.places, ends, strict=True)]


def written_docx(path: Path, *paragraphs: str) -> Path:
    document = docx.Document()
    for words in paragraphs:
        document.add_paragraph(words)
    document.save(str(path))
    return path


def written_pdf(path: Path, *pages: str) -> Path:
    """Write a PDF by hand, a page a text, a line a line."""
    kids = " ".join(f"{3 + 2 * number} 0 R" for number in range(len(pages)))
    font = "<< /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>"]
    for number, words in enumerate(pages):
        lines = " T* ".join(f"({line}) Tj" for line in words.split("\n"))
        stream = f"BT /F 12 Tf 14 TL 50 700 Td {lines} ET"
        box = f"/MediaBox [0 0 600 800] /Resources {font} /Contents {4 + 2 * number} 0 R"
        objects += [
            f"<< /Type /Page /Parent 2 0 R {box} >>",
            f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        ]
    data, starts = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        starts.append(len(data))
        data += f"{number} 0 obj\n{content}\nendobj\n".encode()
    table = "".join(f"{start:010d} 00000 n \n" for start in starts)
    end = f"xref\n0 {len(starts) + 1}\n0000000000 65535 f \n{table}trailer\n<< /Size {len(starts) + 1} /Root 1 0 R >>\n"
    path.write_bytes(data + f"{end}startxref\n{len(data)}\n%%EOF\n".encode())
    return path


# --- text


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_lines_of_a_text_are_numbered_whatever_ends_them(tmp_path, end):
    file = tmp_path / "book.txt"
    file.write_bytes(end.join(["first", "", "third"]).encode())
    document = read(file)
    assert document.name == "book.txt"
    assert places(document) == [("line 1", "first"), ("line 2", ""), ("line 3", "third")]
    assert document.place(0) == "line 1"
    assert document.place(document.text.index("ird")) == "line 3"
    assert document.encoding == "utf-8"


WORDS = "“Don’t know” – señor, naïve café… Élan ½"


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_words_come_back_in_the_encoding_they_were_written_in(encoding):
    assert decode(WORDS.encode(encoding)) == (WORDS, encoding)


@pytest.mark.parametrize(
    "words",
    [
        "She said “I don’t know”",
        "Très bien, à demain, ça va, où êtes-vous",
        "Grüße aus Köln – für alle Ämter",
        "¿Qué piensa usted? Año, corazón",
        "• one\n• two",
        "£5 – £10",
    ],
)
@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman"])
def test_windows_and_mac_letters_are_told_apart(words, encoding):
    assert decode(words.encode(encoding)) == (words, encoding)


def test_marks_at_the_beginning_decide():
    assert decode(codecs.BOM_UTF8 + b"a") == ("a", "utf-8")
    assert decode("añ".encode("utf-16")) == ("añ", "utf-16")
    assert decode(codecs.BOM_UTF16_BE + "añ".encode("utf-16-be")) == ("añ", "utf-16")


def test_line_ends_stay_as_they_are_in_decoded_text():
    assert decode(b"a\rb\r\nc") == ("a\rb\r\nc", "utf-8")


def test_a_byte_that_windows_does_not_know_spoils_no_other():
    assert decode(b"caf\xe9 na\xefve \x81") == ("café naïve \ufffd", "cp1252")


def test_bytes_that_are_no_text_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"^found bytes of zero, which no text has"):
        decode(b"a\0b")
    with pytest.raises(InputError, match=r"^starts with the mark of UTF-16, and is none at byte"):
        decode(codecs.BOM_UTF16_LE + b"a")
    file = tmp_path / "book.txt"
    file.write_bytes(b"a\0b")
    with pytest.raises(InputError, match=r"^book.txt: found bytes of zero"):
        read(file)


# --- what is refused at the door


def test_another_kind_of_file_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"^a.rtf: found a '.rtf' file, expected one of .txt, .md, .docx"):
        read(tmp_path / "a.rtf")


def test_an_absent_file_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"^a.txt: cannot be read \(No such file or directory\)"):
        read(tmp_path / "a.txt")


def test_a_text_without_words_is_refused(tmp_path):
    (tmp_path / "a.txt").write_text(" \n \n")
    with pytest.raises(InputError, match=r"^a.txt: holds no words. If its pages are pictures"):
        read(tmp_path / "a.txt")


def test_a_file_too_large_is_refused(tmp_path, monkeypatch):
    file = tmp_path / "a.txt"
    file.write_text("a\nb\nc")
    monkeypatch.setattr(documents, "_MOST_PLACES", 2)
    with pytest.raises(InputError, match=r"has 5 characters in 3 lines, more than .* in 2. Is it a data file"):
        read(file)
    monkeypatch.setattr(documents, "_MOST_BYTES", 4)
    with pytest.raises(InputError, match=r"has 5 bytes, more than 4. Save the pages of this study alone"):
        read(file)


# --- docx


def test_paragraphs_and_rows_of_tables_come_in_order(tmp_path):
    document = docx.Document()
    document.add_paragraph("Codebook")
    table = document.add_table(2, 2)
    for number, cell in enumerate(table._cells):
        cell.text = f"cell {number}"
    document.add_paragraph("after\tthe\ntable")
    document.save(str(tmp_path / "a.docx"))
    found = read(tmp_path / "a.docx")
    assert places(found) == [
        ("paragraph 1", "Codebook"),
        ("table 1 row 1", "cell 0\tcell 1"),
        ("table 1 row 2", "cell 2\tcell 3"),
        ("paragraph 2", "after\tthe\ntable"),
    ]
    assert found.encoding is None


def test_words_in_content_controls_links_and_insertions_are_read_and_deleted_ones_not(tmp_path):
    document = docx.Document()
    inside = (
        "<w:p {0}><w:r><w:t>How </w:t></w:r><w:ins><w:r><w:t>fair</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>just</w:delText></w:r><w:r><w:t>good</w:t></w:r></w:del>"
        "<w:hyperlink><w:r><w:t> is it</w:t></w:r></w:hyperlink></w:p>"
    )
    space = nsdecls("w")
    document.element.body.insert(
        0, parse_xml(f"<w:sdt {space}><w:sdtContent>{inside.format('')}</w:sdtContent></w:sdt>")
    )
    document.save(str(tmp_path / "a.docx"))
    assert places(read(tmp_path / "a.docx"))[0] == ("paragraph 1", "How fair is it")


def test_a_truncated_or_false_docx_is_refused(tmp_path):
    file = written_docx(tmp_path / "a.docx", "words")
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"^a.docx: cannot be read as docx \(.*not a zip file.*\). If it is truncated"):
        read(file)
    file.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(1000))
    with pytest.raises(InputError, match="it is encrypted, or an old Word file under a new name"):
        read(file)


def test_a_docx_that_names_a_file_outside_does_not_read_it(tmp_path):
    (tmp_path / "secret.txt").write_text("the secret")
    file = written_docx(tmp_path / "a.docx", "words MARK")
    with zipfile.ZipFile(file) as bundle:
        members = {name: bundle.read(name) for name in bundle.namelist()}
    body = members["word/document.xml"].replace(b"MARK", b"&outside;")
    entity = f'<!DOCTYPE a [<!ENTITY outside SYSTEM "{(tmp_path / "secret.txt").as_uri()}">]>'.encode()
    members["word/document.xml"] = body.replace(b"?>", b"?>" + entity, 1)
    with zipfile.ZipFile(file, "w") as bundle:
        for name, data in members.items():
            bundle.writestr(name, data)
    assert "secret" not in read(file).text


# --- pdf


def test_a_pdf_is_read_page_by_page(tmp_path):
    file = written_pdf(tmp_path / "a.pdf", "first page\nof two", "second page")
    assert places(read(file)) == [("page 1", "first page\nof two"), ("page 2", "second page")]


def test_a_truncated_pdf_is_refused(tmp_path):
    file = written_pdf(tmp_path / "a.pdf", "words " * 50, "more " * 50)
    whole = file.read_bytes()
    for part in (10, len(whole) // 3, len(whole) - 12):
        file.write_bytes(whole[:part])
        with pytest.raises(InputError, match=r"^a.pdf: cannot be read as pdf \(.*\). If it is truncated or encrypted"):
            read(file)


def test_a_pdf_that_needs_a_password_is_refused_and_one_with_an_empty_one_is_read(tmp_path):
    writer = pypdf.PdfWriter(clone_from=written_pdf(tmp_path / "plain.pdf", "words"))
    writer.encrypt("", "owner", algorithm="RC4-128")
    writer.write(tmp_path / "open.pdf")
    assert read(tmp_path / "open.pdf").text == "words"
    writer = pypdf.PdfWriter(clone_from=tmp_path / "plain.pdf")
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(tmp_path / "closed.pdf")
    with pytest.raises(InputError, match=r"closed.pdf: .*it is encrypted; save a copy that needs no password"):
        read(tmp_path / "closed.pdf")


def test_a_pdf_of_pictures_or_too_many_pages_or_characters_is_refused(tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"holds no words. If its pages are pictures, have their words recognised"):
        read(written_pdf(tmp_path / "pictures.pdf", " "))
    file = written_pdf(tmp_path / "a.pdf", "one", "two", "three")
    monkeypatch.setattr(documents, "_MOST_PAGES", 2)
    with pytest.raises(InputError, match="it has 3 pages, more than 2"):
        read(file)
    monkeypatch.setattr(documents, "_MOST_PAGES", 3)
    monkeypatch.setattr(documents, "_MOST_CHARACTERS", 5)
    with pytest.raises(InputError, match="it has more than 5 characters"):
        read(file)


# --- html


def test_a_web_page_gives_its_words_by_line_of_its_source(tmp_path):
    file = tmp_path / "a.html"
    file.write_text(
        "<html><head><style>p { color: red }</style>\n<script>if (a < b) alert('no')</script></head>\n"
        "<body><p>How <b>fair</b>\n is&nbsp;it&hellip;</p>\n<ul>\n<li>Fair &amp; good<li>Bad</ul> <!-- no words -->"
    )
    document = read(file)
    assert places(document) == [("line 3", "How fair is it…"), ("line 6", "Fair & good"), ("line 6", "Bad")]
    assert document.encoding == "utf-8"


# --- surveys


def fees(folder: Path) -> Path:
    """Write a survey of our own that asks of one of two fees, and holds a question that nobody is asked."""
    asked = [
        qsf.question("QID1", "Intro", "DB", "TB", QuestionText="<p>Some shops add <b>fees</b>.</p>&nbsp;"),
        qsf.question("QID2", "Clock", "Timing", "PageTimer", QuestionText="Timing"),
        qsf.question("QID3", "Means\xa0", "DB", "TB", QuestionText="${e://Field/fee} is ${e://Field/means}."),
        qsf.question(
            "QID4", "Fair", QuestionText="How fair is ${e://Field/fee}?", Choices=qsf.words("Unfair", "<i>Fair</i>")
        ),
        qsf.question(
            "QID5", "Shops", "Matrix", "Likert", QuestionText="Of these shops", Choices=qsf.words("Ours", "Theirs"),
            Answers=qsf.words("Bad", "Good"),
        ),
        qsf.question("QID6", "Old", QuestionText="How fair was it?", Choices=qsf.words("Unfair", "Fair")),
    ]  # fmt: skip
    blocks = [qsf.block("BL_1", "Fees", "QID1", "QID2", "QID3", "QID4", "QID5"), qsf.block("BL_2", "Leftover", "QID6")]
    arms = qsf.randomises(
        "FL_2",
        1,
        qsf.sets("FL_3", fee="A tip", means="for the waiter"),
        qsf.sets("FL_4", fee="A toll", means="for the road"),
    )
    return qsf.survey_file(folder, asked, blocks, [arms, qsf.shows("FL_5", "BL_1")])


def test_a_survey_gives_what_people_are_shown_and_then_what_each_arm_fills_in(tmp_path):
    document = read(fees(tmp_path))
    assert (document.name, document.encoding) == ("survey.qsf", None)
    shown = [("question Means (QID3)", "{} is {}."), ("question Fair (QID4)", "How fair is {}?\nUnfair\nFair")]
    assert places(document) == [
        ("question Intro (QID1)", "Some shops add fees."),
        (shown[0][0], "${e://Field/fee} is ${e://Field/means}."),
        (shown[1][0], "How fair is ${e://Field/fee}?\nUnfair\nFair"),
        ("question Shops (QID5)", "Of these shops\nOurs\nTheirs\nBad\nGood"),
        *((place, text.format("A tip", "for the waiter")) for place, text in shown),
        *((place, text.format("A toll", "for the road")) for place, text in shown),
    ]


def test_words_of_a_survey_are_found_as_one_arm_was_shown_them_and_not_mixed(tmp_path):
    document = read(fees(tmp_path))
    for text in ("{fee} is {means}. How fair is {fee}?", "A toll is for the road. How fair is A toll?"):
        span = find([document], text)
        assert span is not None
        assert str(span) == "survey.qsf question Means (QID3)"
    assert find([document], "A toll is for the waiter.") is None
    assert find([document], "How fair was it?") is None
    assert find([document], "Timing") is None


def test_a_file_that_is_no_survey_or_too_long_a_one_is_refused_by_its_name(tmp_path, monkeypatch):
    file = fees(tmp_path)
    with pytest.raises(InputError, match=r"^the survey.qsf: no such file"):
        read_document(tmp_path / "absent.qsf", "the survey.qsf")
    monkeypatch.setattr(documents, "_MOST_CHARACTERS", 60)
    with pytest.raises(InputError, match=r"^survey.qsf: has [0-9]+ characters in 3 lines, more than 60"):
        read(file)
    file.write_text("[1, 2]")
    with pytest.raises(InputError, match=r"^survey.qsf: found JSON without a list of 'SurveyElements'"):
        read(file)


def test_a_draft_names_the_survey_of_its_table_after_the_codebooks_and_no_other_survey(tmp_path):
    (tmp_path / "other").mkdir()
    fees(tmp_path)
    qsf.survey_file(
        tmp_path / "other",
        [qsf.question("QID1", "Else")],
        [qsf.block("BL_1", "Else", "QID1")],
        [qsf.shows("FL_2", "BL_1")],
    )
    (tmp_path / "answers.csv").write_text("Fair,fee\n" + "1,A tip\n2,A toll\n" * 20)
    (tmp_path / "codebook.txt").write_text("Fair: whether it is fair\n")
    material = gather(open_deposit(tmp_path))
    assert [document.name for document in material.documents] == ["codebook.txt", "survey.qsf"]
    assert list(material.others) == ["other/survey.qsf"]
    assert "documents: [codebook.txt, survey.qsf]" in draft_recipe(material)


# --- the process that reads


def test_a_file_that_hangs_its_reader_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(documents, "_MOST_SECONDS", 0.001)
    with pytest.raises(InputError, match=r"^a.docx: could not be read within 0.001 seconds. Save it as plain text"):
        read(written_docx(tmp_path / "a.docx", "words"))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds the memory of a process")
def test_a_file_that_swells_its_reader_is_given_up(tmp_path, monkeypatch):
    file = written_pdf(tmp_path / "a.pdf", "words")
    monkeypatch.setattr(documents, "_MOST_MEMORY", 20_000_000)
    with pytest.raises(InputError, match="cannot be read as pdf"):
        read(file)


def test_a_module_in_the_deposit_is_not_imported(tmp_path, monkeypatch):
    file = written_docx(tmp_path / "a.docx", "words")
    for name in ("docx.py", "json.py", "io.py", "sitecustomize.py"):
        (tmp_path / name).write_text("import sys; sys.exit('taken over')")
    monkeypatch.chdir(tmp_path)
    assert read(file).text.strip() == "words"


def test_an_absent_library_is_named(tmp_path, monkeypatch):
    def missing(module):
        raise MissingExtraError(module)

    monkeypatch.setattr(documents, "require", missing)
    with pytest.raises(MissingExtraError, match="pypdf"):
        read(written_pdf(tmp_path / "a.pdf", "words"))


# --- real documents


def test_the_mac_codebook_and_its_word_twin_say_the_same(shared_data):
    folder = shared_data / "deposits" / "ryan_aziz"
    text, word = read(folder / "Codebook.txt"), read(folder / "Codebook.docx")
    assert text.encoding == "mac_roman"
    plainly = (folder / "Codebook.txt").read_bytes().decode("mac_roman").split("\r")
    assert text.text == "\n".join(plainly)
    # The text writes the bullets of the list as stars.
    lines = [line.removeprefix("* ").strip() for line in plainly]
    assert [words.strip() for _, words in places(word)] == lines[: len(word.places)]
    assert "".join(lines[len(word.places) :]) == ""


def test_the_codebook_of_a_poll_is_read_from_its_pdf(shared_data):
    document = read(shared_data / "deposits" / "covid_yougov" / "FourthWave_BROW0016_codebook.pdf")
    assert [place for _, place in document.places] == [f"page {number}" for number in range(1, 39)]
    assert "Mask wearing frequency" in document.text
    assert document.text.count("Description:") > 100


def test_a_codebook_in_markdown_keeps_its_lines(shared_data):
    file = shared_data / "deposits" / "parties" / "codebook.txt"
    document = read(file)
    lines = file.read_bytes().decode().split("\n")
    assert document.encoding == "utf-8"
    assert places(document) == [(f"line {number}", line) for number, line in enumerate(lines, start=1)]


def test_a_survey_of_fees_shows_each_fee_with_its_own_explanation(shared_data):
    document = read(shared_data / "deposits" / "megastudy" / "junk_fees" / "survey.qsf")
    tip, storage = "to operate the food delivery app platform", "for prioritizing the matching process for delivery"
    span = find([document], f"Recall a service fee represents: A fee {tip}")
    assert span is not None
    assert span.place == "question Recall.Food1 (QID268)"
    assert find([document], f"Recall an express fee represents: A fee {storage}")
    assert find([document], f"Recall a service fee represents: A fee {storage}") is None
