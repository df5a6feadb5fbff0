"""What a recipe explains is found wherever it stands, and what frees something from a gate comes first."""

from __future__ import annotations

from silicus.data.deposit.counts import is_own_count, uncounted
from silicus.data.deposit.excuses import excuses, reason_keys, reasons
from silicus.data.deposit.recipe import Recipe
from silicus.record import parse
from tests.data.deposit.flyers import recipe

FULL = recipe(
    not_in_documents={"flyer": "the sheet is lost"},
    exclude=[{"column": "ok", "values": {"0": "failed the check"}}],
    unmapped={"age": "not in the deposit"},
    expected={"source": "counted by hand", "respondents": 6, "answers": {"vote": 5}},
    excused={"recoded": {"vote": {"1": "turned round"}, "gender": "in other words"}, "alike": "twins answered"},
)


def test_every_reason_is_found_and_those_that_free_from_a_gate_come_first():
    assert list(reasons(parse(FULL, Recipe, "recipe")).items()) == [
        ("not_in_documents > flyer", "the sheet is lost"),
        ("excused > recoded > vote > 1", "turned round"),
        ("excused > recoded > gender", "in other words"),
        ("excused > alike", "twins answered"),
        ("exclude > ok > 0", "failed the check"),
        ("expected > source", "counted by hand"),
        ("unmapped > age", "not in the deposit"),
    ]


def test_exclusions_counts_and_unmapped_fields_excuse_nothing():
    found = excuses(parse(FULL, Recipe, "recipe"))
    assert [name.split(" > ")[0] for name in found] == ["not_in_documents", "excused", "excused", "excused"]


def test_keys_that_hold_nothing_but_reasons_need_no_source_themselves():
    assert reason_keys() == {"same_words", "not_in_documents", "unmapped", "excused"}


def test_counts_that_are_left_out_are_named():
    assert uncounted(parse(FULL, Recipe, "recipe")) == ["conditions > control", "conditions > flyer"]
    assert uncounted(parse(recipe(), Recipe, "recipe")) == ["respondents", "conditions", "answers"]


def test_a_count_is_ones_own_where_its_source_names_the_data_alone():
    def own(source: str) -> bool:
        return is_own_count(parse(recipe(expected={"source": source, "respondents": 6}), Recipe, "recipe"))

    assert own("counted in answers.csv by the csv module")
    for source in ("the second line of codebook.txt", "the article's Table 2", "https://doi.org/10.1086/711133"):
        assert not own(source)
