"""Stimuli that say how to answer: their scales, from their answer sentence or, failing that, from their task."""

from __future__ import annotations

import re
from typing import cast

import polars as pl

from silicus.data.answer_scale import ParsedScale, answer_sentence_start, parse_scale, scale_kind
from silicus.data.as_published import as_published
from silicus.data.dataset import ROWS, Dataset, Stimulus, Unit, settle
from silicus.data.missing import split_codes
from silicus.record import digest
from silicus.study import MAX_POINTS, Item, Scale, Source

__all__ = ["FEWEST_ANSWERS", "assemble", "question_id"]

FEWEST_ANSWERS = 30
"""With fewer answers to a task, the lowest and highest seen say little about a scale that is not stated."""

_SHOWN_WORDS = 60
_QUOTES = " \"'“”‘’"
# No sentence ends after the S of "U.S. Supreme Court", nor after "Dr.".
_ABBREVIATED = r"(?<!\b[A-Z])(?<!\b[DM]r)(?<!\bMrs)(?<!\bMs)"
_SENTENCE_END = re.compile(rf"{_ABBREVIATED}[.?!][\"'”’)]*\s+(?=[\"'“‘(]*[A-Z])")
# Where a scale is stated and cannot be used, what people used of it would be another scale.
_UNSTATED = ("no range stated", "no answer sentence")


def assemble(  # noqa: PLR0913 - what a dataset consists of
    name: str,
    source: Source,
    texts: list[str],
    rows: pl.DataFrame,
    people: pl.DataFrame,
    *,
    unit: Unit = "person",
    published: bool = False,
    notes: dict[str, int] | None = None,
) -> Dataset:
    """Return the dataset of rows whose stimuli say how to answer.

    A stimulus without a scale of its own takes the one scale that others of its task state, where its answers lie on
    it, else the range of all answers to the task, never of its cell alone: a difference between conditions would vanish
    into their scales.

    Args:
        name: what the dataset is called.
        source: whom to cite, and under which terms.
        texts: the distinct stimuli.
        rows: schema `ROWS`; `stimulus` is the place among `texts`, `question` the task's name, or null where the
            source does not number its tasks: the words of the question then name it.
        people: `respondent`, `weight`, then attributes; one row a respondent of `rows`.
        unit: what a respondent is.
        published: whether answers off the scale stay, and every question has an ordered scale (`as_published`).
        notes: what else is to be known of the source -> how many.
    """
    parsed = [parse_scale(text) for text in texts]
    if rows["question"].has_nulls():
        words = [question_id(text, found.scale) for text, found in zip(texts, parsed, strict=True)]
        named = pl.DataFrame(
            {"stimulus": range(len(texts)), "words": words}, schema={"stimulus": pl.UInt32, "words": pl.String}
        )
        rows = rows.join(named, on="stimulus", how="left", maintain_order="left")
        rows = rows.with_columns(question=pl.coalesce("question", "words", pl.lit(""))).drop("words")
    stimuli = [_stimulus(text, found) for text, found in zip(texts, parsed, strict=True)]
    rows, stimuli = _observed(rows, stimuli)
    if published:
        rows, stimuli = as_published(rows, stimuli)
    return settle(
        name,
        source,
        stimuli,
        rows.select(*ROWS, pl.exclude(*ROWS)),
        people,
        unit=unit,
        published=published,
        notes=notes,
    )


def _stimulus(text: str, parsed: ParsedScale) -> Stimulus:
    item = None if parsed.scale is None or not text.strip() else _item(text, parsed.scale)
    return Stimulus(text, item, parsed.provenance, parsed.reason)


def _item(text: str, scale: Scale) -> Item:
    return Item("", "", "", context="", text=text, scale=scale, verbatim=True)


