"""What is declared before a study is screened: what is compared, when it matters, how many people there will be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from silicus.effects.records import Bounds, EffectsPlan, Plan
from silicus.errors import InputError, did_you_mean

__all__ = ["Direction", "ScreenPlan"]

Direction = Literal["higher", "lower"]
"""Which answers an arm is to bring about."""


class ScreenPlan(Plan):
    """What a screening compares, and what would count: declared before anything is asked."""

    outcomes: tuple[str, ...] = ()
    """The questions; by default all whose scale has an order."""
    better: Direction | dict[str, Direction] | None = None
    """Whether an arm is to raise or to lower answers: for all questions, or question by question; by default as the
    study says of each question. Where neither says, no arm is recommended."""
    matters: float = Field(default=0.0, ge=0, lt=100)
    """The smallest effect that matters, in percent of the scale's range; 0: any."""
    people: int = Field(default=100, ge=2)
    """How many people each arm is to have in the study with people."""
    power: float = Field(default=0.8, gt=0.5, lt=1)
    """With which probability an effect is to be found."""
    keep: float = Field(default=0.8, gt=0.5, lt=1)
    """With which probability the best arm is to be among those that are fielded."""
    attributes: tuple[str, ...] | None = None
    """Columns of the pilot that the model is told; by default all that are neither answers nor `clusters`."""
    covariates: tuple[str, ...] = ()
    """Columns of the pilot for which its own effects are adjusted."""
    strata: dict[str, float] = {}
    """Level of the attribute `stratum` -> its share of the population; the pilot is rectified within each."""
    stratum: str | None = None
    """The attribute that strata are levels of."""
    equivalence: Bounds | None = None
    """Bounds within which an effect is too small to matter, for the pilot's test of it."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.stratum is None) != (not self.strata):
            raise ValueError("'stratum' names the attribute and 'strata' its levels' shares: give both, or neither.")
        if any(not share > 0 for share in self.strata.values()):
            raise ValueError("found a stratum without people, expected shares above 0. Leave it out.")
        if self.strata and abs(sum(self.strata.values()) - 1) > 1e-6:
            raise ValueError(f"found strata that sum to {sum(self.strata.values()):g}, expected shares that sum to 1.")
        return self

    def known(self, questions: Sequence[str], ordered: Sequence[str]) -> tuple[str, ...]:
        """Return the questions that are compared.

        Args:
            questions: all of the study.
            ordered: those whose scale has an order.

        Raises:
            InputError: one is unknown or has no order, or none has.
        """
        named = self.better if isinstance(self.better, dict) else {}
        for name in (*self.outcomes, *named):
            if name not in questions:
                hint = did_you_mean(name, questions)
                raise InputError(f"the plan names the question '{name}', which is not asked.{hint}")
            if name not in ordered:
                raise InputError(f"the answers to '{name}' have no order, so that they have no mean. Leave it out.")
        chosen = self.outcomes or tuple(ordered)
        if not chosen:
            raise InputError("no question has a scale with an order, so that there is no mean to compare.")
        return chosen

    def better_of(self, question: str, declared: Direction | None = None) -> Direction | None:
        """Return which answers to a question an arm is to bring about; `None` where nobody said.

        Args:
            question: its id.
            declared: as the study says.
        """
        if isinstance(self.better, dict):
            found = self.better.get(question)
            return declared if found is None else found
        return declared if self.better is None else self.better

    def effects_plan(self, control: str, outcomes: tuple[str, ...]) -> EffectsPlan:
        """Return what is declared of the effects of arms."""
        own = {name: getattr(self, name) for name in Plan.model_fields}
        return EffectsPlan(
            **own, control=control, outcomes=outcomes, covariates=self.covariates, equivalence=self.equivalence
        )
