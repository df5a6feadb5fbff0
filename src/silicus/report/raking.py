"""How respondents came by their weights, at the prompt."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console

from silicus.errors import counted
from silicus.report.page import print_anywhere
from silicus.report.words import shorten
from silicus.study import Raking

__all__ = ["print_raking"]

_ROWS = 12
"""Of more iterations those in the middle are not shown."""
_WIDTH = 34


def print_raking(raking: Raking, console: Console) -> None:
    """Print whether raking converged, what the weights cost, and every margin before and after."""

    def show(to: Console) -> None:
        for line in _lines(raking):
            to.print(line, soft_wrap=True, highlight=False, markup=False)

    print_anywhere(show, console)


def _lines(raking: Raking) -> Iterator[str]:
    last, weights = raking.iterations[-1], raking.weights
    yield f"Raking of {raking.table} to {raking.margins_file}"
    steps = counted(len(raking.iterations) - 1, "iteration", "iterations")
    yield f"Converged: yes ({steps}, largest gap {last.size:.1e}, tolerance {raking.tolerance:g})"
    names = ", ".join(margin.attribute for margin in raking.margins)
    yield f"Attributes raked: {names}; began with {raking.began_with}"
    for reason, count in raking.left_out.items():
        yield f"Left out: {counted(count, 'respondent', 'respondents')}, {reason}"
    before = f" (before: {raking.design_effect_before:.3f})" if raking.design_effect_before > 1 + 1e-9 else ""
    yield (
        f"Design effect: {raking.design_effect:.3f}{before} | Effective n: {raking.effective_n:,.0f} of "
        f"{raking.respondents:,}"
    )
    yield (
        f"Weights: {weights.lowest:.3f} to {weights.highest:.3f} times their mean, median {weights.median:.3f}, "
        f"SD {weights.sd:.3f}; they sum to {raking.total:,.10g}"
    )
    if raking.trim is not None:
        yield f"Trimmed: {counted(raking.trimmed, 'respondent', 'respondents')} held at {raking.trim:g} times the mean"
    yield ""
    yield from _iterations(raking)
    for margin in raking.margins:
        yield ""
        yield margin.attribute
        yield f"  {'category':<{_WIDTH}} {'respondents':>11} {'before':>8} {'target':>8} {'after':>8}"
        for own in margin.categories:
            shares = " ".join(f"{share:>8.4f}" for share in (own.before, own.target, own.after))
            yield f"  {shorten(own.category, _WIDTH):<{_WIDTH}} {own.respondents:>11,} {shares}"
    yield ""
    yield f"Method: {raking.method}"
    for source in raking.sources:
        yield f"Source: {source}"


def _iterations(raking: Raking) -> Iterator[str]:
    yield "iteration  largest gap  in"
    count, shown = len(raking.iterations), _ROWS // 2
    for number, gap in enumerate(raking.iterations):
        if count <= _ROWS or number < shown or number >= count - shown:
            yield f"{number:>9}  {gap.size:>11.7f}  {gap.attribute}: {gap.category}"
        elif number == shown:
            yield f"{'…':>9}"
