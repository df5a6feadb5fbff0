"""Questions like the one that is asked, with an answer that somebody gave to them: examples to put before a question.

They come from the training part of a split dataset alone. Never shown are a stimulus that says nearly the same as the
one asked, the same question, an answer of whoever is asked to somebody else, nor anything of the study asked about;
unless the split itself holds answers of that study both to learn from and to test on, as where people or questions are
held out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from silicus.data.dataset import Dataset
from silicus.data.guard.near_duplicates import asked_words, whole_words, word_vectors
from silicus.data.split import attributes_of
from silicus.errors import InputError
from silicus.record import digest
from silicus.study import Item, Respondent, iter_respondents

__all__ = ["PastAnswer", "PastAnswers"]

_ALIKE = 0.9
"""From this cosine similarity two texts say the same, as the guard counts them."""
_REMEMBERED = 512
_QUESTION = ("study", "question", "item")


@dataclass(frozen=True)
class PastAnswer:
    """What somebody answered.

    Attributes:
        item: what was asked.
        answer: the place of the answer among `item.scale.answers`.
        person: who gave it.
    """

    item: Item
    answer: int
    person: Respondent


@dataclass(frozen=True)
class _Asked:
    """A stimulus of the training part, who answered it, and what.

    Attributes:
        people: places in the table of respondents, shape (answers,).
        answers: places on the scale, shape (answers,).
    """

    item: Item
    people: npt.NDArray[np.int64]
    answers: npt.NDArray[np.int64]


class PastAnswers:
    """The answered questions of a training part, by how similar their words are to those that are asked.

    The similarity is that of the guard: the cosine of tf-idf vectors of words and pairs of words.

    Args:
        data: a dataset that has been split.
        asked: everything that will be asked.
        rng: decides between people who are equally near.
        usable: whether a stimulus can be shown.

    Raises:
        InputError: the dataset has not been split, holds answers of groups, or nothing to show.
    """

    def __init__(
        self,
        data: Dataset,
        asked: Iterable[Item],
        rng: np.random.Generator,
        usable: Callable[[Item], bool] = lambda _: True,
    ) -> None:
        rows = _learnt(data)
        self._respondents = data.respondents
        self._ids = data.respondents["respondent"].to_list()
        self._stimuli = [stimulus for stimulus in _stimuli(data, rows) if usable(stimulus.item)]
        if not self._stimuli:
            raise InputError(f"{data.name}: the training part has no answered question that could be an example.")
        self._attributes = _Attributes(data.respondents, attributes_of(data))
        self._chance = rng.permutation(len(self._ids))
        self._both = set(data.responses.filter(pl.col("split") != "train")["study"])
        self._own: dict[str, dict[int, int]] = {}
        for place, stimulus in enumerate(self._stimuli):
            for person, answer in zip(stimulus.people.tolist(), stimulus.answers.tolist(), strict=True):
                self._own.setdefault(self._ids[person], {})[place] = answer
        shown = [stimulus.item for stimulus in self._stimuli]
        self._studies, self._questions, self._items = np.array([_key(item) for item in shown], dtype=object).T
        self._ways = [_Likeness(list(asked), shown, words) for words in (whole_words, _question)]
        self._ranked = lru_cache(maxsize=_REMEMBERED)(self._rank)

    def of_others(self, item: Item, person: Respondent, count: int) -> list[PastAnswer]:
        """Return the most similar questions, at most `count`, the most similar first, with the answer of another.

        Of those who answered a question it is the one whose attributes are most like the person's, by the similarity
        of Gower (1971, doi:10.2307/2528823).
        """
        found = (self._nearest(place, person) for place in self._ranked(*_key(item)).tolist())
        return list(_first(found, count))

    def own(self, item: Item, person: Respondent, count: int) -> list[PastAnswer]:
        """Return the person's own answers to the most similar questions, at most `count`, the most similar first."""
        own = self._own.get(person.id)
        if not own:
            return []
        ranked: list[int] = self._ranked(*_key(item)).tolist()
        places = [place for place in ranked if place in own]
        return list(_first((PastAnswer(self._stimuli[place].item, own[place], person) for place in places), count))

    def _rank(self, study: str, question: str, item: str) -> npt.NDArray[np.int64]:
        """Return the stimuli that may stand beside what is asked, the most similar first."""
        whole, asked = (way.of(item) for way in self._ways)
        same_study = self._studies == study
        barred = (same_study & (self._questions == question)) | (self._items == item)
        if study not in self._both:
            barred |= same_study
        order = np.argsort(-whole, kind="stable")
        allowed = ~barred & (whole < _ALIKE) & (asked < _ALIKE)
        return order[allowed[order]]

    def _nearest(self, place: int, person: Respondent) -> PastAnswer | None:
        """Return the answer of whoever is most like a person, `None` where nobody else answered."""
        stimulus = self._stimuli[place]
        likeness = self._attributes.likeness(person, stimulus.people)
        likeness[[self._ids[other] == person.id for other in stimulus.people.tolist()]] = -1.0
        if not likeness.max(initial=-1.0) >= 0:
            return None
        best = np.flatnonzero(likeness >= likeness.max() - 1e-9)
        # People who are equally near take turns, so that not all are shown the same one.
        start = int(digest(person.id, stimulus.item.item), 16) % len(self._ids)
        turn = (self._chance[stimulus.people[best]] + start) % len(self._ids)
        chosen = int(best[turn.argmin()])
        who = next(iter_respondents(self._respondents[[int(stimulus.people[chosen])]]))
        return PastAnswer(stimulus.item, int(stimulus.answers[chosen]), who)


