"""`silicus build --all`: every deposit of a folder, side by side, and one ledger of what came of them."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from itertools import repeat
from pathlib import Path

from silicus import __version__
from silicus.data.deposit import Approval, Build
from silicus.errors import InputError, RunError
from silicus.options import BuildAllOptions
from silicus.record import digest, read, write
from silicus.report import Entry, Ledger, Outcome, Told, closing, write_ledger
from silicus.workflow.build import approval_of, carry_approval, mark_stale
from silicus.workflow.build_apart import BUILD, DRAFT, Processes
from silicus.workflow.build_found import Found, find_deposits, in_deposit, key_of
from silicus.workflow.lock import alone
from silicus.workflow.progress import Bar, progress, waiting

__all__ = ["build_all"]

_LEDGER, _PAGE = "ledger.json", "ledger.html"
_WORKING = ".building-"
_BUILD, _DATASET = "build.json", "dataset"
_HELD = "held"
"""Inside the folder of a build that stays: what a later one found, which a gate stopped."""
_MADE = (_BUILD, "review.html", _DATASET, "socsci210.parquet", _HELD)
"""What a build leaves, and the next one that is good replaces."""
_MOST_JOBS = 8


def build_all(folder: Path, options: BuildAllOptions) -> tuple[Path, Ledger]:
    """Return the folder of the builds, and what came of every deposit.

    A deposit that was built or held, and is as it was, is not built again. Where it is built again and gives the same
    answers, stimuli and people, an approval stays; where it fails or a gate stops it, the dataset of an earlier build
    stays, and says that it is stale. The ledger is written after every deposit, so that a run that was stopped can be
    gone on with.

    Args:
        folder: each folder and each .zip archive directly in it is a deposit.
        options: where recipes lie, where builds go, how many at a time and how long each.

    Raises:
        InputError: there is no such folder, or no deposit in it.
        RunError: the folder of the builds holds something else, or another process is at work in it.
    """
    out = options.out or Path("runs") / f"{folder.resolve().name}-builds"
    if out.resolve().is_relative_to(folder.resolve()):
        raise InputError(f"found --out {out}, inside the folder of the deposits. Choose one beside {folder}.")
    found, notes = find_deposits(folder, options.recipes)
    _check_free(out)
    with alone(out):
        before = read(out / _LEDGER, Ledger) if (out / _LEDGER).is_file() else None
        ledger = _begun(folder, found, before, notes)
        ledger = _finished(out, found, before.entries if before else {}, ledger, options)
        write_ledger(out / _PAGE, ledger)
    return out, ledger


def _check_free(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise RunError(f"{out}: found a file. Choose a new folder with --out.")
    names = sorted(path.name for path in out.iterdir() if not path.name.startswith(".")) if out.is_dir() else []
    if names and _LEDGER not in names:
        raise RunError(
            f"{out}: this folder holds something else ({names[0]}). Choose an empty or new folder with --out."
        )


def _begun(folder: Path, found: list[Found], before: Ledger | None, notes: list[str]) -> Ledger:
    """Return a ledger without entries, which says what was passed over and what is gone."""
    here = {each.shown for each in found}
    gone = [name for name in before.entries if name not in here] if before else []
    if before and gone and len(gone) == len(before.entries):
        raise RunError(
            f"the builds are those of other deposits ({gone[0]}, of the folder {before.folder}), of which {folder} "
            "holds none. Choose another folder with --out."
        )
    dropped = [f"{name} is gone from {folder} and dropped from the ledger; its build stays." for name in gone]
    return Ledger(folder=folder.resolve().name, silicus=__version__, notes=[*notes, *dropped])


def _finished(
    out: Path, found: list[Found], before: dict[str, Entry], ledger: Ledger, options: BuildAllOptions
) -> Ledger:
    """Return the ledger with an entry for every deposit, building those that are not as they were."""
    jobs = options.jobs or min(_MOST_JOBS, os.cpu_count() or 1)
    with ThreadPoolExecutor(jobs) as pool, waiting("looking at what has changed"):
        keys = dict(zip(found, pool.map(_key, found, repeat(options)), strict=True))
    looked = {each.shown: _kept(before.get(each.shown), keys[each], out) for each in found}
    kept = {name: entry for name, entry in looked.items() if entry is not None}
    rest = [each for each in found if each.shown not in kept]
    # What is built anew is not in the ledger until it is done: a run that is killed leaves no entry of something else.
    ledger = _with(ledger, kept)
    write(out / _LEDGER, ledger)
    seconds = options.minutes * 60
    processes = Processes(seconds, threads=max(1, (os.cpu_count() or 1) // jobs), form=options.format)
    with _working_folder(out) as working, progress("building", len(found), "deposits") as bar:
        bar.reach(len(kept))
        with _side_by_side(rest, jobs, processes, lambda each: _entry(each, keys[each], working, processes)) as done:
            for each, (entry, made) in done:
                entry = _placed(entry, made, out, before.get(each.shown))
                ledger = _with(ledger, {each.shown: entry})
                write(out / _LEDGER, ledger)
                _show(bar, ledger)
    return ledger


def _with(ledger: Ledger, entries: dict[str, Entry]) -> Ledger:
    return ledger.model_copy(update={"entries": dict(sorted({**ledger.entries, **entries}.items()))})


def _show(bar: Bar, ledger: Ledger) -> None:
    bar.reach(len(ledger.entries), closing(ledger).partition(": ")[2])


# --- what need not be built again


def _key(found: Found, options: BuildAllOptions) -> str | InputError:
    """Return the hash of a deposit, or why there is none."""
    try:
        return key_of(found, options)
    except InputError as error:
        return error


def _kept(entry: Entry | None, key: str | InputError, out: Path) -> Entry | None:
    """Return an entry where it is of the same deposit and recipe and its build is still there, with its approval."""
    if entry is None or entry.outcome == Outcome.FAILED or entry.key != key:
        return None
    made = out / entry.name
    if not all((made / name).is_file() for name in _needed(entry)):
        return None
    if not (made / _BUILD).is_file():
        return entry
    try:
        read(made / _BUILD, Build)
    except InputError:
        return None
    return _approved_by(entry, approval_of(made))


def _needed(entry: Entry) -> list[str]:
    """Return the files without which a deposit is built again."""
    good = [_BUILD, f"{_DATASET}/dataset.json"] if entry.stale or entry.outcome == Outcome.BUILT else []
    if entry.gates is None:
        return [*good, DRAFT]
    return [*good, f"{_HELD}/{_BUILD}" if entry.stale else _BUILD]


def _approved_by(entry: Entry, approval: Approval | None) -> Entry:
    return entry.model_copy(update={"approved": f"{approval.by} on {approval.on}" if approval else None})


# --- building


@contextmanager
def _working_folder(out: Path) -> Generator[Path]:
    """Yield a new folder inside that of the builds, and remove it and what a run that was killed left."""
    for left in out.glob(f"{_WORKING}*"):
        shutil.rmtree(left, ignore_errors=True)
    working = Path(tempfile.mkdtemp(prefix=_WORKING, dir=out.resolve()))
    try:
        yield working
    finally:
        shutil.rmtree(working, ignore_errors=True)


_Done = Iterator[tuple[Found, tuple[Entry, Path]]]


@contextmanager
def _side_by_side(
    found: Iterable[Found], jobs: int, processes: Processes, make: Callable[[Found], tuple[Entry, Path]]
) -> Generator[_Done]:
    """Yield what is made of each as it is done; when the block ends before that, nothing goes on."""
    pool = ThreadPoolExecutor(jobs)
    running: dict[Future[tuple[Entry, Path]], Found] = {pool.submit(make, each): each for each in found}
    try:
        yield ((running[future], future.result()) for future in as_completed(running))
    finally:
        processes.stop()
        pool.shutdown(cancel_futures=True)


def _entry(found: Found, key: str | InputError, working: Path, processes: Processes) -> tuple[Entry, Path]:
    """Return the entry of a deposit, and the folder with what was made of it."""
    begun = time.monotonic()
    own = Path(tempfile.mkdtemp(dir=working))
    tried = not found.problem and isinstance(key, str)
    why = found.problem or in_deposit(str(key), found.path)
    told = processes.build(found, own) if tried else Told(outcome=Outcome.FAILED, why=why)
    return Entry(
        **told.model_dump(),
        name=found.name,
        recipe=str(found.recipe) if found.recipe else None,
        key=str(key) if tried else "",
        seconds=round(time.monotonic() - begun, 2),
    ), own


def _placed(entry: Entry, made: Path, out: Path, before: Entry | None) -> Entry:
    """Return the entry once what was made of its deposit stands where it belongs.

    A good build takes the place of what an earlier run made, with its approval where it is of the same dataset. Of one
    that failed or was held, only what is no dataset is put beside an earlier good one. A draft that somebody may have
    written into is never replaced.
    """
    target, new = out / entry.name, made / BUILD
    try:
        if entry.outcome == Outcome.BUILT:
            approval = approval_of(target)
            carry_approval(approval, new)
            entry = _approved_by(entry, approval_of(new))
            _replace_all(target, new)
        else:
            entry = _placed_beside(entry, new, target)
        if (new / DRAFT).is_file():
            entry = _placed_draft(entry, new / DRAFT, target / DRAFT, before)
    except OSError as error:
        why = f"what was made of it cannot be put into {target} ({error.strerror})."
        return entry.model_copy(update={"outcome": Outcome.FAILED, "why": why})
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return entry


def _placed_beside(entry: Entry, new: Path, target: Path) -> Entry:
    """Return the entry of what failed or was held, once an earlier dataset says that it is stale, or there is none."""
    approved = mark_stale(target, f"{entry.outcome}: {entry.why}")
    if approved is not None:
        _replace(target / _HELD, new if (new / _BUILD).is_file() else None)
        return entry.model_copy(update={"stale": True, "approved": approved or None})
    # What could not even be tried has not been shown to differ from what stands there.
    if entry.key:
        _replace_all(target, new if entry.outcome != Outcome.FAILED else None)
    return entry


def _replace_all(target: Path, new: Path | None) -> None:
    for name in _MADE:
        _replace(target / name, None if new is None else new / name)


def _replace(target: Path, new: Path | None) -> None:
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    else:
        target.unlink(missing_ok=True)
    if new is not None and new.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        new.replace(target)


def _placed_draft(entry: Entry, new: Path, target: Path, before: Entry | None) -> Entry:
    made = digest(new.read_bytes())
    there = digest(target.read_bytes()) if target.is_file() else None
    if there in {None, made, before.draft if before else None}:
        target.parent.mkdir(parents=True, exist_ok=True)
        new.replace(target)
        return entry.model_copy(update={"draft": made})
    why = f"{entry.why}. An earlier draft is there and was left as it is; delete it to have a new one"
    return entry.model_copy(update={"why": why, "draft": before.draft if before else made})
