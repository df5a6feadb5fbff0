"""Gates that stop a wrong dataset: each asks one question of what a recipe made, and says what speaks against it.

Audits of datasets that were made without them found stimuli that nobody had been shown, arms in one another's place and
missing codes among the answers (Kolluri et al. 2025, https://doi.org/10.18653/v1/2025.emnlp-main.1530, checked no
meaning). A gate never mends: it names what was found, where, and what to write into the recipe. Where it is mistaken,
a reason in the recipe opens it, and whoever reviews the dataset reads that reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import polars as pl

from silicus.data.deposit.counts import uncounted
from silicus.data.deposit.demographics import FIELDS, bare_codes
from silicus.data.deposit.gates_answers import labels_agree, no_missing_code, on_their_scale
from silicus.data.deposit.gates_people import (
    answered_once,
    arms_filled,
    as_designed,
    one_of_each_pair,
    people_differ,
    weights_sensible,
)
from silicus.data.deposit.gates_words import arms_fit, asked_there, conditions_differ, words_of, words_stand
from silicus.data.deposit.made import Made
from silicus.record import Record

__all__ = ["GATES", "Gate", "Made", "pass_gates", "words_of"]

_SHOWN = 5


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


def pass_gates(made: Made) -> list[Gate]:
    """Return what every gate found."""
    return [Gate(name=name, problems=list(problems(made))) for name, problems in GATES.items()]


def _counts_agree(made: Made) -> Iterator[str]:
    expected = made.recipe.expected
    if expected is None:
        yield "no count is expected. Count people and answers in another way, and write them under expected."
        return
    left_out = uncounted(made.recipe)
    if left_out:
        more = ", …" if len(left_out) > _SHOWN else ""
        yield (f"expected leaves out {', '.join(left_out[:_SHOWN])}{more}. Count them in another way, and add them.")
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
    for name, codes in bare_codes(made.data.respondents).items():
        yield (
            f"the attribute '{name}' holds bare codes ({', '.join(codes[:_SHOWN])}), and nobody says what they mean. "
            "Give them words (values), or say under unmapped that no document does."
        )


GATES: dict[str, Callable[[Made], Iterator[str]]] = {
    "Do conditions show different words?": conditions_differ,
    "Do conditions agree with what their cells are called?": arms_fit,
    "Do the words shown stand in the documents?": words_stand,
    "Are answers read from the column of their question?": asked_there,
    "Do answers lie on their scales?": on_their_scale,
    "Is no missing code left as an answer?": no_missing_code,
    "Do scales agree with the labels of file, codebook and survey?": labels_agree,
    "Are there as many people and answers as expected?": _counts_agree,
    "Is every question answered once?": answered_once,
    "Are people's rows their own?": people_differ,
    "Is one of each pair chosen?": one_of_each_pair,
    "Is every person in the conditions of the design?": as_designed,
    "Does every condition have answers?": arms_filled,
    "Are the fields of SocSci210 mapped, or said not to be?": _demographics,
    "Are the weights weights?": weights_sensible,
}
"""Every gate, in the order in which they are told."""
