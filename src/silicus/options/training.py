"""What `silicus train` may be asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["TrainOptions"]


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """Options of `silicus train`. What is left out is as the recipe says, or its default."""

    data: tuple[str, ...] = ()
    """What is learnt from, instead of the recipe's: dataset folders, one a part of the recipe, or one for all."""

    tests: tuple[str, ...] = ()
    """Further dataset folders to be tested on when training ends, instead of the recipe's."""

    model: str | None = None
    """What learns: smollm2 (embedded), a model or adapter folder, or a hub id. By default smollm2."""

    objective: Literal["individual", "rationale", "preference", "distribution"] | None = None
    """What is made smaller: the surprise at single answers, or the distance of distributions. By default individual."""

    template: str | None = None
    """The words of the prompt: silicus, socrates, cao, subpop, subpop-bio or subpop-portray. By default silicus."""

    answers: Literal["value", "letter", "label"] | None = None
    """How the model names its answer: as 3, as C, or as Somewhat agree. By default value."""

    adapter: Literal["lora", "qlora", "none"] | None = None
    """Which weights learn: adapters, adapters on a base in 4 bits, or all of them (none). By default lora."""

    rank: int | None = None
    """The rank of the adapters. By default 16."""

    epochs: float | None = None
    """How many examples the steps take, as a multiple of all there are. By default 1."""

    steps: int | None = None
    """How many steps are taken, instead of epochs."""

    batch: int | None = None
    """How many examples a step learns from. By default 64."""

    together: int | None = None
    """How many rows of one cell come into a step together, at most. By default 4."""

    per_cell: int | None = None
    """At most so many answers of a study, condition and question are learnt from. By default 32."""

    learning_rate: float | None = None
    """How far a step goes. By default 0.0001."""

    schedule: Literal["cosine", "linear", "constant", "epoch_decay"] | None = None
    """How the learning rate falls. By default cosine."""

    beta: float | None = None
    """Of the objective preference: how strongly the model is held to where it started. By default 0.1."""

    dtype: Literal["auto", "float32", "bfloat16"] | None = None
    """The precision of the arithmetic; auto is float32 on a CPU and bfloat16 on a GPU. By default auto."""

    checkpointing: bool | None = None
    """Compute activations a second time instead of keeping them: less memory, a third more time. By default not."""

    pack_tokens: int | None = None
    """How many tokens go through the model at once; the default suits the device."""

    evaluate: int | None = None
    """How often the validation part is looked at in training; 0: never. By default 10."""

    set: tuple[str, ...] = ()
    """Any other setting of a recipe or of its parts, as --set warmup=0.1 --set ordinal=0.5; may be given repeatedly."""

    test_cells: int | None = None
    """How many test cells of each dataset are predicted before and after training; 0: none. By default 500."""

    seed: int | None = None
    """Where chance starts. By default 0."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where the model runs; auto takes a GPU where there is one."""

    dry_run: bool = False
    """Show ten examples as the model will see them, and what training will cost; take no step."""

    out: Path | None = None
    """The run folder; by default a folder below runs/ named after recipe, model and settings."""
