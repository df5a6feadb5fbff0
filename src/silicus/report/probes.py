"""What probing a model found, in sentences: each probe with what it can show, and what it cannot."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from silicus.errors import counted
from silicus.evaluate import Familiar, Followed, Probes, Reasked, Recalled, Verbatim
from silicus.report.page import print_anywhere
from silicus.report.words import number, percent, with_interval

__all__ = ["TITLE", "print_probes", "probed"]

TITLE = "Does it read what it is asked, or remember it?"

_LIMITS = {
    "stimulus": "Shows whether the study's words carry the prediction; options and scale still stand there. Cannot "
    "show whether what the words call up was learnt or remembered.",
    "persona": "Shows whether persons are read. Cannot show that what is made of them is right.",
    "instructed": "A model that does not follow answers from habit. One that follows may still misread the question.",
    "verbatim": "A text that is written down as it stands was in the training. Cannot show the reverse: what is not "
    "reproduced may have been read, and so may its results.",
    "familiar": "Shows whether what sounds familiar is predicted better. Cannot show that a text was in the training: "
    "plain words sound familiar too.",
    "recalled": "Ids cannot be guessed from a text, so that more than chance was remembered; titles and years can be. "
    "Cannot show that results are remembered too.",
}


def probed(probes: Probes) -> list[str]:
    """Return what was found, a paragraph a probe, and what could not be looked at."""
    parts: tuple[tuple[str, Iterator[str]], ...] = (
        ("stimulus", _asked_otherwise("Without condition and question", probes.stimulus_removed)),
        ("persona", _asked_otherwise("With the attributes of somebody else of the study", probes.persona_swapped)),
        ("instructed", _instructed(probes.instructed)),
        ("verbatim", _verbatim(probes.verbatim)),
        ("familiar", _familiar(probes.familiar)),
        ("recalled", _recalled(probes.recalled)),
    )
    told = [(" ".join(sentences), _LIMITS[key]) for key, sentences in parts]
    return [*(f"{found} ({limits})" for found, limits in told if found), *probes.left_out]


def print_probes(probes: Probes, console: Console) -> None:
    """Print what was found in at most 100 columns.

    Args:
        probes: what a model does when it is asked otherwise.
        console: where it is printed.
    """

    def show(where: Console) -> None:
        width = min(100, where.width)
        where.print(Text(TITLE, style="bold"), highlight=False)
        for paragraph in probed(probes):
            where.print()
            where.print(Text("\n".join(textwrap.wrap(paragraph, width))), width=width, highlight=False)

    print_anywhere(show, console)


def _asked_otherwise(how: str, found: Reasked | None) -> Iterator[str]:
    if found is None:
        return
    yield (
        f"{how}, {counted(found.predictions_n, 'prediction moves', 'predictions move')} by "
        f"{with_interval(found.moved)} of their mass in the mean, in {counted(found.cells_n, 'cell', 'cells')}."
    )
    if found.farther.value is not None:
        yield (
            f"In their mean, W from the people of these cells goes from {number(found.distance.value)} to "
            f"{number(found.distance_otherwise.value)}: {with_interval(found.farther, signed=True)}."
        )
    if found.lost.value is not None:
        yield f"The answers that people gave lose {with_interval(found.lost)} nats each."


def _instructed(found: Followed | None) -> Iterator[str]:
    if found is None:
        return
    yield (
        f"Told to give one answer, drawn at random, whatever is asked, the model gives it a probability of "
        f"{with_interval(found.told)}, and {number(found.before.value)} when it is not told so "
        f"({counted(found.answers_n, 'prompt', 'prompts')})."
    )


def _verbatim(found: Verbatim | None) -> Iterator[str]:
    if found is None:
        return
    yield (
        f"After the first half of {counted(found.texts_n, 'stimulus', 'stimuli')} it would write "
        f"{with_interval(found.reproduced, 1)} of {number(found.tokens, 0)} tokens as they stand, and "
        f"{with_interval(found.control, 1)} after the first half of another: a difference of "
        f"{with_interval(found.difference, 1, signed=True)}. {found.whole:,} are reproduced to their end."
    )
    if found.longest:
        yield f"The longest run is {counted(found.longest, 'token', 'tokens')} ({found.longest_text})."


def _familiar(found: Familiar | None) -> Iterator[str]:
    if found is None:
        return
    yield (
        f"The fifth of its tokens that a stimulus makes least expected has a mean log-probability of "
        f"{with_interval(found.min_k, 2)} nats (Min-K%; Min-K%++ {with_interval(found.min_k_plus_plus, 2)}; "
        f"{counted(found.texts_n, 'text', 'texts')})."
    )
    if found.correlation.value is not None:
        yield (
            f"Over {counted(found.correlation.n, 'study', 'studies')}, what is more expected is predicted nearer to "
            f"people with a rank correlation of {with_interval(found.correlation, 2)} (p = {number(found.chance)})."
        )


def _recalled(found: list[Recalled]) -> Iterator[str]:
    for each in found:
        yield (
            f"Shown the text of {counted(each.studies_n, 'study', 'studies')} and {each.choices} choices for its "
            f"{each.what}, it picks the right one for {percent(each.right)} (chance {percent(1 / each.choices)}) and "
            f"gives it a probability of {with_interval(each.probability, 2)} (p = {number(each.chance)})."
        )
