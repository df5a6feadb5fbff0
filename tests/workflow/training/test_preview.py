"""The dry run shows what training reads, from the rows that training reads, and loads no weights."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import transformers
from rich.console import Console

from silicus.data import read_dataset_folder, set_approved
from silicus.models.trie import END
from silicus.options import TrainOptions
from silicus.report import ExampleRead, print_preview
from silicus.study import Scale
from silicus.train import distinct_tokens
from silicus.workflow.training import preview
from silicus.workflow.training.asked import recipe_asked
from silicus.workflow.training.preview import _examples, _pieces, _sample, borne
from silicus.workflow.training.ready import Ready, get_ready
from tests.models.tiny import byte_level, sentencepiece_style
from tests.workflow.training.small import AGREE, changed, save_model, save_survey, survey

PERCENT = Scale(kind="numeric", low=0, high=100)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(autouse=True)
def no_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(*_: object, **__: object) -> None:
        pytest.fail("weights were loaded")

    monkeypatch.setattr(transformers.AutoModelForCausalLM, "from_pretrained", load)


def options(folder: Path, model: str, scale: Scale = AGREE, **more: object) -> TrainOptions:
    poll = save_survey(folder / "poll-data", survey(scale=scale))
    return TrainOptions(**{"data": (poll,), "model": model, "steps": 3, "batch": 8, "device": "cpu", **more})


def ready(asked: TrainOptions, recipe: Path | None = None) -> Ready:
    return get_ready(recipe_asked(recipe, asked), asked)


def coloured(example: ExampleRead) -> list[tuple[str, bool]]:
    return [(token.text, token.loss) for answer in example.answers for token in answer.tokens]


@pytest.mark.parametrize("objective", ["individual", "distribution", "preference"])
@pytest.mark.parametrize("scale", [AGREE, PERCENT], ids=["agree", "percent"])
def test_coloured_tokens_are_the_edges_of_training_rows_that_lead_to_an_answer_with_a_target(
    tmp_path, model, objective, scale
):
    plan = ready(
        options(tmp_path, model, scale, objective=objective, template="socrates" if scale is PERCENT else None)
    )
    # The rows of the steps themselves, with the targets that the loss is taken of.
    by_row = {
        _words(plan, row.context, row.trie, target): (row, target)
        for step in _sample(plan)
        for pack in step.packs
        for row, target in zip(pack.rows, pack.target.numpy(), strict=True)
    }
    compared = 0
    for example in _examples(plan):
        found = by_row.get((example.prompt, tuple(coloured(example))))
        assert found is not None, "an example was shown otherwise than training reads it"
        compared += 1
    assert compared == 10


def _words(plan: Ready, context, trie, target) -> tuple[str, tuple[tuple[str, bool], ...]]:
    """Return a row of a step in words, its loss written down by hand."""
    said = []
    tokenizer = plan.tokenizer
    given = {int(edge) for path, share in zip(trie.paths, target, strict=False) if share != 0 for edge in path}
    for path in trie.paths:
        for edge in path:
            if edge < len(trie.edge_tokens):
                token = int(trie.edge_tokens[edge])
                said.append(("<end of turn>" if token == END else tokenizer.decode([token]), int(edge) in given))
    return tokenizer.decode(context), tuple(said)


def test_of_a_person_only_the_answer_given_is_shown_and_the_end_of_the_turn_bears_loss(tmp_path, model):
    for example in preview(None, options(tmp_path, model)).examples:
        (answer,) = example.answers
        given, end = answer.tokens
        assert given.text in {"1", "2", "9"}
        assert (end.text, end.loss) == ("<end of turn>", True)
        assert "<|start|>assistant" in example.prompt
        assert "respondent 'p" in example.title


def test_of_a_distribution_every_answer_has_its_share_and_only_those_given_are_coloured(tmp_path, model):
    for example in preview(None, options(tmp_path, model, objective="distribution")).examples:
        assert sum(answer.share for answer in example.answers) == pytest.approx(1)
        assert [bool(answer.share) for answer in example.answers] == [
            all(token.loss for token in answer.tokens) for answer in example.answers
        ]


def test_of_a_pair_one_answer_is_chosen_and_the_other_rejected(tmp_path, model):
    for example in preview(None, options(tmp_path, model, objective="preference")).examples:
        assert sorted(answer.beside for answer in example.answers) == ["chosen", "rejected"]
        assert all(token.loss for answer in example.answers for token in answer.tokens)


def test_an_edge_bears_loss_if_it_leads_to_an_answer_that_was_given(tmp_path, model):
    plan = ready(options(tmp_path, model, PERCENT, objective="distribution"))
    learnt = plan.material.learnt[0]
    tasks = plan.asking.tasks(learnt.part, learnt.examples.take([0]))
    row = plan.asking.rows(learnt.part, tasks)[0]
    only = np.zeros(101)
    only[10] = 1.0
    tokens = row.trie.edge_tokens[borne(row, only)].tolist()
    text = "".join(plan.tokenizer.decode([token]) for token in tokens if token != END)
    # 10 is the beginning of 100: its end is read too.
    assert (text, END in tokens) == ("10", True)
    assert not borne(row, np.zeros(101)).any()


@pytest.mark.parametrize("made", [byte_level, sentencepiece_style])
@pytest.mark.parametrize("text", ["Somewhat agree", " 100", "naïve 水 ✓", "two\nlines"])
def test_the_words_of_tokens_make_up_the_text(made, text):
    tokenizer = made()
    whole = np.array(tokenizer("Answer:" + text, add_special_tokens=False)["input_ids"])
    before = whole[:2]
    joined = "".join(_pieces(tokenizer, before, whole[2:]))
    assert joined.replace("\ufffd", "").replace("\\n", "\n") == tokenizer.decode(whole)[len(tokenizer.decode(before)) :]


def test_the_same_seed_draws_the_same_examples_and_another_seed_others(tmp_path, model):
    def prompts(seed: int) -> list[str]:
        asked = options(tmp_path, model, seed=seed, steps=20)
        return [example.prompt for example in _examples(ready(asked))]

    assert prompts(1) == prompts(1)
    assert prompts(1) != prompts(2)


def test_of_a_rationale_the_whole_reasoning_bears_loss(tmp_path, model):
    asked = options(tmp_path, model, objective="rationale")
    changed(Path(asked.data[0]), rationale=pl.lit("It is near to my heart."))
    for example in preview(None, asked).examples:
        (answer,) = example.answers
        assert "It is near to my heart." in "".join(token.text for token in answer.tokens)
        assert "near to my heart" not in example.prompt
        assert all(token.loss for token in answer.tokens)


# --- cost


def test_costs_are_counted_where_every_step_is_looked_at(tmp_path, model):
    asked = options(tmp_path, model, objective="distribution")
    plan, cost = ready(asked), preview(None, asked).cost
    batches = plan.batches(plan.material.learnt)
    packs = [pack for step in (batches[n] for n in range(3)) for pack in step.packs]
    assert (cost.steps, cost.sampled, cost.device) == (3, 3, "cpu")
    assert cost.tree == sum(distinct_tokens(pack.rows) for pack in packs)
    assert cost.alone == sum(len(row.context) + len(row.trie.tokens) for pack in packs for row in pack.rows)
    # Two of three answers are given to every question, each one token.
    assert cost.loss == 2 * 24
    assert cost.tree < cost.alone
    assert cost.seconds > 0
    assert set(cost.memory) == {"weights", "gradients", "optimiser", "activations", "logits", "libraries"}


def test_costs_of_many_steps_are_extrapolated_from_some(tmp_path, model):
    cost = preview(None, options(tmp_path, model, objective="distribution", steps=200)).cost
    assert (cost.steps, cost.sampled) == (200, 20)
    assert cost.loss == pytest.approx(2 * 1600)


def test_parts_are_told_with_their_examples_and_longest_prompt(tmp_path, model):
    asked = options(tmp_path, model)
    (part,) = preview(None, asked).parts
    plan = ready(asked)
    learnt = plan.material.learnt[0]
    rows = plan.asking.rows(learnt.part, plan.asking.tasks(learnt.part, learnt.examples.take(range(48))))
    assert (part.name, part.objective, part.examples, part.used) == ("poll", "individual", 48, 24)
    longest = max(len(row.context) + int(max(row.trie.depths)) for row in rows)
    # Those who are told in the most words are read: two of their numbers may be a token more or less.
    assert longest - 2 <= part.longest <= longest
    assert min(len(row.context) for row in rows) <= part.median <= part.longest


def test_too_little_memory_is_a_warning_and_the_rest_is_shown(tmp_path, model, monkeypatch):
    for place in ("ready", "preview"):
        monkeypatch.setattr(f"silicus.workflow.training.{place}.free_memory", lambda device: 2**20, raising=False)
    found = preview(None, options(tmp_path, model))
    assert len(found.examples) == 10
    assert "needs about" in found.warnings[0]


def test_without_a_validation_part_it_is_said_that_nothing_chooses_the_step(tmp_path, model):
    poll = save_survey(tmp_path / "poll-data", survey(parts=("train",) * 5 + ("test question",)))
    found = preview(None, TrainOptions(data=(poll,), model=model, steps=2, device="cpu"))
    assert found.warnings == ["No validation part is looked at: the last step is kept, nothing chooses it."]


def test_a_step_that_few_questions_choose_is_a_warning(tmp_path, model):
    told = "The validation part looked at holds {}: with fewer than 20, which step is kept is largely chance."
    assert preview(None, options(tmp_path, model)).warnings == [told.format("1 question")]
    topics = tuple(f"{3 * letter} {4 * letter} {5 * letter}" for letter in "abcdefghijklmnopqrstu")
    many = save_survey(tmp_path / "many-data", survey(topics, ("train", *["validation question"] * 20)))
    assert preview(None, TrainOptions(data=(many,), model=model, steps=2, device="cpu")).warnings == []


def test_of_preferences_it_is_said_that_nothing_chooses_the_step(tmp_path, model):
    (warning,) = preview(None, options(tmp_path, model, objective="preference")).warnings
    assert warning.startswith("The last step is kept, nothing chooses it: learning preferences may make the loss")


def test_a_leak_that_was_let_pass_when_the_data_were_prepared_is_a_warning(tmp_path, model):
    asked = options(tmp_path, model)
    path = Path(asked.data[0]) / "dataset.json"
    said = json.loads(path.read_text(encoding="utf-8"))
    said["guard"]["allowed"] = ["items: 2 of 9 stimuli are there"]
    path.write_text(json.dumps(said), encoding="utf-8")
    twice = TrainOptions(**{**vars(asked), "data": asked.data * 2})
    (warning,) = preview(None, twice).warnings[1:]
    assert warning == (
        f"{asked.data[0]}: holds a leak that was let pass when it was prepared (--allow): "
        "items: 2 of 9 stimuli are there."
    )


def test_a_build_that_nobody_has_approved_is_a_warning_before_training_and_in_the_model_card(tmp_path, model):
    asked = options(tmp_path, model)
    path = Path(asked.data[0])
    plain = ready(asked)
    set_approved(path, None)
    told = [each for each in ready(asked).manifest.warnings if each not in plain.manifest.warnings]
    answers = len(read_dataset_folder(path).responses)
    said = f"{path}: holds {answers:,} answers of a build that nobody has approved (silicus build approve)."
    assert told == [said]
    assert said in preview(None, asked).warnings


def test_a_part_with_a_larger_share_is_passed_over_more_often(tmp_path, model):
    poll = save_survey(tmp_path / "poll-data", survey(scale=AGREE))
    recipe = tmp_path / "two.yaml"
    parts = "".join(f"  - {{data: {poll}, objective: individual, share: {share}}}\n" for share in (1, 3))
    recipe.write_text(f"model: {model}\nparts:\n{parts}batch: 8\n", encoding="utf-8")
    found = preview(recipe, TrainOptions(device="cpu"))
    assert [part.passes for part in found.parts] == pytest.approx([0.5, 1.5], abs=0.02)
    manifest = ready(TrainOptions(device="cpu"), recipe).manifest
    assert [used.taken / used.examples for used in manifest.data] == [part.passes for part in found.parts]


def test_a_dry_run_is_printed_and_leaves_nothing_behind(tmp_path, model, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = options(tmp_path, model, out=Path("run"))
    before = set(tmp_path.rglob("*"))
    file = io.StringIO()
    print_preview(preview(None, asked), Console(file=file, width=100))
    assert set(tmp_path.rglob("*")) == before
    assert "[1]|[<end of turn>]" in file.getvalue()
    assert "Example 10 of 10: poll, study 'poll'" in file.getvalue()
