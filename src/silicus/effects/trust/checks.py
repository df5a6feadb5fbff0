"""Checks of a model that was asked otherwise: placebos, other labels, scrambled words, other persons, other wordings.

Each takes numbers and returns what was found, on how much it rests, and what was expected. Effects are in percent of
the scale's range throughout, so that questions can be compared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from silicus.effects.least_squares import FloatArray
from silicus.effects.records import Effect
from silicus.effects.trust.gate import (
    FEWEST_WORDINGS,
    KEYWORDS,
    LEAST_MOVED,
    MOST_MOVED,
    NEGLIGIBLE,
    PERSONA_READ,
    SIGN_KEPT,
    SIGN_LOST,
    UNRELATED,
    Check,
    Status,
    checked,
)
from silicus.errors import counted

__all__ = [
    "ByArm",
    "Relabelled",
    "by_arm",
    "check_keywords",
    "check_labels",
    "check_persona",
    "check_placebo",
    "check_unrelated",
    "check_wordings",
]

ByArm = Mapping[tuple[str, str], float]
"""Question and arm -> effect in percent of the scale's range; NaN where it is unknown."""


def by_arm(effects: Iterable[Effect]) -> dict[tuple[str, str], float]:
    """Return the effects of arms among all respondents, in percent of the range; NaN where unknown."""
    return {
        (each.question, each.arm): np.nan if each.percent.value is None else each.percent.value
        for each in effects
        if each.moderator is None and each.attribute is None
    }


# --- effects beside those of controls


def check_placebo(effects: ByArm, placebos: ByArm) -> Check:
    """Return whether effects are larger than those of words that ought to do nothing.

    Compared are means of absolute effects over questions. An arm is in doubt where its mean is not larger than that of
    every placebo: one without effect would be, beside k placebos, 1 time in k + 1, however many questions there are.
    Failed where all arms are in doubt.

    Args:
        effects: of the arms.
        placebos: of the placebo arms, on the same questions.

    Examples:
        >>> check_placebo({("trust", "letter"): 4.0, ("trust", "call"): -0.5}, {("trust", "placebo 1"): 0.8}).arms
        ['call']
    """
    both = {question for question, _ in _known(effects)} & {question for question, _ in _known(placebos)}
    own, others = (
        _sizes_by_arm({key: value for key, value in each.items() if key[0] in both}) for each in (effects, placebos)
    )
    if not own or not others:
        return checked("placebo", "not done", "no effect is known beside that of a placebo on the same question.")
    largest = max(others.values())
    doubted = {arm for arm, size in own.items() if size <= max(largest, NEGLIGIBLE)}
    compared = ", ".join(f"{arm} {size:.1f}" for arm, size in own.items())
    found = (
        f"mean effect over {counted(len(both), 'question', 'questions')} in percent of the range: {compared}; the "
        f"largest of {counted(len(others), 'placebo', 'placebos')} {largest:.1f}"
    )
    status: Status = "passed" if not doubted else "failed" if len(doubted) == len(own) else "doubtful"
    return checked("placebo", status, f"{found}{_named(doubted, '; not above it:')}.", doubted)


def check_unrelated(effects: ByArm, unrelated: ByArm) -> Check:
    """Return whether arms move their own outcomes more than questions that nothing can move.

    Compared are means of absolute effects over questions, arm by arm. An arm is in doubt where that on unrelated ones
    is more than negligible, and more than half of that on its own. Failed where all arms move unrelated ones as much
    as their own, or more.

    Args:
        effects: on the study's own questions.
        unrelated: on questions that nothing can move.

    Examples:
        >>> check_unrelated({("trust", "letter"): 4.0}, {("birthday", "letter"): 5.0}).status
        'failed'
    """
    own, others = _sizes_by_arm(effects), _sizes_by_arm(unrelated)
    both = [arm for arm in own if arm in others]
    if not both:
        return checked("unrelated outcome", "not done", "no arm's effects on unrelated questions are known.")
    doubted = {arm for arm in both if others[arm] > max(NEGLIGIBLE, UNRELATED * own[arm])}
    lost = all(others[arm] >= own[arm] for arm in doubted) and len(doubted) == len(both)
    compared = ", ".join(f"{arm} {own[arm]:.1f} beside {others[arm]:.1f}" for arm in both)
    found = (
        f"mean effect on the {counted(_questions(effects), 'question', 'questions')} of the study beside that on "
        f"{_questions(unrelated)} unrelated, in percent of the range: {compared}."
    )
    status: Status = "failed" if lost else "doubtful" if doubted else "passed"
    return checked("unrelated outcome", status, found, doubted)