def _observed(rows: pl.DataFrame, stimuli: list[Stimulus]) -> tuple[pl.DataFrame, list[Stimulus]]:
    """Return rows and stimuli in which those without a stated scale have the one their task shows, where it does."""
    unstated = [place for place, s in enumerate(stimuli) if s.reason in _UNSTATED and s.text.strip()]
    if not unstated:
        return rows, stimuli
    is_unstated = pl.col("stimulus").is_in(pl.Series(unstated, dtype=pl.UInt32).implode())
    tasks = rows.filter(is_unstated).select("study", "question").unique()
    given = rows.join(tasks, on=["study", "question"], how="semi", maintain_order="left")
    given = given.filter(pl.col("missing").is_null() & pl.col("stimulus").is_not_null())
    stimuli = list(stimuli)
    places: list[tuple[str, str, int, int]] = []
    found = given.group_by("study", "question", maintain_order=True).agg("stimulus", "answer").rows()
    for study, question, shown, answers in cast("list[tuple[str, str, list[int], list[float | None]]]", found):
        task = _Task(shown, answers, stimuli)
        for place in sorted(set(shown)):
            if stimuli[place].reason in _UNSTATED:
                places.append((study, question, place, len(stimuli)))
                stimuli.append(task.with_scale(stimuli[place]))
    moved = pl.DataFrame(
        places,
        schema={"study": pl.String, "question": pl.String, "stimulus": pl.UInt32, "place": pl.UInt32},
        orient="row",
    )
    rows = rows.join(moved, on=["study", "question", "stimulus"], how="left", maintain_order="left")
    return rows.with_columns(stimulus=pl.coalesce("place", "stimulus")).drop("place"), stimuli


class _Task:
    """A task some of whose stimuli state no scale, and the scale that its other stimuli or its answers show."""

    def __init__(self, shown: list[int], answers: list[float | None], stimuli: list[Stimulus]) -> None:
        given = [(place, a) for place, a in zip(shown, answers, strict=True) if a is not None and a.is_integer()]
        self.answers, codes = split_codes(a for _, a in given)
        self.count = sum(a not in codes for _, a in given) if codes else len(given)
        stated = {item.scale.model_dump_json(): item.scale for place in set(shown) if (item := stimuli[place].item)}
        unstated = {a for place, a in given if stimuli[place].item is None and a not in codes}
        scales = list(stated.values())
        # Where people answered beside the one scale stated in the task, it was not the one they were given.
        self.stated = scales[0] if len(scales) == 1 and unstated <= set(scales[0].answers) else None

    def with_scale(self, stimulus: Stimulus) -> Stimulus:
        """Return the stimulus on the task's scale, or with the reason why there is none."""
        if self.stated is not None:
            reason = f"{stimulus.reason}; {self.stated} as stated elsewhere in the task"
            return Stimulus(stimulus.text, _item(stimulus.text, self.stated), "observed_task", reason)
        if self.count < FEWEST_ANSWERS:
            return _unsupported(stimulus, f"fewer than {FEWEST_ANSWERS} answers to see one")
        low, high = int(self.answers[0]), int(self.answers[-1])
        if low == high:
            return _unsupported(stimulus, "all answers are the same")
        if high - low >= MAX_POINTS:
            return _unsupported(stimulus, f"the answers span more than {MAX_POINTS} points")
        scale = Scale(kind=scale_kind(list(range(low, high + 1)), {}), low=low, high=high)
        reason = f"{stimulus.reason}; {low} to {high} in the {self.count:,} answers to the task"
        return Stimulus(stimulus.text, _item(stimulus.text, scale), "observed_task", reason)


def _unsupported(stimulus: Stimulus, reason: str) -> Stimulus:
    return Stimulus(stimulus.text, None, "unsupported", f"{stimulus.reason}, and {reason}")


def question_id(stimulus: str, scale: Scale | None) -> str:
    """Return a readable name for a stimulus' question: its first words, and a digest of words and scale.

    The words are those between the last "asked:" and the answer sentence, or, without "asked:", the last
    sentence before it. So a question that names its treatment becomes a question of its own in every
    condition, and questions that differ only in the sentences before the last become one.

    Examples:
        >>> scale = Scale(kind="binary", labels={1: "Yes", 2: "No"})
        >>> name = question_id('You were asked: "Would you vote?" Only return 1 for Yes or 2 for No.', scale)
        >>> name.rpartition(" · ")[0]
        'Would you vote?'
    """
    words = question_words(stimulus)
    shown = words if len(words) <= _SHOWN_WORDS else words[: _SHOWN_WORDS - 1].rstrip() + "…"
    return f"{shown} · {digest(words, scale.model_dump_json() if scale else '')[:8]}"


def question_words(stimulus: str) -> str:
    """Return the words of the question in a stimulus, as `question_id` finds them."""
    before = stimulus[: answer_sentence_start(stimulus)]
    _, asked, after = before.rpartition("asked:")
    words = after if asked else _SENTENCE_END.split(before.strip())[-1]
    return " ".join(words.split()).strip(_QUOTES)
