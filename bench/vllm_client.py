"""vLLM as a child process in an environment of its own, asked for one repeat at a time."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import numpy as np

from bench.measure import Work
from silicus.models.tree import Row
from silicus.models.trie import END

__all__ = ["VllmClient", "start_vllm"]

_REFERENCE = Path(__file__).with_name("vllm_reference.py")


@dataclass(frozen=True)
class _Question:
    """One prompt of vLLM: a node of a row's answer trie, and the edges that are read there."""

    row: int
    edges: list[int]
    prompt: list[int]
    wanted: list[int]


class VllmClient:
    """Scores rows with vLLM: one prompt a node of the answer trie, prompts sorted.

    Args:
        process: the reference process, not yet ready.
        folder: where questions and answers are exchanged.
        errors: what the process writes to its error stream.
        end_tokens: the tokens that end an answer.
    """

    def __init__(self, process: subprocess.Popen[str], folder: Path, errors: Path, end_tokens: list[int]) -> None:
        self._process, self._folder, self._errors, self._ends = process, folder, errors, end_tokens
        self._asked = 0
        self.version = str(self._reply()["version"])

    def score(self, rows: Sequence[Row]) -> Work:
        """Score the rows; the time is vLLM's own, without the exchange of files."""
        questions = sorted((q for row in rows for q in self._questions(row)), key=lambda q: q.prompt)
        reply = self._ask([q.prompt for q in questions], [q.wanted for q in questions])
        values = json.loads(Path(reply["answers"]).read_text(encoding="utf-8"))
        return Work(
            reply["seconds"], reply["cpu_seconds"], len(rows), reply["tokens"], self._answers(rows, questions, values)
        )

    def _questions(self, row: Row) -> list[_Question]:
        context, path, questions = row.context.tolist(), [], []
        steps = [(0, None), *zip(row.trie.depths.tolist(), row.trie.tokens.tolist(), strict=True)]
        for node, (depth, token) in enumerate(steps):
            del path[max(depth - 1, 0) :]
            path.extend([] if token is None else [token])
            edges = np.flatnonzero(row.trie.edge_nodes == node).tolist()
            tokens = row.trie.edge_tokens[edges].tolist()
            wanted = sorted({t for token in tokens for t in (self._ends if token == END else [token])})
            questions.append(_Question(row.index, edges, context + path, wanted))
        return questions

    def _answers(
        self, rows: Sequence[Row], questions: list[_Question], values: list[list[float]]
    ) -> dict[int, np.ndarray]:
        tries = {row.index: row.trie for row in rows}
        edges = {index: np.zeros(len(trie.edge_tokens)) for index, trie in tries.items()}
        for question, found in zip(questions, values, strict=True):
            by_token = dict(zip(question.wanted, found, strict=True))
            for edge in question.edges:
                edges[question.row][edge] = self._edge(int(tries[question.row].edge_tokens[edge]), by_token)
        return {index: trie.log_probabilities(edges[index]) for index, trie in tries.items()}

    def _edge(self, token: int, by_token: dict[int, float]) -> float:
        read = self._ends if token == END else [token]
        return float(np.logaddexp.reduce([by_token[t] for t in read]))

    def _ask(self, prompts: list[list[int]], wanted: list[list[int]]) -> dict[str, Any]:
        self._asked += 1
        path = self._folder / f"{self._asked}.json"
        path.write_text(json.dumps({"prompts": prompts, "wanted": wanted}), encoding="utf-8")
        _pipe(self._process.stdin).write(f"{path}\n")
        _pipe(self._process.stdin).flush()
        return self._reply()

    def _reply(self) -> dict[str, Any]:
        line = _pipe(self._process.stdout).readline()
        if not line:
            last = "\n".join(self._errors.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
            raise RuntimeError(f"the vLLM process ended. Its last words:\n{last}")
        return json.loads(line)


def _pipe(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        raise RuntimeError("the vLLM process was started without pipes.")
    return pipe


@contextmanager
def start_vllm(python: Path, model: Any, threads: int, end_tokens: list[int]) -> Generator[VllmClient]:
    """Yield vLLM with a copy of the model, and stop it afterwards.

    Args:
        python: the interpreter of an environment made by `vllm_setup.sh`.
        model: a transformers model; vLLM reads a copy saved for it.
        threads: threads it computes with.
        end_tokens: the tokens that end an answer.
    """
    from transformers.utils import logging

    logging.disable_progress_bar()
    with TemporaryDirectory() as name:
        folder = Path(name)
        model.save_pretrained(folder / "model")
        errors = folder / "errors.txt"
        command = [str(python), str(_REFERENCE), "--model", str(folder / "model"), "--threads", str(threads)]
        with (
            errors.open("w", encoding="utf-8") as stream,
            subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stream, text=True,
                env=os.environ | {"PYTHONSAFEPATH": "1"},
            ) as process,
        ):  # fmt: skip
            try:
                yield VllmClient(process, folder, errors, end_tokens)
            finally:
                _pipe(process.stdin).close()
                process.terminate()
