"""What the verbs may be asked; a field has the same name in Python, in files and at the prompt.

Plain dataclasses, so that `silicus --help` imports nothing heavy.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from silicus.errors import InputError

__all__ = [
    "AnswerOptions",
    "BuildAllOptions",
    "BuildOptions",
    "DemoOptions",
    "DraftOptions",
    "EvaluateOptions",
    "InspectOptions",
    "PrepareOptions",
    "ProbeOptions",
    "ReadingOptions",
    "ServerOptions",
    "SimulateOptions",
    "TrainOptions",
]


@dataclass(frozen=True, kw_only=True)
class ServerOptions:
    """How a model is asked that a server answers for."""

    server: str | None = None
    """An OpenAI-compatible server that answers for --model, as http://localhost:8000/v1; by default none."""

    scoring: Literal["auto", "exact", "tokens", "samples"] = "auto"
    """How a server's probabilities are had: of whole answers (needs --tokenizer), of the first token, or as shares of
    sampled answers. auto is exact where it can be, else samples."""

    tokenizer: str | None = None
    """Where the tokenizer of a served model is: a folder, a hub id or smollm2."""

    samples: int = 20
    """Of sampled answers: how many for each prompt."""

    temperature: float = 1.0
    """Of sampled answers: 1 is the model's own distribution."""

    concurrency: int = 8
    """How many calls to a server are under way at once."""

    per_minute: int | None = None
    """How many calls to a server may begin in a minute."""

    max_calls: int | None = None
    """How many calls to a server may be made."""

    max_tokens: int | None = None
    """How many tokens a server may read and write."""

    max_cost: float | None = None
    """How many US dollars may be spent; needs the price."""

    price_in: float | None = None
    """What a million tokens read cost, in US dollars; known of some models."""

    price_out: float | None = None
    """What a million tokens written cost, in US dollars."""

    max_failures: float = 0.2
    """The share of prompts without a readable answer from which a run stops; what was answered is kept."""

    key_variable: str = "OPENAI_API_KEY"
    """The environment variable that holds a server's key."""

    def __post_init__(self) -> None:
        for name in ("samples", "concurrency", "per_minute", "max_calls", "max_tokens"):
            found = getattr(self, name)
            if found is not None:
                _at_least(name, found, 1)
        if not 0 <= self.max_failures <= 1:
            raise InputError(f"found --max-failures {self.max_failures:g}, expected a share from 0 to 1.")
        if not 0 <= self.temperature <= 2:
            raise InputError(f"found --temperature {self.temperature:g}, expected 0 to 2.")


_OF_SERVER = {each.name for each in fields(ServerOptions)}
_OF_ANSWERS = {"server", "scoring", "tokenizer", "samples", "temperature"}
"""Those of them that decide what is predicted."""


@dataclass(frozen=True, kw_only=True)
class AnswerOptions(ServerOptions):
    """How answers are asked for."""

    model: str = "smollm2"
    """Who answers: smollm2 (embedded), uniform, pooled, scripted[:FILE], a model or adapter folder, a hub id; with
    --server, the name under which it is served."""

    template: str | None = None
    """The words of the prompt: silicus (shared text first), socrates (as published, persona first), cao or subpop. By
    default those the model was trained with, else silicus."""

    answers: Literal["value", "letter", "label"] | None = None
    """How the model names its answer: as 3, as C, or as Somewhat agree. By default as it was trained, else value."""

    seed: int = 0
    """Where chance starts: the same seed gives the same bytes."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where the model runs; auto takes a GPU where there is one."""

    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """Its precision; auto is float32 on a CPU and bfloat16 on a GPU."""

    out: Path | None = None
    """The run folder; by default a folder below runs/ named after study, model and options."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _at_least("seed", self.seed, 0)

    def recorded(self) -> dict[str, Any]:
        """Return the options that decide what is predicted, as the manifest keeps them."""
        left_out = {"out", "device"} | (_OF_SERVER - (_OF_ANSWERS if self.server else set()))
        return {
            name: str(value) if isinstance(value, Path) else value
            for name, value in asdict(self).items()
            if name not in left_out
        }


@dataclass(frozen=True, kw_only=True)
class SimulateOptions(AnswerOptions):
    """Options of `silicus simulate`."""

    respondents: str = "200"
    """Who is asked: a number of bundled US adult profiles, or a table of your own (.csv, .tsv, .parquet)."""


@dataclass(frozen=True, kw_only=True)
class ReadingOptions:
    """How people's answers are read."""

    reader: str | None = None
    """Which reader reads them (silicus data list); found by their form where it is left out."""

    codebook: Path | None = None
    """What the columns of a table mean; else FILE.codebook.yaml beside it, or the labels it holds."""

    published: bool = False
    """Read SocSci210 as its authors did: every answer a number, a range for every question, none left out."""


@dataclass(frozen=True, kw_only=True)
class InspectOptions(ReadingOptions):
    """Options of `silicus data inspect`."""

    out: Path | None = None
    """The page with everything; by default runs/NAME-quality.html."""


