"""The verbs at the prompt. Nothing heavy is imported before a verb is called."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

from cyclopts import App, CycloptsError, Parameter, UnusedCliTokensError
from rich.console import Console

from silicus import __version__
from silicus.errors import InputError, SilicusError
from silicus.options import (
    BuildAllOptions,
    BuildOptions,
    DemoOptions,
    DraftOptions,
    EvaluateOptions,
    InspectOptions,
    PopulationOptions,
    PrepareOptions,
    ProbeOptions,
    ScreenOptions,
    SimulateOptions,
    TrainOptions,
)
from silicus.plugins import require

if TYPE_CHECKING:
    from silicus.evaluate import Evaluation

__all__ = ["app", "main"]

app = App(
    name="silicus",
    version=__version__,
    help="Predict how people would answer a new study, and say how far to trust that.",
    help_epilogue="Start with: silicus demo",
    suppress_keyboard_interrupt=False,  # main answers it
)


@app.command
def demo(*, options: Annotated[DemoOptions, Parameter(name="*")] = DemoOptions()) -> None:
    """Predict a classic experiment and compare the prediction with people's published answers."""
    from silicus.workflow import evaluate_run
    from silicus.workflow import simulate as run_simulation

    folder = run_simulation("asian-disease", options.simulation())
    _show(folder, evaluate_run(folder))


@app.command
def simulate(study: str, /, *, options: Annotated[SimulateOptions, Parameter(name="*")] = SimulateOptions()) -> None:
    """Predict every respondent's answer to every question of a study, as a probability for each answer.

    Args:
        study: A study file (.yaml), or the name of a bundled study (asian-disease).
    """
    from silicus.workflow import simulate as run_simulation

    folder = run_simulation(study, options)
    _say(f"Predictions: {folder / 'predictions.parquet'}")
    _say(f"Compare them with people: silicus evaluate {folder}")


@app.command
def screen(
    study: str,
    /,
    *,
    options: Annotated[ScreenOptions, Parameter(name="*", negative_iterable=())] = ScreenOptions(),
) -> None:
    """Say what a study that is still to be fielded may find, how many people it needs, and how far to trust that.

    Args:
        study: A study file (.yaml) with arms and a control, or the name of a bundled study (flu-letter).
    """
    from silicus.report import print_screening
    from silicus.workflow import screen_study

    folder, found = screen_study(study, options)
    if found is None:
        _say(f"Screen it as planned: silicus screen {study} --out {folder} with the same options")
        return
    print_screening(found, Console())
    _say(f"Report: {folder / 'report.html'}")
    _say(f"Tables, scripts, survey and disclosure sheet: {folder / 'exports'}")
    if options.pilot is None:
        _say("Once people have answered: the same command with --pilot FILE")


@app.command
def population(table: str, /, *, options: Annotated[PopulationOptions, Parameter(name="*")]) -> None:
    """Give respondents weights under which they have the published margins of a population (raking).

    Args:
        table: A table of respondents (.csv, .tsv, .parquet), or a number of bundled US adult profiles.
    """
    from silicus.report import print_raking
    from silicus.workflow import rake_population

    out, raking = rake_population(table, options)
    print_raking(raking, Console())
    _say(f"Respondents: {out}")
    _say(f"Ask them: silicus simulate STUDY --respondents {out}")


@app.command
def evaluate(
    run: Path | None = None, /, *, options: Annotated[EvaluateOptions, Parameter(name="*")] = EvaluateOptions()
) -> None:
    """Say how far predictions lie from people's answers, beside guessing and beside knowing the answers.

    Args:
        run: A run folder, as silicus simulate leaves it; or leave it out and give --data.
    """
    from silicus.workflow import evaluate_data, evaluate_run, read_run

    if run is not None and options.data is not None:
        raise InputError(f"found both a run folder ({run}) and --data ({options.data}), expected one of them.")
    if run is not None and options != EvaluateOptions():
        given = [f"--{name}" for name, value in vars(options).items() if value != getattr(EvaluateOptions(), name)]
        raise InputError(f"{run} already holds its answers, so {', '.join(given)} cannot apply. Leave it out.")
    folder, found = (run, evaluate_run(run)) if run is not None else evaluate_data(options)
    for note in read_run(folder).manifest.notes:
        _say(note)
    _show(folder, found)


@app.command
def probe(run: Path, /, *, options: Annotated[ProbeOptions, Parameter(name="*")] = ProbeOptions()) -> None:
    """Say whether a run's model reads what it is asked, or remembers it.

    Args:
        run: A run folder, as silicus simulate and silicus evaluate --model leave it.
    """
    from silicus.report import print_probes
    from silicus.workflow import probe_run

    probes, found = probe_run(run, options)
    print_probes(probes, Console())
    _say(f"Probes: {run / 'probes.json'}")
    if found is not None:
        _say(f"Report: {run / 'report.html'}")


