"""What a saved model says of itself: the README.md of its folder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from silicus.models.model import EMBEDDED, HUB_ID
from silicus.train.licences import Licence
from silicus.train.recipe import Recipe

__all__ = ["CardFacts", "Result", "TaughtBy", "model_card"]

_REPLACED = "https://doi.org/10.1017/pan.2024.5"
_FLATTENED = "https://doi.org/10.1038/s42256-025-00986-z"


@dataclass(frozen=True)
class TaughtBy:
    """A dataset that was learnt from.

    Attributes:
        name: what it is called.
        citation: whom to cite.
        licence: its terms, which hold for what is made from it.
        rows: how many examples there were.
        split: what was held out, in words.
        objective: what was made smaller on it.
        passes: how often an example of it was learnt from, in the mean.
        hub: its id on the hub, where it has one.
    """

    name: str
    citation: str
    licence: str
    rows: int
    split: str
    objective: str
    passes: float
    hub: str | None = None


@dataclass(frozen=True)
class Result:
    """One number of a test.

    Attributes:
        data: what was predicted.
        metric: what was measured, in words.
        system: what was measured: the model, the model before training, a control.
        value: the number; `None` where it is unknown or infinite.
        low: the lower end of its 95 % interval; `None` where there is none.
        high: the upper end.
        n: how many cells it is a mean of.
    """

    data: str
    metric: str
    system: str
    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True)
class CardFacts:
    """All that a card tells.

    Attributes:
        name: what the model is called.
        base: what it was made from: `smollm2`, a hub id, or a folder.
        licence: the terms of the base.
        adapter: whether the folder holds an adapter, which needs its base, and not a whole model.
        recipe: how it was trained.
        data: what it learnt from.
        example: a prompt as the model reads it.
        answers: what may follow that prompt.
        results: of its tests, if there were any.
        version: of silicus.
        warnings: sentences on what should be known of how it was made.
        chat: whether its tokenizer has a chat template, which puts every control token into `example`.
    """

    name: str
    base: str
    licence: Licence
    adapter: bool
    recipe: Recipe
    data: Sequence[TaughtBy]
    example: str
    answers: Sequence[str]
    results: Sequence[Result]
    version: str
    warnings: Sequence[str] = ()
    chat: bool = True

    @property
    def base_id(self) -> str | None:
        """The hub's id of the base; `None` of a folder, whose place says nothing elsewhere."""
        if self.base == "smollm2":
            return EMBEDDED
        return self.base if HUB_ID.fullmatch(self.base) and not Path(self.base).exists() else None


def model_card(facts: CardFacts) -> str:
    """Return the README.md of a model's folder: what machines read first, then what people read."""
    parts = [
        ("", _what(facts)),
        ("Use", _use(facts)),
        ("The prompt it expects", _prompt(facts)),
        ("What it learnt from", _data(facts)),
        ("How it was trained", _recipe(facts)),
        ("How well it predicts", _results(facts.results)),
        ("What it is for, and what not", _limits(facts)),
        ("Licence", _licence(facts)),
    ]
    body = "\n\n".join(f"## {title}\n\n{text}" if title else text for title, text in parts)
    return f"---\n{_front_matter(facts)}---\n\n# {facts.name}\n\n{body}\n"


def _front_matter(facts: CardFacts) -> str:
    licence = facts.licence
    said: dict[str, Any] = {
        "base_model": facts.base_id,
        "base_model_relation": ("adapter" if facts.adapter else "finetune") if facts.base_id else None,
        "license": licence.hub,
        "license_name": licence.hub_name,
        "license_link": licence.url if licence.hub == "other" else None,
        "library_name": "peft" if facts.adapter else "transformers",
        "pipeline_tag": "text-generation",
        "datasets": list(dict.fromkeys(each.hub for each in facts.data if each.hub)),
        "tags": ["silicus", "survey", "social-science"],
    }
    kept = {name: value for name, value in said.items() if value}
    return yaml.safe_dump(kept, sort_keys=False, allow_unicode=True)


def _what(facts: CardFacts) -> str:
    names = ", ".join(dict.fromkeys(each.name for each in facts.data))
    objectives = ", ".join(dict.fromkeys(each.objective for each in facts.data))
    kind = "An adapter on" if facts.adapter else "A model made from"
    lines = [
        f"{kind} {_base(facts)} that predicts how people answer questions. silicus {facts.version} trained it on "
        f"{names} (objective: {objectives})."
    ]
    lines += [] if facts.results else ["", "**NOT BENCHMARKED**: nobody has measured how well it predicts."]
    return "\n".join(lines)


def _base(facts: CardFacts) -> str:
    return f"[{facts.base_id}](https://huggingface.co/{facts.base_id})" if facts.base_id else "a model kept in a folder"


def _use(facts: CardFacts) -> str:
    loader = "peft import AutoPeftModelForCausalLM" if facts.adapter else "transformers import AutoModelForCausalLM"
    name = loader.rpartition(" ")[2]
    return "\n\n".join(
        [
            "Below, FOLDER is this folder. silicus gives the exact probability of every answer:",
            _block("sh", "silicus simulate STUDY.yaml --model FOLDER"),
            f"With {'transformers and PEFT' if facts.adapter else 'transformers'} alone:",
            _block(
                "python",
                f"from {loader}\nfrom transformers import AutoTokenizer\n\n"
                'tokenizer = AutoTokenizer.from_pretrained("FOLDER")\n'
                f'model = {name}.from_pretrained("FOLDER")\n'
                "# PROMPT is a text such as the one below.\n"
                f'read = tokenizer(PROMPT, add_special_tokens={not facts.chat}, return_tensors="pt")\n'
                "probabilities = model(**read).logits[0, -1].softmax(-1)  # of the first token of the answer",
            ),
            _stored(facts),
            "With vLLM:",
            _block("sh", _vllm(facts)),
        ]
    )


