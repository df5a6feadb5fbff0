"""Recipes of real deposits: every gate is passed, and what they give is what plain columns of the raw file give."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import polars as pl
import pyreadstat
import pytest

from silicus.data import Dataset, read_dataset_folder
from silicus.data.deposit import Recipe
from silicus.options import BuildOptions
from silicus.record import read
from silicus.workflow import build_deposit
from tests.recipes.commands import commands

RECIPES = sorted((Path(__file__).resolve().parents[2] / "recipes" / "deposits").glob("*.yaml"))


@dataclass(frozen=True)
class Raw:
    """Where the answers of a recipe stand in the raw file.

    Attributes:
        deposit: its folder in the shared data.
        arms: cell of the column `arm` -> condition; everybody is in the condition "all" where there is no such column.
        answers: question -> column.
        point: returns the point on the scale that a cell stands for.
    """

    deposit: str
    file: str
    answers: dict[str, str]
    arm: str = ""
    arms: dict[Any, str] | None = None
    point: Callable[[float], float] = float

    def rows(self, shared: Path) -> list[dict[str, Any]]:
        """Return the rows of the file, an empty cell as "" or `None`."""
        path = shared / self.deposit / self.file
        if path.suffix == ".csv":
            with path.open(encoding="utf-8", newline="") as file:
                return list(csv.DictReader(file))
        plain, _ = getattr(pyreadstat, f"read_{path.suffix[1:]}")(str(path), output_format="dict")
        return [dict(zip(plain, cells, strict=True)) for cells in zip(*plain.values(), strict=True)]

    def given(self, shared: Path) -> Iterator[tuple[str, str, float, int]]:
        """Yield condition, question, point and number of the row of every answer."""
        for number, row in enumerate(self.rows(shared)):
            condition = self.arms[row[self.arm]] if self.arms else "all"
            for question, column in self.answers.items():
                if row[column] not in {"", None}:
                    yield condition, question, self.point(float(row[column])), number


COVID = ("deposits/covid_yougov", "FourthWave.sav")
RAW = {
    "brader-valentino-suhay": Raw(
        "framing",
        "framing.csv",
        {"immigration": "immigr", "message": "cong_mesg", "information": "anti_info"},
        "cond",
        {"1": "costs-latino", "2": "costs-european", "3": "benefits-latino", "4": "benefits-european"},
    ),
    "chong-druckman": Raw(
        "framing",
        "patriot_act.csv",
        {"support": "PA_support"},
        "T1_content",
        {"Control": "control", "Pro": "for", "Con": "against"},
    ),
    "hainmueller-hopkins": Raw("conjoint", "HainmuellerHopkins.dta", {"chosen": "Chosen_Immigrant"}),
    "ahler-sood": Raw(
        "deposits/parties",
        "affect_exp_data.dta",
        {"neighbor": "sd_neighbor", "engaged": "sd_marriage", "colleague": "sd_work", "degree": "sd_potus"},
        "exp_cond",
        {"Control": "control", "Ask": "ask", "Tell": "tell"},
        lambda cell: 1 + 4 * cell,
    ),
    "covid-yougov": Raw(
        *COVID,
        {"list-family": "q115_family", "list-community": "q115_community"},
        "q115_treat",
        {1: "family", 2: "community"},
    ),
    "covid-yougov-order": Raw(
        *COVID,
        {"friends": "q60_1", "neighborhood": "q60_2", "city": "q60_3", "state": "q60_4"},
        "q60_treat",
        {1: "before", 2: "after"},
    ),
}
each = pytest.mark.parametrize("name", RAW)


@pytest.fixture(scope="module")
def build(shared_data, tmp_path_factory) -> Callable[[str], Dataset]:
    """Return a function from the name of a recipe to the dataset that it makes, built once."""
    made: dict[str, Dataset] = {}

    def build(name: str) -> Dataset:
        if name not in made:
            (recipe,) = (path for path in RECIPES if path.stem == name)
            options = BuildOptions(recipe=recipe, out=tmp_path_factory.mktemp(name))
            folder, result = build_deposit(shared_data / RAW[name].deposit, options)
            assert {gate.name: gate.problems for gate in result.gates if not gate.passed} == {}
            made[name] = read_dataset_folder(folder / "dataset")
        return made[name]

    return build


def mean(data: Dataset, condition: str, *questions: str) -> float:
    """Return the mean answer to some questions in a condition."""
    rows = data.answered.filter(pl.col("question").is_in(questions), condition=condition)
    return fmean(rows["response"].to_list())


# --- what they say


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_is_named_like_its_file_and_expects_counts(path):
    recipe = read(path, Recipe)
    assert (recipe.name, recipe.expected is None) == (path.stem, False)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_the_head_of_a_recipe_says_how_to_build_with_it(path):
    (command,) = commands(path, "build")
    assert command[command.index("--recipe") + 1] == f"recipes/deposits/{path.name}"


# --- what they give


@each
def test_answers_are_those_of_the_raw_file(name, build, shared_data):
    data = build(name)
    expected = Counter((condition, question, point) for condition, question, point, _ in RAW[name].given(shared_data))
    assert Counter(data.answered.select("condition", "question", "response").iter_rows()) == expected


@each
def test_people_are_those_who_answered_in_the_raw_file(name, build, shared_data):
    data, raw = build(name), RAW[name]
    person = read(next(path for path in RECIPES if path.stem == name), Recipe).respondent
    rows = raw.rows(shared_data)
    given = raw.given(shared_data)
    found = {(condition, rows[number][person] if person else number) for condition, _, _, number in given}
    expected = Counter(condition for condition, _ in found)
    people = data.answered.group_by("condition").agg(pl.col("respondent").n_unique())
    assert Counter(dict(people.iter_rows())) == expected
    assert len(data.respondents) == sum(expected.values())


# --- what was found with them


def test_a_story_of_costs_turns_more_people_against_immigration_where_a_latino_is_in_it(build):
    """Brader, Valentino and Suhay (2008, https://doi.org/10.1111/j.1540-5907.2008.00353.x), abstract."""
    data = build("brader-valentino-suhay")
    for question in ("immigration", "message"):
        latino = mean(data, "costs-latino", question) - mean(data, "benefits-latino", question)
        european = mean(data, "costs-european", question) - mean(data, "benefits-european", question)
        assert latino > 0
        assert latino > european


def test_arguments_for_the_patriot_act_raise_support_and_those_against_it_lower_it(build):
    """Chong and Druckman (2010, https://doi.org/10.1017/S0003055410000493); so in the original and its replication."""
    data = build("chong-druckman")
    for sample in data.respondents["sample"].unique():
        people = data.respondents.filter(sample=sample)["respondent"]
        own = data.keep(pl.col("respondent").is_in(people.implode()), "another sample")
        assert mean(own, "for", "support") > mean(own, "control", "support") > mean(own, "against", "support")


def test_fluent_english_raises_the_share_chosen_over_an_interpreter(build, shared_data):
    """Hainmueller and Hopkins (2015, https://doi.org/10.1111/ajps.12138), abstract."""
    data = build("hainmueller-hopkins")
    rows = RAW["hainmueller-hopkins"].rows(shared_data)
    shares: list[float] = []
    for words, code in (("spoke fluent English", 1), ("used an interpreter", 4)):
        items = [key for key, item in data.items.items() if words in item.context]
        shares.append(fmean(data.responses.filter(pl.col("item").is_in(items))["response"].to_list()))
        assert shares[-1] == pytest.approx(fmean(row["Chosen_Immigrant"] for row in rows if row["FeatLang"] == code))
    assert shares[0] - shares[1] > 0.1


def test_a_profile_tells_all_nine_properties_in_words(build, shared_data):
    data = build("hainmueller-hopkins")
    path = shared_data / "conjoint" / "HainmuellerHopkins.dta"
    labels = pyreadstat.read_dta(str(path), metadataonly=True, output_format="dict")[1].variable_value_labels
    first = RAW["hainmueller-hopkins"].rows(shared_data)[0]
    shown = data.items[data.responses["item"][0]].context.splitlines()
    told = [line.partition(": ")[2] for line in shown]
    assert sorted(told) == sorted(labels[column][code] for column, code in first.items() if column.startswith("Feat"))
    assert not any("[" in item.context for item in data.items.values())


def test_people_who_are_told_whom_the_other_party_consists_of_feel_closer_to_it(build):
    """Ahler and Sood (2018, https://doi.org/10.1086/697253), abstract."""
    data, events = build("ahler-sood"), RAW["ahler-sood"].answers
    assert mean(data, "tell", *events) > mean(data, "control", *events)


def test_everybody_is_asked_about_the_other_party_alone(build, shared_data):
    data = build("ahler-sood")
    rows = RAW["ahler-sood"].rows(shared_data)
    texts = Counter(
        data.items[item].text for item in data.answered.filter(question="engaged")["item"]
    )  # fmt: skip
    parties = Counter(row["outparty_singular"] for row in rows if row["sd_marriage"] is not None)
    assert texts == {f"Your son or daughter gets engaged to a {party}": count for party, count in parties.items()}
    for item in data.cells():
        own = {"Republican": "Southerners", "Democrat": "Union members"}
        if item.condition == "tell" and item.question == "engaged":
            party = item.text.rpartition(" ")[2]
            assert [name for name, group in own.items() if group in item.context] == [party]


def test_seven_points_of_party_and_the_ideology_agree_with_what_else_the_file_says(build, shared_data):
    data = build("ahler-sood")
    rows = [row for row in RAW["ahler-sood"].rows(shared_data) if row["sd_marriage"] is not None]
    letters = Counter(party.rpartition(" ")[2][0] for party in data.respondents["party_id"])
    assert letters == Counter(row["pid_3"] for row in rows)
    ideology = Counter(data.respondents["ideology"])
    assert ideology["Liberal"] == sum(row["lib_branch"] is not None for row in rows)
    assert ideology["Conservative"] == sum(row["doyouconsideryourselfveryconserv"] is not None for row in rows)


def test_who_was_in_the_other_arm_was_not_asked(build):
    data = build("covid-yougov")
    missing = data.responses.filter(pl.col("response").is_null())
    assert Counter(missing.select("condition", "question", "missing").iter_rows()) == {
        ("family", "list-community", "not asked"): 249,
        ("community", "list-family", "not asked"): 251,
    }


def test_weights_and_words_of_people_are_those_of_the_file(build, shared_data):
    people = build("covid-yougov").respondents
    rows = RAW["covid-yougov"].rows(shared_data)
    assert people["weight"].to_list() == [row["weight_RI"] for row in rows]
    assert people["birth_year"].to_list() == [row["birthyr"] for row in rows]
    genders = Counter(
        {1: "Male", 2: "Female", 3: "Other", 4: "Prefer not to say"}[row["gender_client"]] for row in rows
    )
    assert Counter(people["gender"]) == genders
