"""What a recipe expects: which counts it leaves out, and whether somebody else than its writer has made them."""

from __future__ import annotations

import re

from silicus.data.deposit.recipe import Recipe

__all__ = ["is_own_count", "uncounted"]

_ELSEWHERE = re.compile(
    r"https?://|\bdoi\b|\b10\.\d{4,}/|\b(?:article|paper|codebook|publish\w*|supplement\w*|appendix|authors?|report\w*|"
    r"preregist\w*|socsci210|table [0-9s])",
    re.IGNORECASE,
)
"""What a source of counts names where it is more than the data file itself."""


def uncounted(recipe: Recipe) -> list[str]:
    """Return the counts that a recipe does not expect: people, those of every condition, answers of every question."""
    expected = recipe.expected
    if expected is None:
        return ["respondents", "conditions", "answers"]
    conditions = dict.fromkeys(condition.id for condition in recipe.crossed) if recipe.condition else {}
    return [
        *(["respondents"] if expected.respondents is None else []),
        *(f"conditions > {name}" for name in conditions if name not in expected.conditions),
        *(f"answers > {each.id}" for each in recipe.questions if each.id not in expected.answers),
    ]


def is_own_count(recipe: Recipe) -> bool:
    """Return whether what a recipe expects was counted in the data file alone, by whoever wrote it.

    Such a count shows that the recipe does what its writer meant, and not that it is what the authors found.
    """
    if recipe.expected is None:
        return False
    source = recipe.expected.source
    return not _ELSEWHERE.search(source) and not any(name in source for name in recipe.documents)
