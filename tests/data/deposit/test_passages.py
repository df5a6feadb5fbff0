import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silicus.data.deposit.documents import Document, read_document
from silicus.data.deposit.passages import Span, find, nearest
from silicus.errors import InputError


def book(text: str, name: str = "book.txt") -> Document:
    """Return a document with a place for every line."""
    lines = text.split("\n")
    starts = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines))]
    return Document(name, text, tuple((start, f"line {number}") for number, start in enumerate(starts, start=1)))


def quoted(text: str, sought: str) -> str | None:
    span = find([book(text)], sought)
    return span.quote if span else None


def test_a_text_is_found_with_its_document_its_line_and_its_words():
    documents = [book("Nothing here."), book("Codebook\nQ1: How “fair” is it?\nQ2: Why?", "b/book.txt")]
    span = find(documents, "How 'fair' is it?")
    assert span == Span(document="b/book.txt", place="line 2", quote="How “fair” is it?")
    assert str(span) == "b/book.txt line 2"


@pytest.mark.parametrize(
    ("text", "sought"),
    [
        ("How  fair\n is\tit", "How fair is it"),
        ("Howfair is it", "How fair is it"),
        ("How fair\u00a0is \u200bit", "How fair is it"),
        ("don’t say ‘no’", 'don\'t say "no"'),
        ("``no'' he said", "“no” he said"),
        ("1–5 — all", "1-5 - all"),
        ("and so on…", "and so on..."),
        ("and so on. . .", "and so on…"),
        ("R&amp;D &quot;now&quot; &mdash; or&nbsp;never&#33;", "R&D “now” - or never!"),
        ("R&D", "R&amp;D"),
        ("experi-\nment", "experiment"),
        ("self-\nesteem", "self-esteem"),
        ("experi-  \n  ment on self-\nesteem", "experiment on self-esteem"),
        ("experi\u00ad\nment ex\u00adperiment", "experiment experiment"),
        ("experiment", "experi-\nment"),
        ("a ﬁnal oﬃce", "a final office"),
        ("cafe\u0301", "café"),
        ("{sic} it stands", "{{sic}} it stands"),
        ("这很公平吗", "这很公平吗"),
    ],
)
def test_what_printing_changes_makes_no_difference(text, sought):
    assert quoted(text, sought) == text


@pytest.mark.parametrize(
    ("text", "sought"),
    [
        ("How fair is it", "how fair is it"),
        ("How fair is it", "How fair is it?"),
        ("re-sign the form", "resign the form"),
        ("resign the form", "re-sign the form"),
        ("lost 5 points", "lost -5 points"),
        ("-5 points", "- -5 points: no"),
        ("a membership", "ship"),
        ("a shipment", "ship"),
        ("14 points", "4 points"),
        ("4 points", "4 point"),
        ("a &lt; b", "a > b"),
        ("1. 5", "15"),
    ],
)
def test_everything_else_does(text, sought):
    assert quoted(text, sought) is None


def test_a_text_is_found_where_it_stands_as_whole_words_and_not_before():
    span = find([book("membership\nship")], "ship")
    assert span is not None
    assert span.place == "line 2"


def test_words_that_no_space_parts_need_no_edge():
    assert quoted("我们认为这很公平吗", "认为这很公平") == "认为这很公平"


def test_a_dash_around_the_words_is_not_in_them():
    assert quoted("one\n- How fair?\n- Bad?", "How fair?") == "How fair?"


def test_a_long_quote_is_cut_at_300_characters():
    words = " ".join(f"word{number}" for number in range(200))
    assert quoted(words, words) == words[:300]


# --- names in braces


def test_a_name_in_braces_stands_for_up_to_100_letters():
    assert quoted("Did D/R legislators in Ohio accept?", "Did {party} legislators in {state} accept?")
    assert quoted("Did the legislators", "Did {party} the legislators") == "Did the legislators"
    assert quoted(f"Did {'x' * 100} accept?", "Did {party} accept?")
    assert quoted(f"Did {'x' * 101} accept?", "Did {party} accept?") is None
    assert quoted(f"Did {'x' * 101} accept?", "Did {party} {state} accept?")


