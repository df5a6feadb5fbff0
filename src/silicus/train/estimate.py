"""What training will cost, from a model's shape alone: bytes, before a weight is loaded, and seconds.

Both are estimates: bytes within about a third, seconds within a factor of about two.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

import psutil
import torch

from silicus.errors import ModelError, did_you_mean
from silicus.models.huggingface import CHUNK_TOKENS
from silicus.models.loading import locate, quiet, torch_dtype
from silicus.plugins import require
from silicus.train.recipe import Recipe

__all__ = [
    "Layer", "Memory", "Shape", "check_memory", "free_memory", "matmul_rate", "memory", "model_shape",
    "trainable_parameters", "training_seconds",
]  # fmt: skip

_CONTROL_GROUPS = Path("/sys/fs/cgroup")
_OWN_GROUPS = Path("/proc/self/cgroup")

_ADAM = {"adamw": 8, "adamw_8bit": 2}
"""Bytes of two moments a parameter: in float32, or in 8 bits (https://arxiv.org/abs/2110.02861)."""

_FOUR_BIT = 0.516
"""Bytes of a weight in 4 bits with quantised constants: 4.127 bits (https://arxiv.org/abs/2305.14314, section 3)."""

_ANCESTORS = 200
"""How many tokens before its own chunk a token sees: a prompt of usual length."""

_READ_EVERY = 32
"""In how many tokens an answer is read once: a persona holds 40 to 130 tokens, the answers 1 to 10 of them."""

_LOGIT_COPIES = 4
"""The logits, their copy in float32, and the gradients of both."""

_LIBRARIES = 400 * 2**20
"""What the device's context, work areas of matrix products and the allocator's gaps take; measured on a CPU."""

_REACHED = 0.45
"""What training reaches of a plain matrix product's rate: measured 0.43 to 0.6 on a CPU (135 million parameters);
published 0.33 to 0.39 on GPUs of the rate that their maker names (https://arxiv.org/abs/2410.06511)."""


@dataclass(frozen=True)
class Layer:
    """A matrix of weights.

    Attributes:
        name: as PEFT matches it, such as `model.layers.0.self_attn.q_proj`.
        inputs: numbers in.
        outputs: numbers out.
        linear: whether PEFT counts it among all linear ones: it is neither an embedding nor the head.
    """

    name: str
    inputs: int
    outputs: int
    linear: bool


@dataclass(frozen=True)
class Shape:
    """What is known of a model without its weights.

    Attributes:
        name: as it was asked for.
        parameters: weights, each counted once where several layers share it.
        layers: its matrices of weights.
        depth: blocks of attention and feed-forward network.
        width: numbers that a token is, between blocks.
        inner: numbers that it is, inside a feed-forward network.
        heads: of attention.
        groups: heads of keys and values, which `heads` share.
        head_width: numbers of one head.
        vocabulary: tokens that it knows.
    """

    name: str
    parameters: int
    layers: tuple[Layer, ...]
    depth: int
    width: int
    inner: int
    heads: int
    groups: int
    head_width: int
    vocabulary: int

    @property
    def linear_parameters(self) -> int:
        """Weights that every token is multiplied by: all linear layers but the head."""
        return sum(layer.inputs * layer.outputs for layer in self.layers if layer.linear)


@dataclass(frozen=True)
class Memory:
    """What training keeps in memory at its peak, in bytes.

    Attributes:
        weights: those that learn, those that do not, and their copies in the precision of the arithmetic.
        gradients: one a weight that learns.
        optimiser: its moments.
        activations: what the backward pass needs of the forward pass.
        logits: where answers are read.
        libraries: what is taken whatever is trained.
    """

    weights: int
    gradients: int
    optimiser: int
    activations: int
    logits: int
    libraries: int = _LIBRARIES

    @property
    def total(self) -> int:
        """All together."""
        return sum(getattr(self, part.name) for part in fields(self))


def model_shape(name: str) -> Shape:
    """Return the shape of a model from its config alone; of an adapter folder that of its base.

    Args:
        name: `smollm2`, a model or adapter folder, or a hub id.

    Raises:
        ModelError: it is not there, or no causal language model.
    """
    if name != "smollm2" and "/" not in name and not Path(name).is_dir():
        raise ModelError(
            f"{name}: no model that can learn. Expected smollm2, a folder, or a hub id such as "
            f"Qwen/Qwen2.5-0.5B-Instruct.{did_you_mean(name, ['smollm2'])}"
        )
    place = locate(name)
    with quiet(name):
        transformers = require("transformers")
        config = transformers.AutoConfig.from_pretrained(place.whole, gguf_file=place.gguf)
        with torch.device("meta"):
            model = transformers.AutoModelForCausalLM.from_config(config)
    text = config.get_text_config()
    if not hasattr(text, "num_attention_heads"):
        raise ModelError(
            f"{name}: models of the type '{config.model_type}' have no attention, and cannot be scored over the token "
            "tree. Llama, Qwen2, Qwen3, Mistral and SmolLM models can."
        )
    heads = int(text.num_attention_heads)
    return Shape(
        name=name,
        parameters=sum(each.numel() for each in model.parameters()),
        layers=tuple(_layers(model)),
        depth=int(text.num_hidden_layers),
        width=int(text.hidden_size),
        # GPT-2 and its kin do not say: four times the width.
        inner=int(getattr(text, "intermediate_size", None) or 4 * text.hidden_size),
        heads=heads,
        groups=int(getattr(text, "num_key_value_heads", None) or heads),
        head_width=int(getattr(text, "head_dim", None) or text.hidden_size // heads),
        vocabulary=int(text.vocab_size),
    )


def _layers(model: Any) -> Iterator[Layer]:
    """Yield the layers that PEFT can adapt."""
    head = model.get_output_embeddings()
    for name, module in model.named_modules():
        if type(module).__name__ == "Conv1D":  # GPT-2's linear layer, which has its weights the other way round.
            yield Layer(name, *module.weight.shape, linear=True)
        elif isinstance(module, torch.nn.Linear):
            yield Layer(name, module.in_features, module.out_features, linear=module is not head)
        elif isinstance(module, torch.nn.Embedding):
            yield Layer(name, module.num_embeddings, module.embedding_dim, linear=False)


def trainable_parameters(shape: Shape, recipe: Recipe) -> int:
    """Return how many weights learn: all, or r x (inputs + outputs) of every adapted layer.

    Raises:
        ModelError: the recipe names a layer that the model does not have.
    """
    if recipe.adapter == "none":
        return shape.parameters
    return sum(recipe.rank * (layer.inputs + layer.outputs) for layer in _adapted(shape, recipe))


def _adapted(shape: Shape, recipe: Recipe) -> list[Layer]:
    if recipe.adapter == "none":
        return []
    if isinstance(recipe.modules, str):
        return [layer for layer in shape.layers if layer.linear]
    known = {layer.name.rpartition(".")[2] for layer in shape.layers}
    found: list[Layer] = []
    for module in recipe.modules:
        matched = [layer for layer in shape.layers if layer.name == module or layer.name.endswith(f".{module}")]
        if not matched:
            raise ModelError(f"{shape.name}: has no layers to adapt named '{module}'.{did_you_mean(module, known)}")
        found += matched
    return list(dict.fromkeys(found))


def memory(shape: Shape, recipe: Recipe, pack_tokens: int, device: str) -> Memory:
    """Return what training keeps in memory at its peak.

    Weights that learn, and their gradients, are float32. Activations and logits are those of one pack.

    Args:
        shape: of the model.
        recipe: how it is trained.
        pack_tokens: how many tokens of the tree go through the model at once.
        device: "cpu", "cuda" or "mps".
    """
    size = torch_dtype(recipe.dtype, device).itemsize
    learning = trainable_parameters(shape, recipe)
    reads = -(-pack_tokens // _READ_EVERY)
    return Memory(
        weights=_weights(shape, recipe, size, learning),
        gradients=4 * learning,
        optimiser=_ADAM[recipe.optimizer] * learning,
        activations=_activations(shape, recipe, pack_tokens, CHUNK_TOKENS[device], size),
        logits=_LOGIT_COPIES * 4 * reads * shape.vocabulary,
    )


def _weights(shape: Shape, recipe: Recipe, size: int, learning: int) -> int:
    linear = shape.linear_parameters
    if recipe.adapter == "none":
        # Mixed precision keeps a copy of every matrix until its gradient is known.
        return 4 * shape.parameters + (size * linear if size < 4 else 0)
    if recipe.adapter == "qlora":
        # What is not in 4 bits (embeddings, norms) is raised to float32.
        return round(_FOUR_BIT * linear) + 4 * (shape.parameters - linear + learning)
    return size * shape.parameters + 4 * learning


def _activations(shape: Shape, recipe: Recipe, tokens: int, chunk: int, size: int) -> int:
    """Return what the backward pass needs of the forward pass of one pack, in bytes.

    Counted tensor by tensor as Korthikanti et al. (2022, https://doi.org/10.48550/arXiv.2205.05198, section 4.1) do,
    for a block with root-mean-square norms, grouped attention over chunks of the tree, and a gated feed-forward
    network. With checkpointing only the input of every block is kept, and one block is computed anew at a time.
    """
    block = tokens * _block(shape, recipe, chunk, size)
    if not recipe.checkpointing:
        return shape.depth * block
    return shape.depth * tokens * shape.width * (4 if recipe.adapter == "none" else size) + block


def _block(shape: Shape, recipe: Recipe, chunk: int, size: int) -> int:
    """Return the bytes that one token leaves in one block."""
    # A norm keeps its input in float32, what it gives on, and, to learn its weight, the input divided by its norm.
    norms = 2 * shape.width * (4 + size + (4 if recipe.adapter == "none" else 0))
    queries = shape.heads * shape.head_width
    seen = (chunk + _ANCESTORS) / chunk
    keys_and_values = 2 * seen * shape.groups * shape.head_width
    # The mask of a chunk is repeated for the heads that share keys.
    mask = seen * chunk * shape.heads / shape.groups
    # Queries, what attention gives back, and the same by head; gate, its activation, the other half, their product.
    inside = 3 * queries + keys_and_values + mask + 4 * shape.inner
    # Adapters read inputs of their own where some of them are left out.
    copies = sum(layer.inputs for layer in _adapted(shape, recipe)) if recipe.dropout else 0
    return round(norms + size * (inside + copies / shape.depth))


def check_memory(needed: Memory, free: int, recipe: Recipe, device: str) -> None:
    """Check that training fits, before a weight is loaded.

    Raises:
        ModelError: it does not; the message says what takes how much, and what would take less.
    """
    if needed.total <= free:
        return
    kinds = ", ".join(f"{part.name} {_gibibytes(getattr(needed, part.name))}" for part in fields(needed))
    raise ModelError(
        f"training {recipe.model} needs about {_gibibytes(needed.total)} GiB of memory ({kinds}), and "
        f"{_gibibytes(free)} GiB are free on this {_DEVICES[device]}. Take {_smaller(needed, recipe, device)}."
    )


_DEVICES = {"cpu": "machine", "cuda": "GPU", "mps": "machine"}


def _gibibytes(count: int) -> str:
    return f"{count / 2**30:.1f}"


def _smaller(needed: Memory, recipe: Recipe, device: str) -> str:
    """Return what would take less memory, what helps most first."""
    by_pack = needed.activations + needed.logits > needed.total / 4
    ways = {
        "--adapter lora": recipe.adapter == "none",
        "--adapter qlora": recipe.adapter == "lora" and device == "cuda",
        "fewer --pack-tokens": by_pack,
        "--checkpointing": by_pack and not recipe.checkpointing,
        "'optimizer: adamw_8bit' in the recipe": recipe.adapter == "none" and recipe.optimizer == "adamw",
    }
    return ", ".join([*(way for way, helps in ways.items() if helps), "or a smaller model"]).removeprefix("or ")


def free_memory(device: str) -> int:
    """Return how many bytes are free on a device: on a CPU no more than the container's limit leaves.

    Args:
        device: "cpu", "cuda" or "mps".
    """
    if device == "cuda":
        return int(torch.cuda.mem_get_info()[0])
    return min([psutil.virtual_memory().available, *_left_in_groups(_CONTROL_GROUPS, _OWN_GROUPS)])


def _left_in_groups(root: Path, own: Path) -> Iterator[int]:
    """Yield what each control group around this process leaves of its limit (of version 1 or 2), in bytes.

    Args:
        root: where control groups are mounted.
        own: the file that names those of this process.
    """
    for line in own.read_text(encoding="utf-8").splitlines() if own.is_file() else []:
        _, kinds, path = line.split(":", 2)
        if kinds not in {"", "memory"}:
            continue
        top = root / kinds
        names = ("memory.max", "memory.current", "inactive_file")
        if kinds:
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        # Inside a container the path may be the machine's own: what is not here is passed over.
        inner = top / path.lstrip("/")
        for folder in [inner, *(parent for parent in inner.parents if parent.is_relative_to(top))]:
            limit, used = (_number(folder / name) for name in names[:2])
            if limit is not None and used is not None:
                yield max(0, limit - used + _cached(folder / "memory.stat", names[2]))


def _number(path: Path) -> int | None:
    """Return the number in a file; `None` where there is none, as in `max`."""
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _cached(path: Path, name: str) -> int:
    """Return the bytes of files that were read and can be forgotten: they count as used, and are not needed."""
    lines = path.read_text(encoding="ascii").splitlines() if path.is_file() else []
    return next((int(line.split()[1]) for line in lines if line.split()[0] == name), 0)


def matmul_rate(device: str, dtype: Literal["auto", "float32", "bfloat16"], seconds: float = 0.3) -> float:
    """Return how many floating-point operations a second a plain matrix product does, tried for a moment.

    Args:
        device: "cpu", "cuda" or "mps".
        dtype: the precision; `auto` as in training.
        seconds: how long it is tried, beside one product to warm up.
    """
    size = 8192 if device == "cuda" else 1024
    matrix = torch.ones(size, size, device=device, dtype=torch_dtype(dtype, device))
    products, start = 0, 0.0
    while products == 0 or time.perf_counter() - start < seconds:
        if products == 0:
            _wait(matrix @ matrix)
            start = time.perf_counter()
        _wait(matrix @ matrix)
        products += 1
    return products * 2 * size**3 / (time.perf_counter() - start)


def _wait(product: torch.Tensor) -> None:
    """Wait for a product: a GPU computes after its caller has gone on."""
    product[0, 0].item()


def training_seconds(tree_tokens: int, shape: Shape, recipe: Recipe, rate: float) -> float:
    """Return about how long training computes, right within a factor of about two.

    A token costs 2 operations a weight forward, 2 to hand gradients back, and 2 to learn a weight
    (https://doi.org/10.48550/arXiv.2001.08361, section 2.1), which adapters save for the weights they stand beside.
    Checkpointing goes forward twice. Embeddings and head are left out, for few positions are read.

    Args:
        tree_tokens: tokens that go through the model, over all steps.
        shape: of the model.
        recipe: how it is trained.
        rate: operations a second of a plain matrix product, as `matmul_rate` measures it.
    """
    passes = 2 + (recipe.adapter == "none") + recipe.checkpointing
    return tree_tokens * 2 * passes * shape.linear_parameters / (rate * _REACHED)
