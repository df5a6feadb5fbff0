from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from silicus.errors import InputError
from silicus.models import load_model
from silicus.models.scripted import Rule, Script, ScriptedModel
from silicus.models.writing import Text, Writing
from silicus.prompts import Prompt, get_template, render
from silicus.study import Item, Respondent, Scale

YES_NO = Scale(kind="binary", labels={1: "Yes", 2: "No"}, refusals={9: "Don't know"})


def asked(condition: str = "plain", question: str = "like", text: str = "Tea?", **attributes: str | int) -> Prompt:
    item = Item("tea", condition, question, "", text, YES_NO)
    return render(get_template("silicus"), item, Respondent("p", {"age": 34, **attributes}))


@pytest.fixture
def script(tmp_path: Path):
    """Return a function that writes a script and returns the name of its model."""

    def write(text: str) -> str:
        path = tmp_path / "script.yaml"
        path.write_text(text, encoding="utf-8")
        return f"scripted:{path}"

    return write


def answers(name: str, *prompts: Prompt) -> list[list[float]]:
    found = dict(load_model(name).answer(prompts))
    return [np.exp(found[index]).round(12).tolist() for index in range(len(prompts))]


RULES = """\
rules:
  - {when: {condition: praise, party_id: Democrat}, probabilities: [0.9, 0.1, 0]}
  - {when: {age: 34}, probabilities: [0.5, 0.25, 0.25]}
  - {probabilities: [0.2, 0.2, 0.2]}
"""


def test_the_first_rule_that_matches_answers(script):
    democrat, other, young = (
        asked("praise", party_id="Democrat"), asked("praise", party_id="Republican"), asked("plain", age=20),
    )  # fmt: skip
    assert answers(script(RULES), democrat, other, young) == [[0.9, 0.1, 0], [0.5, 0.25, 0.25], [0.2, 0.2, 0.2]]


def test_no_rule_that_matches_is_told_with_the_place(script):
    name = script("rules: [{when: {condition: praise}, probabilities: [0.5, 0.5, 0]}]")
    with pytest.raises(InputError) as caught:
        answers(name, asked("plain"))
    assert str(caught.value) == (
        "scripted model: no rule matches condition 'plain', question 'like'. Add one with an empty 'when' at the end."
    )


def test_a_rule_with_another_number_of_answers_than_the_scale_is_told(script):
    with pytest.raises(InputError) as caught:
        answers(script("rules: [{probabilities: [0.5, 0.5]}]"), asked())
    assert str(caught.value) == (
        "scripted model: found 2 probabilities for condition 'plain', question 'like', expected 3, one for each answer."
    )


@pytest.mark.parametrize("given", ["[0.9, 0.9, 0]", "[-0.5, 1, 0]", "[.nan, 1, 0]", "[0, 0, 0]"])
def test_probabilities_that_are_none_are_refused_with_their_line(script, given):
    with pytest.raises(InputError, match=r"script\.yaml line 2 \(rules > 0.*probabilities"):
        load_model(script(f"rules:\n  - probabilities: {given}"))


def test_a_misspelt_key_of_a_script_is_answered_with_the_nearest(script):
    with pytest.raises(InputError, match=r"line 1 \(rules > 0 > wen\): unknown key 'wen'\. Did you mean 'when'\?"):
        load_model(script("rules: [{wen: {}, probabilities: [0.5, 0.5]}]"))


def test_a_script_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"gone\.yaml: no such file"):
        load_model(f"scripted:{tmp_path / 'gone.yaml'}")


def test_without_a_script_answers_depend_on_each_word_and_on_nothing_else():
    first, again, question, persona = answers("scripted", asked(), asked(), asked(text="Tea!"), asked(age=35))
    assert first == again
    assert len({tuple(found) for found in (first, question, persona)}) == 3
    assert sum(first) == pytest.approx(1)


def test_the_fingerprint_tells_scripts_apart(script):
    bare, one = load_model("scripted").fingerprint, load_model(script(RULES)).fingerprint
    two = load_model(script(RULES.replace("0.9", "0.8"))).fingerprint
    assert len({bare, one, two}) == 3


def test_uniform_gives_every_answer_the_same_probability():
    assert answers("uniform", asked()) == [pytest.approx([1 / 3] * 3)]


def test_uniform_takes_no_file():
    with pytest.raises(InputError, match=r"^the model 'uniform' takes no file, found ':x'\.$"):
        load_model("uniform:x")


def test_texts_are_written_one_after_the_other_and_cut_off_after_so_many_words():
    model = ScriptedModel(Script(rules=[Rule(texts=["one two\nthree", "four"])]))
    ((index, texts),) = model.write([asked()], Writing(draws=3, most_tokens=2, temperature=1.0, seed=0))
    assert index == 0
    assert texts == [Text("one two", cut=True), Text("four", cut=False), Text("one two", cut=True)]


def test_a_rule_that_lacks_what_is_asked_for_says_so():
    how = Writing(draws=1, most_tokens=2, temperature=1.0, seed=0)
    with pytest.raises(InputError, match=r"the rule for condition '.*', question '.*' has no 'texts'"):
        list(ScriptedModel(Script(rules=[Rule(probabilities=[0.5, 0.5])])).write([asked()], how))
    with pytest.raises(InputError, match=r"has no 'probabilities', only texts"):
        list(ScriptedModel(Script(rules=[Rule(texts=["Yes"])])).answer([asked()]))
    with pytest.raises(ValidationError, match="neither 'probabilities' nor 'texts'"):
        Rule(when={"condition": "a"})