def test_parts_must_come_in_their_order_and_whole():
    assert quoted("accept? Did they", "Did {party} accept?") is None
    assert quoted("Did they and others accept", "Did {party} accept?") is None
    assert quoted("Did A or did B accept?", "Did {a} or did {b} accept?") == "Did A or did B accept?"


def test_a_passage_begins_at_the_beginning_that_reaches_its_end():
    text = f"Did I {'x' * 150} so.\nDid you or Did we accept it?"
    span = find([book(text)], "Did {who} accept it?")
    assert span == Span(document="book.txt", place="line 2", quote="Did we accept it?")


def test_a_word_may_touch_a_name_but_not_another_word():
    assert quoted("two Democrats came", "two {party}s came") == "two Democrats came"
    assert quoted("a Democrat's vote", "{party}'s vote") == "'s vote"
    assert quoted("a Democrat came", "{party}ocrat ca") is None


def test_names_alone_or_no_words_are_not_found():
    assert find([book("a text")], "{text}") is None
    assert find([book("a text")], " - ") is None
    assert nearest([book("a text")], "{text}") is None


def test_a_lone_brace_is_refused():
    with pytest.raises(InputError, match="Write a brace that is no name as two"):
        find([book("a {text")], "a {text")
    with pytest.raises(InputError, match="Write a brace that is no name as two"):
        nearest([book("a {text")], "a {text")


def test_repeated_letters_and_many_names_take_no_long():
    start = time.perf_counter()
    assert find([book("a" * 100_000)], "a" * 1_000) is None
    assert find([book("a " * 20_000)], "a {x} " * 10 + "b") is None
    assert time.perf_counter() - start < 5


# --- the nearest


def test_the_nearest_passage_is_named_with_its_line():
    text = "Codebook\nQ1: How fair is the tax on sugar, on a scale?\nQ2: How fair is it?"
    span = nearest([book("Nothing."), book(text, "b.txt")], "How Fair is the tax on salt?")
    assert span == Span(document="b.txt", place="line 2", quote="How fair is the tax on")


def test_nothing_is_near_that_shares_only_common_words():
    text = "The codebook of the survey is in the folder. It has a list of the columns and of what they mean."
    assert nearest([book(text)], "Suppose the mayor of a town in the north has been accused of fraud") is None
    assert nearest([], "Suppose") is None


def test_the_run_of_words_with_most_in_common_is_the_nearest():
    text = "fair taxes\nmany words between\nare these taxes fair or unfair\nmany words after"
    span = nearest([book(text)], "Are the taxes fair or unjust")
    assert span is not None
    assert span.place == "line 3"
    assert span.quote == "are these taxes fair or"


# --- whatever the document

WORDS = ["don't", "“fair”", "tax", "self-esteem", "e.g.", "(1)", "‘no’", "wait…", "a–b", "R&D", "naïve"]
lines = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8), min_size=1, max_size=12)
OTHERWISE = {
    " ": [" ", "  ", "\n", "\t", "\u00a0", "&nbsp;", " \r\n "],
    "'": ["'", "’", "‘", "&#39;"], "‘": ["'", "‘", "`"], "’": ["’", "'"],
    "“": ["“", '"', "&quot;", "„"], "”": ["”", '"', "''"],
    "–": ["–", "-", "—", "&ndash;"], "-": ["-", "‐", "−"], "…": ["…", "...", ". . .", "&hellip;"], "&": ["&", "&amp;"],
}  # fmt: skip


@st.composite
def taken(draw: st.DrawFn) -> tuple[Document, int, list[str]]:
    """Return a document in which every word is another, the line of a passage, and its words."""
    content = draw(lines)
    numbered = [[f"{word}{row}x{column}" for column, word in enumerate(line)] for row, line in enumerate(content)]
    row = draw(st.integers(0, len(content) - 1))
    start = draw(st.integers(0, len(content[row]) - 1))
    following = numbered[row][start:] + [word for line in numbered[row + 1 :] for word in line]
    words = following[: draw(st.integers(1, 15))]
    return book("\n".join(" ".join(line) for line in numbered)), row + 1, words