@dataclass(frozen=True, kw_only=True)
class PrepareOptions(ReadingOptions):
    """Options of `silicus data prepare`."""

    hold_out: tuple[str, ...] = ()
    """What is unseen in the test part, and its share: study=0.2; or condition, question, respondent, an attribute."""

    mapping: Path | None = None
    """A file that names what is held out ({"seen": [...], "unseen": [...]}), instead of drawing it."""

    validation: float = 0.0
    """The share of what is left that is held out for validation, of the same kinds."""

    seed: int = 0
    """Where chance starts: the same seed holds out the same."""

    similarity: float = 0.9
    """From which cosine similarity two stimuli count as near-duplicates."""

    model: str | None = None
    """The model that will be tested: its documented cut-off is compared with when people answered."""

    model_cutoff: str | None = None
    """That cut-off, where it is not known here: 2023, 2023-12 or 2023-12-31."""

    allow: tuple[str, ...] = ()
    """Leaks that shall not stop the run, by name; they are recorded."""

    drop: tuple[str, ...] = ()
    """Leaks whose rows are left out of what is tested on: items, near-duplicates."""

    rationale: bool = False
    """Also keep reasoning written from the answers, as a training target; never an input."""

    out: Path | None = None
    """The dataset folder; by default runs/NAME-data."""

    def __post_init__(self) -> None:
        _at_least("seed", self.seed, 0)


@dataclass(frozen=True, kw_only=True)
class BuildOptions:
    """Options of `silicus build`."""

    recipe: Path
    """How the deposit becomes a dataset (.yaml, see recipes/deposits/)."""

    format: Literal["socsci210"] | None = None
    """A further form of the dataset: socsci210, the columns of its hub, as parquet."""

    out: Path | None = None
    """The folder of the build; by default runs/NAME-build."""


@dataclass(frozen=True, kw_only=True)
class BuildAllOptions:
    """Options of `silicus build --all`; format and out are also those of one deposit."""

    recipes: Path | None = None
    """Of many deposits: the folder of their recipes, each named as its deposit; else recipe.yaml in the deposit."""

    format: Literal["socsci210"] | None = None
    """A further form of the dataset: socsci210, the columns of its hub, as parquet."""

    out: Path | None = None
    """The folder of the build; by default runs/NAME-build, and runs/NAME-builds of many deposits."""

    jobs: int | None = None
    """Of many deposits: how many are built side by side; by default one a core, at most 8."""

    minutes: float = 30
    """Of many deposits: how long each may take."""

    def __post_init__(self) -> None:
        if self.jobs is not None:
            _at_least("jobs", self.jobs, 1)
        if not self.minutes > 0:
            raise InputError(f"found --minutes {self.minutes:g}, expected more than 0.")


@dataclass(frozen=True, kw_only=True)
class DraftOptions:
    """Options of `silicus build draft`."""

    model: str | None = None
    """The language model that drafts, as its server calls it; by rules alone where it is left out."""

    server: str = "http://localhost:8000/v1"
    """Where the model is asked: any server that speaks as OpenAI's does. It is sent parts of the deposit."""

    key_variable: str = "OPENAI_API_KEY"
    """The environment variable that holds the server's key; it may be empty for a server of your own."""

    max_calls: int = 40
    """How often the model may be asked at most."""

    max_tokens: int = 400_000
    """How many tokens may be sent and received at most."""

    max_cost: float | None = None
    """How many US dollars may be spent at most; needs both prices."""

    price_in: float | None = None
    """What a million tokens sent cost, in US dollars."""

    price_out: float | None = None
    """What a million tokens received cost, in US dollars."""

    out: Path | None = None
    """With a model: the new folder of the recipe, its sources and the transcript."""

    def __post_init__(self) -> None:
        _at_least("max_calls", self.max_calls, 1)
        _at_least("max_tokens", self.max_tokens, 1)
        for name in ("max_cost", "price_in", "price_out"):
            found = getattr(self, name)
            if found is not None and not 0 <= found < float("inf"):
                raise InputError(f"found --{name.replace('_', '-')} {found:g}, expected 0 or more.")
        if self.max_cost is not None and (self.price_in is None or self.price_out is None):
            raise InputError("found --max-cost without prices of a million tokens: --price-in, --price-out.")
        if self.model is None:
            given = [each.name for each in fields(self) if getattr(self, each.name) != each.default]
            if given:
                raise InputError(f"found --{given[0].replace('_', '-')} without --model. Name the model that drafts.")
        elif self.out is None:
            raise InputError("found --model without --out. Name a new folder for the recipe and the transcript.")


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(AnswerOptions, ReadingOptions):
    """Options of `silicus evaluate`."""

    data: str | None = None
    """People's answers, instead of a run folder: a file, a folder, a dataset folder or a hub id (silicus data list)."""

    part: Literal["train", "validation", "test"] | None = None
    """Of a dataset that has been split, the part to evaluate on: test where it is left out."""

    limit: int | None = None
    """Of the data, a random sample of this many answers, or of groups' distributions (drawn with the seed)."""

    predictions: Path | None = None
    """Predictions made elsewhere, instead of a model: probabilities, drawn answers or texts, as a table or JSON."""

    name: str | None = None
    """What these predictions are called; by default as their file."""

    floors: bool = True
    """Whether cheap models, learnt from the training part of data that were split, stand beside."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.limit is not None:
            _at_least("limit", self.limit, 1)

    def recorded(self) -> dict[str, Any]:
        """Return the options that decide what is predicted; a name stands there as the model's."""
        kept = super().recorded()
        # What stands beside changes no prediction.
        del kept["name"], kept["floors"]
        if self.predictions is None:
            # Runs of a model keep the key that they have always had.
            del kept["predictions"]
        return kept


