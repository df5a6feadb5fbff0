"""What is wrong with a dataset: each defect one sentence with its study, question and numbers, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from silicus.data.dataset import Dataset
from silicus.data.quality import answer_defects as answers
from silicus.data.quality import stimulus_defects as stimuli
from silicus.data.quality.counts import Counts
from silicus.data.quality.defect import KINDS, Defect

__all__ = ["defects"]

_FINDERS: tuple[Callable[[Counts], Iterator[Defect]], ...] = (
    answers.shifted,
    answers.off_scale,
    answers.without_scale,
    answers.code_among_answers,
    answers.narrow,
    answers.observed,
    stimuli.empty,
    stimuli.changed,
    stimuli.reversed_scales,
    stimuli.alike,
    stimuli.repeated,
    stimuli.missing,
)


def defects(data: Dataset, counts: Counts | None = None) -> list[Defect]:
    """Return the defects of a dataset, the worst first, and among equals those that concern most answers.

    Args:
        data: the dataset.
        counts: its counts, where they have been made already.
    """
    counts = counts or Counts(data)
    found = [defect for find in _FINDERS for defect in find(counts)]
    order = list(KINDS)
    return sorted(found, key=lambda d: (order.index(d.kind), -d.answers, d.study, d.question or ""))