@given(taken(), st.randoms(use_true_random=False))
def test_a_passage_printed_otherwise_is_found_at_its_place(
    passage: tuple[Document, int, list[str]], chance: random.Random
):
    document, line, words = passage
    printed = "".join(chance.choice(OTHERWISE.get(letter, [letter])) for letter in " ".join(words))
    span = find([document], printed)
    assert span is not None
    assert span.place == f"line {line}"
    assert span.quote.split() == " ".join(words)[:300].split()
    assert nearest([document], printed.replace("&nbsp;", " ")) is not None


@given(taken(), st.data())
def test_a_passage_with_one_word_changed_is_not_found(passage: tuple[Document, int, list[str]], data: st.DataObject):
    document, _, words = passage
    changed = data.draw(st.integers(0, len(words) - 1))
    other = data.draw(st.sampled_from(["zebra", words[changed].upper(), words[changed] + "s", f"un{words[changed]}"]))
    assert find([document], " ".join([*words[:changed], other, *words[changed + 1 :]])) is None


@given(taken(), st.data())
def test_a_passage_with_a_name_in_the_place_of_a_word_is_found(
    passage: tuple[Document, int, list[str]], data: st.DataObject
):
    document, line, words = passage
    if len(words) > 2:
        named = data.draw(st.integers(1, len(words) - 2))
        span = find([document], " ".join([*words[:named], "{name}", *words[named + 1 :]]))
        assert span is not None
        assert span.place == f"line {line}"


@given(st.text(alphabet="ab -'\n&;#1{}…ﬁé\u0301\u00ad", max_size=60), st.integers(0, 60), st.integers(0, 60))
def test_any_whole_line_of_any_text_is_found_in_it(text: str, start: int, length: int):
    sought = text[start : start + length]
    whole = f"begin {text} end"
    span = find([book(whole)], f"begin {text} end".replace("{", "{{").replace("}", "}}"))
    assert span is not None
    assert span.quote == whole
    find([book(whole)], sought.replace("{", "{{").replace("}", "}}"))


# --- real documents


def test_a_question_stands_in_both_forms_of_a_codebook(shared_data):
    folder = shared_data / "deposits" / "ryan_aziz"
    text, word = (read_document(folder / name, name) for name in ("Codebook.txt", "Codebook.docx"))
    asked = "Did {party} legislators in Ohio accept laundered money from a group of Canadian Steel manufacturers"
    plainly = (folder / "Codebook.txt").read_bytes().decode("mac_roman").split("\r")
    line = next(number for number, words in enumerate(plainly, start=1) if "legislators in Ohio" in words)
    for document, place in ((text, f"line {line}"), (word, f"paragraph {line}")):
        span = find([document], asked)
        assert span is not None
        assert span.place == place
        assert span.quote.startswith("Did D/R legislators in Ohio accept laundered")
    assert find([text, word], asked.replace("Ohio", "Utah")) is None
    near = nearest([text, word], asked.replace("Ohio", "Utah"))
    assert near is not None
    assert near.place == f"line {line}"


def test_a_sentence_over_lines_of_a_pdf_is_found_on_its_page(shared_data):
    name = "FourthWave_BROW0016_codebook.pdf"
    document = read_document(shared_data / "deposits" / "covid_yougov" / name, name)
    span = find([document], "Mask wearing frequency – indoors with non-household friends and family")
    assert span is not None
    assert span.place == document.place(document.text.index("Mask wearing frequency"))
    assert " ".join(span.quote.split()) == "Mask wearing frequency - indoors with non-household friends and family"
    assert "\n" in span.quote
    race = find([document], "race (4-categories), and education (4-categories), to produce the final weight.")
    assert race is not None
    assert race.place == "page 1"


def test_hundreds_of_texts_are_looked_for_in_a_megabyte_at_once(shared_data):
    folder = shared_data / "deposits" / "ryan_aziz"
    words = (folder / "Codebook.txt").read_bytes().decode("mac_roman").split()
    chance = random.Random(0)  # noqa: S311
    large = book(" ".join(chance.choice(words) for _ in range(160_000)).replace("{", "").replace("}", ""))
    assert len(large.text) > 900_000
    start = time.perf_counter()
    for number in range(200):
        sought = large.text[number * 4000 : number * 4000 + 300].partition(" ")[2].rpartition(" ")[0]
        assert find([large], sought) is not None
        assert find([large], f"{sought} {{name}} zebra {number}") is None
    assert time.perf_counter() - start < 10
