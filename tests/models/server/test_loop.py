"""Servers are asked where an event loop runs already, as in a notebook."""

from __future__ import annotations

import asyncio
import threading

import numpy as np
import pytest

from silicus.errors import ModelError, RunError
from silicus.models.server import Budget, ServerModel, ServerSettings, load_server
from silicus.models.server.loop import Loop
from silicus.models.writing import Writing
from tests.models.server.conftest import prompts_of
from tests.models.server.upstream import said

pytestmark = pytest.mark.usefixtures("quick")


def in_a_notebook(function):
    """Return what a function returns that is called while an event loop runs."""

    async def cell():
        return function()

    return asyncio.run(cell())


def settings_of(upstream, **caps) -> ServerSettings:
    return ServerSettings(address=upstream.address, model="tiny", budget=Budget(**caps), samples=4)


def test_a_model_answers_in_a_notebook_what_it_answers_elsewhere(upstream, tmp_path):
    def answers(folder):
        model = load_server(settings_of(upstream))
        model.keep_in(folder)
        try:
            return [np.exp(answer).tolist() for _, answer in sorted(model.answer(prompts_of(3)))], model.spent
        finally:
            model.close()

    (tmp_path / "here").mkdir()
    plain = answers(tmp_path / "here")
    assert in_a_notebook(lambda: answers(tmp_path)) == plain
    asked = len(upstream.log)
    assert asked == 2 * 12
    # What was kept in a notebook is there outside of it.
    assert answers(tmp_path) == plain
    assert len(upstream.log) == asked


def test_a_model_writes_in_a_notebook(upstream):
    upstream.answer = lambda _: said("My words.")
    model = ServerModel(settings_of(upstream), "", "samples")
    found = in_a_notebook(lambda: dict(model.write(prompts_of(2), Writing(1, 9, 1.0, 0))))
    assert [text.words for texts in found.values() for text in texts] == ["My words."] * 2


def test_errors_and_an_early_end_come_through_and_leave_no_thread(upstream):
    upstream.models = ("other",)
    with pytest.raises(ModelError, match="serves no model 'tiny'"):
        in_a_notebook(lambda: load_server(settings_of(upstream)))
    capped = ServerModel(settings_of(upstream, most_calls=2), "", "samples")
    with pytest.raises(RunError, match="--max-calls 2"):
        in_a_notebook(lambda: list(capped.answer(prompts_of(3))))

    def first():
        answers = ServerModel(settings_of(upstream), "", "samples").answer(prompts_of(3))
        found = next(answers)
        answers.close()
        return found

    assert in_a_notebook(first)[1].shape == (2,)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ThreadPoolExecutor")]


def test_without_a_running_loop_there_is_no_other_thread():
    async def name() -> str:
        return threading.current_thread().name

    with Loop() as loop:
        assert loop.run(name()) == threading.current_thread().name

    def here() -> tuple[str, str]:
        with Loop() as loop:
            return loop.run(name()), loop.run(name())

    first, second = in_a_notebook(here)
    assert first == second != threading.current_thread().name
