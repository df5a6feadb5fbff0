"""`silicus build --all`: many deposits side by side, good ones and bad ones, and one ledger of what came of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pyreadstat
import pytest
from rich.console import Console

from silicus.cli import main
from silicus.data.deposit import gates
from silicus.errors import InputError, RunError
from silicus.options import BuildAllOptions
from silicus.report import Ledger, Outcome, Told, closing, print_ledger
from silicus.workflow import approve_build, build_all
from silicus.workflow.build_apart import Processes, build_one
from silicus.workflow.build_found import Found
from silicus.workflow.lock import alone
from tests.workflow.test_build import ANSWERS, OTHERS, RECIPE

CODEBOOK = "Arm 1: You get a flyer.\nvote: Will you vote on Sunday? 1 = Yes, 0 = No\n"
GATES = len(gates.GATES)


def recipe(**changes: str) -> str:
    """Return the recipe of the small deposit, every `old` in it replaced by its `new`."""
    text = RECIPE.replace("{UNMAPPED}", f"{{{', '.join(f'{name}: not in the deposit' for name in OTHERS)}}}")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text


def written(folder: Path, how: str | None = None, **files: str | bytes) -> Path:
    """Return a folder with the small deposit, with or without a recipe in it."""
    folder.mkdir(parents=True)
    kept: dict[str, str | bytes] = {"answers.csv": ANSWERS, "codebook.txt": CODEBOOK, **files}
    for name, data in ({**kept, "recipe.yaml": how} if how else kept).items():
        (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    return folder


def zipped(path: Path, members: dict[str, str | bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, data in members.items():
            bundle.writestr(name, data)


@pytest.fixture
def deposits(tmp_path: Path) -> Path:
    """Return a folder of two small deposits that pass every gate, their recipes in them."""
    for name in ("first", "second"):
        written(tmp_path / "deposits" / name, recipe())
    return tmp_path / "deposits"


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Build without processes, which take a second each to start, and return the names of what was built."""
    built: list[str] = []

    def build(self: Processes, found: Found, working: Path) -> Told:
        built.append(found.path.name)
        return build_one(found.path, found.recipe, working, None)

    monkeypatch.setattr(Processes, "build", build)
    return built


def run(deposits: Path, **options: object) -> Ledger:
    return build_all(deposits, BuildAllOptions(out=deposits.parent / "builds", **options))[1]


def page(ledger: Ledger) -> str:
    """Return the ledger as it is printed, on as few lines as there are."""
    console = Console(width=100)
    with console.capture() as captured:
        print_ledger(ledger, console)
    return captured.get()


# --- bad ones beside good ones


def truncated_sav(path: Path) -> bytes:
    pyreadstat.write_sav(pl.DataFrame({"id": [1.0] * 400, "arm": [0.0] * 400}), str(path))
    data = path.read_bytes()
    path.unlink()
    return data[:-1000]


