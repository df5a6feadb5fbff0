from pathlib import Path

import pytest

from silicus.data.readers.codebook import Codebook, codebook_beside, names_in_braces
from silicus.errors import InputError
from silicus.record import read

HEAD = "name: tiny\nsource: {citation: Somebody (2020), licence: CC0}\n"
QUESTION = "questions:\n  - {id: q, text: How much, scale: {kind: ordinal, low: 1, high: 7}}\n"


def book(tmp_path, text):
    path = tmp_path / "book.yaml"
    path.write_text(text, encoding="utf-8")
    return read(path, Codebook)


def test_the_smallest_codebook_is_a_name_a_source_and_a_question(tmp_path):
    found = book(tmp_path, HEAD + QUESTION)
    assert found.condition == ()
    assert (found.respondent, found.weight, found.questions[0].cells) == (None, None, "q")


def test_values_are_written_as_cells_are(tmp_path):
    found = book(tmp_path, HEAD + "missing: {-99.0: Refused}\nattributes: {age: years}\n" + QUESTION)
    assert found.missing == {"-99": "Refused"}
    assert found.attributes["age"].column == "years"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            HEAD + "conditions: {}\n" + QUESTION,
            r"book.yaml line 3 .*unknown key 'conditions'. Did you mean 'condition'",
        ),
        (
            HEAD + "questions:\n  - id: q\n    text: TODO the words\n",
            r"line 5 .*found 'TODO the words'. Write the words",
        ),
        (
            HEAD.replace("CC0", "TODO the terms") + QUESTION,
            r"line 2 \(source\): found 'TODO the terms'. Write the words",
        ),
        (
            HEAD + "condition:\n  column: arm\n  values:\n    1: {id: a, text: TODO x}\n" + QUESTION,
            r"line 3 \(condition > 0 > values\): found 'TODO x'",
        ),
        (
            HEAD
            + "condition:\n  column: arm\n  values:\n    1: {id: a, text: x}\n    2: {id: a, text: y}\n"
            + QUESTION,
            r"two conditions have the id 'a'",
        ),
        (
            HEAD + "condition: {column: q, values: {1: {id: a}}}\n" + QUESTION,
            r"the column 'q' is the condition and the question 'q': nobody answered which condition",
        ),
        (HEAD + "condition: {column: arm, values: {1: null}}\n" + QUESTION, r"line 3 .*every value is null"),
        (
            HEAD
            + "condition: {column: arm, values: {1: {id: a, control: true}, 2: {id: b, control: true}}}\n"
            + QUESTION,
            r"found 2 control conditions \(a, b\), expected one",
        ),
        (HEAD + "missing: {1: a, '1': b}\n" + QUESTION, r"line 3 \(missing\): the value 1 stands twice"),
        (HEAD + "missing: {7: Refused}\n" + QUESTION, r"the missing code 7 \('Refused'\) is on the scale of .* 'q'"),
        (HEAD + "attributes: {weight: w}\n" + QUESTION, r"the attribute 'weight' has the name of a column"),
        (
            HEAD + "attributes: {mood: q}\n" + QUESTION,
            r"'q' is the attribute 'mood' and the question 'q'.*told the answer",
        ),
        (
            HEAD + "show: 'A {job'\n" + QUESTION,
            r"line 3 \(show\): found 'A \{job': .* Write a brace that is no name as two",
        ),
        (HEAD + "show: 'A {job:3}'\n" + QUESTION, r"expected a name alone in braces"),
        (
            HEAD + "questions:\n  - {id: q, text: How, scale: {kind: ordinal, low: 1, high: 3}, values: {A lot: 4}}\n",
            r"'A lot' stands for 4, which is not on the scale 1, 2, 3",
        ),
        (HEAD + QUESTION + QUESTION.partition("\n")[2], r"two questions have the id 'q'"),
        (HEAD.replace("tiny", "a/b") + QUESTION, r"line 1 \(name\): found 'a/b', expected a name without '/'"),
    ],
)
def test_a_codebook_that_cannot_be_right_is_refused_at_its_line(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        book(tmp_path, text)


@pytest.mark.parametrize(
    "name",
    "study condition question item respondent response n weight missing split unseen rationale".split(),  # noqa: SIM905
)
def test_an_attribute_with_the_name_of_a_column_is_refused_with_another_name(tmp_path, name):
    with pytest.raises(InputError, match=rf"the attribute '{name}' has .*Rename it: {name}_of_person: x"):
        book(tmp_path, HEAD + f"attributes: {{{name}: x}}\n" + QUESTION)


def test_names_may_be_numbers(tmp_path):
    text = "respondent: 1\nweight: 2\nattributes: {age: 3}\n" + QUESTION.replace("id: q", "id: 4")
    found = book(tmp_path, HEAD.replace("tiny", "2024") + text)
    assert (found.name, found.respondent, found.weight, found.questions[0].cells) == ("2024", "1", "2", "4")
    assert found.attributes["age"].column == "3"


def test_a_value_of_null_is_no_condition(tmp_path):
    text = "condition: {column: arm, values: {1: {id: a}, 2: null}}\n"
    assert list(book(tmp_path, HEAD + text + QUESTION).condition[0].conditions) == ["1"]


def test_two_values_may_be_one_condition(tmp_path):
    text = "condition: {column: arm, values: {1: {id: a}, 2: {id: a}, 3: {id: b}}}\n"
    assert len(book(tmp_path, HEAD + text + QUESTION).condition[0].values) == 3


def test_a_doubled_brace_is_a_brace():
    assert names_in_braces("A {job} of {age.f}, {{no name}}, {job}") == ["job", "age.f"]


def test_a_codebook_ending_in_yml_is_found_where_it_is_the_only_one(tmp_path):
    (tmp_path / "a.csv.codebook.yml").touch()
    assert codebook_beside(tmp_path / "a.csv").suffix == ".yml"
    (tmp_path / "a.csv.codebook.yaml").touch()
    assert codebook_beside(tmp_path / "a.csv").suffix == ".yaml"


def test_a_codebook_stands_beside_its_file():
    assert codebook_beside(Path("x/answers.csv.gz")) == Path("x/answers.csv.gz.codebook.yaml")
