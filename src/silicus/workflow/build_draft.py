"""`silicus build draft`: a recipe drafted from a deposit, by rules, or by a language model whose draft is checked."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from silicus.data.deposit.agent_budget import Limits, Transcript
from silicus.data.deposit.agent_check import Verdict
from silicus.data.deposit.agent_recipe import recipe_yaml
from silicus.data.deposit.built import Build
from silicus.data.deposit.folder import Deposit, open_deposit
from silicus.data.deposit.recipe import Recipe
from silicus.errors import InputError, RunError
from silicus.options import BuildOptions, DraftOptions
from silicus.plugins import require
from silicus.record import write, write_text
from silicus.report import DraftDone
from silicus.workflow.build import build_deposit

if TYPE_CHECKING:
    from silicus.data.deposit.agent import Drafted

__all__ = ["draft_by_model"]

_RECIPE, _NOT_PASSED, _SOURCES, _TRANSCRIPT = "recipe.yaml", "recipe.draft.yaml", "sources.json", "transcript.jsonl"


def draft_by_model(path: Path, options: DraftOptions) -> DraftDone:
    """Return what came of having a language model draft a recipe; everything it said is kept in the folder.

    Args:
        path: the deposit: a folder or a .zip archive.
        options: which model, what it may cost, and where its draft goes.

    Raises:
        InputError: the deposit cannot be used, or no model or folder is named.
        RunError: the folder holds something, or cannot be written.
        MissingExtraError: the libraries that ask models are not installed.
    """
    if options.model is None or options.out is None:
        raise InputError("a draft by a model needs --model, and --out for the folder of its recipe and transcript.")
    _check_free(options.out)
    for library in ("pydantic_ai", "openai"):
        require(library)
    from silicus.data.deposit.agent import draft_with_model
    from silicus.data.deposit.agent_server import Server

    deposit = open_deposit(path)
    server = Server(options.model, options.server, options.key_variable, os.environ.get(options.key_variable) or None)
    limits = Limits(
        calls=options.max_calls,
        tokens=options.max_tokens,
        dollars=options.max_cost,
        price_in=options.price_in or 0.0,
        price_out=options.price_out or 0.0,
    )
    say: Callable[[str], Any] = Console(stderr=True, highlight=False, markup=False).print
    with Transcript(options.out / _TRANSCRIPT, server.key) as transcript:
        drafted = draft_with_model(deposit, server, limits, transcript, lambda recipe: _built(recipe, deposit), say)
    return _kept(drafted, path, options.out, options.model)


def _check_free(folder: Path) -> None:
    # Nothing but a transcript is left where no draft came back, as by a key that was refused.
    if folder.exists() and (not folder.is_dir() or any(path.name != _TRANSCRIPT for path in folder.iterdir())):
        raise RunError(f"{folder}: is there already. Choose an empty or new folder with --out.")


def _built(recipe: Recipe, deposit: Deposit) -> Build:
    """Return what `silicus build` makes of a recipe, without keeping it."""
    with tempfile.TemporaryDirectory(prefix="silicus-draft-") as scratch:
        file = Path(scratch) / "recipe"
        write_text(file, recipe_yaml(_given(recipe), {}, []))
        try:
            return build_deposit(deposit.path, BuildOptions(recipe=file, out=Path(scratch) / "build"))[1]
        except InputError as error:
            raise InputError(str(error).replace(str(file), "recipe")) from None


def _given(recipe: Recipe) -> dict[str, Any]:
    return recipe.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _kept(drafted: Drafted, path: Path, folder: Path, model: str) -> DraftDone:
    """Return what came of it, with the recipe and the sources of the best draft written into the folder."""
    best, file = drafted.best, None
    if best is not None:
        file = folder / (_RECIPE if drafted.passed else _NOT_PASSED)
        origins = {name: str(origin) for name, origin in best.origins.items()}
        data = _given(best.recipe) if best.recipe is not None else best.data
        write_text(file, recipe_yaml(data, origins, _head(best, path, model)))
        found = {name: origin.model_dump(mode="json", exclude_none=True) for name, origin in best.origins.items()}
        write(folder / _SOURCES, {"model": model, "recipe": file.name, "passed": best.passed, "fields": found})
    return DraftDone(
        recipe=file,
        ended=drafted.ended,
        spent=drafted.spent,
        sources=Counter(origin.kind for origin in best.origins.values()) if best else Counter(),
        to_check=_to_check(best) if best else [],
        gates=best.gates if best else [],
        problems=best.problems if best else [],
        excuses=best.excuses if best else {},
    )


def _head(best: Verdict, path: Path, model: str) -> list[str]:
    lines = [f"Drafted by the model {model} from {path.name}. {_SOURCES} says where every field comes from."]
    if best.passed:
        return [*lines, *_to_check(best)]
    if best.right:
        judge = [f"To judge: {name}: {why}" for name, why in best.excuses.items()]
        return ["HELD: a person has to judge what the model excuses.", *lines, *judge, *_to_check(best)]
    return ["NOT PASSED: a person has to mend what is named here.", *lines, *best.problems]


def _to_check(best: Verdict) -> list[str]:
    """Return what no check can tell, and a person has to look at."""
    told: list[str] = []
    if best.uncounted:
        what = f": {', '.join(best.uncounted)}" if best.recipe is not None and best.recipe.expected else ""
        told.append(
            f"No count is published{what}: count people and answers in another way, and write them under expected."
        )
    unsaid = [name for name, origin in best.origins.items() if origin.kind == "nobody"]
    if unsaid:
        told.append(f"Nothing in the deposit says: {'; '.join(unsaid)}.")
    return told
