"""What is wrong with a drafted recipe: what no recipe says, what has no source, and what its gates find."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from silicus.data.deposit.agent_sources import Evidence, Origin, Stated, origins_of, sourced_fields, unfounded, unsaid
from silicus.data.deposit.built import Build, labels_document
from silicus.data.deposit.counts import uncounted
from silicus.data.deposit.excuses import excuses
from silicus.data.deposit.folder import Deposit
from silicus.data.deposit.gates import Gate
from silicus.data.deposit.material import Material
from silicus.data.deposit.recipe import Recipe
from silicus.errors import InputError
from silicus.record import parse

__all__ = ["COUNTS", "Check", "Verdict"]

COUNTS = "Are there as many people and answers as expected?"
"""The gate that stays open where nobody has published a count: a person has to count."""
_FOUND = re.compile(r"\bfound [\d,]+")
_LIST = TypeAdapter(list[Stated])


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    Attributes:
        data: the recipe as it was given.
        problems: what speaks against it, a sentence each.
        stage: how far it came: 0 it is no recipe, 1 it cannot be executed, 2 its gates were asked.
        recipe: `None` where it is none.
        origins: field -> where it comes from, of the fields that need it and have one.
        gates: what they found; none where it cannot be executed.
    """

    data: dict[str, Any]
    problems: list[str]
    stage: int
    recipe: Recipe | None = None
    origins: dict[str, Origin] = field(default_factory=dict[str, Origin])
    gates: list[Gate] = field(default_factory=list[Gate])

    @property
    def excuses(self) -> dict[str, str]:
        """What of it rests on nothing but the model's word -> its reason; a person has to judge each."""
        own = excuses(self.recipe) if self.recipe is not None else {}
        return {**own, **{name: f"stated by nobody: {why}" for name, why in unsaid(self.origins).items()}}

    @property
    def right(self) -> bool:
        """Whether nothing speaks against it, for all that a model can do."""
        return not self.problems

    @property
    def passed(self) -> bool:
        """Whether nothing speaks against it, and nothing has to be excused."""
        return self.right and not self.excuses

    @property
    def uncounted(self) -> list[str]:
        """The counts that a person has still to make."""
        return uncounted(self.recipe) if self.recipe is not None else []

    def better_than(self, other: Verdict | None) -> bool:
        """Return whether it came further than another, or as far with fewer problems."""
        return other is None or _rank(self) < _rank(other)


def _rank(verdict: Verdict) -> tuple[int, int, int]:
    return -verdict.stage, len(verdict.problems), len(verdict.excuses)


class Check:
    """Checks drafts against one deposit.

    Args:
        deposit: its files.
        material: what of it a study is made of.
        build: makes a dataset of a recipe somewhere, and says what its gates found.
    """

    def __init__(self, deposit: Deposit, material: Material, build: Callable[[Recipe], Build]) -> None:
        labels = labels_document(material.table)
        documents = (*material.documents, *([labels] if labels else []))
        self._evidence = Evidence(documents, material.table)
        self._deposit, self._file, self._build = deposit, material.file, build

    def check(self, recipe: Any, sources: Any) -> Verdict:
        """Return what speaks against a draft.

        Args:
            recipe: what a model gave as one; any JSON.
            sources: what it gave as its sources; any JSON.
        """
        data = cast("dict[str, Any]", recipe) if isinstance(recipe, dict) else {}
        stated, problems = _stated(sources)
        origins, unproven = origins_of(stated, self._evidence)
        problems += unproven
        try:
            drafted = parse(recipe, Recipe, "recipe")
        except InputError as error:
            return Verdict(data, str(error).split("\n") + problems, stage=0)
        if drafted.file != self._file:
            problems.append(f"recipe (file): found '{drafted.file}', expected '{self._file}', which was shown.")
        problems += unfounded(drafted, origins, self._evidence)
        kept = {name: origins[name] for name in sourced_fields(drafted) if name in origins}
        try:
            gates = self._build(drafted).gates
        except InputError as error:
            return Verdict(data, [self._without_paths(str(error)), *problems], 1, drafted, kept)
        problems += [self._without_paths(told) for gate in gates for told in _told(gate)]
        return Verdict(data, problems, 2, drafted, kept, gates)

    def _without_paths(self, message: str) -> str:
        """Return a message without where the deposit lies on this machine, which is nobody's business."""
        return message.replace(f"{self._deposit.path}/", "").replace(str(self._deposit.path), "the deposit")


def _stated(sources: Any) -> tuple[list[Stated], list[str]]:
    try:
        return _LIST.validate_python(sources), []
    except ValidationError as error:
        problems = [
            f"sources ({' > '.join(map(str, each['loc']))}): {each['msg'].removeprefix('Value error, ')}"
            for each in error.errors()
        ]
        bad = {each["loc"][0] for each in error.errors() if each["loc"]}
        given = cast("list[Any]", sources) if isinstance(sources, list) else []
        return [Stated.model_validate(each) for place, each in enumerate(given) if place not in bad], problems


def _told(gate: Gate) -> list[str]:
    """Return what a gate found, without the counts of the build: a model must not expect what it has made itself."""
    if gate.name != COUNTS:
        return gate.problems
    # What nobody has published, a person counts.
    return [_FOUND.sub("found another number of", each) for each in gate.problems if _FOUND.search(each)]
