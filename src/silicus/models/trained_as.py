"""How a saved model was trained: in which words it was asked, and a proof that it is asked in the same ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from silicus.errors import ModelError, SilicusError
from silicus.models.model import HUB_ID
from silicus.models.tree import Row
from silicus.models.trie import END
from silicus.plugins import require
from silicus.prompts import AnswerStyle, get_template, render
from silicus.record import Record, digest, read
from silicus.study import Item, Respondent, Scale, read_study

__all__ = ["TRAINED_AS", "TrainedAs", "check_prompts", "probes", "prompts_digest", "row_tokens", "trained_as"]

TRAINED_AS = "silicus.json"
"""The file beside a model's weights that says how it was trained."""


class TrainedAs(Record):
    """What a saved model says of its training."""

    template: str
    """The words of the prompts that it learnt from."""
    answers: AnswerStyle
    """How it named its answers."""
    base: str
    """The model that it was made from, before any training here."""
    notice: list[str] = []
    """What has to be said wherever it is passed on, as the licences of what it was made from ask."""
    prompts: str
    """Hash of the tokens of `probes`, as training read them."""
    recipe: str
    """What the recipe is, in a sentence."""
    run: str
    """The key of the training."""
    version: str
    """The version of silicus."""


def trained_as(name: str) -> TrainedAs | None:
    """Return how the model in a folder or on the hub was trained; `None` where it does not say.

    Raises:
        InputError: its `silicus.json` cannot be read.
    """
    folder = Path(name)
    if folder.is_dir():
        path = folder / TRAINED_AS
        return read(path, TrainedAs) if path.is_file() else None
    found = _from_hub(name) if HUB_ID.fullmatch(name) else None
    return read(found, TrainedAs) if found else None


def _from_hub(name: str) -> Path | None:
    """Return the file of a model on the hub; `None` where there is none, or the hub cannot be reached."""
    hub = require("huggingface_hub")
    known: Any = hub.try_to_load_from_cache(name, TRAINED_AS)
    if known is not None:
        return Path(known) if isinstance(known, str) else None
    try:
        return Path(hub.hf_hub_download(name, TRAINED_AS))
    except (OSError, hub.errors.HfHubHTTPError, hub.errors.HFValidationError):
        # Whether there is such a model at all is said by what loads it.
        return None


def probes() -> Iterator[tuple[Item, Respondent]]:
    """Yield stimuli and those who are asked: what differs between two ways of asking differs on some of them."""
    everybody = [
        Respondent("person", {"gender": "Female", "age": 34, "education": "Bachelor's degree"}),
        Respondent("another", {"gender": "Male", "age": 71, "household_size": 2}),
        Respondent("country", {"country": "Germany"}),
        Respondent("group", {"party_id": "Independent"}),
    ]
    items = [*read_study("asian-disease").items(), _percent(Scale(kind="numeric", low=0, high=100))]
    labelled = {share: f"{share} percent" for share in range(0, 101, 25)}
    items.append(_percent(Scale(kind="numeric", low=0, high=100, step=25, labels=labelled)))
    return ((item, respondent) for item in items for respondent in everybody)


def _percent(scale: Scale) -> Item:
    text = "Out of 100 people like you, how many would do the same?"
    return Item("probe", "alone", "percent", context="", text=text, scale=scale)


def prompts_digest(row_of: Callable[[Item, Respondent], Row]) -> str:
    """Return a hash of the tokens of the probes.

    Args:
        row_of: turns a stimulus and a respondent into a row of the token tree, with all its answers.
    """
    parts: list[bytes] = []
    for item, respondent in probes():
        try:
            parts += row_tokens(row_of(item, respondent))
        except SilicusError:
            # No template tells everybody, and no style names the answers of every scale.
            parts.append(b"cannot be asked")
    return digest(*parts)


def row_tokens(row: Row) -> list[bytes]:
    """Return the tokens of a prompt and its answer, one after the other, for each answer of the row."""
    read = np.append(row.trie.edge_tokens, END)[row.trie.paths]
    return [np.concatenate([row.context, path[path != END]]).astype("<i8").tobytes() for path in read]


def check_prompts(name: str, known: TrainedAs, model: Any) -> None:
    """Refuse a model that reads other prompts than it learnt from.

    Args:
        name: what it is called, for the message.
        known: how it was trained.
        model: the model; one that reads no tokens is not checked.

    Raises:
        ModelError: the tokens of the probes are not those of its training.
    """
    encoder = getattr(model, "encoder", None)
    if encoder is None:
        return
    template = get_template(known.template)

    def row_of(item: Item, respondent: Respondent) -> Row:
        return next(encoder.rows([render(template, item, respondent, known.answers)]))

    if prompts_digest(row_of) != known.prompts:
        raise ModelError(
            f"{name}: reads other prompts than it was trained with (template '{known.template}', answers as "
            f"{known.answers}, silicus {known.version}), so its predictions would not be what it learnt. Its chat "
            "template, its tokenizer or the words of the template have been changed since: put back the files of the "
            "folder as they were saved, or use that version of silicus."
        )
