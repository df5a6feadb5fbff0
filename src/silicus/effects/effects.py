"""The effects of a study's arms, from people's answers or a model's: one function, so that both are the same thing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from silicus.effects.differences import Rows, by_level, differences, dummies, slopes, spread
from silicus.effects.family import Comparison, Found, Mask, corrected
from silicus.effects.least_squares import Contrast, FloatArray
from silicus.effects.records import Effect, EffectsPlan
from silicus.effects.sample import Sample, ordered_questions, read_sample, rows_of_study
from silicus.errors import InputError, did_you_mean
from silicus.study import Item

__all__ = ["effects"]

_LEVELS = 6
"""A numeric moderator of more values is taken as a number."""


def effects(
    answers: pl.DataFrame,
    items: Mapping[str, Item],
    respondents: pl.DataFrame | None,
    plan: EffectsPlan,
    rng: np.random.Generator,
) -> list[Effect]:
    """Return how much higher answers are in every arm than in the control, question by question.

    First the effects among all, then those within the levels of each moderator, then how these differ from those of the
    first level (of numbers with more than `_LEVELS` values: for 1 more). The estimate is the difference in means,
    adjusted for covariates by Lin (2013, doi:10.1214/12-AOAS583); standard errors are HC2, or CR2 with Satterthwaite's
    degrees of freedom where answers come in clusters.

    A prediction counts as the expected answer of its respondent, among those who would not refuse. A standard error of
    expected answers would say how well their mean is known over more respondents put to the same model, and nothing of
    how far the model lies from people: so of predictions there is the estimate alone, and the reason.

    Args:
        answers: schema `RESPONSES` or `PREDICTIONS`; which one is told by the column `probabilities`.
        items: the stimuli by their hash (`Item.item`).
        respondents: `respondent` and attributes; `None`: nobody's are known.
        plan: what was declared.
        rng: where the resamples of `romano-wolf` come from.

    Raises:
        InputError: a table breaks its schema, or lacks what the plan names.

    Examples:
        >>> from silicus.study import human_responses, read_study
        >>> study = read_study("asian-disease")
        >>> items = {item.item: item for item in study.items()}
        >>> plan = EffectsPlan(control="gain")
        >>> [found] = effects(human_responses(study), items, None, plan, np.random.default_rng(1))
        >>> found.arm, round(found.points.value, 2), round(found.points.standard_error, 3)
        ('loss', 0.5, 0.05)
    """
    rows, _ = rows_of_study(answers, plan.study)
    questions = plan.outcomes or ordered_questions(rows, items)
    if not questions:
        raise InputError("no question has a scale with an order, so that there is no mean to compare.")
    samples = [read_sample(rows, items, respondents, question, plan) for question in questions]
    average = [each for sample in samples for each in _average(sample, plan)]
    moderated = [each for sample in samples for name in plan.moderators for each in _moderated(sample, plan, name)]
    levels = [each for each in moderated if each.effect.against is None]
    changes = [each for each in moderated if each.effect.against is not None]
    return [effect for family in (average, levels, changes) for effect in corrected(family, plan, rng)]


@dataclass(frozen=True)
class _Model:
    """The answers to one question as they are compared.

    Attributes:
        comparison: what is known of them.
        arms: the conditions, the control first, then in order of appearance.
        rows: the answers as arrays.
    """

    comparison: Comparison
    arms: list[str]
    rows: Rows

    @classmethod
    def of(cls, sample: Sample, plan: EffectsPlan) -> _Model:
        """Return the answers of those whose covariates are known."""
        own = sample.knowing(plan.covariates, "covariate")
        arms, clusters = _arms(own, plan), own.clusters(plan.clusters)
        place = own.rows["condition"].replace_strict(arms, list(range(len(arms))), return_dtype=pl.Int64).to_numpy()
        control = own.where(place == 0)
        sd = spread(control.value, control.variance, control.weight)
        covariates = ", ".join(plan.covariates)
        what = f"difference in means, adjusted for {covariates} (Lin)" if covariates else "difference in means"
        rows = Rows(own.value, place, len(arms), _covariates(own, plan), own.weight, clusters.index)
        return cls(Comparison(own, plan, clusters, what, sd, plan.equivalence), arms, rows)

    def found(self, arm: int, contrast: Contrast, among: Sequence[Mask] = (), **keys: str | None) -> Found:
        """Return the effect of an arm.

        Args:
            arm: its index.
            contrast: its estimate.
            among: whether answers are of those among whom it is, then of those with whom it is compared.
            keys: its moderator and levels.
        """
        everybody = [np.ones(len(self.rows.value), dtype=np.bool_)]
        groups = [own & (self.rows.arm == each) for own in among or everybody for each in (arm, 0)]
        return self.comparison.found(contrast, groups, arm=self.arms[arm], control=self.arms[0], **keys)


def _arms(sample: Sample, plan: EffectsPlan) -> list[str]:
    names = sample.rows["condition"].unique(maintain_order=True).to_list()
    if plan.control not in names:
        hint = did_you_mean(plan.control, names) if names else ""
        raise InputError(f"no answer to '{sample.question}' is of the control '{plan.control}'.{hint}")
    if len(names) == 1:
        raise InputError(f"all answers to '{sample.question}' are of the control '{plan.control}', none of an arm.")
    return [plan.control, *(name for name in names if name != plan.control)]


def _covariates(sample: Sample, plan: EffectsPlan) -> FloatArray | None:
    """Return numbers as they are and words as 0 and 1 for every level but the first, shape (rows, columns)."""
    if not plan.covariates:
        return None
    columns = [sample.attribute(name, "covariate") for name in plan.covariates]
    return np.column_stack([_columns(column) for column in columns])


def _columns(column: pl.Series) -> FloatArray:
    if column.dtype.is_numeric():
        return column.to_numpy()[:, None]
    return dummies(column.to_list(), column.unique().sort().to_list())[:, 1:]


def _average(sample: Sample, plan: EffectsPlan) -> Iterator[Found]:
    model = _Model.of(sample, plan)
    for arm, contrast in enumerate(differences(model.rows), 1):
        yield model.found(arm, contrast)


def _moderated(sample: Sample, plan: EffectsPlan, name: str) -> Iterator[Found]:
    """Yield the effects within the levels of a moderator, and how they differ."""
    model = _Model.of(sample.knowing((name,), "moderator"), plan)
    column = model.comparison.sample.attribute(name, "moderator")
    if column.dtype.is_numeric() and column.n_unique() > _LEVELS:
        for arm, contrast in enumerate(slopes(model.rows, column.to_numpy()), 1):
            yield model.found(arm, contrast, moderator=name, level="+1", against="+0")
        return
    values = column.unique().sort()
    own = [(column == value).to_numpy() for value in values]
    names = [f"{value:g}" if isinstance(value, float) else str(value) for value in values]
    result = by_level(model.rows, np.argmax(own, axis=0), len(own))
    for level, contrasts in enumerate(result.levels):
        for arm, contrast in enumerate(contrasts, 1):
            yield model.found(arm, contrast, own[level : level + 1], moderator=name, level=names[level])
    for level, contrasts in enumerate(result.changes, 1):
        for arm, contrast in enumerate(contrasts, 1):
            among = (own[level], own[0])
            yield model.found(arm, contrast, among, moderator=name, level=names[level], against=names[0])
