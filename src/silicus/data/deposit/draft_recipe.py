"""A recipe drafted from what the files of a deposit say themselves, for a person to finish.

Everything that was found says where; what only a person knows is marked with TODO, and a recipe that still holds one
is refused. Nothing is guessed that is not said to be.
"""

from __future__ import annotations

from silicus.data.deposit.demographics import FIELDS, WHOLE_NUMBERS, hub_values
from silicus.data.deposit.draft_questions import draft_question
from silicus.data.deposit.entries import Entry, entries
from silicus.data.deposit.material import Material, of_another_file
from silicus.data.deposit.profile import Profile, profile
from silicus.data.deposit.profile_assignments import AssignmentCandidate
from silicus.data.deposit.profile_columns import ColumnProfile
from silicus.data.deposit.qualtrics_assignments import Arm
from silicus.data.readers.by_labels import escaped, study_name
from silicus.data.readers.codebook import TODO
from silicus.data.yaml_words import comment, key, pairs, scalar
from silicus.errors import counted

__all__ = ["draft_recipe"]

_LIKELY_OUTCOME = 3
_SHOWN = 12


def draft_recipe(material: Material) -> str:
    """Return a recipe in YAML, of which a person has to fill what says TODO and check the rest.

    Args:
        material: what of a deposit a study is made of.

    Raises:
        InputError: the survey randomises more than can be listed.
    """
    found = profile(material.table, material.survey[1] if material.survey else None)
    told = entries(material.documents, found.columns)
    profiles = [each for each in found.assignments if found.repeated and len(each.columns) == 1]
    lines = [
        f"# {comment(material.file)}: {counted(found.rows, 'row', 'rows')}, "
        f"{counted(len(material.table.cells.columns), 'column', 'columns')}.",
        "# Drafted by rules from names, labels, values and documents; nothing in it is knowledge.",
        f"# Write what is missing where it says {TODO}, correct what is guessed wrong, delete what you do not need.",
        *(f"# Passed over: {comment(name)}: {comment(why)}" for name, why in material.others.items()),
        *(f"# {comment(said)}" for said in of_another_file(material)),
        "",
        f"name: {scalar(study_name(material.table).replace('/', '-'))}",
        "source:",
        "  citation: >-",
        f"    {TODO} whom to cite",
        "  licence: >-",
        f"    {TODO} the terms of the data",
        f"file: {scalar(material.file)}",
        *([f"encoding: {material.encoding}  # guessed from its bytes"] if material.encoding else []),
        f"documents: [{', '.join(scalar(document.name) for document in material.documents)}]",
        *_people(found),
        *(_profiles(found, profiles) if profiles else _condition(found, material, told)),
        *_attributes(found, told),
        *_unmapped(found, told),
        *_questions(found, material, told),
        *_expected(found, told, profiles=bool(profiles)),
    ]
    return "\n".join(lines) + "\n"


def _people(found: Profile) -> list[str]:
    lines = ["respondent: null  # no column names people: every row is another one"]
    if found.people:
        several = "has several rows a person" if found.repeated else "is another one in every row"
        also = f"; {', '.join(found.people[1:])} would do too" if found.people[1:] else ""
        lines = [f"respondent: {scalar(found.people[0])}  # {comment(several + also)}"]
    if found.weights:
        also = f"; or {', '.join(found.weights[1:])}" if found.weights[1:] else ""
        lines.append(f"weight: {scalar(found.weights[0])}  # {comment(f'by its name and its fractions{also}')}")
    if found.repeated:
        tasks = ", ".join(map(scalar, found.tasks))
        lines += ["design: within", f"task: [{tasks}]  # the columns that number the rows of a person"]
    return lines


# --- conditions


