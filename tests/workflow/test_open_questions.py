"""Open questions: who is asked, what is kept of the texts, and how a run goes on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from silicus.errors import InputError, PromptError, RunError
from silicus.models.scripted import ScriptedModel
from silicus.models.writing import Writing
from silicus.options import SimulateOptions
from silicus.workflow import read_run, simulate
from tests.models.server.upstream import Upstream, said
from tests.models.tiny import tiny_model

STUDY = """\
id: tea
source: {citation: A. Author, licence: CC0-1.0}
conditions:
  - {id: plain, control: true}
  - {id: praise, text: Tea is lovely.}
questions:
  - {id: like, text: "Do you like tea?", scale: {kind: binary, labels: {1: Yes, 2: No}}}
  - {id: why, text: "Why so?", open: true}
  - {id: wish, text: "What else?", open: true}
"""
SCRIPT = """\
rules:
  - {when: {question: why}, texts: [" It calms me. ", It warms., "One two three four five six seven eight nine ten"]}
  - {when: {question: wish, condition: plain}, texts: ["  "]}
  - {texts: [Cake.], probabilities: [0.5, 0.5]}
"""
NOTE = (
    "16 texts answer 2 open questions, one for each respondent and condition (temperature 1, up to 9 tokens): 4 empty, "
    "2 cut off; they are in open_answers.parquet and not scored"
)


@pytest.fixture
def study(tmp_path: Path) -> str:
    path = tmp_path / "tea.yaml"
    path.write_text(STUDY, encoding="utf-8")
    return str(path)


@pytest.fixture
def options(tmp_path: Path) -> SimulateOptions:
    """Return options that ask four people, of three of whom the same is known."""
    (tmp_path / "script.yaml").write_text(SCRIPT, encoding="utf-8")
    people = tmp_path / "people.csv"
    people.write_text("respondent,age\na,30\nb,30\nc,30\nd,71\n", encoding="utf-8")
    model = f"scripted:{tmp_path / 'script.yaml'}"
    return SimulateOptions(model=model, respondents=str(people), open=True, text_tokens=9, out=tmp_path / "run")


def answers(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / "open_answers.parquet")


def test_everybody_writes_an_answer_to_each_open_question_in_each_condition(study, options, capsys):
    folder = simulate(study, options)
    found = answers(folder)
    assert found.columns == ["study", "condition", "question", "respondent", "text", "cut_off", "synthetic"]
    key = ["condition", "question", "respondent"]
    assert len(found) == len(found.unique(key)) == 2 * 2 * 4
    assert found["synthetic"].all()
    why = found.filter(condition="plain", question="why").select("respondent", "text", "cut_off")
    # Those of whom the same is known have a text of their own each.
    assert why.rows() == [
        ("a", "It calms me.", False),
        ("b", "It warms.", False),
        ("c", "One two three four five six seven eight nine", True),
        ("d", "It calms me.", False),
    ]
    assert found.filter(condition="plain", question="wish")["text"].to_list() == [""] * 4
    run = read_run(folder)
    assert run.manifest.notes == [NOTE]
    assert NOTE in capsys.readouterr().err
    assert {name: run.manifest.options[name] for name in ("open", "temperature", "text_tokens")} == {
        "open": True, "temperature": 1.0, "text_tokens": 9,
    }  # fmt: skip
    assert set(run.predictions["question"]) == {"like"}


def test_what_is_asked_shows_the_condition_and_the_person_and_no_answers(study, options, monkeypatch):
    seen: list[tuple[str, str]] = []
    write = ScriptedModel.write

    def watched(self, prompts, how):
        seen.extend((prompt.system, prompt.user) for prompt in prompts)
        return write(self, prompts, how)

    monkeypatch.setattr(ScriptedModel, "write", watched)
    simulate(study, options)
    asked = [user for _, user in seen if "lovely" in user and "Why" in user and "71" in user]
    assert asked == [
        "Tea is lovely.\n\nWhy so?\n\nAnswer exactly as this person would:\nAge: 71\n\nWrite what this person writes "
        "into an empty text field, in this person's own words and nothing else.\n\nThis person's words:"
    ]
    assert {system for system, _ in seen} == {
        "You speak for a person who takes part in a survey. Say what this person would say."
    }
    assert len(seen) == 2 * 2 * 2, "people who are alike are asked together"


def test_without_the_option_the_run_says_how_many_were_not_asked_and_keeps_its_key(study, options):
    folder = simulate(study, replace(options, open=False, model="uniform"))
    run = read_run(folder)
    assert run.manifest.notes == ["2 open questions were not asked; ask them with --open"]
    assert not {"open", "temperature", "text_tokens"} & set(run.manifest.options)
    assert "open" not in run.manifest.inputs
    assert not (folder / "open_answers.parquet").exists()


def test_at_temperature_0_those_who_are_alike_share_the_likeliest_text(study, options):
    found = answers(simulate(study, replace(options, temperature=0.0)))
    assert found.filter(question="why")["text"].to_list() == ["It calms me."] * 8


def test_more_people_who_are_alike_than_are_written_to_at_once_have_luck_of_their_own(study, options, monkeypatch):
    drawn: list[Writing] = []
    write = ScriptedModel.write

    def watched(self, prompts, how):
        drawn.append(how)
        return write(self, prompts, how)

    monkeypatch.setattr(ScriptedModel, "write", watched)
    monkeypatch.setattr("silicus.simulate.open_answers._SIDE_BY_SIDE", 2)
    found = answers(simulate(study, options))
    assert found["text"].null_count() == 0
    assert sorted(how.draws for how in drawn) == [1, 1, 2]
    assert len({how.seed for how in drawn}) == 2, "the first go of everybody has one seed, later ones another"


def test_a_run_that_was_killed_writes_no_text_again(study, options, monkeypatch, tmp_path):
    whole = simulate(study, replace(options, out=tmp_path / "whole"))
    written: list[str] = []
    write = ScriptedModel.write

    def dying(self, prompts, how):
        for index, texts in write(self, prompts, how):
            if len(written) == 3:
                raise KeyboardInterrupt
            written.append(prompts[index].user)
            yield index, texts

    with monkeypatch.context() as patch:
        patch.setattr(ScriptedModel, "write", dying)
        with pytest.raises(KeyboardInterrupt):
            simulate(study, options)

    def counting(self, prompts, how):
        written.extend(prompt.user for prompt in prompts)
        return write(self, prompts, how)

    monkeypatch.setattr(ScriptedModel, "write", counting)
    folder = simulate(study, options)
    assert len(written) == len(set(written)) == 8
    assert answers(folder).equals(answers(whole))
    simulate(study, options)
    assert len(written) == 8, "a finished run writes nothing"
    assert read_run(folder).manifest.notes == [NOTE]


def test_answers_in_texts_and_open_questions_are_kept_side_by_side(study, options, tmp_path):
    (tmp_path / "script.yaml").write_text(SCRIPT.replace("Cake.", "'Answer: 1'"), encoding="utf-8")
    run = read_run(simulate(study, replace(options, protocol="reason", samples=3)))
    assert run.predictions["probabilities"].to_list() == [[1.0, 0.0]] * 8
    # Open answers do not count among the texts in which an answer is looked for.
    assert [note for note in run.manifest.notes if "sampled text" in note] == []
    assert NOTE in run.manifest.notes


def test_another_open_question_is_another_run(study, options, tmp_path):
    simulate(study, options)
    with pytest.raises(RunError, match="text_tokens was 9, is 10"):
        simulate(study, replace(options, text_tokens=10))
    (tmp_path / "tea.yaml").write_text(STUDY.replace("Why so?", "Why not?"), encoding="utf-8")
    with pytest.raises(RunError, match="the open have changed"):
        simulate(study, options)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"model": "uniform"},
            "the model 'uniform' writes no texts, as --open asks for. Take a language model, or leave it out.",
        ),
        (
            {"model": "scripted"},
            "the model 'scripted' writes no texts, as --open asks for. Take a language model, or leave it out.",
        ),
        (
            {"template": "subpop", "answers": "letter"},
            "found --open with the template 'subpop', which asks for one of several answers. Give --template silicus "
            "or socrates.",
        ),
    ],
)
def test_a_model_or_template_that_cannot_is_refused_before_anything_is_written(study, options, changed, told):
    with pytest.raises(InputError) as caught:
        simulate(study, replace(options, **changed))
    assert str(caught.value) == told
    assert not options.out.exists()


def test_a_study_without_open_questions_or_with_profiles_is_refused(options, tmp_path):
    with pytest.raises(InputError, match=r"--open, and the study 'asian-disease' has no open question\. Leave it out"):
        simulate("asian-disease", options)
    pooled = replace(options, model="pooled")
    with pytest.raises(InputError, match="has no open question"):
        simulate("asian-disease", pooled)
    path = tmp_path / "flat.yaml"
    path.write_text(
        "id: flat\nsource: {citation: A, licence: CC0-1.0}\n"
        "profiles: {attributes: {rent: [low, high]}, count: 2, text: 'Rent: {rent}'}\n"
        'questions: [{id: chosen, text: "Which?"}, {id: why, text: "Why?", open: true}]\n',
        encoding="utf-8",
    )
    with pytest.raises(InputError, match=r"'flat' shows profiles, after which open questions cannot be asked"):
        simulate(str(path), options)
    run = read_run(simulate(str(path), replace(options, open=False, model="uniform")))
    assert run.manifest.notes == ["1 open question was not asked"]


@pytest.fixture
def upstream(monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with Upstream() as server:
        yield server


@pytest.mark.parametrize("protocol", ["direct", "reason"])
def test_a_served_model_is_asked_once_for_each_text(study, options, upstream, protocol, capsys):
    def answer(body):
        return said("My words." if "text field" in body["messages"][-1]["content"] else "Answer: 1")

    upstream.answer = answer
    served = replace(options, model="tiny", server=upstream.address, protocol=protocol, samples=2)
    found = answers(simulate(study, served))
    assert found["text"].to_list() == ["My words."] * 16
    openly = [body for _, body in upstream.log if "text field" in body["messages"][-1]["content"]]
    assert len(openly) == 16
    assert {body["max_tokens"] for body in openly} == {9}
    before = len(upstream.log)
    assert f"{before} calls" in capsys.readouterr().err
    simulate(study, served)
    assert len(upstream.log) == before


def test_a_cap_on_calls_holds_for_open_questions_too(study, options, upstream):
    upstream.answer = lambda _: said("1")
    served = replace(options, model="tiny", server=upstream.address, samples=1, max_calls=10)
    with pytest.raises(RunError, match="--max-calls 10"):
        simulate(study, served)
    done = len(upstream.log)
    assert done == 10
    folder = simulate(study, replace(served, max_calls=100))
    assert len(answers(folder)) == 16
    assert len(upstream.log) == 4 + 16


def test_a_model_on_this_machine_writes_and_is_not_given_more_than_it_reads(study, options, monkeypatch):
    tiny = tiny_model("byte-level")
    monkeypatch.setattr(sys.modules["silicus.workflow.simulate"], "load_model", lambda *_: tiny)
    here = replace(options, model="smollm2")
    found = answers(simulate(study, here))
    assert len(found) == 16
    assert (found["text"] != "").any()
    assert found.filter(question="why", condition="plain", respondent="a")["text"].item() != (
        found.filter(question="why", condition="plain", respondent="b")["text"].item()
    )
    again = answers(simulate(study, replace(here, out=here.out.with_name("again"))))
    assert again.equals(found)
    longer = replace(here, text_tokens=9000, out=here.out.with_name("long"))
    with pytest.raises(PromptError, match=r"question 'why'.*fewer --text-tokens"):
        simulate(study, longer)
