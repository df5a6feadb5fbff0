"""What every model can do, and how a name becomes one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from silicus.errors import ModelError
from silicus.plugins import Registry, require
from silicus.prompts import Prompt

__all__ = ["EMBEDDED", "HUB_ID", "Device", "Dtype", "Model", "load_model"]

EMBEDDED = "HuggingFaceTB/SmolLM2-135M-Instruct"
"""Where the model `smollm2` is on the hub."""

HUB_ID = re.compile(r"\w[\w.-]*/[\w.-]+")
"""What the name of a model on the hub looks like."""

Device = Literal["auto", "cpu", "cuda", "mps"]
Dtype = Literal["auto", "float32", "bfloat16", "float16"]


class Model(Protocol):
    """Anything that can answer a prompt with a probability for each of its answers."""

    @property
    def name(self) -> str:
        """What the model is called in tables."""
        ...

    @property
    def fingerprint(self) -> str:
        """A hash of all that its answers depend on, apart from the prompt."""
        ...

    def answer(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, np.ndarray]]:
        """Yield, in any order, a prompt's index and the log-probability of each of its answers, shape (answers,)."""
        ...


_MODELS = Registry(
    "model",
    {
        "smollm2": "silicus.models.loading:load_smollm2",
        "uniform": "silicus.models.scripted:load_uniform",
        "scripted": "silicus.models.scripted:load_scripted",
        "pooled": "silicus.models.scripted:load_pooled",
    },
)


def load_model(name: str, device: Device = "auto", dtype: Dtype = "auto") -> Model:
    """Return the model that `name` stands for.

    Args:
        name: `smollm2` (the embedded model), `uniform`, `scripted` or `scripted:FILE`, a local folder
            (a transformers model or a PEFT adapter), or a hub id such as `Qwen/Qwen2.5-0.5B-Instruct`.
        device: where it runs; `auto` takes a GPU where there is one.
        dtype: its precision; `auto` is float32 on a CPU and bfloat16 on a GPU.

    Raises:
        ModelError: there is no such model, or it cannot be loaded.
        InputError: the name is not known; the nearest one is given.
    """
    key, _, argument = name.partition(":")
    if key in _MODELS.names():
        load: Callable[[str, Device, Dtype], Model] = _MODELS.get(key)
        return load(argument, device, dtype)
    if not Path(name).is_dir() and not HUB_ID.fullmatch(name):
        if Path(name).exists() or "/" in name or name.startswith("."):
            raise ModelError(f"{name}: no model folder. Expected a folder with config.json and a tokenizer.")
        return _MODELS.get(name)
    return require("silicus.models.loading").load_folder_or_hub(name, device, dtype)
