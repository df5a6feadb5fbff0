"""Questions of several answers as questions of one: what is asked, and how people's answers become the same.

    rows of a matrix     a question a row, on the scale of the matrix
    several options      a yes-or-no question an option: is it ticked?
    a ranking            a question a pair of options: which is put higher?

Their ids are `question.row`, `question.option` and `question.option>option`. All are answered on a `Scale`, so that
models, prompts and evaluation know nothing of these forms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from silicus.errors import did_you_mean
from silicus.record import digest
from silicus.study.question import Question, StudyQuestion
from silicus.study.scale import Scale

__all__ = ["Place", "expanded", "ranked_places", "ranking_beside", "told_counts", "told_once"]

NOBODY_TICKED = "none"
"""How an answer says that no option was ticked."""
ASKED_OF = "people"
"""How counts of ticked options say of how many people."""

_TICKED = {0: "Not ticked", 1: "Ticked"}


@dataclass(frozen=True)
class Place:
    """Where an option of a ranking stands.

    Attributes:
        mean: the mean place, 1 for the highest.
        borda: the share of all points, where an option gets one for every option below it; the shares sum to 1.
    """

    mean: float
    borda: float


def expanded(question: StudyQuestion) -> tuple[Question, ...]:
    """Return the questions of one answer that a question of any form comes to; none of an open one.

    Examples:
        >>> asked = expanded(StudyQuestion(id="pets", text="Which do you have?", choose="any", options=["Cat", "Dog"]))
        >>> [each.id for each in asked]
        ['pets.1', 'pets.2']
    """
    text = question.text.strip()
    if question.form == "several":
        return tuple(_of_options(question, text))
    if question.form == "ranking":
        return tuple(_of_pairs(question, text))
    if question.scale is None:
        return ()
    if question.form == "matrix":
        rows = question.rows.items()
        return tuple(_asked(f"{question.id}.{key}", f"{text}\n\n{row.strip()}", question.scale) for key, row in rows)
    return (_asked(question.id, text, question.scale),)


def _asked(id_: str, text: str, scale: Scale) -> Question:
    return Question(id=id_, text=text, scale=scale)


def _of_options(question: StudyQuestion, text: str) -> Iterator[Question]:
    refusals = question.scale.refusals if question.scale else {}
    scale = Scale(kind="binary", labels=_TICKED, refusals=refusals)
    offered = f"{_how_many(question)}: {'; '.join(question.ticked.values())}."
    for key, words in question.ticked.items():
        yield _asked(f"{question.id}.{key}", f"{text}\n\n{offered}\n\nIs this one ticked: “{words}”?", scale)


def _how_many(question: StudyQuestion) -> str:
    least, most = question.at_least, question.at_most
    if least == most:
        return f"Exactly {most} of these {'is' if most == 1 else 'are'} to be ticked"
    if most == 1:
        return "One of these may be ticked, or none"
    limits = [f"at least {least}"] if least else []
    limits += [f"at most {most}"] if most is not None else []
    return f"Several of these may be ticked{''.join(f', {limit}' for limit in limits)}"


def _of_pairs(question: StudyQuestion, text: str) -> Iterator[Question]:
    offered = f"These are to be put in order, the first the highest: {'; '.join(question.rank.values())}."
    for first, second in _pairs(question):
        scale = Scale(kind="binary", labels={1: question.rank[first], 2: question.rank[second]})
        words = f"{text}\n\n{offered}\n\nWhich of these two is put higher?"
        yield _asked(f"{question.id}.{first}>{second}", words, scale)


def _pairs(question: StudyQuestion) -> list[tuple[str, str]]:
    """Return all pairs of options, each option first in half of its pairs (one more or less where they are odd).

    The options stand on a circle in an order drawn by their words, and each comes first against those that follow it
    up to half the way round. The same question makes the same pairs always.
    """
    keys = list(question.rank)
    circle = sorted(keys, key=lambda key: digest(question.id, *question.rank.values(), key))
    around = {key: place for place, key in enumerate(circle)}
    pairs: list[tuple[str, str]] = []
    for one, other in combinations(keys, 2):
        ahead = (around[other] - around[one]) % len(keys)
        follows = ahead < len(keys) / 2 or (2 * ahead == len(keys) and around[one] < around[other])
        pairs.append((one, other) if follows else (other, one))
    return pairs


def ranked_places(question: StudyQuestion, higher: Mapping[str, float]) -> dict[str, Place]:
    """Return where every option of a ranking stands, from its pairs.

    An option's mean place is 1 plus the probabilities that another is put above it. That holds for any distribution
    of whole rankings with these probabilities, and for one ranking, whose probabilities are 0 and 1.

    Args:
        question: a ranking.
        higher: id of the question of a pair, `question.first>second` -> the probability that the first is put higher.

    Examples:
        >>> asked = StudyQuestion(id="q", text="Order?", rank=["Tea", "Milk"])
        >>> pair = expanded(asked)[0].id
        >>> sorted(place.mean for place in ranked_places(asked, {pair: 0.75}).values())
        [1.25, 1.75]
    """
    below = dict.fromkeys(question.rank, 0.0)
    for first, second in _pairs(question):
        probability = higher[f"{question.id}.{first}>{second}"]
        below[first] += probability
        below[second] += 1 - probability
    options, total = len(below), sum(below.values())
    return {key: Place(options - points, points / total) for key, points in below.items()}


def told_once(question: StudyQuestion, given: float | str) -> dict[str, int]:
    """Return what one answer says to each question it is taken apart into: id -> answer, a point or a refusal.

    Several options are given as "1;3" (`none` where none is ticked), a ranking as "2>1>3", both by key or words; a
    refusal is one to every question. A matrix is answered row by row, under the rows' own ids.

    Raises:
        ValueError: the answer does not fit; the message says what was expected.
    """
    # A column of numbers that has empty cells may be read as 1.0 and 3.0.
    words = f"{given:.0f}" if isinstance(given, float) and given.is_integer() else str(given)
    if question.form == "several":
        return _ticks(question, words)
    if question.form == "ranking":
        order = _order(question, words)
        return {
            f"{question.id}.{first}>{second}": 1 if order.index(first) < order.index(second) else 2
            for first, second in _pairs(question)
        }
    ids = ", ".join(f"'{asked.id}'" for asked in expanded(question)[:3])
    raise ValueError(f"'{question.id}' is answered row by row: give each row its own line, as {ids}.")


def ranking_beside(question: StudyQuestion, columns: Mapping[str, object]) -> str | None:
    """Return the order that columns `question.option` tell, each with the option's place; `None` where all are empty.

    Raises:
        ValueError: an option has no place, or two have the same.
    """
    if question.form != "ranking":
        return None
    told = {key: columns.get(f"{question.id}.{key}") for key in question.rank}
    if all(place is None for place in told.values()):
        return None
    numbers = {key: float(place) for key, place in told.items() if isinstance(place, int | float)}
    if len(numbers) < len(told) or len(set(numbers.values())) < len(told):
        found = ", ".join(f"{key} {'empty' if place is None else place}" for key, place in told.items())
        raise ValueError(f"the places of '{question.id}' are {found}, expected a number of its own for each option.")
    return ">".join(sorted(told, key=lambda key: numbers[key]))


def told_counts(question: StudyQuestion, counts: Mapping[int | str, int]) -> Iterator[tuple[str, int, int]]:
    """Yield what counts of people say to each question they are taken apart into: id, answer, people.

    Of several options it is counted how often each was ticked, and by how many `people` in all; of a ranking, how
    often each order was given.

    Raises:
        ValueError: a count does not fit; the message says what was expected.
    """
    if question.form != "several":
        for given, people in counts.items():
            for id_, answer in told_once(question, given).items():
                yield id_, answer, people
        return
    if ASKED_OF not in counts:
        raise ValueError(f"expected '{ASKED_OF}: N' beside the options, for how many people there were in all.")
    everybody = counts[ASKED_OF]
    for given, people in counts.items():
        if given != ASKED_OF:
            key = _key(question.ticked, str(given))
            if people > everybody:
                raise ValueError(f"{people} ticked '{given}', expected at most the {everybody} people there were.")
            yield f"{question.id}.{key}", 1, people
            yield f"{question.id}.{key}", 0, everybody - people


def _ticks(question: StudyQuestion, given: str) -> dict[str, int]:
    options, refusals = question.ticked, question.scale.refusals if question.scale else {}
    refused = next((code for code, words in refusals.items() if given.strip() in {str(code), words}), None)
    if refused is not None:
        return {f"{question.id}.{key}": refused for key in options}
    nothing = given.strip().casefold() == NOBODY_TICKED and given.strip() not in {*options, *options.values()}
    ticked = [] if nothing else [_key(options, part) for part in given.split(";")]
    _check_once(ticked, given)
    most = len(options) if question.at_most is None else question.at_most
    if not question.at_least <= len(ticked) <= most:
        raise ValueError(f"'{given}' ticks {len(ticked)} options, expected {question.at_least} to {most}.")
    return {f"{question.id}.{key}": int(key in ticked) for key in options}


def _order(question: StudyQuestion, given: str) -> list[str]:
    order = [_key(question.rank, part) for part in given.split(">")]
    _check_once(order, given)
    if len(order) < len(question.rank):
        absent = next(key for key in question.rank if key not in order)
        raise ValueError(f"the order '{given}' leaves out '{absent}', expected all {len(question.rank)} options.")
    return order


def _key(options: dict[str, str], given: str) -> str:
    """Return the key of an option given as key or words."""
    found = given.strip()
    if found in options:
        return found
    by_words = {words: key for key, words in options.items()}
    if found not in by_words:
        raise ValueError(f"'{found}' is none of the options.{did_you_mean(found, [*options, *by_words])}")
    return by_words[found]


def _check_once(keys: list[str], given: str) -> None:
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise ValueError(f"'{given}' names '{twice}' twice.")