@dataclass(frozen=True, kw_only=True)
class ProbeOptions:
    """Options of `silicus probe`."""

    limit: int = 300
    """How many of the run's predictions are asked for again, in three other ways each; drawn with the seed."""

    texts: int = 60
    """How many of the studies' texts are read, each three times; as many of every study as far as they reach."""

    about: Path | None = None
    """A table of what is published of each study: a column study, and others such as title or DOI (.csv, .parquet)."""

    seed: int = 0
    """Where chance starts."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where the model runs; auto takes a GPU where there is one."""

    def __post_init__(self) -> None:
        _at_least("limit", self.limit, 1)
        _at_least("texts", self.texts, 0)
        _at_least("seed", self.seed, 0)


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """Options of `silicus train`. What is left out is as the recipe says, or its default."""

    data: tuple[str, ...] = ()
    """What is learnt from, instead of the recipe's: dataset folders, one a part of the recipe, or one for all."""

    tests: tuple[str, ...] = ()
    """Further dataset folders to be tested on when training ends, instead of the recipe's."""

    model: str | None = None
    """What learns: smollm2 (embedded), a model or adapter folder, or a hub id. By default smollm2."""

    objective: Literal["individual", "rationale", "preference", "distribution"] | None = None
    """What is made smaller: the surprise at single answers, or the distance of distributions. By default individual."""

    template: str | None = None
    """The words of the prompt: silicus, socrates, cao or subpop. By default silicus."""

    answers: Literal["value", "letter", "label"] | None = None
    """How the model names its answer: as 3, as C, or as Somewhat agree. By default value."""

    adapter: Literal["lora", "qlora", "none"] | None = None
    """Which weights learn: adapters, adapters on a base in 4 bits, or all of them (none). By default lora."""

    rank: int | None = None
    """The rank of the adapters. By default 16."""

    epochs: float | None = None
    """How many examples the steps take, as a multiple of all there are. By default 1."""

    steps: int | None = None
    """How many steps are taken, instead of epochs."""

    batch: int | None = None
    """How many examples a step learns from. By default 64."""

    together: int | None = None
    """How many rows of one cell come into a step together, at most. By default 4."""

    per_cell: int | None = None
    """At most so many answers of a study, condition and question are learnt from. By default 32."""

    learning_rate: float | None = None
    """How far a step goes. By default 0.0001."""

    schedule: Literal["cosine", "linear", "constant", "epoch_decay"] | None = None
    """How the learning rate falls. By default cosine."""

    beta: float | None = None
    """Of the objective preference: how strongly the model is held to where it started. By default 0.1."""

    dtype: Literal["auto", "float32", "bfloat16"] | None = None
    """The precision of the arithmetic; auto is float32 on a CPU and bfloat16 on a GPU. By default auto."""

    checkpointing: bool | None = None
    """Compute activations a second time instead of keeping them: less memory, a third more time. By default not."""

    pack_tokens: int | None = None
    """How many tokens go through the model at once; the default suits the device."""

    evaluate: int | None = None
    """How often the validation part is looked at in training; 0: never. By default 10."""

    set: tuple[str, ...] = ()
    """Any other setting of a recipe or of its parts, as --set warmup=0.1 --set ordinal=0.5; may be given repeatedly."""

    test_cells: int | None = None
    """How many test cells of each dataset are predicted before and after training; 0: none. By default 500."""

    seed: int | None = None
    """Where chance starts. By default 0."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where the model runs; auto takes a GPU where there is one."""

    dry_run: bool = False
    """Show ten examples as the model will see them, and what training will cost; take no step."""

    out: Path | None = None
    """The run folder; by default a folder below runs/ named after recipe, model and settings."""


@dataclass(frozen=True, kw_only=True)
class DemoOptions:
    """Options of `silicus demo`."""

    model: str = "smollm2"
    """Who answers, as in silicus simulate."""

    respondents: int = 200
    """How many bundled US adult profiles are asked."""

    seed: int = 0
    """Where chance starts."""

    out: Path = Path("runs/demo")
    """The run folder."""

    def simulation(self) -> SimulateOptions:
        """Return the options of the simulation behind the demo."""
        return SimulateOptions(model=self.model, respondents=str(self.respondents), seed=self.seed, out=self.out)


def _at_least(name: str, found: int, least: int) -> None:
    if found < least:
        raise InputError(f"found --{name.replace('_', '-')} {found}, expected {least} or more.")
