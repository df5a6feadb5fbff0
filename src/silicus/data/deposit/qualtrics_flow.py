"""The flow of a Qualtrics survey: a tree of blocks, randomisers, branches, embedded data, groups and ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from silicus.data.deposit.qualtrics_logic import Logic, read_logic
from silicus.data.deposit.qualtrics_place import Place
from silicus.data.deposit.qualtrics_text import plain
from silicus.errors import InputError

__all__ = [
    "BlockStep",
    "Branch",
    "EmbeddedData",
    "End",
    "Group",
    "OtherStep",
    "Randomiser",
    "Step",
    "children_of",
    "every_step",
    "read_flow",
]

_MAX_DEPTH = 50
_MAX_STEPS = 5000


@dataclass(frozen=True)
class BlockStep:
    """A block of questions that is shown here.

    Attributes:
        id: such as FL_12; no two steps share it.
        block: the block's id.
    """

    id: str
    block: str


@dataclass(frozen=True)
class Randomiser:
    """A step that shows some or all of its children, in random order.

    Attributes:
        id: such as FL_12.
        shown: how many of the children a respondent sees.
        evenly: whether Qualtrics keeps the children equally frequent.
        children: what it chooses from.
    """

    id: str
    shown: int
    evenly: bool
    children: tuple[Step, ...]


@dataclass(frozen=True)
class Branch:
    """Steps that are taken where a condition holds."""

    id: str
    logic: Logic
    children: tuple[Step, ...]


@dataclass(frozen=True)
class EmbeddedData:
    """Values that are noted with the answers: name -> value, `None` where it comes from outside (a link, a panel)."""

    id: str
    values: dict[str, str | None]


@dataclass(frozen=True)
class Group:
    """Steps that belong together."""

    id: str
    name: str
    children: tuple[Step, ...]


@dataclass(frozen=True)
class End:
    """The end of the survey."""

    id: str


@dataclass(frozen=True)
class OtherStep:
    """A step that shows no questions of its own, such as a web service or an authenticator, under Qualtrics' name."""

    id: str
    kind: str
    children: tuple[Step, ...]


Step = BlockStep | Randomiser | Branch | EmbeddedData | Group | End | OtherStep


def children_of(step: Step) -> tuple[Step, ...]:
    """Return the steps inside a step."""
    return () if isinstance(step, BlockStep | EmbeddedData | End) else step.children


def every_step(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Yield every step of a flow, outer ones before those inside them."""
    for step in steps:
        yield step
        yield from every_step(children_of(step))


def read_flow(place: Place) -> tuple[Step, ...]:
    """Return the steps of the payload of an `FL` element.

    Raises:
        InputError: it is nested too deep, too long, two steps share an id, or a part is not what it should be.
    """
    steps = _steps(place, 1)
    seen: set[str] = set()
    for step in every_step(steps):
        if step.id in seen:
            raise InputError(
                f"{place.where}: two steps of the flow have the id '{step.id}', so that columns of the export could "
                "mean either. Export the survey again from Qualtrics."
            )
        seen.add(step.id)
        if len(seen) > _MAX_STEPS:
            raise InputError(f"{place.where}: the flow has more than {_MAX_STEPS:,} steps; no survey is that long.")
    return steps


def _steps(place: Place, depth: int) -> tuple[Step, ...]:
    if depth > _MAX_DEPTH:
        file = place.where.partition(" (")[0]
        raise InputError(f"{file}: the flow is nested deeper than {_MAX_DEPTH} steps; no survey is that deep.")
    return tuple(_step(entry, depth) for entry in place.get("Flow").items())


def _step(place: Place, depth: int) -> Step:
    id_, kind = place.get("FlowID").text(), place.get("Type").text()
    if not id_ or not kind:
        raise place.unexpected("a step of the flow with a FlowID and a Type")
    place = place.at(f"flow {id_}")
    read = _READ.get(kind)
    return read(place, id_, depth) if read else OtherStep(id_, kind, _steps(place, depth + 1))


def _block(place: Place, id_: str, _: int) -> Step:
    return BlockStep(id_, place.get("ID").text())


def _randomiser(place: Place, id_: str, depth: int) -> Step:
    children = _steps(place, depth + 1)
    shown = place.get("SubSet").whole()
    return Randomiser(
        id=id_,
        shown=len(children) if shown is None else max(0, min(shown, len(children))),
        evenly=place.get("EvenPresentation").flag(),
        children=children,
    )


def _branch(place: Place, id_: str, depth: int) -> Step:
    return Branch(id_, read_logic(place.get("BranchLogic")), _steps(place, depth + 1))


def _embedded(place: Place, id_: str, _: int) -> Step:
    entries = place.get("EmbeddedData").items()
    return EmbeddedData(
        id_,
        {
            entry.get("Field").text(): None if entry.get("Value").value is None else plain(entry.get("Value").text())
            for entry in entries
        },
    )


def _group(place: Place, id_: str, depth: int) -> Step:
    return Group(id_, plain(place.get("Description").text()), _steps(place, depth + 1))


_READ: dict[str, Callable[[Place, str, int], Step]] = {
    "Block": _block,
    "Standard": _block,
    "BlockRandomizer": _randomiser,
    "Branch": _branch,
    "EmbeddedData": _embedded,
    "Group": _group,
    "EndSurvey": lambda _place, id_, _depth: End(id_),
}
