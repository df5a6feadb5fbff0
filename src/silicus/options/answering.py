"""How models are asked, on this machine or behind a server."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from silicus.errors import InputError
from silicus.options.checks import at_least

__all__ = ["AnswerOptions", "ServerOptions"]


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
    """Of sampled answers and written texts: how many for each prompt; one for each open question."""

    temperature: float = 1.0
    """Of sampled answers and written texts: 1 is the model's own distribution; at 0 one text is written."""

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
    """Where answers are sampled or written: the share of prompts without a readable answer from which a run stops; what
    was answered is kept."""

    key_variable: str = "OPENAI_API_KEY"
    """The environment variable that holds a server's key."""

    def __post_init__(self) -> None:
        for name in ("samples", "concurrency", "per_minute", "max_calls", "max_tokens"):
            found = getattr(self, name)
            if found is not None:
                at_least(name, found, 1)
        for name in ("max_cost", "price_in", "price_out"):
            found = getattr(self, name)
            if found is not None and not 0 <= found < float("inf"):
                raise InputError(f"found --{name.replace('_', '-')} {found:g}, expected 0 or more.")
        if not 0 <= self.max_failures <= 1:
            raise InputError(f"found --max-failures {self.max_failures:g}, expected a share from 0 to 1.")
        if not 0 <= self.temperature <= 2:
            raise InputError(f"found --temperature {self.temperature:g}, expected 0 to 2.")


_OF_SERVER = {each.name for each in fields(ServerOptions)}
_OF_ANSWERS = {"server", "scoring", "tokenizer", "samples", "temperature"}
"""Those of them that decide what is predicted."""
_OF_TEXTS = {"samples", "temperature", "text_tokens"}
"""Those that decide what is predicted where the model writes."""
_SINCE = {"orders", "wordings", "shots", "own_answers", "examples", "protocol", "anchors"}
"""Options that are recorded where they are not their default."""


@dataclass(frozen=True, kw_only=True)
class AnswerOptions(ServerOptions):
    """How answers are asked for."""

    model: str = "smollm2"
    """Who answers: smollm2 (embedded), uniform, pooled, scripted[:FILE], a model or adapter folder, a hub id; with
    --server, the name under which it is served."""

    template: str | None = None
    """The words of the prompt: silicus (shared text first), socrates (as published, persona first), cao, subpop,
    subpop-bio or subpop-portray. By default those the model was trained with, else silicus."""

    answers: Literal["value", "letter", "label"] | None = None
    """How the model names its answer: as 3, as C, or as Somewhat agree. By default as it was trained, else value."""

    protocol: Literal["direct", "reason", "distribution", "similarity"] = "direct"
    """How the model comes to its answer: by its probabilities (direct), or in texts that it writes: reasons, then the
    answer; how many of 100 people give each answer; or a free answer, compared with statements (docs/asking.md)."""

    text_tokens: int = 200
    """Of a written text: how many tokens it may have."""

    anchors: Path | None = None
    """With --protocol similarity: statements to compare with (.yaml), by default made of the labels."""

    orders: int = 1
    """In how many orders of its options each question is asked; predictions are means over them. Scales with an order
    have two, as they are and turned round."""

    wordings: int = 1
    """In how many wordings of what surrounds a question it is asked, 1 to 15; predictions are means over them."""

    shots: int = 0
    """How many similar questions, each with somebody's answer, stand before a question; needs --examples."""

    own_answers: int = 0
    """How many of a respondent's own answers to other questions stand before a question; needs --examples."""

    examples: Path | None = None
    """Where answered questions come from: the training part of a dataset folder (silicus data prepare)."""

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
        least = {"seed": 0, "orders": 1, "wordings": 1, "shots": 0, "own_answers": 0, "text_tokens": 1}
        for name, lowest in least.items():
            at_least(name, getattr(self, name), lowest)
        self._check_protocol()
        if (self.examples is None) != (not self.shots and not self.own_answers):
            needs = "without --shots or --own-answers" if self.examples else "without --examples, where they come from"
            found = "examples" if self.examples else "shots" if self.shots else "own-answers"
            raise InputError(f"found --{found} {needs}.")

    def _check_protocol(self) -> None:
        if self.anchors is not None and self.protocol != "similarity":
            raise InputError(f"found --anchors {self.anchors} without --protocol similarity, which compares with them.")
        if self.protocol != "direct" and self.scoring != "auto":
            raise InputError(
                f"found --scoring {self.scoring} with --protocol {self.protocol}, in which the model writes and no "
                "probabilities are asked for. Leave one of them out."
            )

    def recorded(self) -> dict[str, Any]:
        """Return the options that decide what is predicted, as the manifest keeps them."""
        left_out = {"out", "device"} | (_OF_SERVER - (_OF_ANSWERS if self.server else set()))
        left_out = left_out | {"text_tokens"} if self.protocol == "direct" else left_out - _OF_TEXTS
        # Runs that do without keep the key they have always had.
        left_out |= {
            each.name for each in fields(self) if each.name in _SINCE and getattr(self, each.name) == each.default
        }
        return {
            name: str(value) if isinstance(value, Path) else value
            for name, value in asdict(self).items()
            if name not in left_out
        }
