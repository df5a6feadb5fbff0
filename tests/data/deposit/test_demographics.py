import csv
import json
import re
from collections import Counter, defaultdict

import polars as pl
import pytest

from silicus.data.deposit.demographics import (
    FIELDS,
    WHOLE_NUMBERS,
    Checked,
    Coverage,
    _fields,
    bands,
    bare_codes,
    check_demographics,
    guess_field,
    hub_values,
    income_bands,
    known_values,
    states,
    unmapped_values,
)
from silicus.prompts.socrates import SocratesTemplate


def test_the_file_has_the_fields_in_the_order_of_the_published_prompt():
    assert tuple(_fields()) == FIELDS == SocratesTemplate.fields
    assert tuple(name for name, field in _fields().items() if field.whole_numbers) == WHOLE_NUMBERS
    assert all(bool(known_values(name)) != (name in WHOLE_NUMBERS) for name in FIELDS)


def test_there_are_fifty_states_and_the_capital():
    assert len(states()) == len(set(states().values())) == 51
    assert known_values("location") == tuple(states().values())


def test_a_field_is_mapped_unmapped_or_absent():
    people = pl.DataFrame(
        {
            "respondent": ["a", "b", "c", "d"],
            "age": [34, 61, None, 18],
            "gender": ["Female", "female", "female", "9"],
            "income": ["<5K", None, "200K+", "5-9K"],
            "party_id": pl.Series([None] * 4, dtype=pl.String),
            "household_size": ["2", "5+", "1", "1"],
            "marital_status": ["Married", "", None, "Separated"],
            "favourite_team": ["Reds", "Reds", "Blues", ""],
        }
    )
    found = {each.field: each for each in check_demographics(people)}
    assert list(found) == list(FIELDS)
    assert found["age"] == Checked("age", Coverage.MAPPED)
    assert found["income"].what == found["marital_status"].what == "mapped"
    assert found["gender"] == Checked("gender", Coverage.UNMAPPED, ("9",))
    assert unmapped_values(people) == {"gender": ["9"], "household_size": ["5+"]}
    assert found["household_size"] == Checked("household_size", Coverage.UNMAPPED, ("5+",))
    assert found["party_id"].what == found["education"].what == Coverage.ABSENT


@pytest.mark.parametrize(
    ("field", "words", "value"),
    [
        ("location", "OH", "Ohio"),
        ("income", "$60,000 - $74,999", "50-74K"),
        ("income", "$200,000 or more", "200K+"),
        ("income", "Less than $5,000", "<5K"),
        ("income", "62000", "50-74K"),
        ("income", "$50,000 to $99,999", None),
        ("income", "7", None),
        ("metro_status", "Metro area", "Metro Area"),
        ("ethnicity", "Multiracial, non-Hispanic", "2+ Race"),
        ("education", "Bachelor’s degree", "Bachelor's degree"),
        ("age", "18-29", None),
        ("household_size", "4.0", "4"),
        ("gender", "1", None),
    ],
)
def test_a_value_is_told_in_the_words_of_the_hub_or_has_no_place_there(field, words, value):
    assert hub_values(field, [words]) == {words: value}


def test_other_words_stand_for_values_that_there_are():
    for name, field in _fields().items():
        assert set(field.also) <= set(known_values(name)), name
        plain = [other for others in field.also.values() for other in others]
        assert len(plain) == len(set(plain)), name


def test_a_worded_field_of_numbers_alone_is_bare_codes_and_dollars_are_not():
    people = pl.DataFrame({"gender": [1, 2, 2], "income": [20_000, 61_000, None], "age": [30, 40, 50]})
    assert bare_codes(people) == {"gender": ["2", "1"]}
    assert bare_codes(pl.DataFrame({"gender": ["Male", "2"]})) == {"gender": ["2"]}
    assert bare_codes(pl.DataFrame({"gender": ["Neither", "2"]})) == {}


def test_a_number_belongs_to_the_band_that_holds_it():
    dollars = pl.Series("income", [0.0, 4999, 5000, 74_999.99, 75_000, 174_999, 175_000, 2e6, -1, None, float("nan")])
    assert bands(dollars, income_bands()).to_list() == [
        "<5K", "<5K", "5-9K", "50-74K", "75-99K", "150-175K+", "175-200K+", "200K+", None, None, None,
    ]  # fmt: skip
    assert bands(pl.Series("age", [17, 18, 99]), {"18-29": 18, "30+": 30}).to_list() == [None, "18-29", "30+"]


