"""A model that answers in texts, asked like any other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from silicus.errors import ModelError
from silicus.models.scripted import Rule, Script, ScriptedModel
from silicus.models.writing import Text, Writing
from silicus.prompts import Prompt, get_template, render
from silicus.simulate import Distribution, Reason, WrittenModel
from silicus.study import Item, Respondent, Scale

YES = Scale(kind="binary", labels={1: "Yes", 2: "No"}, refusals={9: "Don't know"})
HOW = Writing(draws=5, most_tokens=20, temperature=1.0, seed=0)


def prompts(*ages: int) -> list[Prompt]:
    item = Item("tea", "plain", "like", "", "Do you like tea?", YES)
    return [render(get_template("silicus"), item, Respondent(f"p{n}", {"age": age})) for n, age in enumerate(ages)]


def scripted(*texts: str) -> ScriptedModel:
    return ScriptedModel(Script(rules=[Rule(texts=list(texts))]))


class Counting:
    """Writes what a scripted model writes, counts it, and dies after so many prompts."""

    name, fingerprint = "counting", "counting"

    def __init__(self, model: ScriptedModel, dies_after: int = 100) -> None:
        self._model, self.left, self.written = model, dies_after, list[Prompt]()

    def write(self, prompts: Sequence[Prompt], how: Writing) -> Iterator[tuple[int, list[Text]]]:
        for index, texts in self._model.write(prompts, how):
            if not self.left:
                raise ModelError("killed")
            self.left -= 1
            self.written.append(prompts[index])
            yield index, texts


def shares(model: WrittenModel, asked: list[Prompt]) -> dict[int, list[float]]:
    return {index: np.exp(found).round(9).tolist() for index, found in model.answer(asked)}


def test_an_answer_has_its_share_of_all_texts_and_what_fails_is_lost_and_counted():
    texts = ("Tea.\nAnswer: 1", "Hm.\nAnswer: 1", "Answer: 9", "I can't answer that.", "word " * 30)
    model = WrittenModel(scripted(*texts), Reason(), HOW)
    assert shares(model, prompts(30)) == {0: [0.4, 0.0, 0.2]}
    assert model.came_to() == {"answer": 3, "declined": 1, "cut off": 1}


def test_stated_distributions_are_averaged():
    texts = ("1: 80\n2: 20\n9: 0", "1: 40\n2: 50\n9: 10", "none", "1: 0\n2: 100\n9: 0", "1: 50\n2: 50")
    model = WrittenModel(scripted(*texts), Distribution(20), HOW)
    assert shares(model, prompts(30)) == {0: [0.24, 0.34, 0.02]}
    assert model.came_to() == {"answer": 3, "unreadable": 2}


def test_people_who_are_alike_are_written_for_once():
    writer = Counting(scripted("Answer: 1"))
    model = WrittenModel(writer, Reason(), HOW)
    assert shares(model, prompts(30, 40, 30)) == {n: [1.0, 0.0, 0.0] for n in range(3)}
    assert len(writer.written) == 2
    assert model.came_to() == {"answer": 10}


def test_a_run_that_is_killed_goes_on_without_writing_again_or_counting_twice(tmp_path: Path):
    dying = Counting(scripted("Answer: 1", "Answer: 2", "hm"), dies_after=2)
    first = WrittenModel(dying, Reason(), HOW)
    first.keep_in(tmp_path)
    with pytest.raises(ModelError):
        shares(first, prompts(20, 30, 40, 50))
    first.close()
    living = Counting(scripted("Answer: 1", "Answer: 2", "hm"))
    second = WrittenModel(living, Reason(), HOW)
    second.keep_in(tmp_path)
    assert shares(second, prompts(20, 30, 40, 50)) == {n: [0.4, 0.4, 0.0] for n in range(4)}
    assert [len(dying.written), len(living.written)] == [2, 2]
    assert second.came_to() == {"answer": 16, "unreadable": 4}
    second.close()


def test_texts_of_another_protocol_number_temperature_or_seed_are_others(tmp_path: Path):
    writer = Counting(scripted("Answer: 1"))
    hows = [HOW, *(Writing(*each) for each in [(4, 20, 1.0, 0), (5, 21, 1.0, 0), (5, 20, 0.5, 0), (5, 20, 1.0, 1)])]
    models = [WrittenModel(writer, Reason(), how) for how in hows] + [WrittenModel(writer, Distribution(20), HOW)]
    assert len({model.fingerprint for model in models}) == 6
    for number, model in enumerate(models, start=1):
        model.keep_in(tmp_path)
        shares(model, prompts(30))
        assert len(writer.written) == number
        model.close()


def test_what_is_to_be_known_of_the_shares_is_said():
    assert WrittenModel(scripted("1"), Reason(), Writing(25, 200, 1.0, 0)).notes() == [
        "scripted wrote 25 texts for each prompt (protocol 'reason', temperature 1, up to 200 tokens); a probability "
        "is an answer's share of the texts; the standard error of a share is up to 0.100, more where texts fail"
    ]
    assert "without sampling error" in WrittenModel(scripted("1"), Reason(), Writing(1, 200, 0.0, 0)).notes()[0]
    assert "error is not known" in WrittenModel(scripted("1"), Reason(), Writing(1, 200, 1.0, 0)).notes()[0]
