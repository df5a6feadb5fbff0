from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from silicus.data import write_dataset_folder
from silicus.errors import InputError, RunError
from silicus.evaluate import OrderEffect
from silicus.models.scripted import ScriptedModel
from silicus.models.trained_as import TrainedAs
from silicus.options import EvaluateOptions, ProbeOptions, SimulateOptions
from silicus.record import read
from silicus.workflow import evaluate_data, evaluate_run, probe_run, read_run, simulate
from silicus.workflow.asking import write_order_effect
from tests.data.splitting import dataset, marked, stimulus

TEA = """\
id: tea
source: {citation: A. Author, licence: CC0-1.0}
conditions:
  - {id: plain, control: true}
questions:
  - {id: like, text: "How much do you like tea?", scale: {kind: numeric, low: 0, high: 10}}
  - {id: buy, text: "Will you buy tea?", scale: {kind: binary, labels: {1: Yes, 2: No}}}
  - {id: cup, text: "Which cup?", scale: {kind: nominal, labels: {1: Red, 2: Blue, 3: Green}}}
human: {counts: {plain: {buy: {Yes: 3, No: 1}}}}
"""
FIRST = """\
rules:
  - {when: {question: buy}, probabilities: [0.9, 0.1]}
  - {when: {question: cup}, probabilities: [0.6, 0.3, 0.1]}
  - {probabilities: [0.5, 0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0]}
"""


@pytest.fixture
def study(tmp_path: Path) -> str:
    """Return the file of a study of three questions, one of which has human answers."""
    path = tmp_path / "tea.yaml"
    path.write_text(TEA, encoding="utf-8")
    return str(path)


@pytest.fixture
def options(tmp_path: Path) -> SimulateOptions:
    """Return options that ask twelve people of a model which prefers what stands first."""
    script = tmp_path / "first.yaml"
    script.write_text(FIRST, encoding="utf-8")
    return SimulateOptions(model=f"scripted:{script}", respondents="12", out=tmp_path / "run")


# --- orders and wordings


def test_a_preference_for_the_first_option_is_said_kept_and_averaged_away(study, options, capsys):
    folder = simulate(study, replace(options, orders=3))
    said = " ".join(capsys.readouterr().err.split())
    assert (
        "2 questions were asked in several orders of the options, 1 in one alone, and predictions are means over them: "
        "the mean answer, from 0 to 1, as given less turned round is −0.800 (−0.800 to −0.800), towards what stands "
        "first (12 pairs); without an order of points, "
    ) in said
    found = read(folder / "orders.json", OrderEffect)
    assert (found.questions_n, found.one_order_n, found.pairs_n) == (2, 1, 24)
    run = read_run(folder)
    assert run.predictions.filter(question="buy")["probabilities"][0].to_list() == pytest.approx([0.5, 0.5])
    assert run.predictions.filter(question="cup")["probabilities"][0].to_list() == pytest.approx([1 / 3] * 3)
    assert run.manifest.notes == [
        "predictions are means over up to 3 orders of each question",
        "1 question is asked in one order ('like'): its points are numbers, which have one order",
    ]
    variants = pl.read_parquet(folder / "variants.parquet")
    assert set(variants.filter(question="buy")["variant"]) == {"order 1 2", "order 2 1"}
    assert len(variants) == 12 * (1 + 2 + 3)
    assert not (folder / "parts").exists()


def test_the_order_effect_reaches_the_evaluation_and_the_page(study, options):
    folder = simulate(study, replace(options, orders=2))
    found = evaluate_run(folder)
    assert found.orders == read(folder / "orders.json", OrderEffect)
    assert json.loads((folder / "evaluation.json").read_text())["orders"]["ordered"]["value"] == pytest.approx(-0.8)
    page = (folder / "report.html").read_text()
    assert "Does the order of the options matter?" in page
    assert "towards what stands first" in page


def test_one_order_and_one_wording_are_what_always_was(study, options, tmp_path):
    plain = simulate(study, options)
    same = simulate(study, replace(options, orders=1, wordings=1, shots=0, out=tmp_path / "same"))
    assert (plain / "predictions.parquet").read_bytes() == (same / "predictions.parquet").read_bytes()
    assert read_run(plain).manifest.key == read_run(same).manifest.key
    since = {"orders", "wordings", "shots", "own_answers", "examples"}
    assert since & set(read_run(plain).manifest.options) == set()
    assert not (plain / "variants.parquet").exists()
    assert evaluate_run(plain).orders is None


def test_ways_of_asking_are_part_of_what_a_run_is(study, options):
    simulate(study, replace(options, orders=2))
    with pytest.raises(RunError, match=r"holds another run \(orders was 2, is 3\)"):
        simulate(study, replace(options, orders=3))
    assert read_run(options.out).manifest.options["orders"] == 2


