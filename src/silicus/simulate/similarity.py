"""Free text rated on a scale by its similarity to statements of every point.

After Maier, Aslak, Fiaschi, Pappas & Wiecki (2025, arXiv 2510.08338, semantic similarity rating): a text and a set of
statements, one a point, become vectors; the cosine similarity of the text to each statement, less the smallest of them,
is proportional to the point's probability; several sets are averaged. Their addition to the least similar point
(epsilon) is 0 and their temperature is 1, as in their results, so neither is an option here. They use another embedder
(text-embedding-3-small) and six sets written by hand for one question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from silicus.errors import InputError, did_you_mean
from silicus.models.writing import Text
from silicus.prompts import Prompt, ask_freely
from silicus.record import Record, digest, read
from silicus.simulate.written import Came, Understood, declines
from silicus.study import Scale

__all__ = ["Anchors", "Similarity", "read_anchors", "similar"]

_FORMS = ("{label}.", "My answer is: {label}.", "If you ask me, I would say: {label}.")
"""By rule, a set of statements is every label in one of these forms."""

_Vectors = npt.NDArray[np.float64]
Embed = Callable[[list[str]], _Vectors]
"""Returns vectors of length 1, shape (texts, dimensions)."""


class Anchors(Record):
    """Statements of the points of a scale, in a file."""

    questions: dict[str, list[dict[str | int, str]]]
    """Question -> sets of statements; in each set, label of a point (its value, where it has none) -> statement."""


def read_anchors(path: Path) -> Anchors:
    """Return the statements that a YAML file holds.

    Raises:
        InputError: the file is not as it should be.
    """
    found = read(path, Anchors)
    empty = next((question for question, sets in found.questions.items() if not sets), None)
    if empty is not None:
        raise InputError(f"{path}: the question '{empty}' has no set of statements. Give one, or leave it out.")
    return found


def similar(texts: _Vectors, anchors: _Vectors) -> _Vectors:
    """Return the probability of each point for each text, shape (texts, points).

    NaN where all statements of a set are equally similar to a text, so that it tells none of them apart.

    Args:
        texts: vectors of length 1, shape (texts, dimensions).
        anchors: vectors of length 1, shape (sets, points, dimensions).
    """
    cosines = np.einsum("td,spd->stp", texts, anchors)
    above = cosines - cosines.min(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore"):
        return (above / above.sum(axis=-1, keepdims=True)).mean(axis=0)


class Similarity:
    """The model answers in a person's own words, which are compared with statements of every point.

    A text that is a refusal of the scale, and nothing else, counts as that refusal.

    Args:
        embed: turns texts into vectors.
        anchors: statements of some questions; those of the others are made of the labels.
    """

    name = "similarity"
    mean = "an answer's similarity to the texts, above that of the least similar one"

    def __init__(self, embed: Embed, anchors: Anchors | None = None) -> None:
        self._embed, self._anchors = embed, anchors
        self.content = digest(anchors.model_dump_json() if anchors else "", *_FORMS)
        self._vectors: dict[tuple[str, ...], _Vectors] = {}

    def ask(self, prompt: Prompt) -> Prompt:
        """Return the prompt that asks for free text.

        Raises:
            InputError: there are no statements of the scale's points.
        """
        self._statements(prompt)
        return ask_freely(prompt)

    def read(self, prompt: Prompt, texts: Sequence[Text]) -> list[Understood]:
        """Return the probabilities that each text comes to, if it says anything."""
        # All texts of a prompt at once, empty ones too: what stands beside a text changes the last digits.
        points = similar(self._embed([text.words for text in texts]), self._anchor_vectors(prompt))
        return [_understood(prompt, text, own) for text, own in zip(texts, points, strict=True)]

    def _anchor_vectors(self, prompt: Prompt) -> _Vectors:
        """Return the vectors of the statements, shape (sets, points, dimensions)."""
        sets = self._statements(prompt)
        key = tuple(statement for each in sets for statement in each)
        if key not in self._vectors:
            self._vectors[key] = self._embed(list(key)).reshape(len(sets), len(sets[0]), -1)
        return self._vectors[key]

    def _statements(self, prompt: Prompt) -> list[list[str]]:
        """Return sets of statements, one a point in the order of the scale."""
        item, known = prompt.item, self._anchors.questions if self._anchors else {}
        place = f"study '{item.study}', question '{item.question}'"
        if item.question in known:
            return [_in_order(each, item.scale, place) for each in known[item.question]]
        bare = next((value for value in item.scale.values if item.scale.label(value) is None), None)
        if bare is not None:
            raise InputError(
                f"{place}: the protocol 'similarity' compares texts with a statement of every point, and the point "
                f"{bare} has no label to make one of. Give statements with --anchors, or take another --protocol."
            )
        labels = [item.scale.labels[value].rstrip(".") for value in item.scale.values]
        return [[form.format(label=label) for label in labels] for form in _FORMS]


def _understood(prompt: Prompt, text: Text, points: _Vectors) -> Understood:
    scale, words = prompt.item.scale, text.words.strip().strip("\"'.! ").casefold()
    refusals = {label.casefold(): place for place, label in enumerate(scale.refusals.values(), len(scale.values))}
    if words in refusals:
        return Understood(Came.ANSWER, np.eye(len(scale.answers))[refusals[words]])
    if not words or np.isnan(points).any() or declines(text.words, scale):
        return Understood.none(text, declined=declines(text.words, scale))
    return Understood(Came.ANSWER, np.concatenate([points, np.zeros(len(refusals))]))


def _in_order(given: Mapping[str | int, str], scale: Scale, place: str) -> list[str]:
    """Return the statements of a set in the order of the scale's points.

    They go by labels, as a point's label stays with it where the options are asked in another order.
    """
    by_name = {str(name): statement for name, statement in given.items()}
    names = [scale.label(value) or str(value) for value in scale.values]
    stray = next((name for name in by_name if name not in names), None)
    if stray is not None:
        raise InputError(f"--anchors, {place}: '{stray}' is no point of the scale.{did_you_mean(stray, names)}")
    missing = next((name for name in names if name not in by_name), None)
    if missing is not None:
        raise InputError(f"--anchors, {place}: a set has no statement of '{missing}'. Give one for every point.")
    return [by_name[name] for name in names]