def test_bad_deposits_of_every_kind_are_told_and_the_good_ones_beside_them_are_built(tmp_path, here):
    top, recipes = tmp_path / "deposits", tmp_path / "recipes"
    recipes.mkdir()
    written(top / "good")
    (recipes / "good.yaml").write_text(recipe())
    zipped(top / "packed.zip", {"answers.csv": ANSWERS, "codebook.txt": CODEBOOK, "recipe.yaml": recipe()})
    written(top / "bare")
    written(top / "truncated", recipe(**{"answers.csv": "a.sav"}), **{"a.sav": truncated_sav(tmp_path / "a.sav")})
    accented = ANSWERS.replace("a,0", "é,0").encode("cp1252")
    written(top / "encoding", recipe(), **{"answers.csv": accented})
    written(top / "other-codebook", recipe(), **{"codebook.txt": "q7: How often do you pray?"})
    third = "1: {id: flyer, text: You get a flyer.}\n    2: {id: call, text: You get a flyer}"
    third = recipe(**{"1: {id: flyer, text: You get a flyer.}": third, "flyer: 2}": "flyer: 2, call: 0}"})
    written(top / "empty-arm", third, **{"answers.csv": ANSWERS + "e,2,1,\n"})
    written(top / "no-such-arm", third)
    written(top / "twice", recipe(), **{"answers.csv": ANSWERS + "a,0,1,1\n"})
    zipped(top / "bomb.zip", {"answers.csv": b"0" * 12_000_000, "recipe.yaml": recipe()})
    zipped(top / "slip.zip", {"../../answers.csv": ANSWERS, "recipe.yaml": recipe()})
    written(top / "outside", recipe(**{"file: answers.csv": "file: ../good/answers.csv"}))
    written(top / "misspelt", recipe(**{"respondent: id": "respondant: id"}))

    ledger = run(top, recipes=recipes)
    outcomes = {name: each.outcome.value for name, each in ledger.entries.items()}
    assert outcomes == {
        "good": "built", "packed.zip": "built", "bare": "held", "other-codebook": "held", "empty-arm": "held",
        "twice": "held", "truncated": "failed", "encoding": "failed", "bomb.zip": "failed", "slip.zip": "failed",
        "outside": "failed", "misspelt": "failed", "no-such-arm": "failed",
    }  # fmt: skip
    assert closing(ledger) == "13 deposits: 2 built, 4 held for review, 7 failed"
    words = {name: each.why for name, each in ledger.entries.items()}
    for name, told in {
        "bare": "drafted by rules: fill what says TODO",
        "other-codebook": f"1 of {GATES} gates stopped it. Do the words shown stand in the documents? 'flyer'",
        "empty-arm": f"1 of {GATES} gates stopped it. Does every condition have answers? nobody answered in",
        "no-such-arm": "recipe.yaml: the column 'arm' never holds the value '2' of the codebook. Known: 0, 1.",
        "twice": f"2 of {GATES} gates stopped it. Are there as many people and answers as expected? found 5 answers of",
        "truncated": "a.sav: cannot be read as a '.sav' file: File did not contain the expected number of rows.",
        "encoding": "answers.csv: cannot be read as UTF-8 text",
        "bomb.zip": "the member 'answers.csv' swells to",
        "slip.zip": "the member '../../answers.csv' leaves the folder it is unpacked into.",
        "outside": "the name '../good/answers.csv' leaves the deposit.",
        "misspelt": "recipe.yaml line 6 (respondant): unknown key 'respondant'. Did you mean 'respondent'?",
    }.items():
        assert words[name].startswith(told), words[name]
    assert [(each.people, each.answers, each.gates) for each in ledger.entries.values() if each.outcome == "built"] == [
        (4, 4, GATES)
    ] * 2
    out = tmp_path / "builds"
    assert (out / "packed" / "dataset" / "dataset.json").is_file()
    assert json.loads((out / "packed" / "build.json").read_text())["deposit"] == "packed.zip"
    assert json.loads((out / "good" / "dataset" / "dataset.json").read_text())["approved"] is False
    assert "TODO" in (out / "bare" / "recipe.draft.yaml").read_text()
    assert not (out / "twice" / "dataset").exists()
    assert sorted(path.name for path in out.iterdir() if path.name.startswith(".")) == [".lock"]
    assert json.loads((out / "ledger.json").read_text())["entries"].keys() == ledger.entries.keys()
    html = (out / "ledger.html").read_text()
    for link in ("packed/review.html", "other-codebook/review.html", "bare/recipe.draft.yaml"):
        assert f'<a href="{link}">' in html
    printed = " ".join(page(ledger).split())
    assert f"twice held – – {GATES - 2} of {GATES}" in printed
    assert printed.endswith("13 deposits: 2 built, 4 held for review, 7 failed")


def test_what_is_no_deposit_is_passed_over_and_said(deposits, here):
    (deposits / ".git").mkdir()
    (deposits / "README").write_text("read me")
    (deposits / "away").symlink_to("/etc")
    (deposits / "recipes").mkdir()
    (deposits / "recipes" / "secnd.yaml").write_text(recipe())
    ledger = run(deposits, recipes=deposits / "recipes")
    assert list(ledger.entries) == ["first", "second"]
    assert ledger.notes == [
        ".git is passed over: it is hidden.",
        "README is passed over: it is no folder and no .zip archive.",
        "away is passed over: it is a link that leaves the folder.",
        "recipes is passed over: it holds the recipes.",
        "The recipe secnd.yaml is passed over: no deposit is named so. Did you mean 'second'?",
    ]
    assert all(note in page(ledger).replace("\n", " ") for note in ledger.notes)


