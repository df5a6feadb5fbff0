"""A dataset: the stimuli of past studies, the people who were asked, and their answers on a stated scale."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import polars as pl

from silicus.data.answer_scale import ParsedScale, answer_sentence_start, parse_scale
from silicus.record import digest
from silicus.study import KEY, RESPONSES, Item, Scale

__all__ = ["ROWS", "Dataset", "assemble", "question_id"]

ROWS = pl.Schema(
    {
        "study": pl.String,
        "condition": pl.String,
        "question": pl.String,  # null where the source does not number its questions
        "respondent": pl.String,
        "stimulus": pl.String,  # all that was shown and asked
        "answer": pl.Float64,  # null where the source holds no number
    }
)
"""What a reader of stimuli hands to `assemble`: one row an answer, nothing left out yet."""

_SHOWN_WORDS = 60
_QUOTES = " \"'“”‘’"
# No sentence ends after the S of "U.S. Supreme Court", nor after "Dr.".
_ABBREVIATED = r"(?<!\b[A-Z])(?<!\b[DM]r)(?<!\bMrs)(?<!\bMs)"
_SENTENCE_END = re.compile(rf"{_ABBREVIATED}[.?!][\"'”’)]*\s+(?=[\"'“‘(]*[A-Z])")


@dataclass(frozen=True)
class Dataset:
    """People's answers to the questions of past studies.

    Attributes:
        name: the file or folder it was read from, without suffix.
        items: the hash of a stimulus -> what was shown and asked. Studies show the same stimulus in several
            conditions; such an item names the first of them, `responses` and `cells` every one.
        responses: schema `RESPONSES`, one row an answer that lies on its scale.
        respondents: `respondent`, `weight`, then one column an attribute, of those who are in `responses`.
        rows_read: how many rows the source holds.
        left_out: reason -> number of rows that are not in `responses`.
        people_known: whether the source says which answers come from the same person.
    """

    name: str
    items: dict[str, Item]
    responses: pl.DataFrame
    respondents: pl.DataFrame
    rows_read: int
    left_out: dict[str, int]
    people_known: bool = True

    def cells(self) -> Iterator[Item]:
        """Yield what was shown, one item a study, condition, question and stimulus that somebody answered."""
        for study, condition, question, item in self.responses.select(KEY).unique(maintain_order=True).iter_rows():
            yield replace(self.items[item], study=study, condition=condition, question=question)

    def sample(self, count: int, rng: np.random.Generator) -> Dataset:
        """Return the dataset with `count` of its answers, drawn without replacement, in their old order."""
        rows = np.sort(rng.choice(len(self.responses), size=count, replace=False))
        responses = self.responses[rows]
        people = self.respondents.join(responses, on="respondent", how="semi", maintain_order="left")
        left_out = {**self.left_out, "not in the random sample": len(self.responses) - count}
        return replace(self, responses=responses, respondents=people, left_out=left_out)


class _Stimulus(NamedTuple):
    """A distinct stimulus; its words name the question where the source does not."""

    stimulus: str
    item: str | None
    words: str | None
    problem: str | None


def assemble(name: str, rows: pl.DataFrame, people: pl.DataFrame, *, people_known: bool = True) -> Dataset:
    """Return the dataset of these rows; a row without a scale, or off its scale, is left out and counted.

    Args:
        name: what the dataset is called.
        rows: schema `ROWS`.
        people: `respondent`, `weight`, then attributes; one row a respondent of `rows`.
        people_known: whether the source says which rows come from the same person.
    """
    parsed = {text: parse_scale(text) for text in rows["stimulus"].unique(maintain_order=True).drop_nulls()}
    known = pl.DataFrame(
        [_stimulus(text, scale) for text, scale in parsed.items()],
        schema={"stimulus": pl.String, "item": pl.String, "words": pl.String, "problem": pl.String},
        orient="row",
    )
    rows = rows.join(known, on="stimulus", how="left", maintain_order="left")
    rows = _with_reasons(rows, {text: scale.scale for text, scale in parsed.items() if scale.scale is not None})
    left_out = rows.drop_nulls("reason").group_by("reason", maintain_order=True).len()
    kept = rows.filter(pl.col("reason").is_null()).with_columns(
        question=pl.coalesce("question", "words"), response=pl.col("answer"), n=1, weight=1.0
    )
    responses = kept.select(RESPONSES.names()).cast(RESPONSES)
    return Dataset(
        name=name,
        items=_items(kept, parsed),
        responses=responses,
        respondents=people.join(responses, on="respondent", how="semi", maintain_order="left"),
        rows_read=len(rows),
        left_out=dict(left_out.sort("len", "reason", descending=[True, False]).iter_rows()),
        people_known=people_known,
    )


def _stimulus(text: str, parsed: ParsedScale) -> _Stimulus:
    if not text.strip():
        return _Stimulus(text, None, None, "empty stimulus")
    if parsed.scale is None:
        return _Stimulus(text, None, None, f"no scale: {parsed.reason}")
    return _Stimulus(text, _item(text, parsed.scale).item, question_id(text, parsed.scale), None)


def _item(text: str, scale: Scale, study: str = "", condition: str = "", question: str = "") -> Item:
    return Item(study, condition, question, context="", text=text, scale=scale, verbatim=True)


def _with_reasons(rows: pl.DataFrame, scales: dict[str, Scale]) -> pl.DataFrame:
    """Return the rows with a column `reason`: why a row is left out, null where it stays."""
    answered = rows.filter(pl.col("problem").is_null()).select("stimulus", "answer").drop_nulls().unique()
    answers = {text: frozenset(scale.answers) for text, scale in scales.items()}
    on_scale = [answer in answers[text] for text, answer in answered.iter_rows()]
    judged = answered.with_columns(on_scale=pl.Series(on_scale, dtype=pl.Boolean))
    rows = rows.join(judged, on=["stimulus", "answer"], how="left", maintain_order="left")
    return rows.with_columns(
        reason=pl.when(pl.col("stimulus").is_null())
        .then(pl.lit("empty stimulus"))
        .when(pl.col("problem").is_not_null())
        .then("problem")
        .when(pl.col("answer").is_null())
        .then(pl.lit("answer is not a number"))
        .when(~pl.col("on_scale"))
        .then(pl.lit("answer outside the stated scale"))
    )


def _items(kept: pl.DataFrame, parsed: dict[str, ParsedScale]) -> dict[str, Item]:
    items: dict[str, Item] = {}
    first = kept.unique("item", keep="first", maintain_order=True)
    for study, condition, question, item, text in first.select(*KEY, "stimulus").iter_rows():
        scale = parsed[text].scale
        if scale is not None:
            items[item] = _item(text, scale, study, condition, question)
    return items


def question_id(stimulus: str, scale: Scale) -> str:
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
    before = stimulus[: answer_sentence_start(stimulus)]
    _, asked, after = before.rpartition("asked:")
    words = after if asked else _SENTENCE_END.split(before.strip())[-1]
    words = " ".join(words.split()).strip(_QUOTES)
    shown = words if len(words) <= _SHOWN_WORDS else words[: _SHOWN_WORDS - 1].rstrip() + "…"
    return f"{shown} · {digest(words, scale.model_dump_json())[:8]}"
