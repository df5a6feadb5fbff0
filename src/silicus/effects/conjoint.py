"""Effects of the attributes of profiles: average marginal component effects, and marginal means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import polars as pl

from silicus.effects.differences import dummies, spread
from silicus.effects.family import Comparison, Found, Mask, corrected
from silicus.effects.least_squares import Contrast, Fit, FloatArray, fit
from silicus.effects.records import Conjoint, ConjointPlan, MarginalMean
from silicus.effects.sample import Clusters, Sample, read_sample, rows_of_study
from silicus.errors import InputError, did_you_mean
from silicus.study import Item

__all__ = ["conjoint"]

_SHOWN = "shown."

_EXPECTED = 10
"""Levels that chance would have shown together so often, and that never were, were kept apart by design."""


def conjoint(
    answers: pl.DataFrame,
    items: Mapping[str, Item],
    respondents: pl.DataFrame | None,
    plan: ConjointPlan,
    rng: np.random.Generator,
) -> Conjoint:
    """Return what the levels of the attributes of profiles do to answers.

    The average marginal component effect of a level is how much higher answers are than with the baseline, averaged
    over the other attributes as they were drawn (Hainmueller, Hopkins & Yamamoto 2014, doi:10.1093/pan/mpt024): a
    coefficient of one regression on all attributes. Of an attribute that was restricted by another, it is the mean over
    the levels of the other that were shown with both, by how often they were shown with either.

    Marginal means are the means of answers by level, and, by the moderators, those of groups and how these differ from
    the first: differences of effects between groups depend on the baseline, differences of means do not (Leeper, Hobolt
    & Tilley 2020, doi:10.1017/pan.2019.30). All are CR2 by respondent where anybody answered twice.

    Args:
        answers: as for `effects`, with columns `shown.NAME`. Of predictions join those of the answers first.
        items: the stimuli by their hash (`Item.item`).
        respondents: `respondent` and attributes; `None`: nobody's are known.
        plan: what was declared.
        rng: where the resamples of `romano-wolf` come from.

    Raises:
        InputError: a table breaks its schema, or lacks what the plan names.

    Examples:
        >>> from silicus.study import RESPONSES, Item, Scale
        >>> item = Item("jobs", "all", "hire", "", "Hire?", Scale(kind="binary", labels={0: "No", 1: "Yes"}))
        >>> shown = ["nurse", "cook"] * 4
        >>> rows = [("jobs", "all", "hire", item.item, f"p{n // 2}", int(n in {0, 2, 4, 7}), 1, 1.0) for n in range(8)]
        >>> table = pl.DataFrame(rows, schema=RESPONSES, orient="row").with_columns(pl.Series("shown.job", shown))
        >>> plan = ConjointPlan(outcome="hire", attributes=("job",), baselines={"job": "cook"})
        >>> found = conjoint(table, {item.item: item}, None, plan, np.random.default_rng(1))
        >>> [(each.arm, round(each.points.value, 2)) for each in found.effects]
        [('nurse', 0.5)]
        >>> [(each.level, round(each.points.value, 2)) for each in found.means]
        [('cook', 0.25), ('nurse', 0.75)]
    """
    rows, _ = rows_of_study(answers, plan.study)
    sample = _showing(read_sample(rows, items, respondents, plan.outcome, plan), plan)
    profiles = _Profiles.of(sample, plan)
    return Conjoint(
        effects=corrected(list(_components(profiles)), plan, rng),
        means=[*_means(profiles), *(each for name in plan.moderators for each in _group_means(profiles, name))],
        never_together=_never_together(profiles),
    )


def _showing(sample: Sample, plan: ConjointPlan) -> Sample:
    """Return the answers to profiles of which every attribute is known."""
    known = [name.removeprefix(_SHOWN) for name in sample.rows.columns if name.startswith(_SHOWN)]
    for name in plan.attributes:
        if name not in known:
            told = did_you_mean(name, known) if known else ""
            raise InputError(f"the table of answers has no column '{_SHOWN}{name}'.{told}")
        sample = sample.where(sample.rows[_SHOWN + name].is_not_null().to_numpy(), f"attribute '{name}' not shown")
    return sample


@dataclass(frozen=True)
class _Profiles:
    """The answers, and what was shown.

    Attributes:
        sample: the answers.
        plan: what was declared.
        clusters: what they hang together by.
        levels: attribute -> its levels, the baseline first.
        shown: attribute -> index of the level each answer is about, shape (rows,).
    """

    sample: Sample
    plan: ConjointPlan
    clusters: Clusters
    levels: dict[str, list[str]]
    shown: dict[str, npt.NDArray[np.int64]]

    @classmethod
    def of(cls, sample: Sample, plan: ConjointPlan) -> _Profiles:
        """Return the answers with their levels numbered."""
        levels: dict[str, list[str]] = {}
        shown: dict[str, npt.NDArray[np.int64]] = {}
        for name in plan.attributes:
            column = sample.rows[_SHOWN + name].cast(pl.String)
            levels[name] = _ordered(name, column.unique().sort().to_list(), plan.baselines.get(name))
            places = list(range(len(levels[name])))
            shown[name] = column.replace_strict(levels[name], places, return_dtype=pl.Int64).to_numpy()
        return cls(sample, plan, sample.clusters(plan.clusters), levels, shown)

    def fit(self, design: FloatArray) -> Fit:
        """Return the fit of a design to the answers."""
        return fit(design, self.sample.value, self.sample.weight, self.clusters.index)

    def dummies(self, name: str) -> FloatArray:
        """Return a column of 0 and 1 for every level of an attribute, shape (rows, levels)."""
        return dummies(self.shown[name].tolist(), range(len(self.levels[name])))


def _ordered(name: str, levels: list[str], baseline: str | None) -> list[str]:
    if len(levels) < 2:
        raise InputError(f"all profiles show the same '{name}', so it has no effect to estimate. Leave it out.")
    if baseline is None:
        return levels
    if baseline not in levels:
        raise InputError(f"no profile shows the baseline '{baseline}' of '{name}'.{did_you_mean(baseline, levels)}")
    return [baseline, *(level for level in levels if level != baseline)]


# --- average marginal component effects


def _components(profiles: _Profiles) -> Iterator[Found]:
    """Yield the effect of every level but the baselines, attribute by attribute."""
    terms = _terms(profiles)
    blocks = [block for block, _ in terms]
    found = profiles.fit(np.column_stack([np.ones((len(profiles.sample.value), 1)), *blocks]))
    starts = np.cumsum([1, *(block.shape[1] for block in blocks)])
    places = {name: (start, of) for start, (_, of) in zip(starts, terms, strict=False) for name in of}
    for name in profiles.plan.attributes:
        start, columns = places[name]
        for level in range(1, len(profiles.levels[name])):
            weights = np.zeros(len(found.kept))
            own = columns[name][level]
            weights[start : start + len(own)] = own
            contrast = found.contrast(weights) if np.any(own) else _nothing(len(found.influence))
            yield _component(profiles, name, level, contrast)


def _terms(profiles: _Profiles) -> list[tuple[FloatArray, dict[str, list[FloatArray]]]]:
    """Return for every term of the regression its columns, and the contrast of every level of its attributes."""
    pair_of = {name: pair for pair in profiles.plan.restricted for name in pair}
    found: list[tuple[FloatArray, dict[str, list[FloatArray]]]] = []
    for name in profiles.plan.attributes:
        pair = pair_of.get(name)
        if pair is None:
            width = len(profiles.levels[name]) - 1
            found.append((profiles.dummies(name)[:, 1:], {name: [np.zeros(width), *np.eye(width)]}))
        elif name == pair[0]:
            found.append(_pair(profiles, pair))
    return found


def _pair(profiles: _Profiles, pair: tuple[str, str]) -> tuple[FloatArray, dict[str, list[FloatArray]]]:
    """Return a column for every combination of two attributes that was shown but the first, and their contrasts."""
    first, second = (profiles.dummies(name) for name in pair)
    often = first.T @ second
    shown = np.argwhere(often > 0)
    columns = first[:, shown[:, 0]] * second[:, shown[:, 1]]
    contrasts: dict[str, list[FloatArray]] = {}
    for axis, name in enumerate(pair):
        counts = often if axis == 0 else often.T
        contrasts[name] = [
            _over_shared(counts, level, shown[:, axis], shown[:, 1 - axis])[1:] for level in range(len(counts))
        ]
    return columns[:, 1:], contrasts


def _over_shared(
    counts: FloatArray, level: int, own: npt.NDArray[np.int64], other: npt.NDArray[np.int64]
) -> FloatArray:
    """Return the weights of combinations whose sum is the effect of a level over the other attribute's shared levels.

    Args:
        counts: how often each level was shown with each level of the other attribute, shape (levels, others).
        level: against level 0.
        own: level of each combination, shape (combinations,).
        other: the other attribute's level of each combination, shape (combinations,).
    """
    shared = (counts[level] > 0) & (counts[0] > 0)
    often = np.where(shared, counts[level] + counts[0], 0.0)
    share = often / max(often.sum(), 1.0)
    return share[other] * ((own == level).astype(np.float64) - (own == 0))


def _nothing(count: int) -> Contrast:
    return Contrast(np.nan, np.nan, np.nan, np.full(count, np.nan))


def _component(profiles: _Profiles, name: str, level: int, contrast: Contrast) -> Found:
    sample, levels = profiles.sample, profiles.levels[name]
    groups = [profiles.shown[name] == level, profiles.shown[name] == 0]
    control = sample.where(groups[1])
    other = next((b if a == name else a for a, b in profiles.plan.restricted if name in {a, b}), None)
    what = "average marginal component effect" + (f" over the levels of {other} shown with both" if other else "")
    sd = spread(control.value, control.variance, control.weight)
    comparison = Comparison(sample, profiles.plan, profiles.clusters, what, sd)
    return comparison.found(contrast, groups, attribute=name, arm=levels[level], control=levels[0])


# --- marginal means


def _means(profiles: _Profiles) -> Iterator[MarginalMean]:
    """Yield the mean of every level of every attribute, the baseline first."""
    for name, levels in profiles.levels.items():
        found = profiles.fit(profiles.dummies(name))
        for level in range(len(levels)):
            own = profiles.shown[name] == level
            yield _mean(
                profiles, found.contrast(np.eye(len(levels))[level]), [own], attribute=name, level=levels[level]
            )


def _group_means(profiles: _Profiles, moderator: str) -> Iterator[MarginalMean]:
    """Yield the means of every group, and how they differ from those of the first."""
    sample = profiles.sample.knowing((moderator,), "moderator")
    own = _Profiles.of(sample, profiles.plan)
    column = sample.attribute(moderator, "moderator").cast(pl.String)
    groups = column.unique().sort().to_list()
    member = [(column == group).to_numpy() for group in groups]
    for name, levels in own.levels.items():
        found = own.fit(np.column_stack([own.dummies(name) * each[:, None] for each in member]))
        for level, place in ((level, place) for level in range(len(levels)) for place in range(len(groups))):
            shown = [(own.shown[name] == level) & member[each] for each in (place, 0)]
            weights = np.eye(len(found.kept))
            mean, first = weights[place * len(levels) + level], weights[level]
            keys = {"attribute": name, "level": levels[level], "moderator": moderator, "group": groups[place]}
            yield _mean(own, found.contrast(mean), shown[:1], **keys)
            if place:
                yield _mean(own, found.contrast(mean - first), shown, **keys, against=groups[0])


def _mean(profiles: _Profiles, contrast: Contrast, groups: list[Mask], **keys: str) -> MarginalMean:
    comparison = Comparison(profiles.sample, profiles.plan, profiles.clusters, "marginal mean")
    reason = comparison.unknown(contrast, groups)
    return MarginalMean.model_validate(
        {
            "source": profiles.sample.source,
            "study": profiles.sample.study,
            "question": profiles.sample.question,
            **keys,
            "points": comparison.amount(contrast, reason),
            "df": None if reason else contrast.df,
            "n": int(groups[0].sum()),
            "how": comparison.how,
            "reason": reason,
        }
    )


def _never_together(profiles: _Profiles) -> list[tuple[str, str]]:
    """Return the pairs of attributes, not declared as restricted, of which levels were kept apart."""
    declared = [set(pair) for pair in profiles.plan.restricted]
    found: list[tuple[str, str]] = []
    for first, second in combinations(profiles.plan.attributes, 2):
        often = profiles.dummies(first).T @ profiles.dummies(second)
        expected = np.outer(often.sum(axis=1), often.sum(axis=0)) / often.sum()
        if {first, second} not in declared and np.any((often == 0) & (expected >= _EXPECTED)):
            found.append((first, second))
    return found
