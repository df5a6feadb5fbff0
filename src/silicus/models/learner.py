"""A model that is to learn: which of its weights change, and in which precision."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from silicus.errors import ModelError
from silicus.models.huggingface import HuggingFaceModel
from silicus.models.loading import locate, quiet, refuse_adapter, torch_dtype, where_to_run
from silicus.models.model import Device, Dtype
from silicus.plugins import require

__all__ = ["LowRank", "load_learner"]


@dataclass(frozen=True)
class LowRank:
    """Low-rank adapters (LoRA, https://arxiv.org/abs/2106.09685): what is learnt beside frozen weights.

    Attributes:
        rank: of the two matrices that are added to a layer.
        alpha: what they add is multiplied by alpha / rank.
        dropout: share of their inputs left out at random in training.
        modules: names of the layers, or all linear ones.
        four_bit: whether the frozen weights are kept in 4 bits (QLoRA, https://arxiv.org/abs/2305.14314).
    """

    rank: int = 16
    alpha: float = 32.0
    dropout: float = 0.0
    modules: list[str] | str = "all-linear"
    four_bit: bool = False


def load_learner(
    name: str,
    low_rank: LowRank | None,
    device: Device = "auto",
    dtype: Dtype = "auto",
    pack_tokens: int | None = None,
    *,
    seed: int = 0,
    checkpointing: bool = False,
) -> HuggingFaceModel:
    """Return a model whose weights, or adapters, take gradients.

    What learns is kept in float32. An adapter folder goes on from its adapter.

    Args:
        name: `smollm2`, a model or adapter folder, or a hub id.
        low_rank: the adapters; `None`: all weights learn.
        device: where it runs.
        dtype: the precision of weights that do not learn.
        pack_tokens: tokens of one forward pass.
        seed: where the first weights of new adapters come from.
        checkpointing: whether activations are computed a second time instead of kept.

    Raises:
        ModelError: it is not there, cannot be loaded, or has no such layers.
        MissingExtraError: 4 bits are asked for and bitsandbytes is not installed.
    """
    place, where = locate(name), where_to_run(device)
    if where == "cuda":
        # Each of several processes has a GPU of its own.
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    frozen = torch_dtype(dtype, where)
    if low_rank is None:
        refuse_adapter(name)
    with quiet(name):
        transformers = require("transformers")
        tokenizer = place.tokenizer()
        model = transformers.AutoModelForCausalLM.from_pretrained(
            place.whole,
            gguf_file=place.gguf,
            dtype=torch.float32 if low_rank is None else frozen,
            **_in_four_bits(low_rank, frozen),
        )
        if place.gguf:
            _forget_file_format(model)
        torch.manual_seed(seed)
        if low_rank is not None:
            model = _with_adapter(model, low_rank, place.folder if place.base else None)
            _name_bases(model)
        if checkpointing:
            # Without re-entry, gradients also reach adapters behind frozen embeddings.
            model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    if not getattr(model, "is_loaded_in_4bit", False):
        model = model.to(where)
    return HuggingFaceModel(model, tokenizer, name, place.fingerprint(model.config), pack_tokens)


def _name_bases(model: Any) -> None:
    """Have adapters name a base that is a folder by its whole path: what is saved may be used from anywhere."""
    for config in model.peft_config.values():
        base = Path(config.base_model_name_or_path)
        if base.is_dir():
            config.base_model_name_or_path = str(base.resolve())


def _forget_file_format(model: Any) -> None:
    """Mark the weights read from a GGUF file as what they are in memory: plain float32 ones that can learn."""
    model.is_quantized, model.hf_quantizer = False, None
    del model.config.quantization_config


def _in_four_bits(low_rank: LowRank | None, dtype: torch.dtype) -> dict[str, Any]:
    if low_rank is None or not low_rank.four_bit:
        return {}
    require("bitsandbytes")
    config = require("transformers").BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=dtype
    )
    return {"quantization_config": config}


def _with_adapter(model: Any, low_rank: LowRank, adapter: str | None) -> Any:
    """Return the model with adapters in float32: new ones that change nothing yet, or those of a folder."""
    # What is not in 4 bits stays as it is: peft's preparation for them would make it float32, twice the memory.
    peft = require("peft")
    if adapter is not None:
        return peft.PeftModel.from_pretrained(model, adapter, is_trainable=True, autocast_adapter_dtype=True)
    config = peft.LoraConfig(
        r=low_rank.rank, lora_alpha=low_rank.alpha, lora_dropout=low_rank.dropout,
        target_modules=low_rank.modules, task_type="CAUSAL_LM", bias="none",
    )  # fmt: skip
    try:
        return peft.get_peft_model(model, config, autocast_adapter_dtype=True)
    except ValueError as error:
        raise ModelError(
            f"the model has no layers to adapt named {low_rank.modules}: {str(error).splitlines()[0][:200]} "
            "Name layers of this model, or 'all-linear'."
        ) from None