def check_keywords(effects: ByArm, scrambled: ByArm) -> Check:
    """Return whether effects need sentences, or single words alone.

    An arm is in doubt where all its effects that are not negligible keep their sign and more than half of their size
    when its words are in random order. It never fails by this: people, too, answer to what a text is about.

    Args:
        effects: of the arms.
        scrambled: of the same arms in random order of words, under the same names.

    Examples:
        >>> check_keywords({("trust", "letter"): 4.0}, {("trust", "letter"): 3.5}).arms
        ['letter']
    """
    others = _known(scrambled)
    kept = {key: others[key] / value for key, value in _sizeable(effects).items() if key in others}
    if not kept:
        return checked("keywords", "not done", "no effect is known both as written and in random order of words.")
    losing = {key for key, share in kept.items() if share <= KEYWORDS}
    doubted = _arms(kept) - _arms(losing)
    found = (
        f"{_of(len(kept) - len(losing), len(kept), 'effect')} still there by more than half with words in random order"
    )
    return checked("keywords", "doubtful" if doubted else "passed", f"{found}{_named(doubted, '; all of')}.", doubted)


# --- the same asked otherwise


@dataclass(frozen=True)
class Relabelled:
    """A prediction, and the same with the labels of its answers in another order.

    Attributes:
        asked: probabilities of the points as asked, shape (points,).
        relabelled: of the points with other labels, brought back to what is meant, shape (points,).
        order: at place k of the other labels stood the answer of place `order[k]`, shape (points,).
    """

    asked: npt.ArrayLike
    relabelled: npt.ArrayLike
    order: Sequence[int]

    @property
    def moved(self) -> tuple[float, float]:
        """How far answers lie apart in terms of what is meant, and in terms of where it stood: total variation."""
        asked, meant = np.asarray(self.asked, dtype=np.float64), np.asarray(self.relabelled, dtype=np.float64)
        placed = meant[np.asarray(self.order)]
        return float(np.abs(asked - meant).sum() / 2), float(np.abs(asked - placed).sum() / 2)


def check_labels(effects: ByArm, relabelled: ByArm, cells: Iterable[Relabelled], why_fixed: str = "") -> Check:
    """Return whether effects, and answers, stay with what is meant when labels change places.

    Failed where most effects lose their sign, or where answers stay with the place rather than with the meaning and
    there is enough movement to tell. Doubtful where more than one effect of five loses its sign, or more than a fifth
    of the answers move. An effect that becomes negligible has lost its sign.

    Args:
        effects: as asked.
        relabelled: of the same arms, in terms of what is meant.
        cells: predictions asked in both ways; those with NaN are left out.
        why_fixed: why the labels of this study cannot change places, where none can.

    Examples:
        >>> by_place = Relabelled([0.7, 0.2, 0.1], [0.1, 0.2, 0.7], (2, 1, 0))
        >>> check_labels({("trust", "letter"): 4.0}, {("trust", "letter"): -4.0}, [by_place]).status
        'failed'
    """
    others = _known(relabelled)
    pairs = _columns((value, others[key]) for key, value in _sizeable(effects).items() if key in others)
    moved = _columns(moved for each in cells for moved in [each.moved] if not np.isnan(moved).any())
    if not len(pairs) and not len(moved):
        spared = bool(why_fixed)
        return checked("labels", "not done", why_fixed or "nothing was asked with other labels.", spared=spared)
    same = np.sign(pairs[:, 0]) == _signs(pairs[:, 1])
    kept = float(same.mean()) if len(pairs) else np.nan
    by_meaning, by_place = moved.mean(axis=0) if len(moved) else np.full(2, np.nan)
    if kept < 0.5 or (by_meaning > by_place and by_meaning > LEAST_MOVED):
        status: Status = "failed"
    else:
        status = "doubtful" if kept < SIGN_KEPT or by_meaning > MOST_MOVED else "passed"
    found = [*_signs_told(pairs, int(same.sum())), *_moves_told(moved)]
    return checked("labels", status, f"with other labels, {'; '.join(found)}.")


def _signs_told(pairs: FloatArray, kept: int) -> list[str]:
    if not len(pairs):
        return []
    # A correlation of two pairs is 1 or -1.
    spread = len(pairs) > 2 and bool(np.all(pairs.std(axis=0) > 0))
    told = f", correlation {np.corrcoef(pairs[:, 0], pairs[:, 1])[0, 1]:.2f}" if spread else ""
    return [f"{kept} of {counted(len(pairs), 'effect keeps its', 'effects keep their')} sign{told}"]


def _moves_told(moved: FloatArray) -> list[str]:
    if not len(moved):
        return []
    by_meaning, by_place = moved.mean(axis=0).tolist()
    return [
        f"{100 * by_meaning:.0f} % of the answers move in terms of meaning and {100 * by_place:.0f} % in terms of "
        f"place ({counted(len(moved), 'prediction', 'predictions')})"
    ]