def test_deposits_that_share_a_name_or_whose_name_cannot_be_shown_fail_alone(deposits, here):
    zipped(deposits / "first.zip", {"answers.csv": ANSWERS})
    written(deposits / "third\n", recipe())
    ledger = run(deposits)
    assert [each.why for each in ledger.entries.values() if each.outcome == Outcome.FAILED] == [
        "two deposits are named 'first', a folder or an archive each. Rename one of them.",
        "two deposits are named 'first', a folder or an archive each. Rename one of them.",
        "its name has letters that no screen can show. Rename it.",
    ]
    assert list(ledger.entries) == ["first", "first.zip", "second", "third\\n"]
    assert here == ["second"]


# --- again


def test_what_is_as_it_was_is_not_built_again_and_an_approval_stays(deposits, here):
    out = deposits.parent / "builds"
    run(deposits)
    approve_build(out / "first", "A. Reviewer")
    here.clear()
    ledger = run(deposits)
    assert here == []
    assert ledger.entries["first"].approved is not None
    assert "approved by A. Reviewer on 2" in page(ledger)
    assert json.loads((out / "first" / "dataset" / "dataset.json").read_text())["approved"] is True


def test_what_changed_failed_or_lost_its_build_is_built_again(deposits, here):
    out = deposits.parent / "builds"
    written(deposits / "broken", recipe(), **{"answers.csv": b"\xff"})
    for name in ("third", "fourth", "fifth", "bare"):
        written(deposits / name, None if name == "bare" else recipe())
    run(deposits)
    approve_build(out / "first", "A. Reviewer")
    here.clear()
    (deposits / "first" / "recipe.yaml").write_text(recipe(**{"counted by hand": "counted by two hands"}))
    (deposits / "second" / "codebook.txt").write_text("nothing of the kind")
    (out / "third" / "build.json").write_text("{")
    (out / "fourth" / "dataset" / "dataset.json").unlink()
    ledger = run(deposits)
    assert sorted(here) == ["broken", "first", "fourth", "second", "third"]
    # Other words of the recipe, and the same answers, stimuli and people.
    assert ledger.entries["first"].outcome == Outcome.BUILT
    assert ledger.entries["first"].approved is not None
    assert ledger.entries["second"].outcome == Outcome.HELD


def approved(folder: Path) -> bool | None:
    return json.loads((folder / "dataset" / "dataset.json").read_text())["approved"]


def test_an_approval_stays_with_the_same_dataset_whatever_else_has_changed(deposits, here, monkeypatch):
    out = deposits.parent / "builds"
    run(deposits)
    for name in ("first", "second"):
        approve_build(out / name, "A. Reviewer")
    here.clear()
    (deposits / "first" / "recipe.yaml").write_text(recipe() + "# a comment\n")
    monkeypatch.setattr("silicus.workflow.build_found.__version__", "later")
    ledger = run(deposits)
    assert sorted(here) == ["first", "second"]
    for name in ("first", "second"):
        assert ledger.entries[name].approved.startswith("A. Reviewer on 2")
        assert approved(out / name)
        assert "Approved by A. Reviewer on" in (out / name / "review.html").read_text()


def test_an_approval_does_not_stay_with_other_answers_stimuli_or_people(deposits, here):
    out = deposits.parent / "builds"
    written(deposits / "third", recipe())
    run(deposits)
    for name in ("first", "second", "third"):
        approve_build(out / name, "A. Reviewer")
    (deposits / "first" / "answers.csv").write_text(ANSWERS.replace("d,1,2,1", "d,1,2,0"))
    (deposits / "second" / "recipe.yaml").write_text(recipe(**{"text: You get a flyer.": "text: You get a"}))
    (deposits / "third" / "answers.csv").write_text(ANSWERS.replace("d,1,2,1", "d,1,1,1"))
    ledger = run(deposits)
    for name in ("first", "second", "third"):
        assert (ledger.entries[name].outcome, ledger.entries[name].approved) == (Outcome.BUILT, None), name
        assert approved(out / name) is False


