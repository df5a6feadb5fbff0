"""`silicus build draft --model`: what it leaves in its folder, what it prints, and how it ends."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from silicus import plugins
from silicus.cli import main
from silicus.data.deposit import Recipe, agent_server
from silicus.data.deposit.gates import GATES
from silicus.errors import InputError, MissingExtraError, RunError
from silicus.options import BuildOptions, DraftOptions
from silicus.record import parse, read
from silicus.workflow import build_deposit, draft_by_model
from tests.data.deposit.flyers import recipe, sources, write_deposit
from tests.data.deposit.scripted_server import calls, refusal, scripted_server

RIGHT = calls(("recipe", {"recipe": recipe(), "sources": sources()}))
WRONG = calls(("recipe", {"recipe": recipe(missing={}), "sources": sources()}))


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent_server, "_WAITS", (0.0,))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@pytest.fixture
def deposit(tmp_path: Path) -> Path:
    return write_deposit(tmp_path / "deposit")


def options(deposit: Path, url: str, **changes: Any) -> DraftOptions:
    usual = {"model": "scripted", "server": url, "out": deposit.parent / "draft", "max_calls": 3}
    return DraftOptions(**{**usual, **changes})


def test_a_draft_that_passed_is_a_recipe_with_sources_that_builds_once_a_person_has_counted(deposit):
    with scripted_server([RIGHT]) as server:
        done = draft_by_model(deposit, options(deposit, server.url))
    folder = deposit.parent / "draft"
    assert sorted(path.name for path in folder.iterdir()) == ["recipe.yaml", "sources.json", "transcript.jsonl"]
    assert done.recipe == folder / "recipe.yaml"
    assert read(done.recipe, Recipe) == parse(recipe(), Recipe, "recipe")
    text = done.recipe.read_text(encoding="utf-8")
    assert "Drafted by the model scripted from deposit" in text
    assert "respondent: id  # name of the column id" in text
    assert "        control: true  # stated by nobody: it is the arm that was shown nothing" in text
    found = json.loads((folder / "sources.json").read_text(encoding="utf-8"))
    assert found["passed"]
    assert found["fields"]["attributes > gender"] == {
        "kind": "document",
        "span": {"document": "codebook.txt", "place": "line 4", "quote": "sex: 1 = Male, 2 = Female"},
    }
    assert dict(done.sources) == {"document": 10, "column": 1, "nobody": 1}
    _, build = build_deposit(deposit, BuildOptions(recipe=done.recipe, out=deposit.parent / "build"))
    assert [gate.problems for gate in build.gates if not gate.passed] == [
        ["no count is expected. Count people and answers in another way, and write them under expected."]
    ]
    counts = "respondents: 6, conditions: {control: 3, flyer: 3}, answers: {vote: 5}"
    counted = f"{text}expected: {{source: counted by hand, {counts}}}\n"
    done.recipe.write_text(counted, encoding="utf-8")
    assert build_deposit(deposit, BuildOptions(recipe=done.recipe, out=deposit.parent / "build"))[1].passed


def test_the_best_draft_that_did_not_pass_is_kept_and_says_so(deposit):
    with scripted_server([WRONG]) as server:
        done = draft_by_model(deposit, options(deposit, server.url))
    folder = deposit.parent / "draft"
    assert sorted(path.name for path in folder.iterdir()) == ["recipe.draft.yaml", "sources.json", "transcript.jsonl"]
    text = (folder / "recipe.draft.yaml").read_text(encoding="utf-8")
    assert text.startswith("# NOT PASSED: a person has to mend what is named here.\n")
    assert "outside the stated scale" in text
    assert not json.loads((folder / "sources.json").read_text(encoding="utf-8"))["passed"]
    assert done.ended == "the budget ended: all 3 calls were made (--max-calls)"


def test_a_draft_that_excuses_itself_is_held_for_a_person_and_ends_with_a_status_that_says_so(
    deposit, monkeypatch, capsys
):
    lie = recipe(not_in_documents={"vote": "the words are in no document"})
    lie["questions"][0]["text"] = "Do you like the new mayor of the village?"
    nobody = {"fields": ["questions > vote > text"], "nobody": "it follows from the study"}
    out = deposit.parent / "draft"
    with scripted_server([calls(("recipe", {"recipe": lie, "sources": sources(nobody)}))]) as server:
        words = (deposit, "--model", "m", "--server", server.url, "--max-calls", 4, "--out", out)
        assert command(monkeypatch, *words) == 2
        assert len(server.requests) == 1
    assert sorted(path.name for path in out.iterdir()) == ["recipe.draft.yaml", "sources.json", "transcript.jsonl"]
    text = (out / "recipe.draft.yaml").read_text(encoding="utf-8")
    assert text.startswith("# HELD: a person has to judge what the model excuses.\n")
    assert "# To judge: not_in_documents > vote: the words are in no document\n" in text
    assert "# To judge: questions > vote > text: stated by nobody: it follows from the study\n" in text
    assert not json.loads((out / "sources.json").read_text(encoding="utf-8"))["passed"]
    printed = capsys.readouterr()
    assert "To judge, for the model says so and nothing else does: 2" in printed.out
    assert "not_in_documents > vote: the words are in no document" in printed.out
    assert "The draft is held: a person has to judge 2 excuses" in " ".join(printed.err.split())


def test_a_draft_that_is_no_recipe_is_kept_as_it_was_given(deposit):
    bad = calls(("recipe", {"recipe": {"name": "flyers", "odd key": [[1, {"a": None}], "No"]}, "sources": []}))
    with scripted_server([bad]) as server:
        done = draft_by_model(deposit, options(deposit, server.url, max_calls=1))
    text = (deposit.parent / "draft" / "recipe.draft.yaml").read_text(encoding="utf-8")
    assert "unknown key 'odd key'" in text
    assert done.recipe.name == "recipe.draft.yaml"
    with pytest.raises(InputError, match="unknown key 'odd key'"):
        read(done.recipe, Recipe)


def test_a_folder_that_holds_something_is_left_alone_and_one_with_a_mere_transcript_is_used_again(deposit):
    with scripted_server([refusal(401, "no"), RIGHT]) as server:
        assert "HTTP 401" in draft_by_model(deposit, options(deposit, server.url)).ended
        assert draft_by_model(deposit, options(deposit, server.url)).ended is None
        with pytest.raises(RunError, match="is there already"):
            draft_by_model(deposit, options(deposit, server.url))
        assert len(server.requests) == 2


def test_a_missing_library_names_its_extra(deposit, monkeypatch):
    monkeypatch.setitem(sys.modules, "pydantic_ai", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'silicus\[agent\]'"):
        plugins.require("pydantic_ai")
    with pytest.raises(MissingExtraError, match=r"pip install 'silicus\[agent\]'"):
        draft_by_model(deposit, options(deposit, "http://127.0.0.1:9/v1"))
    assert not (deposit.parent / "draft").exists()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"model": "m"}, "found --model without --out"),
        ({"max_calls": 3}, "found --max-calls without --model"),
        ({"price_in": 1.0}, "found --price-in without --model"),
        ({"model": "m", "out": Path("o"), "max_cost": 5.0}, "found --max-cost without prices"),
        ({"model": "m", "out": Path("o"), "max_cost": 5.0, "price_in": 1.0}, "found --max-cost without prices"),
        ({"model": "m", "out": Path("o"), "price_out": -1.0}, "found --price-out -1, expected 0 or more"),
        ({"model": "m", "out": Path("o"), "max_calls": 0}, "found --max-calls 0, expected 1 or more"),
        ({"model": "m", "out": Path("o"), "max_tokens": 0}, "found --max-tokens 0, expected 1 or more"),
    ],
)
def test_options_that_do_not_go_together_are_told(given, told):
    with pytest.raises(InputError, match=told):
        DraftOptions(**given)


# --- at the prompt


def command(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr(sys, "argv", ["silicus", "build", "draft", *map(str, words)])
    try:
        main()
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def test_what_came_of_it_is_printed(deposit, monkeypatch, capsys):
    monkeypatch.setenv("MY_KEY", "sk-0123456789")
    out = deposit.parent / "draft"
    with scripted_server([WRONG, RIGHT]) as server:
        code = command(
            monkeypatch, deposit, "--model", "scripted", "--server", server.url, "--key-variable", "MY_KEY",
            "--max-cost", 5, "--price-in", 0.15, "--price-out", 0.6, "--out", out,
        )  # fmt: skip
    printed = capsys.readouterr()
    assert code == 0, printed.err
    assert server.keys == ["Bearer sk-0123456789"] * 2
    assert "call 1: 120 tokens so far, $0.0000" in printed.err
    assert re.search(r"\na draft with \d problems?\n", printed.err)
    assert "Spent: 2 calls, 240 tokens, $0.0001" in printed.out
    assert "Fields: 10 quoted from a document, 1 shown by a column, 1 stated by nobody" in printed.out
    assert f"Gates: {len(GATES) - 1} of {len(GATES)} passed" in printed.out
    assert "No count is published: count people and answers in another way" in printed.out
    assert "Nothing in the deposit says: condition > arm > 0 > control." in printed.out
    assert "sk-0123456789" not in (out / "transcript.jsonl").read_text(encoding="utf-8")


def test_a_draft_that_did_not_pass_ends_with_a_status_that_says_so(deposit, monkeypatch, capsys):
    out = deposit.parent / "draft"
    with scripted_server([WRONG]) as server:
        words = (deposit, "--model", "m", "--server", server.url, "--max-calls", 2, "--out", out)
        assert command(monkeypatch, *words) == 2
    printed = capsys.readouterr()
    assert "no draft passed. The budget ended: all 2 calls were made (--max-calls)." in " ".join(printed.err.split())
    assert "outside the stated scale" in printed.out
    assert (out / "recipe.draft.yaml").is_file()


def test_without_a_model_rules_draft_as_before(deposit, monkeypatch, capsys):
    assert command(monkeypatch, deposit) == 0
    assert "# Drafted by rules" in capsys.readouterr().out
