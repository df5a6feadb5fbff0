"""Datasets of a few rows, to be split and guarded."""

import polars as pl

from silicus.data.dataset import ANSWERS, SHOWN, Dataset
from silicus.study import Item, Scale, Source

SEVEN = Scale(kind="ordinal", low=1, high=7)


def stimulus(text, context="", verbatim=False, scale=SEVEN):
    return Item("", "", "", context=context, text=text, scale=scale, verbatim=verbatim)


def dataset(rows, people=None, unit="person", fielded=None, when=None):
    """Return the dataset of rows: (study, condition, question, respondent), then a stimulus and a response.

    Without a stimulus, every cell shows one of its own; `people` maps respondents to their attributes.
    """
    filled = [(*row[:4], *(row[4:] or (None, 1))) for row in rows]
    shown = [row[4] or stimulus(f"Question {q} of {s} in arm {c}") for row in filled for s, c, q in [row[:3]]]
    table = [
        (s, c, q, item.item, who, answer, 1, 1.0, None if answer is not None else "skipped")
        for (s, c, q, who, _, answer), item in zip(filled, shown, strict=True)
    ]
    responses = pl.DataFrame(table, schema=ANSWERS, orient="row")
    names = responses.select("respondent").unique(maintain_order=True)
    known = [{"respondent": who, "weight": 1.0, **(people or {}).get(who, {})} for who in names["respondent"]]
    return Dataset(
        name="tiny",
        source=Source(citation="Nobody (2026).", licence="CC0-1.0", fielded=when),
        items={item.item: item for item in shown},
        responses=responses,
        respondents=pl.DataFrame(known, infer_schema_length=None),
        shown=pl.DataFrame(schema=SHOWN),
        rows_read=len(rows),
        left_out={},
        unit=unit,
        fielded=fielded or {},
    )


def marked(rows, parts, **options):
    """Return the dataset of rows whose parts are given: "train", or a part and what is unseen ("test study")."""
    made = dataset(rows, **options)
    split = [part.partition(" ")[0] for part in parts]
    unseen = [part.partition(" ")[2] or None for part in parts]
    responses = made.responses.with_columns(split=pl.Series(split), unseen=pl.Series(unseen, dtype=pl.String))
    return Dataset(**{**vars(made), "responses": responses})


def everybody(studies=4, conditions=4, questions=4, people=4):
    """Return rows in which everybody of a study answers every question in every condition."""
    return [
        (f"s{s}", str(c), f"q{q}", f"s{s}/{p}")
        for s in range(studies)
        for c in range(conditions)
        for q in range(questions)
        for p in range(people)
    ]
