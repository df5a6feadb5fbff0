"""Training over the token tree is training row by row: the same loss, the same gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from silicus.models.encode import Encoder
from silicus.models.huggingface import HuggingFaceModel
from silicus.models.tree import Row
from silicus.models.trie import END, build_trie
from tests.models.tiny import byte_level, random_llama


@pytest.fixture
def model() -> HuggingFaceModel:
    """Return a tiny model of its own, whose gradients nobody else has touched."""
    tokenizer = byte_level()
    return HuggingFaceModel(random_llama(len(tokenizer), tokenizer.eos_token_id), tokenizer, "tiny", "tiny")


def rows_of(rng: np.random.Generator, *, closed: bool) -> list[Row]:
    """Return 12 prompts of 3 stimuli, each with a persona, on two scales: tokens at random, some answers of two."""
    scales = [[(5,), (6,), (7,)], [(8,), (8, 9), (8, 9, 10), (11, 12), (13,)]]
    tries = [build_trie(answers, closed=closed) for answers in scales]
    stimuli = [rng.integers(20, 300, size=length) for length in (30, 17, 41)]
    return [
        Row(n, np.concatenate([stimuli[n % 3], rng.integers(20, 300, size=4 + n)]), tries[n % 2]) for n in range(12)
    ]


def answers_of(row: Row) -> list[list[int]]:
    """Return the tokens of each answer, the end of the turn among them where it is read."""
    return [
        [int(row.trie.edge_tokens[edge]) for edge in path if edge < len(row.trie.edge_nodes)] for path in row.trie.paths
    ]


def naive(model: HuggingFaceModel, rows: list[Row], chosen: list[int]) -> torch.Tensor:
    """Return the log-probability of one answer a row: padded batch, logits everywhere, stock attention."""
    llama = model._model
    llama.set_attn_implementation("eager")
    answers = [answers_of(row)[answer] for row, answer in zip(rows, chosen, strict=True)]
    tokens = [
        torch.from_numpy(row.context).tolist() + [t for t in a if t != END]
        for row, a in zip(rows, answers, strict=True)
    ]
    longest = max(map(len, tokens))
    padded = torch.tensor([t + [0] * (longest - len(t)) for t in tokens])
    mask = torch.tensor([[1] * len(t) + [0] * (longest - len(t)) for t in tokens])
    logits = llama(input_ids=padded, attention_mask=mask).logits.log_softmax(-1)
    llama.set_attn_implementation("silicus_tree")
    found = []
    for number, (row, answer) in enumerate(zip(rows, answers, strict=True)):
        at = logits[number, len(row.context) - 1 :]
        found.append(sum(at[n, model.end_tokens].logsumexp(0) if t == END else at[n, t] for n, t in enumerate(answer)))
    return torch.stack(found)


def gradient(model: HuggingFaceModel, loss: torch.Tensor) -> torch.Tensor:
    model._model.zero_grad()
    loss.backward()
    return torch.cat([p.grad.flatten() for p in model._model.parameters() if p.grad is not None])


@pytest.mark.parametrize("closed", [False, True])
def test_loss_and_gradients_equal_those_of_padded_rows(model, closed):
    rng = np.random.default_rng(0)
    rows = rows_of(rng, closed=closed)
    chosen = [int(rng.integers(len(row.trie.paths))) for row in rows]
    tree = model.log_probabilities(rows)[torch.arange(len(rows)), torch.tensor(chosen)]
    plain = naive(model, rows, chosen)
    assert torch.allclose(tree, plain, atol=1e-4)
    ours, theirs = gradient(model, -tree.mean()), gradient(model, -plain.mean())
    assert (ours - theirs).norm() / theirs.norm() <= 1e-4


def test_log_probabilities_stand_in_the_order_of_the_rows_and_equal_those_of_scoring(model):
    rows = rows_of(np.random.default_rng(1), closed=False)
    with torch.no_grad():
        found = model.log_probabilities(rows)
    assert found.shape == (12, 5)
    for index, scored in model.score(rows):
        assert found[index, : len(scored)].numpy() == pytest.approx(scored, abs=1e-4)
        assert (found[index, len(scored) :] == -torch.inf).all()


def test_a_closed_trie_ends_every_answer_and_an_open_one_only_those_that_go_on():
    answers = [(1,), (1, 2), (3,)]
    ends = {closed: (build_trie(answers, closed=closed).edge_tokens == END).sum() for closed in (False, True)}
    assert ends == {False: 1, True: 3}


def test_the_probabilities_of_closed_answers_are_those_of_whole_replies(model):
    """A closed answer costs its tokens and the end; an open one of the same tokens costs the end less."""
    context = np.arange(20, 40)
    opened, closed = (Row(n, context, build_trie([(5,), (6,)], closed=bool(n))) for n in (0, 1))
    with torch.no_grad():
        found = model.log_probabilities([opened, closed])
    assert (found[1] < found[0]).all()
    assert found[1].exp().sum() < found[0].exp().sum() <= 1


def test_an_encoder_may_close_every_answer():
    tokenizer = byte_level()
    from silicus.prompts import get_template, render
    from silicus.study import Item, Respondent, Scale

    item = Item("s", "c", "q", "", "Vote?", Scale(kind="ordinal", low=1, high=3))
    prompt = render(get_template("silicus"), item, Respondent("p", {"age": 30}), "value")
    (opened,) = Encoder(tokenizer, 2048).rows([prompt])
    (closed,) = Encoder(tokenizer, 2048, closed=True).rows([prompt])
    assert np.array_equal(opened.context, closed.context)
    assert (opened.trie.edge_tokens == END).sum() == 0
    assert (closed.trie.edge_tokens == END).sum() == 3
