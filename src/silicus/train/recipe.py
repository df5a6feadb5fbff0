"""A recipe: everything that training is asked, as one file of settings."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from silicus.errors import InputError
from silicus.prompts import AnswerStyle
from silicus.record import Record, read

__all__ = ["EVERY_ANSWER", "Adapter", "Objective", "Part", "Recipe", "Schedule", "read_recipe"]

Objective = Literal["individual", "rationale", "preference", "distribution", "cao_as_coded", "subpop_as_coded"]
"""What training makes smaller (see `silicus.train.objectives`)."""

Adapter = Literal["lora", "qlora", "none"]
"""Which weights learn: low-rank adapters, the same on a base in 4 bits, or all of them."""

Schedule = Literal["cosine", "linear", "constant", "epoch_decay"]
"""How the learning rate falls after the warm-up."""


class Part(Record):
    """One part of what is learnt from."""

    data: str
    """A dataset folder that has been split (silicus data prepare); its training part is learnt from."""
    objective: Objective = "individual"
    """What is made smaller on it."""
    share: float | None = Field(default=None, gt=0)
    """Its proportion of the examples, beside the shares of the other parts; by default as many as it has."""
    per_cell: int | None = Field(default=32, gt=0)
    """At most so many answers of a study, condition and question, so that large studies do not dominate."""
    ordinal: float = Field(default=0.0, ge=0)
    """How many times `ordinal_loss` is added to the objective where answers have an order, so that these count more."""
    ordinal_loss: Literal["ranked_probability", "wasserstein"] = "ranked_probability"
    """How far off an answer may be: squared, or plain, distance of the cumulative distributions."""
    weights: Literal["equal", "people", "root"] = "equal"
    """What a distribution counts: each alike, by its number of people, or by the square root of that."""
    contrast: Literal["stimulus", "cell"] = "stimulus"
    """Of `preference`: which answers are rejected, those to the very stimulus that the person was shown, or to any
    stimulus of the study, condition and question."""
    reorder: bool = False
    """Whether the order of the options is drawn anew each time: ordered scales are only turned round."""

    @property
    def single(self) -> bool:
        """Whether it learns from single answers of people, and not from distributions of them."""
        return self.objective in {"individual", "rationale", "preference"}

    @model_validator(mode="after")
    def _fits(self) -> Part:
        if self.ordinal and self.single:
            raise ValueError(f"'ordinal' is a loss of distributions, found the objective '{self.objective}'")
        if self.weights != "equal" and self.single:
            raise ValueError(f"'weights' are for distributions, found the objective '{self.objective}'")
        if self.contrast != "stimulus" and self.objective != "preference":
            raise ValueError(f"'contrast' is for pairs, found the objective '{self.objective}'")
        # The reference model is asked once, in the order shown: pairs in another order would lack its answer.
        if self.reorder and self.objective in {"rationale", "preference", "subpop_as_coded"}:
            raise ValueError(f"'reorder' cannot apply to the objective '{self.objective}'")
        return self


EVERY_ANSWER = Part(data="", objective="distribution")
"""Prompts are put to the model with every answer, as in prediction, whatever is made smaller."""


class Recipe(Record):
    """What training is asked. Defaults are a LoRA that fits most uses; published settings are files in `recipes/`."""

    title: str = ""
    """What the recipe is, in a sentence."""
    sources: list[str] = []
    """Whom to cite for it."""
    model: str = "smollm2"
    """What learns: smollm2 (embedded), a model or adapter folder, or a hub id."""
    parts: list[Part] = Field(min_length=1)
    """What is learnt from."""
    tests: list[str] = []
    """Further dataset folders to be tested on when training ends, beside the test parts of what is learnt from."""
    leaks: Literal["stop", "drop"] = "stop"
    """What to do where stimuli that are tested on stand in another part's training data: stop, or leave these out."""
    similarity: float = Field(default=0.85, gt=0, le=1)
    """From which cosine similarity of their words two stimuli of different datasets count as the same."""
    template: str = "silicus"
    """The words of the prompt."""
    answers: AnswerStyle = "value"
    """How the model names its answer."""

    adapter: Adapter = "lora"
    """Which weights learn: adapters (lora), adapters on a base in 4 bits (qlora), or all of them (none)."""
    rank: int = Field(default=16, gt=0)
    """The rank of the adapters."""
    alpha: float = Field(default=32.0, gt=0)
    """Their scale: what they add is multiplied by alpha / rank."""
    dropout: float = Field(default=0.0, ge=0, lt=1)
    """The share of their inputs that is left out at random in training."""
    modules: list[str] | Literal["all-linear"] = "all-linear"
    """Which layers they adapt."""

    epochs: float = Field(default=1.0, gt=0)
    """How many examples the steps take, as a multiple of all there are: with shares, some parts are seen more often."""
    steps: int | None = Field(default=None, gt=0)
    """How many steps are taken, instead of epochs."""
    batch: int = Field(default=64, gt=0)
    """How many examples a step learns from, over all processes."""
    together: int = Field(default=4, gt=0)
    """How many rows of one cell come into a step together, at most: more are cheaper, and noisier."""
    learning_rate: float = Field(default=1e-4, gt=0)
    """How far a step goes, after the warm-up."""
    schedule: Schedule = "cosine"
    """How the learning rate falls: cosine, linear, constant, or by a factor each epoch (epoch_decay)."""
    epoch_factor: float = Field(default=0.85, gt=0, le=1)
    """That factor."""
    warmup: float = Field(default=0.05, ge=0, lt=1)
    """The share of the steps over which the learning rate rises."""
    weight_decay: float = Field(default=0.0, ge=0)
    """How strongly weights are pulled to zero."""
    clip: float | None = Field(default=1.0, gt=0)
    """The norm that gradients are cut down to; `null`: they are left as they are."""
    optimizer: Literal["adamw", "adamw_8bit"] = "adamw"
    """AdamW, or with states of 8 bits (needs bitsandbytes)."""
    beta: float = Field(default=0.1, gt=0)
    """Of `preference`: how strongly the model is held to where it started."""

    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """The precision of the arithmetic: auto is float32 on a CPU and bfloat16 on a GPU. What learns stays float32."""
    checkpointing: bool = False
    """Whether activations are computed a second time instead of kept: less memory, a third more time."""
    pack_tokens: int | None = Field(default=None, gt=0)
    """How many tokens of the tree go through the model at once; the default suits the device."""

    evaluate: int = Field(default=10, ge=0)
    """How often the validation part is looked at in training, evenly; 0: never."""
    evaluate_cells: int = Field(default=200, gt=0)
    """How many validation cells of each dataset are looked at, drawn once."""
    test_cells: int = Field(default=500, ge=0)
    """How many test cells of each dataset are predicted before and after training; 0: none."""
    seed: int = Field(default=0, ge=0)
    """Where chance starts."""

    @model_validator(mode="after")
    def _shares_are_given_for_all_or_none(self) -> Recipe:
        given = [part.share is not None for part in self.parts]
        if any(given) and not all(given):
            raise ValueError("a share is given for some parts and not for others: give it for all or for none")
        return self


def read_recipe(path: Path) -> Recipe:
    """Return the recipe of a YAML file.

    Raises:
        InputError: it is not there, or a setting is unknown or out of its range.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such recipe. Expected a YAML file; recipes of published results are in recipes/.")
    return read(path, Recipe)