def _stored(facts: CardFacts) -> str:
    if facts.adapter:
        base = "" if facts.base_id else " Its base is the model that adapter_config.json names."
        return f"The adapter is stored in float32.{base}"
    return "The weights are stored in float32, in which they learnt; `dtype` makes them smaller when they are loaded."


def _vllm(facts: CardFacts) -> str:
    if not facts.adapter:
        return "vllm serve FOLDER"
    base = facts.base_id or "BASE"
    return f"vllm serve {base} --enable-lora --max-lora-rank {facts.recipe.rank} --lora-modules silicus=FOLDER"


def _prompt(facts: CardFacts) -> str:
    recipe = facts.recipe
    return (
        f"The template `{recipe.template}` of silicus, with answers named by their {recipe.answers}. Other words make "
        f"other predictions. One prompt, as the model reads it:\n\n{_block('text', facts.example)}\n\n"
        f"The answer follows it directly: {', '.join(_code(answer) for answer in facts.answers)}."
    )


def _data(facts: CardFacts) -> str:
    return "\n".join(
        f"- **{each.name}**: {each.rows:,} examples, {each.objective}, passes over them: {each.passes:.3g}. "
        f"{each.split.strip().rstrip('.')}. "
        f"Cite: {each.citation.strip().rstrip('.')}. Licence: {each.licence.strip().rstrip('.')}."
        for each in facts.data
    )


def _recipe(facts: CardFacts) -> str:
    recipe = facts.recipe
    rows = [(name, _said(value)) for name, value in recipe.model_dump(exclude={"parts", "title", "sources"}).items()]
    for number, part in enumerate(recipe.parts, start=1):
        rows += [(f"part {number}: {name}", _said(value)) for name, value in part.model_dump().items()]
    table = _table(("Setting", "Value"), [(_code(name), value) for name, value in rows])
    return "\n\n".join(
        filter(None, [recipe.title, table, _list("Sources:", recipe.sources), _list("To be known:", facts.warnings)])
    )


def _list(head: str, lines: Sequence[str]) -> str:
    return "\n".join([head, "", *(f"- {line}" for line in lines)]) if lines else ""


def _said(value: Any) -> str:
    """Return a setting in words; of a path its last part, for the rest says nothing elsewhere."""
    if isinstance(value, list):
        return ", ".join(map(_said, value)) or "none"
    if isinstance(value, str) and Path(value).is_absolute():
        return Path(value).name
    return "not set" if value is None or value == "" else str(value)


def _results(results: Sequence[Result]) -> str:
    if not results:
        return "**NOT BENCHMARKED**: nobody has measured how well this model predicts answers it has not learnt from."
    rows = [
        (each.data, each.metric, each.system, _number(each.value), _interval(each), f"{each.n:,}") for each in results
    ]
    return _table(("Data", "Metric", "System", "Value", "95 % interval", "Cells"), rows)


def _interval(result: Result) -> str:
    known = result.low is not None and result.high is not None
    return f"{_number(result.low)} to {_number(result.high)}" if known else "–"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _limits(facts: CardFacts) -> str:
    lines = [
        "For predicting distributions of answers before a study is run, and for planning one: never instead of asking.",
        "",
        "- Simulated answers are no data from people, and are not to be reported as such. They can differ in spread "
        f"and in how answers hang together even where means agree ({_REPLACED}).",
        "- Groups of people can be predicted worse than everybody together, and as more alike than they are "
        f"({_FLATTENED}). Check the groups that matter to you against people's answers.",
        "- It is no oracle on persons: no decision about anybody may rest on it.",
        "- Questions, countries, languages and times unlike those it learnt from are beyond what it was made for.",
    ]
    if not facts.results:
        lines.append("- It is NOT BENCHMARKED: test it with `silicus evaluate` before a number of it is used.")
    return "\n".join(lines)


def _licence(facts: CardFacts) -> str:
    licence = facts.licence
    where = f" ([text]({licence.url}))" if licence.url else ""
    parts = [
        f"The base model's licence: {licence.name}{where}. The terms of the data, above, hold as well.",
        "The weights were changed by training, as described here.",
    ]
    if licence.lines:
        parts.append("Wherever this model is passed on, say:\n\n" + "\n".join(f"> {line}\n>" for line in licence.lines))
    if licence.name_begins:
        parts.append(f"The licence asks that its name begin with “{licence.name_begins}” where it is passed on.")
    return "\n\n".join(part.removesuffix("\n>") for part in parts)


def _block(language: str, text: str) -> str:
    """Return a block of code, behind a fence longer than any in the text."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"


def _code(text: str) -> str:
    return f"`{text}`" if "`" not in text else text


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(_rows([head, ["---"] * len(head), *rows]))


def _rows(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for row in rows:
        cells = (" ".join(cell.replace("|", r"\|").split()) for cell in row)
        yield f"| {' | '.join(cells)} |"
