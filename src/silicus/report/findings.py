"""What an evaluation found beside distances, in sentences that say what each number is, on how many, and how sure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from silicus.errors import counted
from silicus.evaluate import CONTROLS, FEWEST, AttributeAudit, Estimate, Evaluation, GroupAudit, MetricName, Movement
from silicus.report.orders import order_sentence
from silicus.report.probes import TITLE, probed
from silicus.report.words import deciding, number, percent, undecided, with_interval

__all__ = ["Finding", "findings"]

_SIGNS: dict[MetricName, str] = {"wasserstein": "W", "total_variation": "TV", "nll": "NLL"}
_CHANCE = 0.05
_NAMED = 3
"""Groups left out that are named; the record has all."""
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
        ("orders", "Does the order of the options matter?", _orders(evaluation)),
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
    name, metric = evaluation.name, deciding(evaluation)
    floors = {other: found[metric] for other, found in evaluation.differences.items() if other not in CONTROLS}
    known = {other: difference for other, difference in floors.items() if difference.value is not None}
    if known and undecided(evaluation):
        yield f"Nobody is said to be closer: {undecided(evaluation)}."
    for other, difference in known.items():
        told = "is closer to people than" if _below(difference) else "is not shown to be closer to people than"
        if difference.low is not None and difference.low > 0:
            told = "is farther from people than"
        if undecided(evaluation):
            told = "beside"
        theirs = evaluation.overall[other][metric]
        yield (
            f"{name} {told} {other} ({_SIGNS[metric]} = {number(theirs.value)}): the difference is "
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
    if moved.cells_n == 2:
        yield from _one_difference(moved)
        return
    ceiling = "" if moved.ceiling is None else f"; a perfect prediction would correlate {number(moved.ceiling, 2)}"
    known = moved.spread_ratio_true.n
    if ceiling and known < moved.cells_n:
        ceiling += f" (over the {counted(known, 'cell', 'cells')} of which it is known what chance adds)"
    persons = (
        " Predictions are averaged over the people of each cell, so that knowing who is in it helps too."
        if evaluation.matched_by_person
        else ""
    )
    yield (
        f"In {counted(moved.questions_n, 'question', 'questions')} asked in several conditions "
        f"({moved.cells_n:,} cells), predicted means less their question's correlate "
        f"{with_interval(moved.correlation, 2)} with people's{ceiling}. "
        f"{_by_chance(moved.chance, 'conditions')}{persons}"
    )
    if moved.slope.value is not None:
        unsure = "" if moved.slope.low is not None else f" Of fewer than {FEWEST} studies there are no intervals."
        yield (
            f"For a predicted difference of 1, people differ by {with_interval(moved.slope, 2)}; "
            f"{_spread(moved)}.{unsure}"
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


def _one_difference(moved: Movement) -> Iterator[str]:
    """Yield what can be said of one question in two conditions: any two differences correlate 1 or -1."""
    if moved.slope.value is not None and moved.signs.n:
        sign = "people's sign" if moved.slope.value > 0 else "the other sign than people's"
        told = "" if moved.signs_told_apart.n else ", which cannot be told from chance"
        yield (
            f"One question was asked in two conditions: the predicted difference has {sign}, and people's{told} is "
            f"{number(abs(moved.slope.value), 1)} times as large."
        )


def _spread(moved: Movement) -> str:
    """Return how widely predictions spread, or why that cannot be said."""
    if moved.spread_ratio_true.value is not None:
        return f"predictions spread {with_interval(moved.spread_ratio_true, 2)} times as widely as people's true means"
    if not moved.spread_ratio_true.n:
        return (
            "how widely people's true means spread is not known, for what chance adds cannot be taken from single "
            "answers, nor from people who answered in several conditions"
        )
    return "differences of people's means cannot be told from chance, so there is no spread to compare"


def _by_chance(chance: float | None, what: str) -> str:
    if chance is None:
        return f"Whether that is more than chance cannot be told: there are too few {what} to shuffle."
    told = "is more than chance" if chance < _CHANCE else "may be chance"
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
        f"{_by_chance(skill.chance, 'personas')}{_of_whom(evaluation)}"
    )
    yield (
        f"As they stand they explain {_percents(skill.explained)} of the variance between people who are asked the "
        f"same, and spread {with_interval(skill.spread_ratio, 2)} times as widely."
    )
    yield (
        f"Over all answers, nothing taken out, the correlation is {with_interval(skill.model, 2)}; that of the mean of "
        f"everybody else's answers, which knows no person, {with_interval(skill.others, 2)} (too low in small cells)."
    )


def _of_whom(evaluation: Evaluation) -> str:
    """Return of whom p-values and intervals of persons speak, where that is not everybody."""
    told = ""
    if evaluation.studies_n < FEWEST:
        told += " Intervals draw persons and speak of these studies alone."
    if not evaluation.people_known:
        told += (
            " Which answers are one person's is not known: each is taken for another person's, so that p-values and "
            "intervals are too sure where people answered more than once."
        )
    return told


def _structure(evaluation: Evaluation) -> Iterator[str]:
    found = evaluation.structure
    if found is None:
        return
    alike = number(found.agreement.value, 2)
    agree = "" if found.agreement.value is None else f"; over pairs the two agree with r = {alike}"
    sizes = (
        "people's correlations cannot be told from chance"
        if found.human.value is None
        else f"answers correlate {number(found.human.value, 2)} in size (root mean square) for people, what chance "
        f"adds taken out, and {number(found.predicted.value, 2)} as predicted, "
        f"{with_interval(found.ratio, 2)} times as much"
    )
    yield (
        f"Over {counted(found.pairs_n, 'pair', 'pairs')} of questions, {sizes}{agree}. Every respondent counts as one, "
        "whatever the survey weight."
    )


def _groups(evaluation: Evaluation) -> Iterator[str]:
    for audit in evaluation.groups:
        worst = min(audit.groups, key=_accuracy)
        error = (
            ""
            if audit.mean_error_gap.value is None
            else f" The error of the mean differs by {number(audit.mean_error_gap.value)}, at random by "
            f"{number(audit.mean_error_gap_shuffled)} ({_p(audit.mean_error_gap_chance)})."
        )
        yield (
            f"{audit.attribute}: accuracy differs by {number(audit.accuracy_gap.value)} over "
            f"{len(audit.groups)} groups, least for {worst.group} ({counted(worst.people, 'person', 'people')}); "
            f"groups dealt out at random differ by {number(audit.accuracy_gap_shuffled)} "
            f"({_p(audit.accuracy_gap_chance)}).{error}{_between(audit)}{_too_small(audit)}"
        )
    if evaluation.groups:
        yield (
            "Each group is compared with everybody in the same cells. Of many attributes some differ by chance: "
            "p-values are not corrected for their number."
        )


def _orders(evaluation: Evaluation) -> Iterator[str]:
    if evaluation.orders is not None:
        yield order_sentence(evaluation.orders)


def _accuracy(group: GroupAudit) -> float:
    return float("inf") if group.accuracy.value is None else group.accuracy.value


def _too_small(audit: AttributeAudit) -> str:
    """Return which groups are left out, the first of them by name; nothing where none is."""
    names = "; ".join(audit.left_out[:_NAMED]) + ("; …" if len(audit.left_out) > _NAMED else "")
    return f" Left out as too small, or unknown: {names}." if names else ""


def _between(audit: AttributeAudit) -> str:
    moved = audit.between
    if moved is None or moved.slope.value is None:
        return ""
    slope = with_interval(moved.slope, 2)
    unsure = "" if moved.slope.low is not None else f" (of fewer than {FEWEST} studies there is no interval)"
    return f" For a predicted difference of 1 between groups, people's differ by {slope}{unsure}."
