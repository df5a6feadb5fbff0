from __future__ import annotations

from pathlib import Path

import pytest

from silicus.errors import InputError
from silicus.study import bundled_studies, read_study


def refused(path: Path | str) -> str:
    with pytest.raises(InputError) as caught:
        read_study(path)
    return str(caught.value)


def test_the_bundled_example_holds_the_published_percentages_and_numbers_of_people():
    study = read_study("asian-disease")
    assert (study.design, study.source.doi) == ("between", "10.1126/science.7455683")
    assert study.control is not None
    assert study.control.id == "gain"
    counts = {condition: study.human.counts[condition]["choice"] for condition in ("gain", "loss")}
    assert {c: sum(answers.values()) for c, answers in counts.items()} == {"gain": 152, "loss": 155}
    assert {c: round(100 * answers[1] / sum(answers.values())) for c, answers in counts.items()} == {
        "gain": 72,
        "loss": 22,
    }


def test_every_bundled_study_is_valid_and_named_after_its_file():
    assert {name: read_study(name).id for name in bundled_studies()} == {name: name for name in bundled_studies()}


def test_items_are_the_cells_of_a_study_with_conditions_outermost(study_file):
    two = "questions:\n" + "\n".join(
        f"  - {{id: {q}, text: '{q}?', scale: {{kind: ordinal, low: 1, high: 3}}}}" for q in ("x", "y")
    )
    items = list(read_study(study_file(questions=two)).items())
    assert [(i.condition, i.question) for i in items] == [
        ("plain", "x"), ("plain", "y"), ("praise", "x"), ("praise", "y"),
    ]  # fmt: skip
    assert (items[0].context, items[2].context) == ("", "Tea is lovely.")
    assert len({item.item for item in items}) == 4


def test_the_name_of_an_item_depends_on_all_that_is_shown(scaled):
    first, second = (next(scaled(f"{{kind: ordinal, low: 1, high: {high}}}").items()) for high in (5, 7))
    assert first.item != second.item
    assert first.item == next(scaled("{kind: ordinal, low: 1, high: 5}").items()).item


def test_a_study_is_between_or_within_and_between_unless_it_says_so(study_file):
    assert read_study(study_file()).design == "between"
    assert read_study(study_file(design="design: within")).design == "within"
    path = study_file(design="design: withn")
    assert refused(path) == f"{path} line 10 (design): found 'withn', expected: input should be 'between' or 'within'."


def test_a_study_may_have_no_control(study_file):
    assert read_study(study_file(conditions="conditions: [{id: a}, {id: b}]")).control is None


def test_two_controls_are_refused_by_name(study_file):
    message = refused(study_file(conditions="conditions: [{id: a, control: true}, {id: b, control: true}]"))
    assert message.endswith("found 2 control conditions (a, b), expected one.")


@pytest.mark.parametrize("noun", ["condition", "question"])
def test_two_of_the_same_id_are_refused(study_file, noun):
    scale = "text: 'Q?', scale: {kind: ordinal, low: 1, high: 3}" if noun == "question" else "text: T"
    message = refused(study_file(**{f"{noun}s": f"{noun}s: [{{id: a, {scale}}}, {{id: a, {scale}}}]"}))
    assert message.endswith(f"two {noun}s have the id 'a'. Give every {noun} an id of its own.")


def test_an_unknown_key_is_answered_with_its_line_and_the_nearest_known_key(study_file):
    path = study_file(design="desing: within")
    assert refused(path) == f"{path} line 10 (desing): unknown key 'desing'. Did you mean 'design'?"


def test_an_unknown_key_deep_inside_is_answered_with_the_keys_of_that_place(study_file):
    path = study_file(conditions="conditions:\n  - id: a\n    controll: true")
    assert refused(path) == (
        f"{path} line 5 (conditions > 0 > controll): unknown key 'controll'. Did you mean 'control'?"
    )


def test_a_missing_key_is_named_with_its_place(study_file):
    path = study_file(source="source:\n  citation: A. Author")
    assert refused(path) == f"{path} line 2 (source > licence): the key 'licence' is missing."


def test_a_key_that_stands_twice_is_refused_with_its_line(study_file):
    path = study_file(again="id: coffee")
    assert refused(path) == f"{path} line 10: the key 'id' stands twice. Keep one of them."


def test_broken_yaml_is_named_with_its_line(study_file):
    path = study_file(conditions="conditions: [{id: a}")
    assert f"{path} line 4: not valid YAML: " in refused(path)