def test_a_deposit_that_fails_or_is_held_leaves_the_dataset_of_an_earlier_build_and_says_that_it_is_stale(
    deposits, here
):
    out = deposits.parent / "builds"
    written(deposits / "third", recipe())
    run(deposits)
    approve_build(out / "first", "A. Reviewer")
    approve_build(out / "second", "A. Reviewer")
    answers = {name: (out / name / "dataset" / "responses.parquet").read_bytes() for name in ("first", "second")}
    (deposits / "first" / "recipe.yaml").write_text("name: [")
    (deposits / "second" / "codebook.txt").write_text("nothing of the kind")
    (deposits / "third" / "recipe.yaml").unlink()
    for _ in range(2):
        ledger = run(deposits)
        outcomes = [(each.outcome.value, each.stale, each.approved is not None) for each in ledger.entries.values()]
        assert outcomes == [("failed", True, True), ("held", True, True), ("held", True, False)]
        for name, before in answers.items():
            assert (out / name / "dataset" / "responses.parquet").read_bytes() == before
            assert approved(out / name)
            page = (out / name / "review.html").read_text()
            assert "Stale: " in page
            assert "Approved by A. Reviewer on" in page
    assert "Nobody has approved it" in (out / "second" / "held" / "review.html").read_text()
    assert (out / "third" / "recipe.draft.yaml").is_file()
    assert 'href="second/held/review.html"' in (out / "ledger.html").read_text()
    assert "stale: an earlier build stays, approved by A. Reviewer on 2" in (out / "ledger.html").read_text()
    # Once the deposit is as it was, its build is good again.
    (deposits / "second" / "codebook.txt").write_text(CODEBOOK)
    ledger = run(deposits)
    assert (ledger.entries["second"].outcome, ledger.entries["second"].stale) == (Outcome.BUILT, False)
    assert ledger.entries["second"].approved is not None
    assert not (out / "second" / "held").exists()
    assert "Stale: " not in (out / "second" / "review.html").read_text()


def test_a_deposit_that_fails_leaves_nothing_of_an_earlier_build_that_was_held(deposits, here):
    (deposits / "first" / "codebook.txt").write_text("nothing of the kind")
    run(deposits)
    (deposits / "first" / "recipe.yaml").write_text("name: [")
    ledger = run(deposits)
    assert (ledger.entries["first"].outcome, ledger.entries["first"].stale) == (Outcome.FAILED, False)
    assert list((deposits.parent / "builds" / "first").iterdir()) == []


def test_a_deposit_that_is_gone_is_dropped_with_a_word(deposits, here):
    run(deposits)
    (deposits / "second").rename(deposits.parent / "second")
    ledger = run(deposits)
    assert list(ledger.entries) == ["first"]
    assert ledger.notes == [f"second is gone from {deposits} and dropped from the ledger; its build stays."]


def test_a_draft_that_somebody_has_written_into_is_never_replaced(deposits, here):
    written(deposits / "bare")
    draft = deposits.parent / "builds" / "bare" / "recipe.draft.yaml"
    run(deposits)
    first = draft.read_text()
    (deposits / "bare" / "answers.csv").write_text(ANSWERS + "e,0,2,1\n")
    run(deposits)
    assert draft.read_text() != first
    draft.write_text("mine")
    (deposits / "bare" / "answers.csv").write_text(ANSWERS)
    ledger = run(deposits)
    assert draft.read_text() == "mine"
    assert ledger.entries["bare"].why.endswith("was left as it is; delete it to have a new one")


def test_a_run_that_was_killed_is_gone_on_with(deposits, here):
    out = deposits.parent / "builds"
    command = [sys.executable, "-m", "silicus", "build", "--all", str(deposits), "--out", str(out), "--jobs", "1"]
    parent = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    # Its interpreter takes a second to start, so that the second deposit is being built when the first is told of.
    wait_until(lambda: '"first"' in (out / "ledger.json").read_text() if (out / "ledger.json").exists() else False)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert list(json.loads((out / "ledger.json").read_text())["entries"]) == ["first"]
    wait_until(lambda: not running(f"{out}/.building-"))
    approve_build(out / "first", "A. Reviewer")
    ledger = run(deposits)
    assert here == ["second"]
    assert closing(ledger) == "2 deposits: 2 built, 0 held for review, 0 failed"
    assert ledger.entries["first"].approved is not None
    assert list(out.glob(".building-*")) == []


