"""The words that a Qualtrics survey shows, question after question in the order of its flow.

Questions that the flow does not reach were shown to nobody, and are left out. Where embedded data stand in the words,
they stand there first as `${e://Field/fee}`, and further below, for each arm that a randomiser sets them in, with what
it sets: the survey never shows a fee of one arm beside the explanation of another.
"""

from __future__ import annotations

from pathlib import Path

from silicus.data.deposit.qualtrics import Survey, read_survey
from silicus.data.deposit.qualtrics_assignments import assignments
from silicus.data.deposit.qualtrics_seen import Shown, seen
from silicus.errors import InputError

__all__ = ["survey_words"]

_LONGEST_TAG = 60


def survey_words(path: Path, name: str, most_characters: int) -> list[tuple[str, str]]:
    """Return the place and words of every question and text that people are shown, as ("question Q11 (QID24)", "…").

    Args:
        path: the survey (.qsf).
        name: what it is called in the deposit, for messages.
        most_characters: how many are read; the first words beyond are the last.

    Raises:
        InputError: it is no survey, or randomises more than can be listed.
    """
    try:
        survey = read_survey(path)
        arms = [arm.shown for each in assignments(survey) for arm in each.arms]
    except InputError as error:
        raise InputError(str(error).replace(str(path), name)) from None
    pieces: list[tuple[str, str]] = []
    told: set[tuple[str, str]] = set()
    length = 0
    for way in (seen(survey), *arms):
        found = [_piece(survey, shown) for shown in way]
        # Words of one arm stay together, those that another arm is shown as well among them.
        if told.issuperset(found):
            continue
        told.update(found)
        for place, words in found:
            pieces.append((place, words))
            length += len(words)
            if length > most_characters:
                return pieces
    return pieces


def _piece(survey: Survey, shown: Shown) -> tuple[str, str]:
    question = survey.questions[shown.question]
    place = f"question {question.tag.strip()[:_LONGEST_TAG]} ({question.id[:_LONGEST_TAG]})"
    points = [answer.text for answer in question.answers]
    return place, "\n".join((shown.text, *shown.choices, *points))
