"""A dataset in the form of SocSci210's hub (https://huggingface.co/datasets/socratesft/SocSci210): a row a response.

The form numbers conditions, tasks and participants within a study. Where the names of a study are such numbers ("3",
"task 3", "STUDY/17"), as in data read from the hub, they keep them; else they are numbered in the order in which
they first have an answer. `numbering` says which number stands for which condition and question.

What the form cannot say, and what is therefore lost in it:

    names of conditions, questions and people       numbers, told by `numbering` but for the people
    which condition is the control                  nothing
    survey weights                                  nothing: everybody counts alike
    why somebody gave no answer                     nothing: the row is left out
    attributes beyond the 16 of `FIELDS`            nothing
    values of these that the hub has no word for    nothing: null; `demographics.unmapped_values` lists them
    context and question apart, kind of a scale     one text that says how to answer; a scale is read from its words
    that a refusal is none of the points            an answer among others, named in the text
    source, licence, when people answered           nothing: they stand in the dataset folder alone
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

from silicus.data.dataset import Dataset
from silicus.data.deposit.demographics import FIELDS, WHOLE_NUMBERS, hub_values
from silicus.errors import InputError, counted
from silicus.study import Item, Respondent, iter_respondents, write_table

__all__ = ["HUB", "numbering", "to_socsci210", "write_socsci210"]

_DEMOGRAPHIC = pl.Struct({name: pl.Int64 if name in WHOLE_NUMBERS else pl.String for name in sorted(FIELDS)})

HUB = pl.Schema(
    {
        "sample_id": pl.Int64,  # the number of the row in its study
        "participant": pl.Int64,  # within the study
        "demographic": _DEMOGRAPHIC,
        "stimuli": pl.String,  # all that was shown, and how to answer
        "prompt": pl.String,  # the demographics in words, then the stimulus
        "reasoning": pl.String,  # written with the answer in view; empty where there is none
        "response": pl.Int64,
        "condition_num": pl.Int64,
        "task_num": pl.Int64,
        "study_id": pl.String,
    }
)
"""The columns of the hub's files, as their parquet files declare them."""

_NUMBER = r"^(?:0|[1-9]\d{0,17})$"


def write_socsci210(
    path: Path, data: Dataset, stimulus: Callable[[Item], str], prompt: Callable[[Item, Respondent], str]
) -> None:
    """Write a dataset as a parquet file of schema `HUB`; the arguments are those of `to_socsci210`."""
    write_table(path, to_socsci210(data, stimulus, prompt))


def to_socsci210(
    data: Dataset, stimulus: Callable[[Item], str], prompt: Callable[[Item, Respondent], str]
) -> pl.DataFrame:
    """Return a dataset as a table of schema `HUB`, its rows in their order, those without an answer left out.

    Args:
        data: people's answers, a row each.
        stimulus: returns an item in the words of SocSci210, such as `silicus.prompts.socrates.stimulus`.
        prompt: returns the user text that tells somebody's demographics and the stimulus.

    Raises:
        InputError: the answers are not of single people.
    """
    rows = data.responses.drop_nulls("response")
    _check_people(data, rows)
    people = _people(data)
    persons = {person.id: person for person in iter_respondents(people.with_columns(weight=pl.lit(1.0)))}
    words = {name: stimulus(item) for name, item in data.items.items()}
    pairs = zip(rows["item"], rows["respondent"], strict=True)
    prompts = [prompt(data.items[item], persons[respondent]) for item, respondent in pairs]
    for column, number in (("condition", "condition_num"), ("question", "task_num"), ("respondent", "participant")):
        rows = rows.join(_numbers(rows, column, number), on=["study", column], how="left", maintain_order="left")
    told = people.select("respondent", demographic=pl.struct(sorted(FIELDS)))
    rows = rows.join(told, on="respondent", how="left", maintain_order="left")
    rationale = pl.col("rationale").fill_null("") if "rationale" in rows.columns else pl.lit("")
    made = rows.with_columns(
        sample_id=pl.int_range(pl.len()).over("study"),
        stimuli=pl.col("item").replace_strict(words, return_dtype=pl.String),
        prompt=pl.Series(prompts, dtype=pl.String),
        reasoning=rationale,
        study_id="study",
    )
    return made.select(HUB.names()).cast({**HUB})


def numbering(data: Dataset) -> dict[str, dict[str, dict[int, str]]]:
    """Return study -> "conditions" and "questions" -> the number in the table of `to_socsci210` -> its name."""
    rows = data.responses.drop_nulls("response")
    found: dict[str, dict[str, dict[int, str]]] = {}
    for column in ("condition", "question"):
        for study, name, number in _numbers(rows, column, "number").sort("study", "number").iter_rows():
            found.setdefault(study, {}).setdefault(f"{column}s", {})[number] = name
    return found


def _check_people(data: Dataset, rows: pl.DataFrame) -> None:
    several = pl.lit(data.unit == "group") | pl.col("n").is_null() | (pl.col("n") != 1) | pl.col("respondent").is_null()
    crowd = rows.filter(several)
    if len(crowd):
        raise InputError(
            f"{data.name}: {counted(len(crowd), 'answer is', 'answers are')} of several people together, and the form "
            "of SocSci210 has a row a person. Write it as a dataset folder."
        )


def _people(data: Dataset) -> pl.DataFrame:
    """Return `respondent` and the 16 fields, each of its type; null where it is not known."""
    known = [name for name in FIELDS if name in data.respondents.columns]
    table = data.respondents.select("respondent", *known)
    fields = [_field(name, table[name]) for name in known]
    absent = [pl.lit(None, dtype=_type_of(name)).alias(name) for name in FIELDS if name not in known]
    return table.with_columns(*fields, *absent).select("respondent", *FIELDS)


def _type_of(name: str) -> type[pl.Int64] | type[pl.String]:
    return pl.Int64 if name in WHOLE_NUMBERS else pl.String


def _field(name: str, values: pl.Series) -> pl.Series:
    """Return an attribute in the hub's words, as the hub types it; null where a value has no place there."""
    words = values.cast(pl.String)
    found = hub_values(name, words.drop_nulls().unique())
    return words.replace_strict(found, default=None, return_dtype=pl.String).cast(_type_of(name)).alias(name)


def _numbers(rows: pl.DataFrame, column: str, number: str) -> pl.DataFrame:
    """Return `study`, the name in that column, and its number in the study."""
    before = {"condition": pl.lit(""), "question": pl.lit("task "), "respondent": pl.col("study") + "/"}[column]
    names = rows.select("study", column).unique(maintain_order=True)
    # What stands behind another beginning is no number of ours.
    rest = pl.when(pl.col(column).str.starts_with(before)).then(pl.col(column).str.strip_prefix(before))
    written = pl.when(rest.str.contains(_NUMBER)).then(rest).cast(pl.Int64, strict=False)
    own = written.is_not_null().all().over("study")
    counted_up = pl.int_range(pl.len()).over("study")
    return names.with_columns(pl.when(own).then(written).otherwise(counted_up).alias(number))