def _profiles(found: Profile, profiles: list[AssignmentCandidate]) -> list[str]:
    """Return what differs between the rows of a person, as fields of what was shown."""
    names = [candidate.columns[0] for candidate in profiles]
    lines = ["show: >-", f"  {TODO} the words of a row, with what differs in braces, as {{name}}"]
    lines += ["fields:  # they differ between the rows of a person as by chance"]
    for candidate in profiles:
        column = found.columns[candidate.columns[0]]
        said = f"{column.title or column.name}: {_cells(list(column.words))}"
        lines.append(f"  {scalar(column.name)}: {scalar(column.name)}  # {comment(said)}")
    return [*lines, f"# A condition instead of a field: condition: {{column: {comment(names[0])}, values: ...}}"]


def _condition(found: Profile, material: Material, told: dict[str, Entry]) -> list[str]:
    """Return the first candidate as the condition, and the others in comments."""
    lines: list[str] = []
    single = [each for each in found.assignments if len(each.columns) == 1]
    if single:
        lines += _factor(single[0], found, material, told)
    else:
        lines.append("# condition: no column tells it; where everybody was shown the same, leave it out")
    others = [each for each in found.assignments if each not in single[:1]]
    lines += ["# Other columns that may tell it:"] if others else []
    for each in others[:_SHOWN]:
        said = f"{', '.join(each.columns)} (score {each.score:g}): {'; '.join(each.reasons)}"
        filled = "whichever is filled of " if len(each.columns) > 1 else ""
        lines.append(f"#   {comment(filled + said)}")
    return lines


def _factor(candidate: AssignmentCandidate, found: Profile, material: Material, told: dict[str, Entry]) -> list[str]:
    column = found.columns[candidate.columns[0]]
    entry = told.get(column.name)
    arms = _arms(candidate, column.name)
    lines = [f"# score {candidate.score:g}: {comment('; '.join(candidate.reasons))}"]
    lines += [f"# {comment(entry.where)}: {comment(entry.words)}"] if entry else []
    lines += [f"# the same in other codes: {comment(', '.join(candidate.same))}"] if candidate.same else []
    lines += [f"# parts of it: {comment(', '.join(candidate.parts))}"] if candidate.parts else []
    lines += [
        "condition:  # control: true for the arm that others are compared with",
        f"  column: {scalar(column.name)}",
    ]
    lines += ["  values:"]
    for code, name in _ids(column, entry).items():
        lines += [f"    {key(code)}:  # {counted(column.counts[code], 'row', 'rows')}", f"      id: {scalar(name)}"]
        lines += _shown(arms.get(code), material)
    cells = set(material.table.codes(column.name))
    lost = [(code, why) for code, why in column.missing.items() if code in cells]
    return lines + [f"    {key(code)}: null  # {comment(why)}" for code, why in lost]


def _ids(column: ColumnProfile, entry: Entry | None) -> dict[str, str]:
    """Return cell -> the id of its condition: its label where every cell has one of its own."""
    labels = column.labels or (entry.codes if entry else {})
    twins = len({labels.get(code, code) for code in column.counts}) < len(column.counts)
    return {code: code if twins else labels.get(code, code) for code in sorted(column.counts)}


def _arms(candidate: AssignmentCandidate, column: str) -> dict[str, Arm]:
    """Return cell -> the arm of the survey that sets it."""
    arms = candidate.assignment.arms if candidate.assignment else ()
    return {arm.values[column]: arm for arm in arms if column in arm.values}


def _shown(arm: Arm | None, material: Material) -> list[str]:
    """Return the words that the survey shows in one arm and not in every other."""
    texts = [shown.text for shown in arm.shown if shown.text] if arm else []
    if not texts or material.survey is None:
        return ["      text: >-", f"        {TODO} the words shown to them, '' for nothing"]
    where = f"{material.survey[0]}: what this arm is shown and not every other; check it"
    return [f"      # {comment(where)}", f"      text: {scalar(escaped(chr(10).join(texts)))}"]


# --- people and questions


