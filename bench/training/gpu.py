"""Training on a GPU: tokens a second over the tree, and what share of the chip's matrix rate they are."""

from __future__ import annotations

import time
from typing import Any

import torch

from bench.training.measure import Bench, prepare
from bench.training.shapes import matmul_flops
from bench.training.systems import SYSTEMS, Done

__all__ = ["matmul_rate", "measure"]

_WARM_UP = 2


def measure(shape: str, pack_tokens: int, stimulus: str, repeats: int) -> dict[str, Any]:
    """Return what one GPU does with a model in bfloat16.

    Args:
        shape: one of `SHAPES`.
        pack_tokens: tokens of a pack.
        stimulus: mean tokens of the stimuli.
        repeats: passes timed.

    Raises:
        SystemExit: there is no GPU.
    """
    if not torch.cuda.is_available():
        raise SystemExit(f"--model {shape} is measured on a GPU, and this machine has none that torch can use.")
    bench = prepare(shape, pack_tokens, device="cuda", half=True)
    rate = matmul_rate("cuda")
    lines = [_time(bench, name, stimulus, repeats, rate) for name in ("answers only", "packed", "silicus")]
    return {
        "gpu": torch.cuda.get_device_name(),
        "model": shape,
        "pack_tokens": pack_tokens,
        "stimulus": stimulus,
        "matmul_tflops": rate / 1e12,
        "systems": lines,
    }


def _time(bench: Bench, system: str, stimulus: str, repeats: int, rate: float) -> dict[str, Any]:
    """Return tokens a second of one system, and the share of the matrix rate that its tokens' products are."""
    seconds, flops, forwarded = 0.0, 0.0, 0
    torch.cuda.reset_peak_memory_stats()
    for repeat in range(_WARM_UP + repeats):
        taken, done = _timed(bench, system, stimulus, repeat)
        if repeat >= _WARM_UP:
            seconds, forwarded = seconds + taken, forwarded + done.forwarded
            flops += matmul_flops(bench.model, done.forwarded, done.reads)
    return {
        "system": system,
        "tokens_per_second": forwarded / seconds,
        "share_of_matmul_rate": flops / seconds / rate,
        "peak_gib": torch.cuda.max_memory_allocated() / 2**30,
    }


def _timed(bench: Bench, system: str, stimulus: str, repeat: int) -> tuple[float, Done]:
    examples = [each for part in range(8) for each in bench.examples(stimulus, 8 * repeat + part)]
    bench.model.zero_grad(set_to_none=False)
    torch.cuda.synchronize()
    start = time.perf_counter()
    done = SYSTEMS[system](bench.engine, bench.model, examples, bench.pack_tokens)
    torch.cuda.synchronize()
    return time.perf_counter() - start, done


def matmul_rate(device: str, size: int = 8192, repeats: int = 50) -> float:
    """Return the operations a second of a large matrix product in bfloat16, the most that training could reach."""
    left, right = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
    torch.mm(left, right)
    if device == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(repeats):
        torch.mm(left, right)
    if device == "cuda":
        torch.cuda.synchronize()
    return 2.0 * size**3 * repeats / (time.perf_counter() - start)
