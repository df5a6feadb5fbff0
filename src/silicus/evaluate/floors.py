"""Floors: cheap models that any model worth its training must beat, learnt from the training part alone.

Four of them, each knowing more: which places of a scale people like; how they use the words of the options; who answers
(boosted trees on demographics); and what is asked of whom, as vectors of a sentence embedder (a regression). None reads
the answers it is compared with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from silicus.errors import InputError, counted
from silicus.evaluate.classifiers import Classes, Stretches, boosted_trees, logistic_regression
from silicus.evaluate.metrics import FloatArray
from silicus.study import (
    KEY,
    PREDICTIONS,
    Item,
    Scale,
    iter_respondents,
    need_columns,
    option_words_mean,
    training_mean,
)

__all__ = [
    "Embed",
    "Learnt",
    "demographics_floor",
    "embedding_floor",
    "option_words_floor",
    "training_mean_floor",
]

Embed = Callable[[list[str]], FloatArray]
"""Texts -> a vector of each, shape (texts, dimensions)."""

_Learn = Callable[[pl.DataFrame, pl.DataFrame], FloatArray]
"""Answers with `class`, `count` and `group`, and whom to ask what -> probabilities of shape (asked, classes)."""

_PERSON = (*KEY, "respondent")
_FEWEST_ANSWERS = 100
_MOST_DRAWN = 5_000
_BLOCK = 10_000
# The trees keep so many values of an attribute apart.
_MOST_VALUES = 255


@dataclass(frozen=True)
class Learnt:
    """The training part, and the words of what is asked.

    Attributes:
        items: the hash of a stimulus -> what was shown, of the training part and of what is asked.
        rows: the answers of the training part, schema `RESPONSES`; where `n` is null, `weight` is a share.
        respondents: `respondent`, `weight`, then attributes, of those who answered and of those who are asked.
        shares: of every question of the training part its scale and its mean shares, shape (points,).
    """

    items: Mapping[str, Item]
    rows: pl.DataFrame
    respondents: pl.DataFrame
    shares: Sequence[tuple[Scale, npt.ArrayLike]]


def training_mean_floor(learnt: Learnt, asked: pl.DataFrame) -> pl.DataFrame:
    """Return the mean distribution of the training part by length of scale, one row a stimulus.

    Args:
        learnt: the training part.
        asked: study, condition, question, item, respondent of what is to be predicted.

    Returns:
        A table of schema `PREDICTIONS`; `respondent`, `refusal` and `covered` are null.

    Raises:
        InputError: a column is missing, or a stimulus is not among the items; so it is for the other floors.
    """
    return _by_stimulus(learnt, asked, training_mean(shares for _, shares in learnt.shares))


def option_words_floor(learnt: Learnt, asked: pl.DataFrame) -> pl.DataFrame:
    """Return the mean distribution of the training part by the words of the options, one row a stimulus.

    Arguments, result and errors are those of `training_mean_floor`.
    """
    return _by_stimulus(learnt, asked, option_words_mean(learnt.shares))


def demographics_floor(learnt: Learnt, asked: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Return what attributes of the respondents alone tell of their answers, one row a stimulus and respondent.

    Gradient-boosted trees (Friedman 2001, doi:10.1214/aos/1013203451) for every number of points; answers count
    `n` x `weight`, and boosting stops where a tenth of the answers, drawn with `rng`, gets no nearer. An attribute is a
    number where all its known values are, else a category; unknown values stay unknown. The question is not looked at.

    Of scales of more than 20 points the stretch is learnt in which an answer lies; within it answers fall as in the
    training part. Where there are fewer than 100 answers or 2 different ones, the prediction is the training mean.
    Every point then gets one answer more than the training part holds, so that no answer has probability 0.

    Args:
        learnt: the training part.
        asked: study, condition, question, item, respondent of what is to be predicted.
        rng: where chance comes from.

    Returns:
        A table of schema `PREDICTIONS`; `refusal` and `covered` are null.

    Raises:
        InputError: no attribute is known of anybody.
        MissingExtraError: scikit-learn is not installed.
    """
    people = _People.of(learnt.respondents)

    def learn(rows: pl.DataFrame, pairs: pl.DataFrame) -> FloatArray:
        known = people.values[people.rows(rows)]
        predict = boosted_trees(known, people.categorical, *_targets(rows), rng=rng)
        wanted, place = np.unique(people.rows(pairs), return_inverse=True)
        return predict(people.values[wanted])[place]

    return _by_length(learnt, asked, learn)