@pytest.mark.parametrize(
    ("name", "label", "values", "field"),
    [
        ("ppage", "", [str(age) for age in range(18, 90)], "age"),
        ("Q12", "What is your age?", [str(age) for age in range(18, 60)], "age"),
        ("AGE", "", [*map(str, range(18, 60)), "98", "999"], "age"),
        ("AGE", "Age", ["1", "2", "3", "4"], None),
        ("age_condition", "", [str(age) for age in range(18, 60)], None),
        ("PPGENDER", "", ["1", "2"], "gender"),
        ("v7", "Respondent's sex", ["Male", "Female"], "gender"),
        ("gender", "", ["1"], None),
        ("PPEDUCAT", "", ["1", "2", "3", "4"], "education"),
        ("x", "Education (Highest Degree Received)", ["a", "b"], "education"),
        ("Q9", "Education is the key to success", ["1", "2", "3"], None),
        ("state", "", ["GA", "CA", "NY", "Other"], None),
        ("state", "", ["GA", "CA", "NY", "TX", "Other"], "location"),
        ("state", "", ["1", "2", "3"], None),
        ("hhsize", "", ["1", "2", "3", "99"], None),
        ("hhsize", "", ["1", "2", "3", "4", "99"], "household_size"),
        ("PID1", "Party", ["1", "2", "3", "4"], None),
        ("pid7", "", ["1", "2", "3"], "party_id"),
        ("income", "", [str(n) for n in range(500)], None),
        ("Q2", "", ["1", "2"], None),
    ],
)
def test_a_field_is_guessed_only_where_it_is_plain(name, label, values, field):
    assert guess_field(name, label, values) == field


def test_the_columns_of_a_real_deposit_are_guessed(shared_data):
    path = shared_data / "deposits" / "ryan_aziz" / "rawdata_tess.csv"
    if not path.is_file():
        pytest.skip(f"the deposit is not at {path}")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    guessed = {name: guess_field(name, "", list({row[name] for row in rows})) for name in rows[0]}
    assert {name: field for name, field in guessed.items() if field} == {
        "PartyID5": "party_id", "PartyID7": "party_id", "IDEO": "ideology", "GENDER": "gender", "AGE": "age",
        "RACETHNICITY": "ethnicity", "EDUC": "education", "EDUC4": "education", "MARITAL": "marital_status",
        "EMPLOY": "employment", "INCOME": "income", "STATE": "location", "METRO": "metro_status",
        "INTERNET": "internet_access", "HOUSING": "housing_ownership", "HOME_TYPE": "housing_type",
        "PHONESERVICE": "phone_service", "HHSIZE": "household_size",
    }  # fmt: skip
    assert {row["STATE"] for row in rows} <= set(states())


def test_every_value_of_the_real_sample_is_known(shared_data):
    path = shared_data / "socsci210" / "sample_20_studies.jsonl"
    if not path.is_file():
        pytest.skip(f"the sample is not at {path}")
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for line in path.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)["input"].partition("Demographics:")[2].partition("\n")[0]
        for name, value in re.findall(r"([A-Z][A-Za-z ]+): (.*?)(?:;\s|$)", told):
            found[name.lower().replace("political affiliation", "party_id")][value.strip()] += 1
    table = pl.DataFrame({name: [next(iter(values))] for name, values in found.items()})
    assert set(table.columns) == {"age", "gender", "education", "income", "employment", "party_id", "ideology"}
    for name, values in found.items():
        checked = check_demographics(pl.DataFrame({name: list(values)}))[FIELDS.index(name)]
        assert checked == Checked(name, Coverage.MAPPED)


def test_every_value_of_the_real_hub_rows_is_known(shared_data):
    path = shared_data / "socsci210" / "9nphm_hub_schema.parquet"
    if not path.is_file():
        pytest.skip(f"the rows are not at {path}")
    people = pl.read_parquet(path)["demographic"].struct.unnest()
    what = {each.field: each.what for each in check_demographics(people)}
    assert {name for name, said in what.items() if said is not Coverage.MAPPED} == {"ethnicity"}
    assert what["ethnicity"] is Coverage.ABSENT