def _attributes(found: Profile, told: dict[str, Entry]) -> list[str]:
    """Return the demographics, the first column of each field."""
    lines: list[str] = []
    taken: set[str] = set()
    for name, known in found.demographics.items():
        column, entry = found.columns[name], told.get(name)
        if known in taken or known.startswith("made of"):
            lines.append(f"  # {comment(name)}: {'as ' if known in taken else ''}{comment(known)}")
            continue
        taken.add(known)
        where = f"{entry.where}: {entry.words}" if entry else column.title or "by its name"
        codes = _codes(column, entry)
        if codes:
            lines += [
                f"  {known}:  # {comment(where)}",
                f"    column: {scalar(name)}",
                f"    values: {{{pairs(codes)}}}",
            ]
        elif _is_bare(known, column):
            lines.append(f"  # {known}: {scalar(name)}  # {comment(where)}; its codes have no words: see unmapped")
        else:
            lines.append(f"  {known}: {scalar(name)}  # {comment(where)}: {comment(_cells(column.words))}")
    return ["attributes:" if any(not line.startswith("  #") for line in lines) else "attributes: {}", *lines]


def _codes(column: ColumnProfile, entry: Entry | None) -> dict[str, str]:
    """Return the words of a column's codes that a document has, and the file has not; none where it lacks some."""
    codes = {code: words for code, words in entry.codes.items() if code not in column.missing} if entry else {}
    whole = not column.labels and column.numeric and set(column.counts) <= set(codes)
    return codes if whole else {}


def _is_bare(field: str, column: ColumnProfile) -> bool:
    """Return whether a column of a worded field holds codes whose meaning nobody says."""
    if field not in FIELDS or field in WHOLE_NUMBERS or column.labels or not column.numeric:
        return False
    return not any(hub_values(field, column.counts).values())


def _cells(words: list[str]) -> str:
    return ", ".join(words[:_SHOWN]) + (", …" if len(words) > _SHOWN else "")


def _unmapped(found: Profile, told: dict[str, Entry]) -> list[str]:
    lines = [
        f"  {field}: no column was found by name or title"
        for field in FIELDS
        if field not in found.demographics.values()
    ]
    for field in FIELDS:
        name = next((name for name, known in found.demographics.items() if known == field), None)
        if (
            name is not None
            and _is_bare(field, found.columns[name])
            and not _codes(found.columns[name], told.get(name))
        ):
            cells = comment(_cells(list(found.columns[name].counts)))
            lines += [
                f"  {field}: >-",
                f"    {TODO} what {comment(name)} means by {cells}, under attributes; or that no document says it",
            ]
    return ["unmapped:", *lines] if lines else []


def _questions(found: Profile, material: Material, told: dict[str, Entry]) -> list[str]:
    """Return the likely outcomes as questions, all candidates where none is, and the others in a comment."""
    chosen = _chosen(found)
    lines = ["questions:" if chosen else f"questions: []  # {TODO}: no column looks like a question"]
    for name in chosen:
        lines += draft_question(found, material, told, name)
    rest = [each.column for each in found.outcomes if each.column not in chosen]
    return lines + ([f"# Less likely questions: {comment(', '.join(rest))}"] if rest else [])


def _chosen(found: Profile) -> list[str]:
    likely = [each.column for each in found.outcomes if each.score >= _LIKELY_OUTCOME]
    return likely or [each.column for each in found.outcomes]


def _expected(found: Profile, told: dict[str, Entry], *, profiles: bool) -> list[str]:
    """Return the counts that a person has to make: people, those of each condition, answers of each question."""
    factor = next((each for each in found.assignments if len(each.columns) == 1 and not profiles), None)
    lines = [
        "expected:  # counted in another way than by a build, as in the article or by hand",
        "  source: >-",
        f"    {TODO} where the counts come from",
        f"  respondents: {TODO}",
    ]
    if factor is not None:
        ids = _ids(found.columns[factor.columns[0]], told.get(factor.columns[0])).values()
        lines += ["  conditions:  # by their ids", *(f"    {scalar(name)}: {TODO}" for name in ids)]
    chosen = _chosen(found)
    return [*lines, "  answers:", *(f"    {scalar(name)}: {TODO}" for name in chosen)] if chosen else lines