def wait_until(true: Callable[[], bool], seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, "it took too long"
        time.sleep(0.02)


def running(words: str) -> bool:
    """Whether a process runs whose command line holds such words."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if words in path.read_bytes().decode(errors="replace"):
                return True
        except OSError:
            continue
    return False


@pytest.mark.slow
def test_a_hundred_and_twenty_deposits_are_built_although_the_run_is_killed_in_the_middle(tmp_path):
    top, out = tmp_path / "deposits", tmp_path / "builds"
    for number in range(120):
        written(top / f"d{number:03}", recipe() if number % 10 else "name: [")
    command = [sys.executable, "-m", "silicus", "build", "--all", str(top), "--out", str(out)]
    parent = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(
        lambda: (out / "ledger.json").exists() and (out / "ledger.json").read_text().count('"seconds"') >= 30, 300
    )
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    wait_until(lambda: not running(f"{out}/.building-"))
    before = json.loads((out / "ledger.json").read_text())["entries"]
    good = {name for name, entry in before.items() if entry["outcome"] == "built"}
    stamps = {name: (out / name / "build.json").stat().st_mtime_ns for name in good}
    ledger = run(top)
    assert closing(ledger) == "120 deposits: 108 built, 0 held for review, 12 failed"
    assert {name: (out / name / "build.json").stat().st_mtime_ns for name in good} == stamps


# --- processes


@pytest.fixture
def ill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let processes that build deposits of certain names end badly, in the place of the interpreter."""
    script = tmp_path / "python"
    swelling = (
        "import silicus.workflow.build_apart as a; a._MOST_MEMORY = 2**30; a.build_one = lambda *_: bytearray(2**30); "
        "a.main()"
    )
    script.write_text(f"""#!/bin/sh
case "$4" in
    */crash) echo 'out of cheese' >&2; kill -SEGV $$;;
    */bug) echo 'ValueError: found a hole' >&2; exit 1;;
    */hang) sleep 60;;
    */swell) shift 3; exec {sys.executable} -P -c '{swelling}' "$@";;
    *) exec {sys.executable} "$@";;
esac
""")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))


def test_a_process_that_crashes_swells_or_breaks_off_ends_its_deposit_alone(tmp_path, ill):
    for name in ("bug", "crash", "good", "swell"):
        written(tmp_path / "deposits" / name, recipe())
    ledger = run(tmp_path / "deposits", jobs=4, format="socsci210")
    assert {name: each.why for name, each in ledger.entries.items()} == {
        "bug": "the process that built it broke off (ValueError: found a hole). This is not your mistake; please "
        "report it.",
        "crash": "the process that built it was ended by SIGSEGV (out of cheese).",
        "good": "",
        "swell": "needs more than 8 GiB of memory. Deposit the part that is one study.",
    }
    assert ledger.entries["good"].outcome == Outcome.BUILT
    assert (tmp_path / "builds" / "good" / "socsci210.parquet").is_file()


def test_a_deposit_that_takes_too_long_is_ended(tmp_path, ill):
    written(tmp_path / "deposits" / "hang", recipe())
    ledger = run(tmp_path / "deposits", minutes=0.005)
    assert ledger.entries["hang"].why.startswith("not built within 0.005 minutes. Give it longer with --minutes")
    assert ledger.entries["hang"].seconds < 30


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let Ctrl-C interrupt, also where the tests run in the background, whose shell has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_ends_every_process_and_leaves_a_ledger(tmp_path, ill, interruptible):
    for name in ("crash", "hang", "later/hang"):
        written(tmp_path / "deposits" / name, recipe())
    ledger = tmp_path / "builds" / "ledger.json"

    def interrupt() -> None:
        wait_until(lambda: ledger.is_file() and "SIGSEGV" in ledger.read_text())
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "deposits", jobs=2)
    thread.join()
    assert time.monotonic() - begun < 30
    assert list(json.loads(ledger.read_text())["entries"]) == ["crash"]
    assert not running(f"{tmp_path}/builds/.building-")
    assert list(ledger.parent.glob(".building-*")) == []


# --- what is refused


def test_a_second_run_into_one_folder_is_refused(deposits):
    out = deposits.parent / "builds"
    with alone(out), pytest.raises(RunError, match=rf"builds: process {os.getpid()} is at work in it. Wait until it"):
        run(deposits)


