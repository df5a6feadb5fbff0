"""One deposit of many, built by a process of its own: a crash, a hang or swelling memory ends that deposit alone.

The process is a fresh interpreter. Forking one that has everything imported would save its second of start, but the
libraries that read tables start threads when they are imported, and a fork may then hang. It is no `silicus build` at
the prompt either: it has to bound its memory before it opens a file, to find the recipe inside an archive, and to say
what came of it in a form that no sentence on standard error has.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Literal, cast

from silicus.data import read_dataset_folder
from silicus.data.deposit import Build, open_deposit
from silicus.errors import SilicusError
from silicus.options import BuildOptions
from silicus.record import read, write
from silicus.report import Outcome, Told
from silicus.workflow.build import build_deposit
from silicus.workflow.build_found import Found, in_deposit
from silicus.workflow.build_inspect import draft_recipe

__all__ = ["BUILD", "DRAFT", "Processes", "build_one", "main"]

BUILD, DRAFT = "build", "recipe.draft.yaml"
"""In the working folder of a deposit: what was built; and in that, where there is no recipe, one by rules."""
_RECIPE, _TOLD, _ERRORS = "recipe.yaml", "told.json", "errors.txt"

_MOST_MEMORY = 8 * 1024**3
_LAST_WORDS = 4000
_THREADS = ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class Processes:
    """Processes that build deposits side by side, and can be stopped together.

    Args:
        seconds: how long a deposit may take.
        threads: with how many threads each process computes.
        form: a further form of the dataset, as in `BuildOptions`.
    """

    def __init__(self, seconds: float, threads: int, form: str | None) -> None:
        self._seconds, self._threads, self._form = seconds, threads, form
        self._running: set[subprocess.Popen[bytes]] = set()
        self._changing = threading.Lock()
        self._stopped = False

    def build(self, found: Found, working: Path) -> Told:
        """Return what came of a deposit.

        Args:
            found: the deposit.
            working: an empty folder, for this deposit alone.
        """
        try:
            with (working / _ERRORS).open("wb") as errors:
                process = self._start(found, working, errors.fileno())
        except OSError as error:
            return Told(outcome=Outcome.FAILED, why=f"no process could be started for it ({error.strerror}).")
        try:
            status = process.wait(self._seconds)
        except subprocess.TimeoutExpired:
            why = f"not built within {self._seconds / 60:g} minutes. Give it longer with --minutes, or less to read."
            return Told(outcome=Outcome.FAILED, why=why)
        finally:
            self._end(process)
        if (working / _TOLD).is_file():
            return read(working / _TOLD, Told)
        return Told(outcome=Outcome.FAILED, why=_last_words(status, working / _ERRORS))

    def stop(self) -> None:
        """End every process, and start none any more."""
        with self._changing:
            self._stopped = True
            for process in self._running:
                _kill(process)

    def _start(self, found: Found, working: Path, errors: int) -> subprocess.Popen[bytes]:
        # -P: a file of the deposit is never imported, whatever its name and wherever we are.
        code = f"from {__name__} import main; main()"
        words = [str(found.path), str(found.recipe or ""), str(working), self._form or ""]
        # What a killed process leaves of its temporary files goes with the working folder.
        bounds = dict.fromkeys(_THREADS, str(self._threads)) | {"TMPDIR": str(working)}
        with self._changing:
            process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-P", "-c", code, *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env={**os.environ, **bounds},
                start_new_session=True,
            )
            self._running.add(process)
            if self._stopped:
                _kill(process)
        return process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        with self._changing:
            _kill(process)
            self._running.discard(process)
        process.wait()
        if process.stdin is not None:
            process.stdin.close()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process, and what it has started itself."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _last_words(status: int, errors: Path) -> str:
    text = errors.read_bytes()[-_LAST_WORDS:].decode(errors="replace").strip()
    said = text.splitlines()[-1][:200] if text else "it said nothing"
    if "MemoryError" in text or "memory allocation of" in text:
        return f"needs more than {_MOST_MEMORY // 1024**3} GiB of memory. Deposit the part that is one study."
    if status < 0:
        return f"the process that built it was ended by {signal.Signals(-status).name} ({said})."
    return f"the process that built it broke off ({said}). This is not your mistake; please report it."


# --- inside the process


def main() -> None:
    """Build the deposit that the command line names, and write what came of it to its working folder."""
    deposit, recipe, working, form = sys.argv[1:]
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    folder = Path(working)
    write(folder / _TOLD, build_one(Path(deposit), Path(recipe) if recipe else None, folder, form or None))


def _end_with_parent() -> None:
    """Wait until the other end of standard input is closed, which the system does when the parent dies."""
    os.read(0, 1)
    os.killpg(0, signal.SIGKILL)


def build_one(deposit: Path, recipe: Path | None, working: Path, form: str | None) -> Told:
    """Return what came of a deposit, its build in the folder `build` of the working folder.

    Args:
        deposit: a folder or a .zip archive.
        recipe: its recipe; where it is left out `recipe.yaml` in the deposit, else one is drafted by rules.
        working: an empty folder.
        form: a further form of the dataset, as in `BuildOptions`.
    """
    try:
        return _built(deposit, recipe, working, form)
    except SilicusError as error:
        return Told(outcome=Outcome.FAILED, why=in_deposit(str(error), working / deposit.name, deposit))


def _built(path: Path, recipe: Path | None, working: Path, form: str | None) -> Told:
    # An archive is unpacked once, under its own name, so that messages and records name it.
    opened = open_deposit(path, None if path.is_dir() else working / path.name)
    if recipe is None and _RECIPE in opened.files:
        recipe = opened.file(_RECIPE)
    if recipe is None:
        draft_recipe(opened.path, working / BUILD / DRAFT)
        return Told(outcome=Outcome.HELD, why="drafted by rules: fill what says TODO")
    options = BuildOptions(recipe=recipe, out=working / BUILD, format=cast("Literal['socsci210'] | None", form))
    folder, build = build_deposit(opened.path, options)
    return _told(folder, build)


def _told(folder: Path, build: Build) -> Told:
    stopped = [gate for gate in build.gates if not gate.passed]
    if stopped:
        first = f"{len(stopped)} of {len(build.gates)} gates stopped it. {stopped[0].name} {stopped[0].problems[0]}"
        return Told(outcome=Outcome.HELD, why=first, gates=len(build.gates), stopped=len(stopped))
    data = read_dataset_folder(folder / "dataset")
    return Told(
        outcome=Outcome.BUILT,
        gates=len(build.gates),
        stopped=0,
        people=len(data.respondents),
        answers=len(data.answered),
        own_count=build.own_count,
    )