def check_persona(moved: npt.ArrayLike, *, matters: bool) -> Check:
    """Return whether the model reads who answers.

    Args:
        moved: total variation between the prediction for a person and that with another's attributes, shape (pairs,).
        matters: whether the study compares groups, or speaks of a population other than the one asked.

    Examples:
        >>> check_persona([0.001, 0.002], matters=True).status
        'doubtful'
    """
    values = np.asarray(moved, dtype=np.float64)
    values = values[~np.isnan(values)]
    if not len(values):
        return checked("persona", "not done", "nobody was asked with the attributes of another.")
    read = values.mean() >= PERSONA_READ
    found = (
        f"{100 * values.mean():.1f} % of the answers change with another person's attributes "
        f"({counted(len(values), 'prediction', 'predictions')})"
    )
    spared = "" if read or matters else ": the model hardly reads who answers, which no comparison of groups rests on"
    return checked("persona", "passed" if read or not matters else "doubtful", f"{found}{spared}.")


def check_wordings(wordings: Collection[ByArm]) -> Check:
    """Return whether effects have the same sign however questions are put.

    Doubtful where the most frequent sign of an effect is that of fewer than 80 % of the wordings, failed where for
    every effect it is that of fewer than 60 %. Effects that are negligible in every wording have none and are left out.

    Args:
        wordings: the effects in each wording, three or more.

    Examples:
        >>> check_wordings([{("trust", "letter"): effect} for effect in (4.0, 3.0, -1.0)]).status
        'doubtful'
    """
    shares: dict[tuple[str, str], float] = {}
    told: list[tuple[float, str]] = []
    for key in dict.fromkeys(key for each in wordings for key in each):
        values = np.array([value for each in wordings for value in [each.get(key, np.nan)] if not np.isnan(value)])
        signs = _signs(values)
        if len(values) >= FEWEST_WORDINGS and np.any(signs):
            majority = max(int(np.sum(signs > 0)), int(np.sum(signs < 0)))
            shares[key] = majority / len(values)
            spread = f"{values.min():.1f} to {values.max():.1f} %"
            told.append((shares[key], f"{key[1]} on {key[0]}: {majority} of {len(values)}, {spread}"))
    if not shares:
        why = f"no effect that is not negligible is known in {FEWEST_WORDINGS} wordings or more."
        return checked("wordings", "not done", why)
    unsteady = {key for key, share in shares.items() if share < SIGN_KEPT}
    lost = all(share < SIGN_LOST for share in shares.values())
    worst = "; ".join(words for _, words in sorted(told)[:3])
    found = (
        f"{_of(len(shares) - len(unsteady), len(shares), 'effect')} of one sign in {100 * SIGN_KEPT:.0f} % of the "
        f"wordings or more (least steady: {worst})."
    )
    status: Status = "failed" if lost else "doubtful" if unsteady else "passed"
    return checked("wordings", status, found, _arms(unsteady))


# --- arms and numbers


def _known(effects: ByArm) -> dict[tuple[str, str], float]:
    return {key: value for key, value in effects.items() if not np.isnan(value)}


def _sizeable(effects: ByArm) -> dict[tuple[str, str], float]:
    return {key: value for key, value in effects.items() if abs(value) > NEGLIGIBLE}


def _columns(rows: Iterable[tuple[float, float]]) -> FloatArray:
    """Return pairs of numbers, shape (pairs, 2), of none, too."""
    return np.array(list(rows), dtype=np.float64).reshape(-1, 2)


def _signs(values: FloatArray) -> FloatArray:
    """Return -1, 0 or 1, and 0 for what is negligible."""
    return np.where(np.abs(values) > NEGLIGIBLE, np.sign(values), 0.0)


def _arms(keys: Iterable[tuple[str, str]]) -> set[str]:
    return {arm for _, arm in keys}


def _sizes_by_arm(effects: ByArm) -> dict[str, float]:
    """Return arm -> mean absolute effect over questions."""
    known = _known(effects)
    arms = dict.fromkeys(arm for _, arm in known)
    return {arm: float(np.mean([abs(value) for key, value in known.items() if key[1] == arm])) for arm in arms}


def _questions(effects: ByArm) -> int:
    return len({question for question, _ in _known(effects)})


def _named(arms: set[str], lead: str) -> str:
    return f"{lead} {', '.join(sorted(arms))}" if arms else ""


def _of(count: int, total: int, noun: str) -> str:
    return f"{count} of {counted(total, noun, noun + 's')} {'is' if count == 1 else 'are'}"