class _Likeness:
    """How similar what is asked is to every stimulus of the training part."""

    def __init__(self, asked: Sequence[Item], shown: Sequence[Item], words: Callable[[Item], str]) -> None:
        self._rows = {item.item: place for place, item in enumerate(asked)}
        self._count = len(shown)
        vectors = word_vectors([*map(words, asked), *map(words, shown)])
        self._asked: Any = None if vectors is None else vectors[: len(asked)]
        self._shown: Any = None if vectors is None else vectors[len(asked) :].T.tocsr()

    def of(self, item: str) -> npt.NDArray[np.float64]:
        """Return the similarity of a stimulus asked to each shown, shape (shown,)."""
        if self._asked is None:
            return np.zeros(self._count)
        product: Any = self._asked[self._rows[item]] @ self._shown
        # Single precision: the cosine of a vector with itself may be 0.9999998.
        return np.round(np.asarray(product.toarray(), dtype=np.float64).ravel(), 5)


class _Attributes:
    """The attributes of respondents as numbers: how far apart two of them are on each."""

    def __init__(self, table: pl.DataFrame, names: list[str]) -> None:
        self._names = names
        self._values = np.full((len(table), len(names)), np.nan)
        self._codes: list[dict[str, int] | None] = []
        self._spans = np.ones(len(names))
        for column, name in enumerate(names):
            series = table[name]
            if series.dtype.is_numeric():
                self._codes.append(None)
                self._values[:, column] = series.cast(pl.Float64).fill_null(np.nan).to_numpy()
                known = self._values[np.isfinite(self._values[:, column]), column]
                self._spans[column] = max(float(np.ptp(known)), 1e-9) if len(known) else 1.0
                continue
            words = series.cast(pl.String)
            codes = {word: place for place, word in enumerate(sorted(set(words.drop_nulls()) - {""}))}
            self._codes.append(codes)
            self._values[:, column] = [codes.get(word, np.nan) if word else np.nan for word in words]

    def likeness(self, person: Respondent, others: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return the mean, over what is known of both, of how alike they are, 0 to 1; 0 where nothing is known."""
        own = np.array([self._number(column, person) for column in range(len(self._names))], dtype=np.float64)
        apart = np.abs(self._values[others] - own)
        known = np.isfinite(apart)
        of_words = np.array([codes is not None for codes in self._codes], dtype=bool)
        alike = np.where(of_words, apart == 0, np.clip(1 - apart / self._spans, 0, 1))
        return np.where(known, alike, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)

    def _number(self, column: int, person: Respondent) -> float:
        value, codes = person.attributes.get(self._names[column]), self._codes[column]
        if value is None:
            return float("nan")
        if codes is not None:
            return codes.get(str(value), -1)
        try:
            return float(value)
        except ValueError:
            return float("nan")


def _learnt(data: Dataset) -> pl.DataFrame:
    """Return the answers of the training part.

    Raises:
        InputError: there is none, or the answers are those of groups.
    """
    if "split" not in data.responses.columns:
        raise InputError(
            f"{data.name}: has not been split, so nothing says which of its answers may be examples. "
            "Split it with: silicus data prepare"
        )
    if data.unit == "group":
        raise InputError(f"{data.name}: holds shares of groups, and no person's answer that could be an example.")
    return data.answered.filter((pl.col("split") == "train") & pl.col("respondent").is_not_null())


def _stimuli(data: Dataset, rows: pl.DataFrame) -> Iterator[_Asked]:
    """Yield what was asked in the training part, in order of its names; refusals are left out."""
    people = data.respondents.select("respondent").with_row_index("person")
    rows = rows.join(people, on="respondent", how="inner", maintain_order="left").sort(_QUESTION, maintain_order=True)
    for (study, question, name), own in rows.group_by(_QUESTION, maintain_order=True):
        item = replace(data.items[str(name)], study=str(study), question=str(question))
        places = {value: place for place, value in enumerate(item.scale.values)}
        own = own.filter(pl.col("response").is_in(list(places))).unique("respondent", keep="first", maintain_order=True)
        if not own.is_empty():
            answers = own["response"].replace_strict(places, return_dtype=pl.Int64)
            yield _Asked(item, own["person"].cast(pl.Int64).to_numpy(), answers.to_numpy())


def _first(found: Iterable[PastAnswer | None], count: int) -> Iterator[PastAnswer]:
    """Yield the first so many that are there, one a question and one of the same words."""
    seen: set[object] = set()
    for each in found:
        if each is None:
            continue
        names = {(each.item.study, each.item.question), whole_words(each.item)}
        if names & seen:
            continue
        seen |= names
        yield each
        count -= 1
        if not count:
            return


def _question(item: Item) -> str:
    return " ".join(asked_words(item).lower().split())


def _key(item: Item) -> tuple[str, str, str]:
    return item.study, item.question, item.item