@app.command
def compare(run_a: Path, run_b: Path, /, *more: Path, out: Path | None = None) -> None:
    """Say which of two models is closer to people, or set several ways side by side, on the same answers.

    Args:
        run_a: A run folder, as silicus simulate and silicus evaluate leave it.
        run_b: Another, of the same study or data.
        more: Further ones; all are then one table, nearest to people first.
        out: A .json file to keep the numbers in, or of several ways an .html page; by default they are only printed.
    """
    from silicus.report import print_comparison, print_ways
    from silicus.workflow import compare_runs, compare_ways

    if more:
        print_ways(compare_ways([run_a, run_b, *more], out), Console())
    else:
        print_comparison(compare_runs(run_a, run_b, out), Console())
    if out is not None:
        _say(f"Comparison: {out}")


@app.command
def cite(run: Path, /) -> None:
    """Print whom to cite for the numbers of a run and for its data, as BibTeX.

    Args:
        run: A run folder, as silicus simulate, silicus evaluate and silicus train leave it.
    """
    from silicus.workflow import cite_run

    sys.stdout.write(cite_run(run))


@app.command
def train(
    recipe: Path | None = None,
    /,
    *,
    options: Annotated[TrainOptions, Parameter(name="*", negative_iterable=())] = TrainOptions(),
) -> None:
    """Fine-tune a model on what people answered, and say whether it now lies closer to people it has not seen.

    Args:
        recipe: A recipe (.yaml, see recipes/); or leave it out and give --data.
    """
    from silicus.report import print_preview, print_training

    require("torch")  # Transformers would say in words of its own that it is absent.
    training = require("silicus.workflow.training")
    if options.dry_run:
        print_preview(training.preview(recipe, options), Console())
        return
    trained = training.train(recipe, options)
    if not training.is_first():
        return
    print_training(trained.done(), Console())
    _say(f"Model: {trained.model}")
    _say(f"Ask it: silicus simulate STUDY --model {trained.model}")
    data = trained.manifest.recipe.parts[0].data
    _say(f"Compare it with people: silicus evaluate --data {data} --model {trained.model}")


build_app = App(name="build", help="From a researcher's raw deposit to a dataset that passed every gate.")
app.command(build_app)


@build_app.default
def build(
    deposit: Path | None = None,
    /,
    *,
    every: Annotated[Path | None, Parameter(name="--all")] = None,
    recipe: Path | None = None,
    options: Annotated[BuildAllOptions, Parameter(name="*")] = BuildAllOptions(),
) -> None:
    """Make a dataset of a deposit as its recipe says, or of each of many; stop where a gate finds something wrong.

    Args:
        deposit: A folder or .zip archive of data files, codebooks and questionnaires.
        every: Instead of a deposit: a folder of them, each a folder or .zip archive.
        recipe: How the deposit becomes a dataset (.yaml, see recipes/deposits/).
    """
    if every is not None:
        if deposit is not None or recipe is not None:
            found = f"the deposit {deposit}" if deposit is not None else f"--recipe {recipe}"
            raise InputError(f"found both --all {every} and {found}. Recipes of many deposits: --recipes FOLDER.")
        _build_all(every, options)
        return
    if deposit is None:
        raise InputError("found neither a deposit nor --all FOLDER, expected one of them. See: silicus build --help")
    given = [
        name for name in ("recipes", "jobs", "minutes") if getattr(options, name) != getattr(BuildAllOptions, name)
    ]
    if given:
        raise InputError(f"found --{given[0]}, which is for many deposits: silicus build --all FOLDER.")
    if recipe is None:
        raise InputError(
            f"found no --recipe for {deposit}. Begin one with: silicus build draft {deposit} > recipe.yaml"
        )
    _build_one(deposit, BuildOptions(recipe=recipe, format=options.format, out=options.out))


def _build_one(deposit: Path, options: BuildOptions) -> None:
    from silicus.report import print_build
    from silicus.workflow import build_deposit

    folder, found = build_deposit(deposit, options)
    print_build(found, Console())
    _say(f"Review: {folder / 'review.html'}")
    if not found.passed:
        raise InputError(f"{deposit}: a gate stopped the dataset. Mend the recipe as the gates say, and build again.")
    _say(f"Dataset: {folder / 'dataset'}")
    _say(f"Once you have looked at it: silicus build approve {folder} --by NAME")


def _build_all(deposits: Path, options: BuildAllOptions) -> None:
    from silicus.report import print_ledger
    from silicus.workflow import build_all

    folder, ledger = build_all(deposits, options)
    print_ledger(ledger, Console())
    _say(f"Ledger: {folder / 'ledger.html'}")
    if ledger.failed:
        sys.exit(1)


