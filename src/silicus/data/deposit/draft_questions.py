"""The questions of a drafted recipe: their words and their scales, each with where it comes from."""

from __future__ import annotations

import re

from pydantic import ValidationError

from silicus.data.answer_scale import labelled_scale
from silicus.data.deposit.entries import Entry
from silicus.data.deposit.material import Material
from silicus.data.deposit.profile import Profile
from silicus.data.deposit.profile_columns import ColumnProfile
from silicus.data.deposit.profile_outcomes import points_of
from silicus.data.missing import says_no_answer
from silicus.data.readers.by_labels import MOST_POINTS, escaped
from silicus.data.readers.codebook import TODO
from silicus.data.readers.draft import in_degrees
from silicus.data.yaml_words import comment, key, pairs, scalar
from silicus.study import Scale

__all__ = ["draft_question", "quoted_lines"]


def draft_question(found: Profile, material: Material, told: dict[str, Entry], name: str) -> list[str]:
    """Return the lines of a question.

    Args:
        found: what the columns hold.
        material: the survey it may come from.
        told: variable -> what a document says of it.
        name: the column of its answers.
    """
    column = found.columns[name]
    why = next((each for each in found.outcomes if each.column == name), None)
    reasons = f"  # {'; '.join(why.reasons)}" if why else ""
    return [
        f"  - id: {scalar(name)}{reasons}",
        *_text(column, material, told.get(name)),
        *_scale(column, material, told.get(name)),
        *_missing(column, material, told, name),
    ]


def quoted_lines(text: str, where: str, indent: str) -> list[str]:
    """Return the lines of `text:`, where the words come from, and the words themselves."""
    return [f"{indent}# {comment(where)}; check that people were shown these words", f"{indent}text: {scalar(text)}"]


def _text(column: ColumnProfile, material: Material, entry: Entry | None) -> list[str]:
    if column.meaning is not None and column.meaning.text.strip() and material.survey:
        return quoted_lines(escaped(column.meaning.text), f"{material.survey[0]} {column.meaning.question}", "    ")
    if column.title:
        return quoted_lines(escaped(column.title), f"title of {column.name} in {material.file}", "    ")
    if entry is not None and _asks(entry.words):
        return quoted_lines(escaped(entry.words), entry.where, "    ")
    # A codebook mostly says what a column is about, which is not what people read.
    about = f"; {comment(entry.where)} says what it is about: {comment(entry.words)}" if entry is not None else ""
    return ["    text: >-", f"      {TODO} the words of the question{about}"]


def _asks(words: str) -> bool:
    """Return whether words of a codebook are a question, or quote one."""
    return re.search(r'\?|"[^"]{8,}"|“[^”]{8,}”', words) is not None


def _scale(column: ColumnProfile, material: Material, entry: Entry | None) -> list[str]:
    """Return the lines of `scale`, and of `values` where the cells are no whole numbers."""
    surveyed = _of_survey(column, material)
    if surveyed is not None:
        return [f"    scale: {_flow(surveyed)}  # as the survey offers it"]
    labels, where = column.labels, f"value labels of {column.name}"
    if not labels and entry is not None:
        labels, where = {code: words for code, words in entry.codes.items() if code not in column.missing}, entry.where
    scale = _labelled(column, labels)
    if scale is not None:
        return [f"    scale: {_flow(scale)}  # {comment(where)}"]
    return _of_cells(column)


def _of_survey(column: ColumnProfile, material: Material) -> Scale | None:
    """Return the scale of the survey's question, where the cells lie on it."""
    question = column.meaning.question if column.meaning else None
    scale = material.survey[1].questions[question].scale if question and material.survey else None
    return scale if scale is not None and set(column.counts) <= {str(point) for point in scale.answers} else None


def _labelled(column: ColumnProfile, labels: dict[str, str]) -> Scale | None:
    """Return the scale of labels that name every cell; `None` where they do not, or are no scale."""
    if not labels or not set(column.counts) <= set(labels):
        return None
    try:
        return labelled_scale({int(code): words for code, words in labels.items()})
    except (ValueError, ValidationError):
        return None


def _of_cells(column: ColumnProfile) -> list[str]:
    """Return a scale guessed from the cells alone."""
    said = "from the cells; check the kind, and all points offered in their order"
    if not column.numeric:
        words = in_degrees(list(column.counts)) or sorted(column.counts)
        kind = "binary" if len(words) == 2 else "ordinal"
        return [f"    scale: {{kind: {kind}, labels: {{{pairs(dict(enumerate(words, start=1)))}}}}}  # {said}"]
    points = points_of(column)
    kind = "binary" if len(points) == 2 else "ordinal" if len(points) <= MOST_POINTS else "numeric"
    if all(point.is_integer() for point in points):
        step = int(points[1] - points[0])
        steps = f", step: {step}" if step > 1 else ""
        return [f"    scale: {{kind: {kind}, low: {int(points[0])}, high: {int(points[-1])}{steps}}}  # {said}"]
    places = {code: str(_nearest(points, float(code))) for code in sorted(column.counts, key=float)}
    listed = ", ".join(f"{scalar(code)}: {place}" for code, place in places.items())
    return [
        f"    scale: {{kind: {kind}, low: 1, high: {len(points)}}}  # {said}",
        f"    values: {{{listed}}}  # a scale has whole numbers",
    ]


def _nearest(points: list[float], number: float) -> int:
    return 1 + min(range(len(points)), key=lambda place: abs(points[place] - number))


def _flow(scale: Scale) -> str:
    parts = [f"kind: {scale.kind}"]
    if scale.low is not None and scale.high is not None:
        parts += [f"low: {scale.low}", f"high: {scale.high}"]
    parts += [f"step: {scale.step}"] if scale.step > 1 else []
    parts += [f"labels: {{{pairs(scale.labels)}}}"] if scale.labels else []
    parts += [f"refusals: {{{pairs(scale.refusals)}}}"] if scale.refusals else []
    return f"{{{', '.join(parts)}}}"


def _missing(column: ColumnProfile, material: Material, told: dict[str, Entry], name: str) -> list[str]:
    """Return the codes that are no answer, without those that the file itself declares."""
    scale = _of_survey(column, material)
    known = [*material.table.missing.get(column.name, {}), *(map(str, scale.answers) if scale else ())]
    codes = [code for code in column.missing if code not in known]
    lines = ["    missing:"] if codes else []
    for code in codes:
        entry = _entry_of(code, told, name)
        if entry is not None:
            lines.append(f"      {key(code)}: {scalar(entry.codes[code])}  # {comment(entry.where)}")
        else:
            lines += [f"      {key(code)}: >-", f"        {TODO} why this is no answer"]
    return lines


def _entry_of(code: str, told: dict[str, Entry], name: str) -> Entry | None:
    """Return what says why a missing code is no answer: the entry of the column, else another of the same codebook."""
    own = told.get(name)
    if own is not None and code in own.codes:
        return own
    document = own.where.rpartition(" ")[0].rpartition(" ")[0] if own is not None else None
    others = [each for each in told.values() if code in each.codes and says_no_answer(each.codes[code])]
    beside = [each for each in others if document is None or each.where.startswith(f"{document} ")]
    return beside[0] if len({each.codes[code] for each in beside}) == 1 else None
