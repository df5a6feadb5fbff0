"""Open questions: every respondent writes an answer to each, in every condition; it is kept and not scored.

Respondents of whom the same is known get the same prompt and, unless the likeliest text is asked for, a text of their
own each. Texts are kept in the run folder as they come, so that a run which was stopped writes none again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from silicus.errors import InputError, counted
from silicus.models.kept import Kept
from silicus.models.writing import Text, Writer, Writing
from silicus.prompts import Prompt, Template, ask_openly
from silicus.record import digest
from silicus.simulate.written import TEXTS
from silicus.study import Study, iter_respondents, write_table

__all__ = ["OPEN_ANSWERS", "answer_openly", "open_answers_told", "open_prompts"]

OPEN_ANSWERS = "open_answers.parquet"
"""The table of what was written, in the run folder."""

_SCHEMA = pl.Schema(
    {
        "study": pl.String,
        "condition": pl.String,
        "question": pl.String,
        "respondent": pl.String,
        "text": pl.String,  # "" where the model wrote nothing
        "cut_off": pl.Boolean,  # whether it was cut off because it became too long
        "synthetic": pl.Boolean,  # always true: nobody said this
    }
)
_SIDE_BY_SIDE = 64
"""More texts of one prompt are drawn in several goes: all of a go are in memory."""


def open_prompts(study: Study, respondents: pl.DataFrame, template: Template) -> list[Prompt]:
    """Return a prompt for each condition, open question and respondent, in this order.

    Args:
        study: whose open questions are asked.
        respondents: a table as `read_respondents` returns it.
        template: the words of the prompts.

    Raises:
        InputError: there is no open question, it would be about profiles, or the template cannot ask one.
        PromptError: an attribute of a respondent is absent from a prompt.
    """
    questions = study.open_questions()
    if not questions:
        raise InputError(f"found --open, and the study '{study.id}' has no open question. Leave it out.")
    if study.profiles is not None:
        raise InputError(
            f"found --open, and the study '{study.id}' shows profiles, after which open questions cannot be asked. "
            "Leave it out, or ask them in a study without profiles."
        )
    people = list(iter_respondents(respondents))
    return [
        ask_openly(template, (study.id, condition.id, question.id), _shown(condition.text, question.text), person)
        for condition in study.conditions
        for question in questions
        for person in people
    ]


def _shown(*parts: str) -> str:
    return "\n\n".join(part.strip() for part in parts if part.strip())


def answer_openly(
    prompts: Sequence[Prompt], writer: Writer, how: Writing, folder: Path, advance: Callable[[int], None]
) -> None:
    """Write `open_answers.parquet` into a run folder: one text for each prompt.

    Args:
        prompts: as `open_prompts` returns them.
        writer: who writes.
        how: how texts are drawn; the number of draws does not matter.
        folder: the run folder.
        advance: called with the number of texts that are there, since the last call.

    Raises:
        PromptError: a prompt and a text after it are longer than the model can read.
        ModelError: a server fails.
        RunError: a cap would be passed, or the folder cannot be written.
    """
    texts: dict[int, Text] = {}
    with closing(Kept(folder / TEXTS)) as kept:
        for places, found in _written(_goes(prompts, how), prompts, writer, kept):
            # At temperature 0 one text is there for all.
            texts |= zip(places, found if len(found) > 1 else found * len(places), strict=True)
            advance(len(places))
    rows = [_row(prompt, texts[place]) for place, prompt in enumerate(prompts)]
    write_table(folder / OPEN_ANSWERS, pl.DataFrame(rows, schema=_SCHEMA, orient="row"))


def _row(prompt: Prompt, text: Text) -> tuple[str | bool, ...]:
    item = prompt.item
    return item.study, item.condition, item.question, prompt.respondent.id, text.words.strip(), text.cut, True


@dataclass(frozen=True)
class _Go:
    """Texts of one prompt that are drawn side by side.

    Attributes:
        places: of the prompts that are alike, for which the texts are.
        how: how they are drawn.
    """

    places: tuple[int, ...]
    how: Writing


def _goes(prompts: Sequence[Prompt], how: Writing) -> list[_Go]:
    """Return all that is to be drawn."""
    alike: dict[tuple[str, str], list[int]] = {}
    for place, prompt in enumerate(prompts):
        alike.setdefault((prompt.system, prompt.user), []).append(place)
    if how.temperature == 0:
        return [_Go(tuple(places), replace(how, draws=1)) for places in alike.values()]
    return [
        _Go(tuple(own), replace(how, draws=len(own), seed=_seed(how.seed, start)))
        for places in alike.values()
        for start in range(0, len(places), _SIDE_BY_SIDE)
        for own in [places[start : start + _SIDE_BY_SIDE]]
    ]


def _seed(seed: int, start: int) -> int:
    """Return where chance starts for the texts of a prompt from the one at `start` on."""
    return int(digest("open", str(seed), str(start)), 16)


def _written(
    goes: Sequence[_Go], prompts: Sequence[Prompt], writer: Writer, kept: Kept
) -> Iterator[tuple[tuple[int, ...], list[Text]]]:
    """Yield places and their texts, those that were kept first, as they come."""
    keys = [_key(prompts[go.places[0]], go.how, writer) for go in goes]
    waiting: dict[Writing, list[int]] = {}
    for number, (go, key) in enumerate(zip(goes, keys, strict=True)):
        known = kept.get(key)
        if known is None:
            waiting.setdefault(go.how, []).append(number)
        else:
            yield go.places, [Text(*each) for each in known]
    # Those that are drawn in the same way are given to the writer together: a server is asked them side by side.
    for how, numbers in waiting.items():
        for index, texts in writer.write([prompts[goes[number].places[0]] for number in numbers], how):
            number = numbers[index]
            kept.put(keys[number], [[text.words, text.cut] for text in texts])
            yield goes[number].places, texts


def _key(prompt: Prompt, how: Writing, writer: Writer) -> str:
    drawn = (str(how.draws), str(how.most_tokens), str(how.temperature), str(how.seed))
    return digest("open", prompt.system, prompt.user, *drawn, writer.fingerprint)


def open_answers_told(answers: pl.DataFrame, how: Writing) -> str:
    """Return how many open answers were written, and how many of them are none, in a sentence."""
    questions = counted(answers["question"].n_unique(), "open question", "open questions")
    texts = counted(len(answers), "text", "texts")
    empty, cut = (answers["text"] == "").sum(), int(answers["cut_off"].sum())
    return (
        f"{texts} answer {questions}, one for each respondent and condition (temperature {how.temperature:g}, up to "
        f"{how.most_tokens} tokens): {empty:,} empty, {cut:,} cut off; they are in {OPEN_ANSWERS} and not scored"
    )
