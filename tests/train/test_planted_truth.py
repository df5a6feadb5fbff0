"""What is planted in made-up answers is what a model tuned on them says of respondents it has not seen.

Answers follow an ordered probit: latent = 0.8 x (treated - 1/2) - 0.7 x (ideology - 1) + normal noise, cut into five
points. In the mean answer that is an effect of the arm of 0.83 points and a slope of -0.74 points a step of ideology.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from silicus.models.encode import Encoder
from silicus.models.huggingface import HuggingFaceModel
from silicus.prompts import get_template, render
from silicus.study import RESPONSES, Item, Scale, iter_respondents
from silicus.train import Asking, Batches, Learnt, Part, Recipe, TreeTrainer, learnt_from, mix, training_arguments
from tests.models.tiny import byte_level, random_llama

FIVE = Scale(kind="ordinal", low=1, high=5)
CUTS = (-1.2, -0.4, 0.4, 1.2)
ARMS = {
    arm: Item("budget", arm, "agree", words, "How much do you agree?", FIVE)
    for arm, words in {"control": "Spending falls.", "treated": "Spending rises."}.items()
}
ITEMS = {item.item: item for item in ARMS.values()}
IDEOLOGIES = ("Liberal", "Moderate", "Conservative")
STEPS = 60


@dataclass(frozen=True)
class Told:
    """What a model says of unseen respondents: arm treated less control, and points a step of ideology."""

    effect: float
    slope: float


def respondents(count: int, ages: range, rng: np.random.Generator) -> tuple[pl.DataFrame, np.ndarray]:
    """Return people or groups, and the ideology of each as 0, 1, 2."""
    ideology = rng.integers(3, size=count)
    columns = {
        "respondent": [f"r{number}" for number in range(count)],
        "weight": np.ones(count),
        "ideology": [IDEOLOGIES[place] for place in ideology],
        "age": rng.choice(list(ages), size=count),
    }
    return pl.DataFrame(columns), ideology


def responses(ideology: np.ndarray, each: int, rng: np.random.Generator, *, shuffled: bool) -> pl.DataFrame:
    """Return `each` answers a respondent, who is in an arm drawn at random, as counts."""
    treated = rng.integers(2, size=len(ideology))
    middle = 0.8 * (treated - 0.5) - 0.7 * (ideology - 1)
    answers = 1 + np.searchsorted(CUTS, middle[:, None] + rng.normal(size=(len(ideology), each)))
    if shuffled:
        answers = rng.permutation(answers.ravel()).reshape(answers.shape)
    arms = [tuple(ARMS.values())[place] for place in treated]
    rows = [
        (arm.study, arm.condition, arm.question, arm.item, f"r{number}", answer, int((own == answer).sum()), 1.0)
        for number, (arm, own) in enumerate(zip(arms, answers, strict=True))
        for answer in np.unique(own).tolist()
    ]
    return pl.DataFrame(rows, schema=RESPONSES, orient="row")


def tuned(learnt: Learnt, batch: int, rng: np.random.Generator, folder: Path) -> HuggingFaceModel:
    """Return a tiny model with random weights, all of which have learnt from the examples."""
    tokenizer: Any = byte_level()
    random = random_llama(len(tokenizer), tokenizer.eos_token_id, seed=int(rng.integers(2**31)))
    model = HuggingFaceModel(random, tokenizer, "tiny", "tiny")
    closed = Encoder(tokenizer, model.encoder.limit, closed=True)
    asking = Asking(get_template("silicus"), "value", model.encoder, closed)
    recipe = Recipe(parts=[learnt.part], adapter="none", learning_rate=3e-3, batch=batch, steps=STEPS)
    steps = mix([learnt.examples.cells], None, batch, batch // 2, rng, steps=STEPS)
    arguments = training_arguments(recipe, folder, len(steps), "cpu", looks=False)
    batches = Batches([learnt], steps, asking, model.pack_tokens, recipe.seed)
    TreeTrainer(model, tokenizer, batches, recipe, arguments, None).train()
    model.module.eval()
    return model


def told(model: HuggingFaceModel, rng: np.random.Generator) -> Told:
    """Return what a model says of 100 respondents of even ages, each asked in both arms, as prediction asks."""
    table, ideology = respondents(100, range(18, 80, 2), rng)
    asked = [render(get_template("silicus"), arm, who) for arm in ARMS.values() for who in iter_respondents(table)]
    means = np.zeros(len(asked))
    for place, log_probabilities in model.answer(asked):
        shares = np.exp(log_probabilities - np.logaddexp.reduce(log_probabilities))
        means[place] = shares @ FIVE.values
    control, treated = means.reshape(2, -1)
    slope = np.polyfit(ideology, (control + treated) / 2, 1)[0]
    return Told(float((treated - control).mean()), float(slope))


def learn_and_tell(part: Part, count: int, each: int, seed: int, folder: Path, *, shuffled: bool) -> Told:
    """Return what a model says that was tuned on `count` respondents of odd ages, `each` answers a respondent."""
    rng = np.random.default_rng(seed)
    table, ideology = respondents(count, range(19, 80, 2), rng)
    answered = responses(ideology, each, rng, shuffled=shuffled)
    learnt = learnt_from(part, ITEMS, answered, table, rng, groups=each > 1)
    return told(tuned(learnt, 32 if each == 1 else 12, rng, folder), rng)


INDIVIDUAL = (Part(data="", objective="individual", per_cell=None), 2000, 1)
DISTRIBUTION = (Part(data="", objective="distribution", per_cell=None), 60, 100)


@pytest.mark.parametrize("study", [INDIVIDUAL, DISTRIBUTION], ids=["people", "groups"])
def test_a_planted_effect_and_a_planted_slope_are_found_in_unseen_respondents_and_not_in_shuffled_answers(
    study, tmp_path
):
    found = learn_and_tell(*study, seed=0, folder=tmp_path / "true", shuffled=False)
    nothing = learn_and_tell(*study, seed=0, folder=tmp_path / "shuffled", shuffled=True)
    # Over seeds 0 to 5: effects of people 0.44 to 0.84 and slopes -0.73 to -0.59, shuffled up to 0.18 and 0.07 from 0;
    # effects of groups 0.72 to 0.84 and slopes -0.73 to -0.68, shuffled up to 0.06 and 0.03 from 0.
    assert found.effect > 0.3
    assert found.effect - nothing.effect > 0.3
    assert abs(nothing.effect) < 0.25
    assert found.slope < -0.4
    assert abs(nothing.slope) < 0.2
