"""What an evaluation found beside distances, in sentences that say what each number is, on how many, and how sure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from silicus.errors import counted
from silicus.evaluate import CONTROLS, AttributeAudit, Estimate, Evaluation, GroupAudit
from silicus.report.probes import TITLE, probed
from silicus.report.words import number, percent, with_interval

__all__ = ["Finding", "findings"]

_CHANCE = 0.05
_SMALL = 0.001


@dataclass(frozen=True)
class Finding:
    """One question that a reader asks, and the sentences that answer it.

    Attributes:
        key: its name, by which a page finds its chart.
        title: the question.
        sentences: the answer.
    """

    key: str
    title: str
    sentences: list[str]


def findings(evaluation: Evaluation) -> list[Finding]:
    """Return what was found beside distances; only what could be looked at."""
    parts = (
        ("ceiling", "How near could it come?", _ceiling(evaluation)),
        ("floors", "Is it better than what is cheap?", _floors(evaluation)),
        ("conditions", "Does it move as people move?", _conditions(evaluation)),
        ("persons", "Does it know persons, or only questions?", _persons(evaluation)),
        ("structure", "Do questions hang together as for people?", _structure(evaluation)),
        ("groups", "For whom does it fail?", _groups(evaluation)),
        ("probes", TITLE, iter(() if evaluation.probes is None else probed(evaluation.probes))),
    )
    found = [Finding(key, title, list(sentences)) for key, title, sentences in parts]
    return [finding for finding in found if finding.sentences]


def _percents(estimate: Estimate) -> str:
    known = estimate.low is not None and estimate.high is not None
    return percent(estimate.value) + (f" ({percent(estimate.low)} to {percent(estimate.high)})" if known else "")


def _ceiling(evaluation: Evaluation) -> Iterator[str]:
    ceiling, name = evaluation.ceiling, evaluation.name
    if ceiling.split_half is not None:
        yield (
            f"Two random halves of the people of a cell, of {number(ceiling.split_half_n, 0)} answers in the median, "
            f"lie W = {number(ceiling.split_half)} apart."
        )
    if evaluation.reached[name].value is not None:
        yield (
            f"From uniform guessing to a perfect prediction at these numbers of answers, {name} has gone "
            f"{_percents(evaluation.reached[name])} of the way."
        )
    costs = [f"{number(cost)} with {k:,}" for k, cost in ceiling.sampling.items() if cost is not None]
    if costs:
        yield f"Answers drawn from it, instead of its probabilities, would add to W: {', '.join(costs)} a cell."


def _floors(evaluation: Evaluation) -> Iterator[str]:
    name, sign = evaluation.name, "W" if evaluation.difference_metric == "wasserstein" else "TV"
    for other, metrics in evaluation.differences.items():
        difference = metrics[evaluation.difference_metric]
        if other in CONTROLS or difference.value is None:
            continue
        told = "is closer to people than" if _below(difference) else "is not shown to be closer to people than"
        if difference.low is not None and difference.low > 0:
            told = "is farther from people than"
        theirs = evaluation.overall[other][evaluation.difference_metric]
        yield (
            f"{name} {told} {other} ({sign} = {number(theirs.value)}): the difference is "
            f"{with_interval(difference, signed=True)}."
        )


def _below(estimate: Estimate) -> bool:
    return estimate.high is not None and estimate.high < 0


def _conditions(evaluation: Evaluation) -> Iterator[str]:
    moved = evaluation.conditions
    if moved is None:
        return
    if moved.correlation.value is None:
        yield (
            f"{evaluation.name} predicts no difference between conditions, in "
            f"{counted(moved.questions_n, 'question', 'questions')} asked in several."
        )
        return
    ceiling = "" if moved.ceiling is None else f"; a perfect prediction would correlate {number(moved.ceiling, 2)}"
    yield (
        f"In {counted(moved.questions_n, 'question', 'questions')} asked in several conditions "
        f"({moved.cells_n:,} cells), predicted means less their question's correlate "
        f"{with_interval(moved.correlation, 2)} with people's{ceiling}. {_by_chance(moved.chance, 'conditions')}"
    )
    if moved.slope.value is not None:
        wide = with_interval(moved.spread_ratio_true, 2)
        spread = f"predictions spread {wide} times as widely as people's true means"
        chance = "people's means differ no more than by chance, so there is no spread to compare"
        yield (
            f"For a predicted difference of 1, people differ by {with_interval(moved.slope, 2)}; "
            f"{chance if moved.spread_ratio_true.value is None else spread}."
        )
    if moved.signs.n:
        told = (
            f", {percent(moved.signs_told_apart.value)} of the {moved.signs_told_apart.n:,} that are told apart from 0"
            if moved.signs_told_apart.n
            else ""
        )
        yield (
            f"{_percents(moved.signs)} of {counted(moved.signs.n, 'difference', 'differences')} between two conditions "
            f"have people's sign{told}."
        )


def _by_chance(chance: float | None, what: str) -> str:
    told = "is more than chance" if chance is not None and chance < _CHANCE else "may be chance"
    return f"That {told}: with {what} shuffled, {_p(chance)}."


def _p(chance: float | None) -> str:
    """Return a p-value in words."""
    return "p < 0.001" if chance is not None and chance < _SMALL else f"p = {number(chance)}"


def _persons(evaluation: Evaluation) -> Iterator[str]:
    skill = evaluation.individuals
    if skill is None:
        return
    if skill.correlation.value is None:
        yield (
            f"{evaluation.name} predicts the same for everybody who is asked the same, in "
            f"{counted(skill.cells_n, 'cell', 'cells')} of several answers."
        )
        return
    yield (
        f"Within cells, expected answers correlate {with_interval(skill.correlation, 2)} with those given "
        f"({skill.answers_n:,} answers in {counted(skill.cells_n, 'cell', 'cells')}). "
        f"{_by_chance(skill.chance, 'personas')}"
    )
    yield (
        f"As they stand they explain {_percents(skill.explained)} of the variance between people who are asked the "
        f"same, and spread {with_interval(skill.spread_ratio, 2)} times as widely."
    )
    yield (
        f"Over all answers, nothing taken out, the correlation is {with_interval(skill.model, 2)}; that of the mean of "
        f"everybody else's answers, which knows no person, {with_interval(skill.others, 2)} (too low in small cells)."
    )


def _structure(evaluation: Evaluation) -> Iterator[str]:
    found = evaluation.structure
    if found is None:
        return
    alike = number(found.agreement.value, 2)
    agree = "" if found.agreement.value is None else f"; over pairs the two agree with r = {alike}"
    yield (
        f"Over {counted(found.pairs_n, 'pair', 'pairs')} of questions, answers correlate "
        f"{number(found.human.value, 2)} in size for people and {number(found.predicted.value, 2)} as predicted, "
        f"{with_interval(found.ratio, 2)} times as much{agree}."
    )


def _groups(evaluation: Evaluation) -> Iterator[str]:
    for audit in evaluation.groups:
        worst = min(audit.groups, key=_accuracy)
        yield (
            f"{audit.attribute}: accuracy differs by {with_interval(audit.accuracy_gap)} over "
            f"{len(audit.groups)} groups, least for {worst.group}; groups dealt out at random differ by "
            f"{number(audit.accuracy_gap_shuffled)} ({_p(audit.accuracy_gap_chance)}). The error of the mean "
            f"differs by {with_interval(audit.mean_error_gap)}.{_between(audit)}"
        )
    if evaluation.groups:
        yield (
            "Each group is compared with everybody in the same cells. Of many attributes some differ by chance: "
            "p-values are not corrected for their number."
        )


def _accuracy(group: GroupAudit) -> float:
    return float("inf") if group.accuracy.value is None else group.accuracy.value


def _between(audit: AttributeAudit) -> str:
    moved = audit.between
    if moved is None or moved.slope.value is None:
        return ""
    return f" For a predicted difference of 1 between groups, people's differ by {with_interval(moved.slope, 2)}."
