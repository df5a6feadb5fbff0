"""Gates that stop a wrong dataset: each asks one question of what a recipe made, and says what speaks against it.

Audits of datasets that were made without them found stimuli that nobody had been shown, arms in one another's place and
missing codes among the answers (Kolluri et al. 2025, https://doi.org/10.18653/v1/2025.emnlp-main.1530, checked no
meaning). A gate never mends: it names what was found, where, and what to write into the recipe.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

from silicus.data.dataset import Dataset
from silicus.data.deposit.demographics import FIELDS
from silicus.data.deposit.recipe import Recipe
from silicus.data.readers.codebook import AskedQuestion
from silicus.data.readers.labelled import LabelledTable
from silicus.errors import counted
from silicus.record import Record
from silicus.study import KEY

__all__ = ["GATES", "Gate", "Made", "pass_gates", "words_of"]

_NO_ANSWER = re.compile(
    r"\b(?:don'?t know|do not know|dk|refus\w+|skipp\w+|not asked|no answer|missing|prefer not|inapplicable)\b",
    re.IGNORECASE,
)
_LOST = ("outside the stated scale", "no whole number", "not a number", "no point of the scale", "empty cell among")
"""Reasons to leave out an answer that a recipe has to settle; an empty cell needs no word."""
_SHOWN = 5
_LONGEST_NAME = 3
"""Words in the place of a cell that are no more may be a name, such as that of a party."""


class Gate(Record):
    """What one gate found."""

    name: str
    """The question it asks."""
    problems: list[str]
    """What speaks against the dataset, a sentence each; none where it passes."""

    @property
    def passed(self) -> bool:
        """Whether nothing was found."""
        return not self.problems


@dataclass(frozen=True)
class Made:
    """What a recipe made of a deposit.

    Attributes:
        table: the data file, excluded rows left out.
        find: where words stand in the documents, in words such as "Codebook.txt line 12"; `None` where they do not.
        nearest: the passage most like them, with its place.
    """

    recipe: Recipe
    table: LabelledTable
    data: Dataset
    find: Callable[[str], str | None]
    nearest: Callable[[str], str | None]


def pass_gates(made: Made) -> list[Gate]:
    """Return what every gate found."""
    return [Gate(name=name, problems=list(problems(made))) for name, problems in GATES.items()]


# --- what was shown


def _conditions_differ(made: Made) -> Iterator[str]:
    shown: dict[str, set[tuple[str, str, str]]] = {}
    for item in made.data.cells():
        shown.setdefault(item.condition, set()).add((item.question, item.context, item.text))
    first: dict[frozenset[tuple[str, str, str]], str] = {}
    for condition, words in shown.items():
        twin = first.setdefault(frozenset(words), condition)
        if twin != condition and not {twin, condition} & set(made.recipe.same_words):
            yield (
                f"the conditions '{twin}' and '{condition}' show the same words. Write what each of them saw, or say "
                f"why they do under same_words: {{{condition}: ...}}."
            )


def _words_stand(made: Made) -> Iterator[str]:
    excused = made.recipe.not_in_documents
    for name, words in words_of(made.recipe):
        if words.strip() and name not in excused and made.find(words) is None:
            near = made.nearest(words)
            told = "and nothing like them" if near is None else f"the nearest are at {near}"
            yield (
                f"'{name}': its words ({words.strip()[:60]!r}) stand in no document, {told}. Copy them as they were "
                f"shown, or say why they are in none under not_in_documents: {{{name}: ...}}."
            )


def words_of(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """Yield `show`, every condition and every question with the words that its people were shown, then fields.

    Of a field those words that the recipe itself puts in the place of a cell, where they are more than a name.
    """
    if recipe.show.strip():
        yield "show", recipe.show
    for factor in recipe.condition:
        for condition in dict.fromkeys(factor.conditions.values()):
            yield condition.id, condition.text
    for question in recipe.questions:
        yield question.id, question.text
    for name, field in recipe.fields.items():
        for words in dict.fromkeys(field.values.values()):
            if words is not None and len(words.split()) > _LONGEST_NAME:
                yield name, words


# --- answers and their scales


def _on_their_scale(made: Made) -> Iterator[str]:
    for reason, rows in made.data.left_out.items():
        if any(words in reason for words in _LOST):
            yield (
                f"{counted(rows, 'answer was', 'answers were')} left out: {reason}. Name the cells under missing or "
                "values, or mend the scale; a number with a comma or a unit has to be brought to a number first."
            )


def _no_missing_code(made: Made) -> Iterator[str]:
    given = made.data.answered.select("question", "response").unique()
    for question in made.recipe.questions:
        labels = made.table.labels.get(question.cells, {})
        answers = {str(value) for value in given.filter(question=question.id)["response"].to_list()}
        offered = [] if question.scale is None else [str(value) for value in question.scale.refusals]
        for code in sorted(answers.difference(offered)):
            if _NO_ANSWER.search(labels.get(code, "")):
                yield (
                    f"the question '{question.id}' counts {code} as an answer, which the file calls '{labels[code]}'. "
                    f"Name it under missing, or as a refusal of the scale: {{{code}: {labels[code]}}}."
                )


def _labels_agree(made: Made) -> Iterator[str]:
    for question in made.recipe.questions:
        if question.scale is not None and not question.values:
            yield from _labels_of(question, made)


def _labels_of(question: AskedQuestion, made: Made) -> Iterator[str]:
    scale = question.scale
    known = {**made.table.missing.get(question.cells, {}), **made.recipe.missing, **question.missing}
    for code, words in made.table.labels.get(question.cells, {}).items():
        if scale is None or code in known:
            continue
        value = int(code) if re.fullmatch(r"-?\d+", code) else None
        if value is None or value not in scale.answers:
            yield (
                f"the file calls {code} of '{question.cells}' '{words}', which is no point of the scale of "
                f"'{question.id}' ({scale}). Add it to the scale, or name it under missing."
            )
        elif (own := scale.label(value)) is not None and _plain(own) != _plain(words):
            yield (
                f"the question '{question.id}' calls {code} '{own}', and the file '{words}'. Write what people read; "
                "where the scale was turned round, its labels have to be too."
            )


def _plain(words: str) -> str:
    return re.sub(r"\W+", " ", words).strip().lower()


# --- how many


def _counts_agree(made: Made) -> Iterator[str]:
    expected = made.recipe.expected
    if expected is None:
        yield "no count is expected. Count people and answers in another way, and write them under expected."
        return
    answered = made.data.answered
    if expected.respondents is not None:
        yield from _differs("people", expected.respondents, len(made.data.respondents))
    people = made.data.responses.group_by("condition").agg(pl.col("respondent").n_unique())
    answers = answered.group_by("question").len()
    for what, wanted, found in (("condition", expected.conditions, people), ("question", expected.answers, answers)):
        own = dict(found.iter_rows())
        for name, count in wanted.items():
            yield from _differs(
                f"{'people' if what == 'condition' else 'answers'} of '{name}'", count, own.get(name, 0)
            )


def _differs(what: str, expected: int, found: int) -> Iterator[str]:
    if found != expected:
        yield f"found {found:,} {what}, expected {expected:,}. Find out which of the two is wrong."


def _answered_once(made: Made) -> Iterator[str]:
    recipe, rows = made.recipe, made.data.responses
    if recipe.respondent is None:
        return
    numbered = [*recipe.task, *([recipe.pair] if recipe.pair is not None else [])]
    if numbered:
        keys = [made.table.ids(recipe.respondent), *map(made.table.codes, numbered)]
        twice = pl.DataFrame([key.alias(f"{place}") for place, key in enumerate(keys)]).is_duplicated().sum()
        what = f"rows have the same {', '.join((recipe.respondent, *numbered))}"
    else:
        twice = rows.select(*KEY, "respondent").is_duplicated().sum()
        what = "answers are of one person to one question twice"
    if twice:
        yield f"{twice:,} {what}. Leave the repetitions out, or name under task the columns that number the rows."


def _as_designed(made: Made) -> Iterator[str]:
    if made.recipe.design == "within" or made.recipe.respondent is None:
        return
    several = (
        made.data.responses.group_by("respondent").agg(pl.col("condition").n_unique()).filter(pl.col("condition") > 1)
    )
    if len(several):
        names = ", ".join(f"'{name}'" for name in several["respondent"].sort().head(_SHOWN))
        yield (
            f"{counted(len(several), 'person is', 'people are')} in several conditions ({names}), and the design is "
            "between. Say design: within, or name the column that parts them."
        )


def _arms_filled(made: Made) -> Iterator[str]:
    found = set(made.data.answered["condition"].unique())
    expected = made.recipe.expected.conditions if made.recipe.expected else {}
    crossed = len(made.recipe.condition) > 1
    for name in dict.fromkeys(condition.id for condition in made.recipe.crossed):
        if name in found or (crossed and expected.get(name) == 0):
            continue
        told = f"Say so (expected > conditions: {{{name}: 0}})" if crossed else "Leave its rows out (null)"
        yield f"nobody answered in the condition '{name}'. {told}, or find its answers."


# --- who they are


def _demographics(made: Made) -> Iterator[str]:
    recipe = made.recipe
    absent = [name for name in FIELDS if name not in recipe.attributes and name not in recipe.unmapped]
    if absent:
        yield (
            f"nothing is said of {', '.join(absent)}. Name their columns under attributes, or say under unmapped why "
            "the deposit cannot tell."
        )
    for name, column in recipe.attributes.items():
        known = {*column.values, *made.table.labels.get(column.column, {}), *recipe.missing}
        bare = [code for code in made.table.codes(column.column).drop_nulls().unique().sort() if code not in known]
        if column.values and bare:
            yield (
                f"the attribute '{name}' has words for some cells of '{column.column}', and none for "
                f"{', '.join(repr(code) for code in bare[:_SHOWN])}. Give them words, or null for unknown."
            )


def _weights_sensible(made: Made) -> Iterator[str]:
    if made.recipe.weight is None:
        return
    weights = made.data.respondents["weight"]
    mean, zero = float(weights.mean() or 0.0), float((weights == 0).mean() or 0.0)  # pyright: ignore[reportArgumentType]
    if not 0.5 <= mean <= 2:
        yield (
            f"the weights of {len(weights):,} people have the mean {mean:.3g}, expected about 1. Is "
            f"'{made.recipe.weight}' a weight, and not a count of the population?"
        )
    if zero > 0.5:
        yield f"{zero:.0%} of the people have the weight 0. Is '{made.recipe.weight}' the weight of this sample?"


GATES: dict[str, Callable[[Made], Iterator[str]]] = {
    "Do conditions show different words?": _conditions_differ,
    "Do the words shown stand in the documents?": _words_stand,
    "Do answers lie on their scales?": _on_their_scale,
    "Is no missing code left as an answer?": _no_missing_code,
    "Do scales agree with the labels of the file?": _labels_agree,
    "Are there as many people and answers as expected?": _counts_agree,
    "Is every question answered once?": _answered_once,
    "Is every person in the conditions of the design?": _as_designed,
    "Does every condition have answers?": _arms_filled,
    "Are the fields of SocSci210 mapped, or said not to be?": _demographics,
    "Are the weights weights?": _weights_sensible,
}
"""Every gate, in the order in which they are told."""