def embedding_floor(learnt: Learnt, asked: pl.DataFrame, embed: Embed, rng: np.random.Generator) -> pl.DataFrame:
    """Return what the meaning of question and persona tells of answers, one row a stimulus and respondent.

    A multinomial logistic regression for every number of points, on the embeddings of the stimulus with its options
    and of the persona in words, each dimension scaled to mean 0 and variance 1. Its penalty is that of the least log
    loss over five folds of questions. It is learnt from 5,000 answers at most, drawn with `rng` from all questions
    alike; a distribution of a group enters as answers of different weight. Long scales, few answers and answers that
    nobody gave are dealt with as in `demographics_floor`.

    Args:
        learnt: the training part.
        asked: study, condition, question, item, respondent of what is to be predicted.
        embed: turns texts into vectors; every distinct text is given once.
        rng: where chance comes from.

    Returns:
        A table of schema `PREDICTIONS`; `refusal` and `covered` are null.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    texts = _Texts.of(learnt, embed)

    def learn(rows: pl.DataFrame, pairs: pl.DataFrame) -> FloatArray:
        drawn = _drawn(rows, rng)
        predict = logistic_regression(texts.vectors(drawn), *_targets(drawn), groups=drawn["group"].to_numpy())
        blocks = [predict(texts.vectors(block)) for block in pairs.iter_slices(_BLOCK)]
        return np.concatenate(blocks)

    return _by_length(learnt, asked, learn)


def _by_stimulus(learnt: Learnt, asked: pl.DataFrame, predict: Callable[[Scale], FloatArray]) -> pl.DataFrame:
    _check(learnt, asked, KEY)
    stimuli = asked.select(KEY).unique(maintain_order=True).with_columns(weight=pl.lit(1.0))
    rows = [predict(learnt.items[item].scale).tolist() for item in stimuli["item"]]
    return _table(stimuli.with_columns(pl.Series("probabilities", rows, dtype=PREDICTIONS["probabilities"])))


def _check(learnt: Learnt, asked: pl.DataFrame, columns: tuple[str, ...]) -> None:
    need_columns(asked, columns, "the table of what is asked")
    for table, what in ((asked, "what is asked"), (learnt.rows, "the training part")):
        unknown = next((name for name in table["item"].unique(maintain_order=True) if name not in learnt.items), None)
        if unknown is not None:
            raise InputError(
                f"{what} names the stimulus '{unknown}', which is not among the "
                f"{counted(len(learnt.items), 'item', 'items')}. Take both from one dataset."
            )


def _table(predictions: pl.DataFrame) -> pl.DataFrame:
    """Return the predictions as a table of schema `PREDICTIONS`; columns that are not there are null."""
    absent = {name: pl.lit(None) for name in PREDICTIONS if name not in predictions.columns}
    return predictions.with_columns(**absent).select(PREDICTIONS.names()).cast({**PREDICTIONS})


def _by_length(learnt: Learnt, asked: pl.DataFrame, learn: _Learn) -> pl.DataFrame:
    """Return the predictions of one model for every number of points."""
    _check(learnt, asked, _PERSON)
    rows, mean = _answers(learnt), training_mean(shares for _, shares in learnt.shares)
    weights = learnt.respondents.select("respondent", "weight")
    pairs = asked.select(_PERSON).unique(maintain_order=True)
    pairs = pairs.join(weights, on="respondent", how="left", maintain_order="left")
    points = pl.col("item").replace_strict(_lengths(learnt), return_dtype=pl.Int64)
    pairs = pairs.with_columns(pl.col("weight").fill_null(1.0), points=points)
    tables = [pl.DataFrame(schema=PREDICTIONS)]
    for (length,), own in pairs.group_by("points", maintain_order=True):
        known = rows.filter(pl.col("points") == length)
        expected = _expected(known, own, learn, mean(learnt.items[own["item"][0]].scale))
        # One answer more for every point.
        smooth = (expected * len(known) + 1) / (len(known) + expected.shape[1])
        tables.append(_table(own.with_columns(pl.Series("probabilities", smooth.astype(np.float32)))))
    return pl.concat(tables)


def _expected(known: pl.DataFrame, pairs: pl.DataFrame, learn: _Learn, mean: FloatArray) -> FloatArray:
    """Return the probabilities of the points, shape (pairs, points): what is learnt where it can be, else the mean."""
    if len(known) >= _FEWEST_ANSWERS:
        places, counts = known["place"].to_numpy(), known["count"].to_numpy()
        stretches = Stretches.of(places, counts, len(mean))
        if stretches.count > 1:
            # Whatever the weights are counted in, a penalty means the same.
            rows = known.with_columns(
                pl.Series("class", stretches.of_point[places]), pl.Series("count", counts / counts.mean())
            )
            return stretches.spread(learn(rows, pairs))
    return np.broadcast_to(mean, (len(pairs), len(mean)))


def _targets(rows: pl.DataFrame) -> tuple[Classes, FloatArray]:
    """Return the class and the weight of every row."""
    return rows["class"].to_numpy(), rows["count"].to_numpy()


def _lengths(learnt: Learnt) -> dict[str, int]:
    return {name: len(item.scale.values) for name, item in learnt.items.items()}


def _answers(learnt: Learnt) -> pl.DataFrame:
    """Return the answers on a scale: `item`, `respondent`, `points`, `place`, `count`, and the question as `group`."""
    shown = learnt.rows["item"].unique(maintain_order=True)
    places = pl.DataFrame(
        [
            (name, len(values), value, place)
            for name in shown
            for values in [learnt.items[name].scale.values]
            for place, value in enumerate(values)
        ],
        schema={"item": pl.String, "points": pl.Int64, "response": pl.Int64, "place": pl.Int64}, orient="row",
    )  # fmt: skip
    rows = learnt.rows.join(places, on=["item", "response"], maintain_order="left")
    rows = rows.with_columns(
        count=pl.col("n").fill_null(1) * pl.col("weight"), group=pl.struct("study", "question").rank("dense")
    )
    return rows.filter(pl.col("count") > 0).select("item", "respondent", "points", "place", "count", "group")


def _drawn(rows: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Return at most so many of the rows, about as many of every question."""
    shuffled = rows[rng.permutation(len(rows))]
    turn = pl.int_range(pl.len()).over("group")
    return shuffled.with_columns(turn=turn).sort("turn", maintain_order=True).head(_MOST_DRAWN)


