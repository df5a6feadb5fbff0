"""Texts of models on this machine."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from silicus.errors import PromptError
from silicus.models.huggingface_writing import _chosen, _plain_attention
from silicus.models.writing import Writer, Writing, seed_of
from silicus.prompts import Prompt, get_template, render
from silicus.study import Item, Respondent, Scale
from tests.models.tiny import tiny_model

SCALE = Scale(kind="ordinal", low=1, high=3)


def prompts(count: int) -> list[Prompt]:
    item = Item("tea", "plain", "like", "", "How much do you like tea?", SCALE)
    return [render(get_template("silicus"), item, Respondent(f"p{n}", {"age": 20 + 7 * n})) for n in range(count)]


def how(draws: int = 2, tokens: int = 12, temperature: float = 1.0, seed: int = 0) -> Writing:
    return Writing(draws, tokens, temperature, seed)


def test_a_text_is_the_same_whatever_is_asked_beside_it():
    model = tiny_model("byte-level")
    together = dict(model.write(prompts(4), how()))
    for index, prompt in enumerate(prompts(4)):
        assert dict(model.write([prompt], how()))[0] == together[index]
    assert dict(model.write(prompts(4)[::-1], how())) == {3 - index: texts for index, texts in together.items()}


def test_every_draw_and_prompt_and_seed_has_luck_of_its_own():
    model = tiny_model("byte-level")
    first = [text.words for _, texts in model.write(prompts(3), how(draws=4)) for text in texts]
    assert len(set(first)) == 12
    assert first == [text.words for _, texts in model.write(prompts(3), how(draws=4)) for text in texts]
    other = [text.words for _, texts in model.write(prompts(3), how(draws=4, seed=1)) for text in texts]
    assert not set(first) & set(other)
    one, two = prompts(2)
    assert len({seed_of(one, how(), 0), seed_of(one, how(), 1), seed_of(two, how(), 0)}) == 3


@pytest.mark.parametrize("kind", ["byte-level", "sentencepiece"])
def test_the_likeliest_text_is_the_one_that_the_library_writes(kind):
    model = tiny_model(kind)
    prompt = prompts(1)[0]
    ids = torch.from_numpy(model.encoder.tokens(prompt))[None]
    with _plain_attention(model.module), torch.inference_mode():
        theirs = model.module.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=15, do_sample=False, pad_token_id=0,
            eos_token_id=sorted(model.end_tokens),
        )  # fmt: skip
    ((_, texts),) = model.write([prompt], how(draws=1, tokens=15, temperature=0))
    assert texts[0].words == model.tokenizer.decode(theirs[0, ids.shape[1] :], skip_special_tokens=True)


def test_sampled_tokens_come_as_often_as_the_model_says():
    logits = torch.log(torch.tensor([[0.5, 0.2, 0.3]]))
    luck = np.random.default_rng(0).random(4000)
    drawn = _chosen(logits.expand(4000, -1), 1.0, luck.tolist())
    np.testing.assert_allclose(np.bincount(drawn) / 4000, [0.5, 0.2, 0.3], atol=0.03)
    cold = _chosen(logits.expand(4000, -1), 0.5, luck.tolist())
    np.testing.assert_allclose(np.bincount(cold) / 4000, np.array([25, 4, 9]) / 38, atol=0.03)
    assert _chosen(logits, 1.0, [1 - 1e-17]) == [2]


def test_a_text_that_ends_by_itself_is_not_cut_off_and_one_that_goes_on_is():
    model = tiny_model("byte-level")
    texts = [text for _, own in model.write(prompts(2), how(draws=20, tokens=200)) for text in own]
    ended = [text for text in texts if not text.cut]
    assert ended
    assert not any("<|end|>" in text.words for text in texts)
    short = [text for _, own in model.write(prompts(2), how(draws=20, tokens=3)) for text in own]
    assert sum(text.cut for text in short) > len(short) - len(ended)


def test_a_model_without_turns_writes_more_than_a_line():
    model = tiny_model("byte-level", chat=False)
    new_line = set(model.end_tokens) - set(model.encoder.end_tokens(None, of_lines=False))
    assert model.tokenizer.decode(sorted(new_line)) == "\n"


def test_a_prompt_that_leaves_no_room_for_a_text_is_refused():
    model = tiny_model("byte-level", positions=256)
    with pytest.raises(PromptError, match=r"question 'like', respondent 'p0': .* reads at most 256. .*--text-tokens"):
        list(model.write(prompts(1), how(tokens=250)))


def test_a_model_that_wrote_still_gives_the_same_probabilities():
    model = tiny_model("byte-level")
    before = dict(model.answer(prompts(3)))
    written = model.write(prompts(3), how())
    next(written)
    for index, found in model.answer(prompts(3)):
        np.testing.assert_array_equal(found, before[index])
    assert isinstance(model, Writer)


def test_the_embedded_model_writes_sentences(smollm2):
    ((_, texts),) = smollm2.write(prompts(1), how(draws=2, tokens=8, temperature=0))
    assert texts[0] == texts[1]
    assert texts[0].words.strip()