def test_wordings_and_orders_are_crossed_and_the_seed_decides_the_orders(study, options, tmp_path):
    asked = replace(options, orders=2, wordings=2, seed=1)
    folders = [simulate(study, replace(asked, out=tmp_path / name)) for name in ("a", "b")]
    made = [pl.read_parquet(folder / "variants.parquet") for folder in folders]
    assert made[0].equals(made[1])
    assert set(made[0].filter(question="buy")["variant"]) == {
        f"wording {n}, order {order}" for n in (1, 2) for order in ("1 2", "2 1")
    }


def test_a_run_that_was_stopped_before_its_order_effect_was_written_writes_it(study, options, monkeypatch):
    folder = simulate(study, replace(options, orders=2))
    before = (folder / "orders.json").read_bytes()
    (folder / "orders.json").unlink()
    monkeypatch.setattr(ScriptedModel, "answer", None)
    simulate(study, replace(options, orders=2))
    assert (folder / "orders.json").read_bytes() == before


def test_pooled_answers_have_no_order(options):
    with pytest.raises(InputError, match=r"^found --orders with the model 'pooled', which reads no options\."):
        simulate("asian-disease", replace(options, model="pooled", orders=2))


def test_wordings_are_for_the_template_silicus(study, options):
    with pytest.raises(InputError, match=r"^found --wordings 2 with the template 'socrates'"):
        simulate(study, replace(options, wordings=2, template="socrates"))
    assert not options.out.exists()


def test_a_run_in_several_ways_is_not_probed(study, options):
    folder = simulate(study, replace(options, orders=2))
    with pytest.raises(InputError, match=r"was asked with --orders 2, and probes change one thing"):
        probe_run(folder, ProbeOptions())


# --- answered questions before the question

QUESTIONS = {
    "taxes": "Should the taxes of rich people rise?",
    "wealth": "Should a tax on wealth be paid by rich people?",
    "schools": "Do schools need more teachers?",
    "new": "Should rich people pay more for everything?",
}
ROWS = [
    ("s", "a", question, who, stimulus(words), 1 + (place + n) % 7)
    for n, who in enumerate(["ann", "bob", "cat"])
    for place, (question, words) in enumerate(QUESTIONS.items())
]
PARTS = ["test question" if row[2] == "new" else "train" for row in ROWS]
PEOPLE = {"ann": {"age": 30}, "bob": {"age": 70}, "cat": {"age": 31}}


@pytest.fixture
def past(tmp_path: Path) -> Path:
    """Return a dataset folder of three people's answers to four questions, one of which is held out."""
    folder = tmp_path / "past"
    write_dataset_folder(folder, marked(ROWS, PARTS, people=PEOPLE), "made by hand")
    return folder


