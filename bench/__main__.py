"""Prints how fast and how exact silicus is, beside `generate` of transformers and beside vLLM.

    python -m bench [--quick] [--threads N] [--repeats R] [--only W1,W2] [--vllm PYTHON] [--json PATH]

Ratios count, seconds depend on the machine. All systems answer in turn, repeat by repeat.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import cyclopts
from rich.console import Console
from rich.status import Status

from bench import counting, goals, output, systems
from bench.measure import interleave
from bench.tasks import Bench
from bench.vllm_client import VllmClient, start_vllm
from bench.workloads import FULL, QUICK
from silicus.models.huggingface import HuggingFaceModel
from silicus.models.memory import keep_freed_memory

WORKLOADS = ("W1", "W2", "W3", "W4", "G")


def main(
    *,
    threads: int = 1,
    repeats: int = 3,
    only: str = ",".join(WORKLOADS),
    quick: bool = False,
    vllm: Path | None = None,
    json: Path | None = None,
) -> None:
    """Print how fast and how exact silicus is, beside what people use today.

    Args:
        threads: threads that each system computes with.
        repeats: how often silicus and vLLM answer each workload; generate answers once less.
        only: workloads, separated by commas: W1, W2, W3, W4, and G for counted growth.
        quick: tiny shapes, to see that everything runs; the ratios then mean nothing.
        vllm: the Python of an environment made by bench/vllm_setup.sh; without it vLLM is left out.
        json: where the numbers are written as JSON too.
    """
    wanted = _workloads(only)
    import torch

    torch.set_num_threads(threads)
    before = output.load()
    with contextlib.ExitStack() as stack:
        status = stack.enter_context(Console(stderr=True).status("making the model"))
        bench, real_words = _prepare(quick, repeats)
        timed = wanted if real_words else [name for name in wanted if name not in ("W3", "W4")]
        bench.vllm = _vllm(stack, status, bench, vllm, threads) if vllm and {"W3", "W4"} & set(timed) else None
        status.update("putting the workloads into tokens")
        tasks = bench.tasks(timed)
        growth = list(counting.growth(bench.sizes, bench.engine.encoder)) if real_words and "G" in wanted else []
        status.update("warming up")
        _warm_up(bench)
        status.stop()
        runs = interleave(tasks)
        status.update("one plain forward per answer string")
        status.start()
        exactness = goals.check_exactness(bench, runs)
    found = goals.results(bench, runs, exactness, wanted, real_words)
    facts = output.machine(threads, bench.vllm and bench.vllm.version)
    facts |= {"load at the start": before, "load at the end": output.load()}
    raw = output.raw_medians(runs)
    output.show(facts, found, raw, growth)
    if json:
        output.write(json, facts, bench, found, raw, growth)


def _workloads(only: str) -> list[str]:
    names = [name.strip() for name in only.split(",") if name.strip()]
    stray = next((name for name in names if name not in WORKLOADS), None)
    if stray is not None or not names:
        raise SystemExit(f"--only {only}: found '{stray or ''}', expected some of {', '.join(WORKLOADS)}.")
    return names


def _prepare(quick: bool, repeats: int) -> tuple[Bench, bool]:
    """Return the model and the sizes, and whether the tokenizer knows words."""
    tokenizer, real_words = systems.load_tokenizer()
    model: Any = systems.build_model(tokenizer.eos_token_id, quick)
    keep_freed_memory()
    engine = HuggingFaceModel(model, tokenizer, "drawn weights", "seed 0")
    return Bench(engine, model, QUICK if quick else FULL, repeats), real_words


def _vllm(stack: contextlib.ExitStack, status: Status, bench: Bench, python: Path, threads: int) -> VllmClient:
    status.update("starting vLLM")
    return stack.enter_context(start_vllm(python, bench.model, threads, bench.engine.end_tokens))


def _warm_up(bench: Bench) -> None:
    """Let memory grow to its size before anything is timed."""
    for rows in list(bench.timed.values())[:1]:
        systems.score(bench.engine, rows[0][:4])
        systems.generate(bench.model, rows[0][:4])


if __name__ == "__main__":
    cyclopts.run(main)
