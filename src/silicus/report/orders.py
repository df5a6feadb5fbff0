"""How much answers depend on the order of the options, in a sentence."""

from __future__ import annotations

from collections.abc import Iterator

from silicus.errors import counted
from silicus.evaluate import Estimate, OrderEffect
from silicus.report.words import with_interval

__all__ = ["order_sentence"]


def order_sentence(found: OrderEffect) -> str:
    """Return how large the effect is, on how much, and how sure."""
    asked = counted(found.questions_n, "question was asked", "questions were asked")
    alone = f", {found.one_order_n:,} in one alone" if found.one_order_n else ""
    moved = "; ".join(_parts(found))
    return f"{asked} in several orders of the options{alone}, and predictions are means over them: {moved}."


def _parts(found: OrderEffect) -> Iterator[str]:
    if found.ordered is not None:
        yield (
            f"the mean answer, from 0 to 1, as given less turned round is {with_interval(found.ordered, signed=True)}"
            f"{_side(found.ordered)} ({counted(found.ordered.n, 'pair', 'pairs')})"
        )
    if found.nominal is not None:
        yield (
            f"without an order of points, {with_interval(found.nominal)} of the probability moves "
            f"({counted(found.nominal.n, 'pair', 'pairs')})"
        )


def _side(ordered: Estimate) -> str:
    """Return towards which side answers lean, where that is sure."""
    if ordered.high is not None and ordered.high < 0:
        return ", towards what stands first"
    return ", towards what stands last" if ordered.low is not None and ordered.low > 0 else ""
