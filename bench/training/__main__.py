"""Prints how fast silicus learns beside padded batches, TRL's loss and packing, on the same rows and model.

    python -m bench.training [--stimulus 115,275] [--repeats R] [--quick] [--no-memory] [--json PATH]
    python -m bench.training --model qwen2.5-7b        on a GPU

Ratios count, seconds depend on the machine. All systems take the same rows in turn, on one thread; loss and gradient
have to agree. Time is that of processors, so that a busy neighbour hits no system more than another.
"""

from __future__ import annotations

import itertools
import json as json_library
from pathlib import Path
from typing import Any

import cyclopts
import torch
from rich.console import Console

from bench.output import load, machine
from bench.training import gpu, output
from bench.training.measure import Pass, check, peak_gib, prepare, run, systems
from bench.training.shapes import SHAPES
from bench.training.workload import STIMULI
from silicus.errors import did_you_mean

CPU_MODEL = "smollm2-135m"
PACK_TOKENS = {"cpu": 4096, "cuda": 16384}


def main(
    *,
    model: str = CPU_MODEL,
    stimulus: str = ",".join(STIMULI),
    repeats: int = 2,
    pack_tokens: int | None = None,
    quick: bool = False,
    memory: bool = True,
    json: Path | None = None,
) -> None:
    """Print how fast silicus learns, beside what people train with today.

    Args:
        model: smollm2-135m on a CPU in float32; qwen2.5-0.5b, qwen2.5-7b and qwen2.5-14b on a GPU in bfloat16.
        stimulus: mean tokens of the stimuli, separated by commas: 115, 275.
        repeats: how often each system takes its turn, each time with other rows.
        pack_tokens: tokens of a pack.
        quick: tiny shapes, to see that everything runs; the ratios then mean nothing.
        memory: whether the peak of each system is measured too, each in a process of its own.
        json: where the numbers are written as JSON too.
    """
    wanted = [_known(name.strip(), STIMULI, "--stimulus") for name in stimulus.split(",")]
    if _known(model, SHAPES, "--model") != CPU_MODEL:
        content = _on_gpu(model, pack_tokens or PACK_TOKENS["cuda"], wanted, repeats)
    else:
        content = _on_cpu("tiny" if quick else model, pack_tokens or PACK_TOKENS["cpu"], wanted, repeats, memory)
    if json is not None:
        json.write_text(json_library.dumps(content, indent=2) + "\n", encoding="utf-8")


def _known(name: str, known: dict[str, Any], option: str) -> str:
    if name not in known:
        raise SystemExit(f"{option}: found '{name}'.{did_you_mean(name, known)}")
    return name


def _on_cpu(shape: str, pack_tokens: int, stimuli: list[str], repeats: int, memory: bool) -> dict[str, Any]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    facts = machine(1, None) | {"load at the start": load()}
    passes: list[Pass] = []
    peaks: dict[tuple[str, str], float | None] = {}
    with Console(stderr=True).status("making the model") as status:
        # Memory first: a process of its own needs room that this one would hold later.
        for name, system in itertools.product(stimuli, systems() if memory else ()):
            status.update(f"stimuli of {name} tokens, memory of {system}")
            peaks[name, system] = peak_gib(shape, pack_tokens, name, system)
        bench = prepare(shape, pack_tokens, quick=shape == "tiny")
        run(bench, stimuli[0], repeats, ["silicus"])  # Lets memory grow before anything is timed.
        for name, repeat in itertools.product(stimuli, range(repeats)):
            status.update(f"stimuli of {name} tokens, repeat {repeat + 1} of {repeats}")
            passes += run(bench, name, repeat, list(systems()))
            check(passes)
    torch.set_num_threads(threads)
    facts["load at the end"] = load()
    output.show(facts, passes, peaks)
    return output.as_json(facts, passes, peaks)


def _on_gpu(shape: str, pack_tokens: int, stimuli: list[str], repeats: int) -> dict[str, Any]:
    found = [gpu.measure(shape, pack_tokens, name, repeats) for name in stimuli]
    for each in found:
        print(
            f"{each['gpu']}, {shape}, stimuli of {each['stimulus']} tokens, packs of {pack_tokens:,}: "
            f"matrix rate {each['matmul_tflops']:.0f} TFLOP/s"
        )
        for line in each["systems"]:
            print(
                f"  {line['system']}: {line['tokens_per_second']:,.0f} tokens/s, {line['share_of_matmul_rate']:.1%} of "
                f"the matrix rate, {line['peak_gib']:.1f} GiB"
            )
    return {"gpu": found}


if __name__ == "__main__":
    cyclopts.run(main)