def test_a_lock_of_a_process_that_died_keeps_nobody_out(deposits, here):
    out = deposits.parent / "builds"
    out.mkdir()
    (out / ".lock").write_text("1")
    assert closing(run(deposits)) == "2 deposits: 2 built, 0 held for review, 0 failed"
    assert (out / ".lock").read_text() == str(os.getpid())


def test_folders_that_cannot_be_meant_are_refused(deposits, tmp_path, here):
    with pytest.raises(InputError, match=r"holds no deposit, expected folders or .zip archives in it. If it is itself"):
        run(deposits / "first")
    with pytest.raises(InputError, match=r"nowhere: the folder cannot be read \(No such file or directory\)"):
        run(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"nowhere: the folder of recipes cannot be read"):
        run(deposits, recipes=tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"answers.csv: found a file, expected a folder of recipes"):
        run(deposits, recipes=deposits / "first" / "answers.csv")
    with pytest.raises(InputError, match=r"inside the folder of the deposits. Choose one beside"):
        build_all(deposits, BuildAllOptions(out=deposits / "out"))
    with pytest.raises(RunError, match=r"first: this folder holds something else \(answers.csv\)"):
        build_all(deposits, BuildAllOptions(out=written(tmp_path / "other" / "first")))
    with pytest.raises(RunError, match=r"answers.csv: found a file. Choose a new folder with --out"):
        build_all(deposits, BuildAllOptions(out=tmp_path / "other" / "first" / "answers.csv"))
    run(deposits)
    with pytest.raises(RunError, match=r"those of other deposits \(first, of the folder deposits\), of which"):
        build_all(written(tmp_path / "strange" / "x").parent, BuildAllOptions(out=tmp_path / "builds"))


# --- at the prompt


def prompt(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["silicus", *words])
    try:
        main()
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def test_at_the_prompt_held_is_no_failure_and_failed_is(deposits, here, monkeypatch, capsys):
    written(deposits / "bare")
    monkeypatch.chdir(deposits.parent)
    assert prompt(monkeypatch, "build", "--all", "deposits") == 0
    told = capsys.readouterr().out.splitlines()
    assert told[-2:] == [
        "3 deposits: 2 built, 1 held for review, 0 failed", "Ledger: runs/deposits-builds/ledger.html"
    ]  # fmt: skip
    (deposits / "first" / "recipe.yaml").write_text("name: [")
    assert prompt(monkeypatch, "build", "--jobs", "1", "--all", "deposits") == 1
    assert "3 deposits: 1 built, 1 held for review, 1 failed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("build", "found neither a deposit nor --all FOLDER, expected one of them."),
        (
            "build --all x --recipe y.yaml",
            "found both --all x and --recipe y.yaml. Recipes of many deposits: --r",
        ),
        ("build d --all x", "found both --all x and the deposit d."),
        ("build d", "found no --recipe for d. Begin one with: silicus build draft d > recipe.yaml"),
        ("build d --recipe y.yaml --jobs 2", "found --jobs, which is for many deposits: silicus build --all FOLDER."),
        ("build --all x --jobs 0", "found --jobs 0, expected 1 or more."),
        ("build --all x --minutes 0", "found --minutes 0, expected more than 0."),
        ("build --all x --minutes nan", "found --minutes nan, expected more than 0."),
        ("build --all gone", "gone: the folder cannot be read (No such file or directory)."),
    ],
)
def test_what_cannot_be_asked_is_said(words, told, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert prompt(monkeypatch, *words.split()) == 2
    assert told in capsys.readouterr().err


def test_of_very_many_deposits_those_that_were_built_are_not_listed(deposits, here):
    ledger = run(deposits)
    entry = ledger.entries["first"]
    many = {f"d{number}": entry for number in range(50)}
    held = entry.model_copy(update={"outcome": Outcome.HELD, "why": "\n".join(["the first line", "two", "three"])})
    printed = page(ledger.model_copy(update={"entries": {**many, "last": held}}))
    assert "d7" not in printed
    assert "the first line (and 2 lines more)" in printed
    assert printed.splitlines()[-1] == "51 deposits: 50 built, 1 held for review, 0 failed"