@build_app.command
def approve(build: Path, /, *, by: str) -> None:
    """Keep who has looked at the page of a build and found it right.

    Args:
        build: The folder of a build.
        by: Who approves it.
    """
    from silicus.workflow import approve_build

    approved = approve_build(build, by).approval
    if approved is not None:
        _say(f"Approved by {approved.by} on {approved.on}: {build / 'dataset'}")


@build_app.command(name="inspect")
def inspect_build(deposit: Path, /) -> None:
    """Say what every column of a deposit holds, and which may be assigned or answered.

    Args:
        deposit: A folder or .zip archive of data files, codebooks and questionnaires.
    """
    from silicus.report import print_profile
    from silicus.workflow import inspect_deposit

    print_profile(inspect_deposit(deposit), Console())


@build_app.command
def draft(deposit: Path, /, *, options: Annotated[DraftOptions, Parameter(name="*")] = DraftOptions()) -> None:
    """Print a recipe drafted by rules, to be finished by hand; or have a language model draft one, and check it.

    Args:
        deposit: A folder or .zip archive of data files, codebooks and questionnaires.
    """
    if options.model is not None:
        _draft_by_model(deposit, options)
        return
    from silicus.workflow import draft_recipe

    sys.stdout.write(draft_recipe(deposit))


def _draft_by_model(deposit: Path, options: DraftOptions) -> None:
    from silicus.report import print_drafted
    from silicus.workflow import draft_by_model

    done = draft_by_model(deposit, options)
    print_drafted(done, Console())
    if done.recipe is not None:
        _say(f"Recipe: {done.recipe}")
    if done.ended is not None:
        raise InputError(f"{deposit}: no draft passed. {done.ended[:1].upper()}{done.ended[1:].rstrip('.')}.")
    _say(f"Once you have looked at it: silicus build {deposit} --recipe {done.recipe}")


data_app = App(name="data", help="People's answers: which there are, what is wrong with them, what is tested on what.")
app.command(data_app)


@data_app.command(name="list")
def list_data() -> None:
    """Name every form of data that can be read, with its licence, its citation and how to obtain it."""
    from silicus.data import every_reader
    from silicus.report import print_readers

    print_readers(every_reader(), Console())


@data_app.command
def inspect(data: str, /, *, options: Annotated[InspectOptions, Parameter(name="*")] = InspectOptions()) -> None:
    """Say what is in a dataset and what is wrong with it, study by study.

    Args:
        data: A file, a folder, or an id on the Hugging Face hub.
    """
    from silicus.report import print_quality
    from silicus.workflow import inspect_data

    page, found = inspect_data(data, options)
    print_quality(found, Console())
    _say(f"Report: {page}")


@data_app.command
def prepare(data: str, /, *, options: Annotated[PrepareOptions, Parameter(name="*")] = PrepareOptions()) -> None:
    """Read people's answers, hold some out, stop where they leak, and write a dataset folder.

    Args:
        data: A file, a folder, or an id on the Hugging Face hub.
    """
    from silicus.report import print_prepared
    from silicus.workflow import prepare_data

    folder, manifest = prepare_data(data, options)
    print_prepared(manifest, Console())
    _say(f"Dataset: {folder}")


@data_app.command
def codebook(table: Path, /) -> None:
    """Print a draft of the codebook of a table, to be kept as TABLE.codebook.yaml and filled in.

    Args:
        table: A .csv, .tsv, .parquet, .sav or .dta file of people's answers.
    """
    from silicus.data import draft_codebook

    sys.stdout.write(draft_codebook(table))


def _show(folder: Path, found: Evaluation) -> None:
    from silicus.report import print_evaluation

    print_evaluation(found, Console())
    _say(f"Report: {folder / 'report.html'}")


def _say(text: str) -> None:
    Console().print(text, soft_wrap=True, highlight=False, markup=False)


def main() -> None:
    """Run the command line: exit code 0 when all is well, 2 when the user can mend it."""
    try:
        app(sys.argv[1:], exit_on_error=False, print_error=False)
    except SilicusError as error:
        _fail(str(error))
    except UnusedCliTokensError as error:
        _fail(f"found '{' '.join(error.unused_tokens or [])}' too many. See: silicus --help")
    except CycloptsError as error:
        _fail(str(error))
    except KeyboardInterrupt:
        _fail("stopped. What was finished is kept; start the same command again to go on.")
    except BrokenPipeError:
        sys.stderr.close()


def _fail(message: str) -> NoReturn:
    Console(stderr=True).print(f"silicus: {message}", style="red", soft_wrap=True, highlight=False, markup=False)
    sys.exit(2)