def test_a_study_file_that_is_not_there_is_named_with_the_file_nearest_to_it(study_file):
    path = study_file().with_name("tae.yaml")
    assert refused(path) == f"{path}: no such file. Did you mean 'tea.yaml'?"


def test_an_unknown_bundled_study_is_answered_with_the_nearest():
    assert refused("asian-diseas") == (
        "asian-diseas: neither a study file nor a bundled study. Did you mean 'asian-disease'?"
    )


@pytest.mark.parametrize(("text", "found"), [("", "nothing"), ("- a\n", "['a']"), ("tea\n", "'tea'")])
def test_a_file_that_is_no_mapping_says_what_was_found(tmp_path, text, found):
    path = tmp_path / "list.yaml"
    path.write_text(text, encoding="utf-8")
    assert refused(path) == f"{path}: found {found}, expected the keys of a study."


@pytest.mark.parametrize(
    ("counts", "complaint"),
    [
        (
            "{prase: {like: {1: 3}}}",
            "human counts name the condition 'prase', which the study does not have. Did you mean 'praise'?",
        ),
        (
            "{plain: {love: {1: 3}}}",
            "human counts name the question 'love', which the study does not have. Known: like.",
        ),
        ("{plain: {like: {3: 3}}}", "human counts of 'plain', 'like': the answer 3 is not on the scale 1, 2."),
        (
            "{plain: {like: {Yess: 3}}}",
            "human counts of 'plain', 'like': the answer 'Yess' is not on the scale 1, 2. Did you mean 'Yes'?",
        ),
        ("{plain: {like: {Yes: -3}}}", "human counts of 'plain', 'like': Yes has -3, expected 0 or more people."),
    ],
)
def test_counts_that_do_not_fit_the_study_are_refused(study_file, counts, complaint):
    assert refused(study_file(human=f"human: {{counts: {counts}}}")).endswith(complaint)


def test_counts_must_be_whole_people(study_file):
    message = refused(study_file(human="human:\n  counts:\n    plain: {like: {1: 1.5}}"))
    assert (
        "line 12 (human > counts > plain > like > 1): found 1.5, expected: input should be a valid integer" in message
    )


@pytest.mark.parametrize("given", ["{}", "{counts: {plain: {like: {1: 3}}}, responses: a.csv}"])
def test_human_answers_are_counts_or_a_table(study_file, given):
    assert refused(study_file(human=f"human: {given}")).endswith(
        "human answers are given either as 'counts' or as a 'responses' table."
    )


@pytest.mark.parametrize("when", ["2019", "2019-03", "2019-03-14", "2017/2022-06"])
def test_when_people_answered_is_a_date_or_two(study_file, when):
    source = f"source: {{citation: A. Author, licence: CC0-1.0, fielded: {when}}}"
    assert read_study(study_file(source=source)).source.fielded == when


def test_another_form_of_date_is_refused_with_the_forms_there_are(study_file):
    source = "source: {citation: A. Author, licence: CC0-1.0, fielded: March 2019}"
    assert "found 'March 2019', expected a year, month or day (2019, 2019-03" in refused(study_file(source=source))


def test_a_study_may_say_which_answers_it_wants(study_file):
    asked = "  - {{id: {0}, text: '{0}?', {1}scale: {{kind: ordinal, low: 1, high: 3}}}}"
    wants = {"x": "better: higher, ", "y": "better: lower, ", "z": ""}
    study = read_study(
        study_file(questions="\n".join(["questions:", *(asked.format(*each) for each in wants.items())]))
    )
    assert study.better == {"x": "higher", "y": "lower"}
    assert read_study(study_file()).better == {}


def test_the_names_of_items_do_not_depend_on_which_answers_are_wanted(study_file):
    asked = "questions: [{{id: x, text: 'x?', {}scale: {{kind: ordinal, low: 1, high: 3}}}}]"
    names = [
        [item.item for item in read_study(study_file(questions=asked.format(told))).items()]
        for told in ("", "better: lower, ")
    ]
    assert names[0] == names[1]


def test_wanted_answers_are_higher_or_lower(study_file):
    path = study_file(questions="questions: [{id: x, text: X, better: more, scale: {kind: ordinal, low: 1, high: 3}}]")
    assert "better): found 'more', expected: input should be 'higher' or 'lower'" in refused(path)


def test_a_bundled_study_says_what_its_letter_is_to_do():
    assert read_study("flu-letter").better == {"intend": "higher", "pressed": "lower"}


def test_profiles_have_no_answers_that_arms_are_to_bring_about():
    assert read_study("shared-flat").better == {}
