"""Steps: what the model is shown, with which answers beside it, and that packing changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from silicus.errors import ModelError
from silicus.models.tree import Row
from silicus.models.trie import END
from silicus.prompts import get_template, render
from silicus.record import digest
from silicus.study import Scale
from silicus.train import Asking, Batches, Learnt, TreeTrainer
from tests.models.tiny import tiny_model
from tests.train.material import FOUR, PARTIES, asking_of, learnt, recipe, save_model, trainer_of

MIXED = ("individual", "distribution", "preference", "rationale")


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory) -> str:
    return save_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def asking() -> Asking:
    return asking_of(tiny_model("byte-level"))


def rows_of(asking: Asking, part: Learnt, places: list[int] | None = None) -> list[Row]:
    taken = part.examples.take(places if places is not None else range(len(part.examples)))
    return asking.rows(part.part, asking.tasks(part.part, taken))


def fingerprint(row: Row) -> str:
    """Return a hash of everything that goes into the model and is read there."""
    return digest(*(array.tobytes().hex() for array in (row.context, row.trie.tokens, row.trie.edge_tokens)))


def text(tokens: np.ndarray) -> str:
    return tiny_model("byte-level").tokenizer.decode(tokens)


def answer_texts(row: Row) -> list[str]:
    """Return each answer as the model would write it, with `|` for the end of the turn."""
    edges = np.append(row.trie.edge_tokens, -100)
    paths = [[int(token) for token in edges[path] if token != -100] for path in row.trie.paths]
    return ["".join("|" if token == END else text(np.array([token])) for token in path) for path in paths]


def test_a_step_holds_each_of_its_examples_once_however_small_its_packs(asking):
    parts = [learnt(objective) for objective in MIXED]
    places = np.array([(part, place) for part in range(4) for place in range(4)])
    for limit in (50, 5_000):
        step = Batches(parts, [places], asking, limit, seed=0)[0]
        assert step.examples == 16
        assert (len(step.packs) > 8) == (limit == 50)
        found = [
            (int(number), fingerprint(row))
            for pack in step.packs
            for number, row in zip(pack.parts, pack.rows, strict=True)
        ]
        wanted = [(n, fingerprint(row)) for n, part in enumerate(parts) for row in rows_of(asking, part, [0, 1, 2, 3])]
        assert sorted(found) == sorted(wanted)


def gradient(trainer: TreeTrainer, limit: int) -> tuple[float, torch.Tensor]:
    trainer._batches._limit = limit
    trainer.model.zero_grad()
    loss = trainer.training_step(trainer.model, {"step": trainer._batches[0]})
    return float(loss), torch.cat([p.grad.flatten() for p in trainer.model.parameters() if p.grad is not None])


def test_the_loss_of_a_step_and_its_gradient_do_not_depend_on_how_it_is_packed(tmp_path, model_folder):
    parts = [learnt(objective) for objective in MIXED] + [learnt(ordinal=0.5, weights="root")]
    trainer = trainer_of(tmp_path, recipe(model_folder, batch=40), parts)
    (few, whole), (many, cut) = gradient(trainer, 5_000), gradient(trainer, 50)
    assert len(trainer._batches[0].packs) > 10
    assert many == pytest.approx(few, rel=1e-5)
    assert float((cut - whole).norm() / whole.norm()) <= 1e-5


def test_of_a_person_only_the_answer_given_is_read_with_the_end_of_the_turn(asking):
    part = learnt("individual")
    for example, row in zip(part.examples.take([0, 50, 100]), rows_of(asking, part, [0, 50, 100]), strict=True):
        given = FOUR.answers[int(example.target.argmax())]
        assert answer_texts(row) == [f"{given}|"]


def test_of_a_pair_the_two_answers_are_read_with_the_end_of_the_turn(asking):
    part = learnt("preference")
    (task,) = asking.tasks(part.part, part.examples.take([0]))
    (row,) = asking.rows(part.part, [task])
    assert sorted(task.target.tolist()) == [-1.0, 1.0]
    chosen, rejected = (task.prompt.answers[int((task.target * sign).argmax())] for sign in (1, -1))
    assert part.pairs is not None
    assert (chosen, rejected) == (str(part.pairs["chosen"][0]), str(part.pairs["rejected"][0]))
    assert answer_texts(row) == [f"{answer}|" for answer in task.prompt.answers]


def test_of_a_distribution_every_answer_is_read_refusals_too(asking):
    part = learnt("distribution")
    (task,) = asking.tasks(part.part, part.examples.take([0]))
    (row,) = asking.rows(part.part, [task])
    assert answer_texts(row) == ["1", "2", "3", "4", "9"]
    assert task.positions.tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1, np.nan], nan_ok=True)
    assert task.target.sum() == 40


def test_a_rationale_is_the_target_and_never_stands_in_the_prompt(asking):
    part = learnt("rationale")
    (example,) = part.examples.take([0])
    (row,) = rows_of(asking, part, [0])
    assert answer_texts(row) == [f"{example.rationale}\nAnswer: 1|"]
    assert "suits me" not in text(row.context)


def test_a_rationale_counts_once_however_long_it_is(asking):
    part = learnt("rationale")
    (pack,) = Batches([part], [np.array([[0, 0]])], asking, 5_000, seed=0)[0].packs
    assert float(pack.weight[0]) * len(pack.rows[0].trie.edge_nodes) == pytest.approx(1.0)


def test_as_suh_et_al_coded_ten_letters_are_asked_and_refusals_come_on_top_of_one(asking):
    part = learnt("subpop_as_coded")
    lettered = asking_of(tiny_model("byte-level"), style="letter")
    (example,) = part.examples.take([1])
    (task,) = lettered.tasks(part.part, iter([example]))
    assert task.prompt.answers == tuple("ABCDEFGHIJ")
    refused = example.target[4] / example.target.sum()
    assert 0 < refused < 1
    assert task.target[:4].tolist() == pytest.approx((example.target[:4] / example.target[:4].sum()).tolist())
    assert task.target[4:].tolist() == pytest.approx([refused, 0, 0, 0, 0, 0])


@pytest.mark.parametrize("objective", ["cao_as_coded", "subpop_as_coded"])
def test_an_objective_of_single_tokens_takes_answers_of_one_token(objective):
    lettered = asking_of(tiny_model("byte-level"), style="letter")
    for row in rows_of(lettered, learnt(objective)):
        assert len(row.trie.tokens) == 0


def test_a_tokenizer_that_splits_an_option_in_two_is_refused_where_one_token_is_read(asking):
    part = learnt("cao_as_coded", Scale(kind="numeric", low=997, high=999))
    with pytest.raises(ModelError, match=r"question 'q\d'.* reads the answer '997' as \d tokens, .* Use an objective"):
        rows_of(asking, part)


@pytest.mark.parametrize("objective", ["individual", "distribution", "cao_as_coded"])
def test_the_order_of_options_is_drawn_anew_by_step_and_is_the_same_again(objective):
    lettered = asking_of(tiny_model("byte-level"), style="letter")
    part = learnt(objective, PARTIES, reorder=True)
    steps = [np.array([[0, place] for place in range(min(4, len(part.examples)))])] * 3

    def told(seed: int, step: int) -> list[str]:
        packs = Batches([part], steps, lettered, 5_000, seed)[step].packs
        return [fingerprint(row) + str(pack.target.tolist()) for pack in packs for row in pack.rows]

    assert told(0, 1) == told(0, 1)
    assert told(0, 1) != told(0, 2)
    assert told(0, 1) != told(1, 1)


def test_answers_keep_their_people_when_options_change_places():
    lettered = asking_of(tiny_model("byte-level"), style="letter")
    part = learnt("distribution", PARTIES, reorder=True)
    (example,) = part.examples.take([0])
    people = {PARTIES.labels[value]: count for value, count in zip(PARTIES.values, example.target, strict=True)}
    for seed in range(6):
        (task,) = lettered.tasks(part.part, part.examples.take([0]), np.random.default_rng(seed))
        scale = task.prompt.item.scale
        assert {scale.labels[value]: count for value, count in zip(scale.values, task.target, strict=True)} == people


@pytest.mark.parametrize("style", ["value", "letter", "label"])
def test_training_asks_with_the_very_tokens_of_prediction(style):
    model = tiny_model("byte-level")
    part = learnt("distribution", PARTIES, reorder=False)
    people = learnt("individual", PARTIES)
    template = get_template("silicus")
    examples = [*part.examples.take(range(4)), *people.examples.take(range(0, 100, 9))]
    asked = asking_of(model, style=style)
    training = asked.rows(part.part, asked.tasks(part.part, iter(examples)))
    prediction = model.encoder.rows([render(template, e.item, e.respondent, style) for e in examples])
    assert [fingerprint(row) for row in training] == [fingerprint(row) for row in prediction]
    # Single answers are asked for in the same words; only the end of the turn comes after them.
    single = asked.rows(people.part, asked.tasks(people.part, people.examples.take([7])))
    whole = asked.rows(part.part, asked.tasks(part.part, people.examples.take([7])))
    assert text(single[0].context) + answer_texts(single[0])[0].rstrip("|") in [
        text(whole[0].context) + answer for answer in answer_texts(whole[0])
    ]