@dataclass(frozen=True)
class _People:
    """The attributes of respondents as numbers.

    Attributes:
        values: shape (respondents + 1, attributes); NaN where unknown, and so is all of the last row, for nobody.
        categorical: which attributes are categories, numbered from 0, shape (attributes,).
        place: `respondent` and `row`, the place of their values.
    """

    values: FloatArray
    categorical: npt.NDArray[np.bool_]
    place: pl.DataFrame

    @classmethod
    def of(cls, respondents: pl.DataFrame) -> _People:
        """Return the numbers of a table of respondents.

        Raises:
            InputError: no attribute is known of anybody.
        """
        attributes = [_numbers(respondents[name]) for name in _known_attributes(respondents)]
        if not attributes:
            raise InputError(f"nothing is known of the {counted(len(respondents), 'respondent', 'respondents')}.")
        columns = [numbers.fill_null(np.nan).to_numpy() for numbers, _ in attributes]
        nobody = np.full((1, len(columns)), np.nan)
        return cls(
            np.concatenate([np.stack(columns, axis=1), nobody]),
            np.array([category for _, category in attributes]),
            respondents.select("respondent", row=pl.int_range(pl.len())),
        )

    def rows(self, table: pl.DataFrame) -> Classes:
        """Return the place of every row's respondent among the values, shape (rows,)."""
        found = table.select("respondent").join(self.place, on="respondent", how="left", maintain_order="left")
        return found["row"].fill_null(len(self.place)).to_numpy()


def _known_attributes(respondents: pl.DataFrame) -> list[str]:
    known = [column.name for column in respondents if column.null_count() < len(respondents)]
    return [name for name in known if name not in {"respondent", "weight"}]


def _numbers(values: pl.Series) -> tuple[pl.Series, bool]:
    """Return an attribute as numbers, null where unknown, and whether they stand for categories.

    Categories are numbered from the commonest on; rarer ones than scikit-learn keeps apart are as unknown.
    """
    words = values.cast(pl.String).replace({"": None, "NaN": None})
    numbers = words.cast(pl.Float64, strict=False)
    if values.dtype != pl.Boolean and numbers.null_count() == words.null_count():
        return numbers, False
    counts = words.drop_nulls().value_counts().sort("count", words.name, descending=[True, False])
    names = counts[words.name].head(_MOST_VALUES).to_list()
    codes = dict(zip(names, map(float, range(len(names))), strict=True))
    return words.replace_strict(codes, default=None, return_dtype=pl.Float64), True


@dataclass(frozen=True)
class _Texts:
    """The words that stimuli and personas are embedded in.

    Attributes:
        stimuli: item -> its words.
        personas: respondent -> what is known of him or her.
        embed: turns texts into vectors.
    """

    stimuli: dict[str, str]
    personas: dict[str, str]
    embed: Embed

    @classmethod
    def of(cls, learnt: Learnt, embed: Embed) -> _Texts:
        stimuli = {name: _words(item) for name, item in learnt.items.items()}
        personas = {
            person.id: "; ".join(f"{name.replace('_', ' ')}: {value}" for name, value in person.attributes.items())
            for person in iter_respondents(learnt.respondents)
        }
        return cls(stimuli, personas, _once(embed))

    def vectors(self, rows: pl.DataFrame) -> FloatArray:
        """Return the vectors of every row's stimulus and persona side by side, shape (rows, 2 x dimensions)."""
        stimuli = [self.stimuli[item] for item in rows["item"]]
        personas = [self.personas.get(respondent, "") for respondent in rows["respondent"]]
        return np.concatenate([self.embed(stimuli), self.embed(personas)], axis=1)


def _words(item: Item) -> str:
    """Return a stimulus with its options, what is asked last; a text that says itself how to answer, as it is."""
    options = "" if item.verbatim else ", ".join(item.scale.labels.values()) or str(item.scale)
    return "\n".join(part for part in (item.context, item.text, options) if part)


def _once(embed: Embed) -> Embed:
    """Return an embedder that hands over each distinct text once."""
    places: dict[str, int] = {}
    known: list[FloatArray] = []

    def vectors(texts: list[str]) -> FloatArray:
        new = [text for text in dict.fromkeys(texts) if text not in places]
        if new:
            places.update(zip(new, range(len(places), len(places) + len(new)), strict=True))
            known[:] = [np.concatenate([*known, embed(new)])]
        return known[0][[places[text] for text in texts]]

    return vectors