def prompts_of(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that fills with the user texts of what the scripted model is asked."""
    seen: list[str] = []
    real = ScriptedModel.answer

    def watched(self, prompts):
        seen.extend(prompt.user for prompt in prompts)
        return real(self, prompts)

    monkeypatch.setattr(ScriptedModel, "answer", watched)
    return seen


def test_similar_questions_with_somebodys_answer_stand_before_the_question(past, tmp_path, monkeypatch):
    seen = prompts_of(monkeypatch)
    asked = EvaluateOptions(
        data=str(past), model="scripted", shots=2, examples=past, floors=False, out=tmp_path / "run"
    )  # fmt: skip
    folder, _ = evaluate_data(asked)
    assert len(seen) == 3
    own = next(text for text in seen if text.rstrip().endswith("Age: 30\n\nThis person's answer:"))
    # The most similar stands nearest; of the others cat, 31 years old, is nearest to ann: 1 + (place + 2) % 7.
    assert own.index("tax on wealth") < own.index("taxes of rich people rise") < own.index("pay more for everything")
    assert own.count("Person: Age: 31\nAnswer: ") == 2
    assert "schools" not in own
    manifest = read_run(folder).manifest
    assert manifest.notes == [f"up to 2 answered questions of other people stand before each question (from {past})"]
    assert "examples" in manifest.inputs
    assert (manifest.options["shots"], manifest.options["examples"]) == (2, str(past))


def test_people_without_answers_of_their_own_are_asked_without_and_counted(past, study, options, tmp_path, monkeypatch):
    seen = prompts_of(monkeypatch)
    people = tmp_path / "people.csv"
    people.write_text("respondent,age\nann,30\nstranger,50\n", encoding="utf-8")
    folder = simulate(study, replace(options, respondents=str(people), own_answers=2, examples=past))
    assert sum("How this person answered other questions before:" in text for text in seen) == 3
    assert read_run(folder).manifest.notes == [
        f"up to 2 answers of the respondent's own stand before each question (from {past}); 3 of 6 prompts have none"
    ]
    assert "Nobody (2026). (licence: CC0-1.0)" in read_run(folder).manifest.sources


def test_own_answers_of_nobody_are_refused(past, study, options):
    with pytest.raises(InputError) as caught:
        simulate(study, replace(options, own_answers=2, examples=past))
    assert str(caught.value) == (
        f"{past}: the training part has no answers of the respondent's own that could stand before any of the "
        "questions asked. Such answers are to other questions, and own answers of people with the same ids."
    )


def test_examples_of_data_that_were_not_split_are_refused(study, options, tmp_path):
    write_dataset_folder(tmp_path / "whole", dataset(ROWS, people=PEOPLE), "made by hand")
    with pytest.raises(InputError, match="has not been split, so nothing says which of its answers may be examples"):
        simulate(study, replace(options, shots=2, examples=tmp_path / "whole"))
    assert not options.out.exists()


def test_the_same_seed_shows_the_same_examples(past, study, options, tmp_path, monkeypatch):
    seen = prompts_of(monkeypatch)
    for name in ("a", "b"):
        simulate(study, replace(options, shots=2, examples=past, out=tmp_path / name))
    assert seen[: len(seen) // 2] == seen[len(seen) // 2 :]


# --- what is said of orders


@pytest.mark.parametrize("aloud", [True, False])
def test_what_is_not_said_aloud_is_kept_all_the_same(study, options, capsys, aloud):
    folder = simulate(study, replace(options, orders=3))
    kept = (folder / "orders.json").read_bytes()
    (folder / "orders.json").unlink()
    capsys.readouterr()
    write_order_effect(folder, 0, aloud=aloud)
    assert ("towards what stands first" in " ".join(capsys.readouterr().err.split())) == aloud
    assert (folder / "orders.json").read_bytes() == kept


# --- models that were trained

TRAINED = TrainedAs(template="silicus", answers="value", base="b", prompts="p", recipe="r", run="k", version="1")


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every model for one that was trained with the first wording, and that reads its prompts as then."""
    # The door shows a function of the same name.
    module = sys.modules["silicus.workflow.simulate"]
    monkeypatch.setattr(module, "trained_as", lambda _: TRAINED)
    monkeypatch.setattr(module, "check_prompts", lambda *_: None)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, None),
        ({"orders": 2}, None),
        ({"wordings": 3}, "in 3 wordings"),
        ({"shots": 1}, "after 1 answered question of others"),
        ({"own_answers": 2}, "after 2 answers of the respondent's own"),
        ({"wordings": 2, "shots": 2, "own_answers": 1}, "in 2 wordings and after 2 answered questions of others and "
         "after 1 answer of the respondent's own"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("trained")
def test_a_trained_model_that_is_asked_as_it_never_was_says_so(past, study, options, changed, told, tmp_path, capsys):
    people = tmp_path / "people.csv"
    people.write_text("respondent,age\nann,30\nbob,50\n", encoding="utf-8")
    examples = past if {"shots", "own_answers"} & set(changed) else None
    folder = simulate(study, replace(options, respondents=str(people), examples=examples, **changed))
    found = [note for note in read_run(folder).manifest.notes if "was trained" in note]
    words = f"{options.model} was trained on questions as they are; here it is asked {told}"
    assert found == ([words] if told else [])
    assert (words in capsys.readouterr().err) == bool(told)


@pytest.mark.usefixtures("trained")
def test_a_trained_model_with_another_template_and_other_wordings_says_both(study, options, monkeypatch):
    monkeypatch.setattr(
        sys.modules["silicus.workflow.simulate"],
        "trained_as",
        lambda _: TRAINED.model_copy(update={"template": "socrates"}),
    )
    folder = simulate(study, replace(options, template="silicus", wordings=2))
    first, second = [note for note in read_run(folder).manifest.notes if "was trained" in note]
    assert "was trained with the template 'socrates'" in first
    assert second.endswith("here it is asked in 2 wordings")


def test_a_model_that_was_not_trained_here_says_nothing_of_wordings(study, options):
    notes = read_run(simulate(study, replace(options, wordings=2))).manifest.notes
    assert not any("was trained" in note for note in notes)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"orders": 0}, "found --orders 0, expected 1 or more."),
        ({"wordings": 0}, "found --wordings 0, expected 1 or more."),
        ({"shots": -1}, "found --shots -1, expected 0 or more."),
        ({"shots": 2}, "found --shots without --examples, where they come from."),
        ({"own_answers": 2}, "found --own-answers without --examples, where they come from."),
        ({"examples": Path("here")}, "found --examples without --shots or --own-answers."),
    ],
)
def test_options_that_do_not_fit_are_refused(changed, message):
    with pytest.raises(InputError) as caught:
        SimulateOptions(**changed)
    assert str(caught.value) == message


@pytest.mark.usefixtures("trained")
def test_a_trained_model_that_is_to_name_shares_says_that_it_never_was(study, options, tmp_path):
    script = tmp_path / "script.yaml"
    script.write_text("rules: [{texts: ['1: 50\\n2: 30\\n3: 20']}]\n", encoding="utf-8")
    asked = replace(
        options, model=f"scripted:{script}", protocol="distribution", temperature=0.0, max_failures=1.0, respondents="2"
    )
    told = [note for note in read_run(simulate(study, asked)).manifest.notes if "was trained" in note]
    assert [note.rpartition("; ")[2] for note in told] == ["here it is asked with the protocol 'distribution'"]
