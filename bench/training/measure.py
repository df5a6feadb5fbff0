"""One pass of one system over the same rows: how long, how much memory, and that loss and gradient are the same."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from bench.systems import stand_in_tokenizer
from bench.training import trl
from bench.training.shapes import build
from bench.training.systems import SYSTEMS, System, label_count
from bench.training.workload import FULL, QUICK, STIMULI, Example, draw
from silicus.models.huggingface import HuggingFaceModel
from silicus.models.memory import keep_freed_memory

__all__ = ["TOLERANCE", "Bench", "Pass", "check", "peak_gib", "prepare", "run", "systems"]

TOLERANCE = 1e-4
"""How far losses, and gradients as a share of their norm, may lie apart."""


@dataclass(frozen=True)
class Bench:
    """What every system is given: a model, silicus around it, the lengths of rows, and the tokens of a pack."""

    shape: str
    model: Any
    engine: HuggingFaceModel
    quick: bool
    pack_tokens: int

    def examples(self, stimulus: str, repeat: int) -> list[Example]:
        """Return the rows of a repeat: other cells and people each time."""
        rng, lengths = np.random.default_rng([0, int(stimulus), repeat]), STIMULI[stimulus]
        if self.quick:
            return draw([length // 10 for length in lengths], QUICK, self.model.config.vocab_size, rng)
        return draw(lengths, FULL, self.model.config.vocab_size, rng)


@dataclass(frozen=True)
class Pass:
    """What one pass over the rows of a repeat took and gave.

    Attributes:
        stimulus: mean tokens of its stimuli, as in `STIMULI`.
        system: its name.
        repeat: which rows it had.
        seconds: time that processors worked on it.
        loss: mean negative log-probability of the tokens learnt.
        gradient_gap: distance of the gradient from that of padded batches, as a share of its norm.
        loss_gap: distance of the loss from theirs.
        forwarded: tokens put through the model, padding included.
        learnt: tokens that are learnt.
    """

    stimulus: str
    system: str
    repeat: int
    seconds: float
    loss: float
    gradient_gap: float
    loss_gap: float
    forwarded: int
    learnt: int


def prepare(shape: str, pack_tokens: int, *, quick: bool = False, device: str = "cpu", half: bool = False) -> Bench:
    """Return the model, with gradients already in place, and silicus around it."""
    keep_freed_memory()
    model = build(shape, device, torch.bfloat16 if half else torch.float32)
    engine = HuggingFaceModel(model, stand_in_tokenizer(), shape, "seed 0")
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    return Bench(shape, model, engine, quick, pack_tokens)


def systems() -> dict[str, System]:
    """Return the systems that can run here, the one that gradients are compared with first."""
    return {**SYSTEMS, "TRL": trl.trl_trainer} if trl.available() else SYSTEMS


def run(bench: Bench, stimulus: str, repeat: int, names: Sequence[str]) -> list[Pass]:
    """Return one pass of each system over the same rows, one after the other; `padded` comes first."""
    examples, found = bench.examples(stimulus, repeat), systems()
    passes: list[Pass] = []
    reference: list[torch.Tensor] = []
    for name in names:
        bench.model.zero_grad(set_to_none=False)
        start = time.process_time()
        done = found[name](bench.engine, bench.model, examples, bench.pack_tokens)
        seconds = time.process_time() - start
        gradient = [parameter.grad for parameter in bench.model.parameters()]
        reference = reference or [each.clone() for each in gradient]
        gaps = _gap(gradient, reference), abs(done.loss - (passes[0].loss if passes else done.loss))
        learnt = label_count(examples)
        passes.append(Pass(stimulus, name, repeat, seconds, done.loss, *gaps, done.forwarded, learnt))
    return passes


def _gap(gradient: Sequence[torch.Tensor], reference: Sequence[torch.Tensor]) -> float:
    """Return the distance of two gradients as a share of the norm of the second."""
    apart = sum(
        float((ours - theirs).double().square().sum()) for ours, theirs in zip(gradient, reference, strict=True)
    )
    return (apart / sum(float(theirs.double().square().sum()) for theirs in reference)) ** 0.5


def check(passes: Sequence[Pass]) -> None:
    """Raise if systems did not compute the same.

    Raises:
        SystemExit: a loss or gradient lies apart; ratios of time would then compare different things.
    """
    for each in passes:
        if not max(each.loss_gap, each.gradient_gap) <= TOLERANCE:
            raise SystemExit(
                f"stimulus {each.stimulus}, repeat {each.repeat}: '{each.system}' does not compute what padded batches "
                f"do: its loss lies {each.loss_gap:.1e} apart and its gradient {each.gradient_gap:.1e}, "
                f"expected at most {TOLERANCE:g}."
            )


def peak_gib(shape: str, pack_tokens: int, stimulus: str, system: str) -> float | None:
    """Return how much memory a pass of one system takes beyond the loaded model, in a process of its own.

    `None` where that process was killed, as for want of memory.
    """
    command = [sys.executable, "-m", "bench.training.measure", shape, stimulus, system, str(pack_tokens)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode < 0:
        return None
    if done.returncode:
        raise SystemExit(f"'{system}' did not run on its own:\n{done.stderr}")
    return float(json.loads(done.stdout.splitlines()[-1])["peak_gib"])


def _peak(shape: str, stimulus: str, system: str, pack_tokens: str) -> None:
    """Print the peak of this process beyond what it held before the pass, gradients counted as before."""
    torch.set_num_threads(1)
    bench = prepare(shape, int(pack_tokens), quick=shape == "tiny")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    systems()[system](bench.engine, bench.model, bench.examples(stimulus, 0), bench.pack_tokens)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 2**30 if sys.platform == "darwin" else 2**20
    print(json.dumps({"peak_gib": (after - before) / unit}))


if __name__ == "__main__":
    _peak(*sys.argv[1:])
