"""Recipes of real deposits: every gate is passed, and what they give is what plain columns of the raw file give."""

from __future__ import annotations

import csv
import html
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import polars as pl
import pyreadstat
import pytest
import yaml

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
        answers: question -> its columns, of which a row fills one.
        point: returns the point on the scale that a cell stands for.
    """

    deposit: str
    file: str
    answers: dict[str, str | tuple[str, ...]]
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
            for question, columns in self.answers.items():
                for column in (columns,) if isinstance(columns, str) else columns:
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
        {"list": ("q115_family", "q115_community")},
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
MEGASTUDY = {name: name.replace("-", "_") for name in ("accuracy-nudges", "default-eric", "junk-fees", "privacy")}
DEPOSITS = {
    **{name: raw.deposit for name, raw in RAW.items()},
    "ryan-aziz": "deposits/ryan_aziz",
    **{name: f"deposits/megastudy/{folder}" for name, folder in MEGASTUDY.items()},
}
HEADLINES = [f"{kind}{number}" for kind in ("fake", "real") for number in range(1, 9)]
# Trade -> the beginning of its columns, and the field that names its fee.
TRADES = {
    "hotel": ("Hotel", "Hotel"),
    "car": ("Car", "Rental.Car"),
    "ticket": ("Ticket", "Tickets"),
    "food": ("Food", "Food"),
    "apartment": ("Apart", "apartment"),
    "health": ("Health", "HealthCare"),
    "credit-card": ("CC", "CreditCard"),
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
            folder, result = build_deposit(shared_data / DEPOSITS[name], options)
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


# --- four studies of a mega-study, each counted with csv alone


def exported(shared: Path, name: str) -> list[dict[str, str]]:
    """Return what a Qualtrics export holds: the ids of the questions first, then its people; the first of twins."""
    with (shared / DEPOSITS[name] / "response.csv").open(encoding="utf-8-sig", newline="") as file:
        header, _, *rows = csv.reader(file)
    return [dict(zip(reversed(header), reversed(row), strict=True)) for row in rows]


def answers_of(data: Dataset) -> Counter[tuple[str, str, float]]:
    return Counter(data.answered.select("condition", "question", "response").iter_rows())


def test_privacy_counts_the_six_columns_of_its_question_together(build, shared_data):
    columns = {
        "BT": ("tracked", "Q138_1"),
        "PSA": ("tracked-on-device", "Q140_1"),
        "PSB": ("grouped-on-device", "Q142_1"),
        "CT": ("context", "Q11_1"),
        "UA": ("untargeted", "Q2_1"),
        "NANT": ("no-advertising", "Q2_1.1"),
    }
    expected: Counter[tuple[str, str, float]] = Counter()
    for row in exported(shared_data, "privacy")[1:]:
        arm, column = columns[row["Group"]]
        expected[arm, "violated", float(row[column])] += 1
        assert not any(row[other] for _, other in columns.values() if other != column)
    assert answers_of(build("privacy")) == expected
    assert expected.total() == 1200


def test_default_eric_counts_who_is_in_whatever_code_says_so(build, shared_data):
    expected: Counter[tuple[str, str, float]] = Counter()
    for row in exported(shared_data, "default-eric")[1:]:
        # Code 1 keeps the default.
        green = row["OPTIN_Green"] == "2" or row["OPTOUT_Green"] == "1"
        donor = row["OPTIN_Organ"] == "2" or row["OPTOUT_Organ"] == "1"
        arms = (
            "opt-in to green" if row["OPTIN_Green"] else "opt-out of green",
            "opt-in to donation" if row["OPTIN_Organ"] else "opt-out of donation",
        )
        expected[" × ".join(arms), "green", float(green)] += 1
        expected[" × ".join(arms), "donor", float(donor)] += 1
    assert answers_of(build("default-eric")) == expected
    assert expected.total() == 1200


def test_accuracy_nudges_counts_sixteen_headlines_by_arm(build, shared_data):
    arms = {"1": "control", "2": "funny", "3": "accurate", "4": "important"}
    expected = Counter(
        (arms[row["Condition"]], headline, float(row[f"{headline.title()}_3"]))
        for row in exported(shared_data, "accuracy-nudges")[1:]
        for headline in HEADLINES
    )
    assert answers_of(build("accuracy-nudges")) == expected
    assert expected.total() == 16 * 1003


def test_people_who_rated_a_headline_are_shown_the_one_they_rated(build, shared_data):
    starts = {"Fake1": "Because Of", "Fake2": "Australia", "Real1": "Woman", "Real2": "Tall Tail"}
    data = build("accuracy-nudges")
    asked = data.answered.filter(question="fake1")
    shown = {person.partition("/")[2]: data.items[item].context for person, item in asked["respondent", "item"].rows()}
    for row in exported(shared_data, "accuracy-nudges")[1:]:
        rated = {key: row[f"{key}_Funny"] or row[f"{key}_2"] for key in starts}
        found = {key for key, words in starts.items() if words in shown[row["TWIN_ID"]]}
        assert found == {key for key, cell in rated.items() if cell}


def test_junk_fees_counts_fees_and_general_questions(build, shared_data):
    general = {
        "hidden-costs": "Hidden.Cost",
        "governments-protect": "Gov.Resp",
        "firms-decide": "Firms.Rights",
        "all-inclusive": "Total.Part",
        "regulation": "Regulation",
        "support-ban": "Support.Reg",
        "easier-to-compare": "Impact.Reg",
    }
    expected: Counter[tuple[str, str, float]] = Counter()
    for row in exported(shared_data, "junk-fees")[1:]:
        named = {column.strip(): cell for column, cell in row.items()}
        cells = {question: row[column] for question, column in general.items()}
        for trade, (start, _) in TRADES.items():
            cells |= {f"surprised-{trade}": named[f"{start}.Surprised1"], f"fair-{trade}": named[f"{start}.Fair"]}
        expected.update(("all", question, float(cell)) for question, cell in cells.items() if cell)
    assert answers_of(build("junk-fees")) == expected
    assert expected.total() == 400 * (5 * 2 + 2 + 7)


def letters(text: str) -> str:
    """Return a piece of HTML without its tags and white space."""
    return "".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split()).replace("\u200b", "")


def words_by_question(folder: Path) -> dict[str, list[str]]:
    """Return id of a question -> its words in the survey file, after those of the text right before it in its block."""
    elements = json.loads((folder / "survey.qsf").read_text(encoding="utf-8"))["SurveyElements"]
    asked = {each["PrimaryAttribute"]: each["Payload"] for each in elements if each["Element"] == "SQ"}
    blocks = next(each["Payload"] for each in elements if each["Element"] == "BL")
    found: dict[str, list[str]] = {}
    for block in blocks.values() if isinstance(blocks, dict) else blocks:
        before: list[str] = []
        for entry in block.get("BlockElements", []):
            question = asked.get(entry.get("QuestionID"), {})
            own = [letters(question.get("QuestionText", ""))]
            found[question.get("QuestionID", "")] = [*before, *own]
            before = own if question.get("QuestionType") == "DB" else []
    return found


def explanations(step: dict[str, Any]) -> dict[str, str]:
    """Return fee -> what the flow of the survey says that it represents."""
    found = {key: value for child in step.get("Flow", []) for key, value in explanations(child).items()}
    fields = {each["Field"]: each.get("Value") for each in step.get("EmbeddedData", [])}
    means = fields.pop("correct.answer", None)
    return found | ({next(iter(fields.values())): means} if means else {})


@pytest.mark.parametrize("name", MEGASTUDY)
def test_everybody_is_shown_the_words_of_the_question_they_answered(name, build, shared_data):
    folder, data = shared_data / DEPOSITS[name], build(name)
    words = words_by_question(folder)
    elements = json.loads((folder / "survey.qsf").read_text(encoding="utf-8"))["SurveyElements"]
    means = explanations(next(each["Payload"] for each in elements if each["Element"] == "FL"))
    ids, *people = exported(shared_data, name)
    recipe = read(next(path for path in RECIPES if path.stem == name), Recipe)
    rows = {row["TWIN_ID"]: row for row in people}
    texts = {key: letters(f"{item.context}{item.text}") for key, item in data.items.items()}
    columns = {each.id: recipe.combine.get(each.cells) for each in recipe.questions}
    cells = {each.id: each.cells for each in recipe.questions}
    for person, question, item in data.answered["respondent", "question", "item"].rows():
        row, made = rows[person.partition("/")[2]], columns[question]
        column = next(each for each in made.columns if row[each]) if made else cells[question]
        fields = {f"${{e://Field/{field}}}": row[field] for _, field in TRADES.values() if field in row}
        for piece in words[re.findall(r"QID\d+", ids[column])[0]]:
            for place, fee in fields.items():
                if place in piece:
                    piece = piece.replace(place, letters(fee)).replace(
                        "${e://Field/correct.answer}", letters(means[fee])
                    )
            assert piece in texts[item]


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
        told = data.responses.filter(pl.col("shown.language").str.contains(words))
        shares.append(fmean(told["response"].to_list()))
        assert shares[-1] == pytest.approx(fmean(row["Chosen_Immigrant"] for row in rows if row["FeatLang"] == code))
    assert shares[0] - shares[1] > 0.1


def test_both_immigrants_of_a_pair_tell_all_nine_properties_in_words(build, shared_data):
    data = build("hainmueller-hopkins")
    path = shared_data / "conjoint" / "HainmuellerHopkins.dta"
    labels = pyreadstat.read_dta(str(path), metadataonly=True, output_format="dict")[1].variable_value_labels
    labels["FeatLang"][4] = labels["FeatLang"][4].replace("[language]", "their native language")
    rows = RAW["hainmueller-hopkins"].rows(shared_data)
    pairs: dict[tuple[float, float], dict[float, dict[str, Any]]] = {}
    for row in rows:
        pairs.setdefault((row["CaseID"], row["contest_no"]), {})[row["profile"]] = row
    for row, name in zip(rows, data.responses["item"], strict=True):
        both = pairs[row["CaseID"], row["contest_no"]]
        other = both[3 - row["profile"]]
        for block, one in zip(data.items[name].context.split("\n\n"), (row, other), strict=True):
            head, *lines = block.splitlines()
            assert head == f"Immigrant {one['profile']:g}"
            expected = sorted(labels[column][code] for column, code in one.items() if column.startswith("Feat"))
            assert sorted(line.partition(": ")[2] for line in lines) == expected
        assert data.items[name].text.endswith(f"Would you choose immigrant {row['profile']:g}?")


def test_of_each_pair_one_immigrant_is_chosen_and_each_answer_says_what_both_were(build):
    rows = build("hainmueller-hopkins").responses
    names = [name.removeprefix("shown.") for name in rows.columns if name.startswith("shown.")]
    assert len(names) == 11
    own = rows.select("respondent", "response", *(f"shown.{name}" for name in names))
    others = rows.select(
        "respondent", 1 - pl.col("response"), *(pl.col(f"other.{n}").alias(f"shown.{n}") for n in names)
    )
    assert Counter(own.iter_rows()) == Counter(others.iter_rows())


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


def test_more_people_look_at_the_list_for_their_family_than_for_their_community_though_chance_may_do_as_much(build):
    data = build("covid-yougov")
    assert data.responses["response"].null_count() == 0
    family, community = (2 - mean(data, arm, "list") for arm in ("family", "community"))
    assert (family, community) == (pytest.approx(72 / 249), pytest.approx(55 / 251))
    error = (family * (1 - family) / 249 + community * (1 - community) / 251) ** 0.5
    assert error < family - community < 2 * error


def test_the_more_of_what_people_do_is_tracked_the_more_advertising_violates_their_privacy(build):
    data = build("privacy")
    arms = ["tracked", "tracked-on-device", "grouped-on-device", "context", "untargeted", "no-advertising"]
    means = [mean(data, arm, "violated") for arm in arms]
    assert means == sorted(means, reverse=True)
    assert min(means[:3]) - max(means[3:]) > 1.5


def test_more_people_are_in_by_default_than_by_choice(build):
    """Johnson and Goldstein (2003, https://doi.org/10.1126/science.1091721), in both scenarios."""
    data = build("default-eric")
    for question, arms in (("green", ("green ×", 0.2, 0.3)), ("donor", ("donation", 0, 0.1))):
        word, least, most = arms
        rows = data.answered.filter(question=question)
        stays, joins = (
            fmean(rows.filter(pl.col("condition").str.contains(f"{way} {word}"))["response"].to_list())
            for way in ("opt-out of", "opt-in to")
        )
        assert least < stays - joins < most


def test_thinking_of_accuracy_lowers_sharing_from_any_source_and_tells_doubtful_ones_apart_no_better_than_chance(build):
    """Pennycook et al. (2021, https://doi.org/10.1038/s41586-021-03344-2): their direction, and not their size."""
    data = build("accuracy-nudges")
    fake, real = HEADLINES[:8], HEADLINES[8:]
    for sources in (fake, real):
        assert mean(data, "important", *sources) < mean(data, "control", *sources) - 0.2
    assert mean(data, "accurate", *fake) < mean(data, "control", *fake)
    rows = data.answered.with_columns(real=pl.col("question").is_in(real))
    people = rows.group_by("condition", "respondent").agg(
        gap=pl.col("response").filter("real").mean() - pl.col("response").filter(~pl.col("real")).mean()
    )
    gaps = {arm: people.filter(condition=arm)["gap"].to_list() for arm in ("control", "accurate", "important")}
    for arm in ("accurate", "important"):
        error = sum(stdev(gaps[each]) ** 2 / len(gaps[each]) for each in (arm, "control")) ** 0.5
        assert 0 < fmean(gaps[arm]) - fmean(gaps["control"]) < error


def test_which_fee_is_found_fair_is_as_in_the_raw_file_for_the_design_expects_no_direction(build, shared_data):
    data = build("junk-fees")
    rows = exported(shared_data, "junk-fees")[1:]
    for trade, (start, field) in TRADES.items():
        asked = data.answered.filter(question=f"fair-{trade}")
        for fee in {row[field] for row in rows if row[field]}:
            items = [key for key, item in data.items.items() if item.text.endswith(f"charge for {fee}?")]
            found = fmean(asked.filter(pl.col("item").is_in(items))["response"].to_list())
            column = next(name for name in rows[0] if name.strip() == f"{start}.Fair")
            assert found == pytest.approx(fmean(int(row[column]) for row in rows if row[field] == fee))


def test_weights_and_words_of_people_are_those_of_the_file(build, shared_data):
    people = build("covid-yougov").respondents
    rows = RAW["covid-yougov"].rows(shared_data)
    assert people["weight"].to_list() == [row["weight_RI"] for row in rows]
    assert people["birth_year"].to_list() == [row["birthyr"] for row in rows]
    genders = Counter(
        {1: "Male", 2: "Female", 3: "Other", 4: "Prefer not to say"}[row["gender_client"]] for row in rows
    )
    assert Counter(people["gender"]) == genders


# --- what stops a recipe that has one thing wrong


def _turned(scale: dict[str, Any]) -> None:
    words = list(scale["labels"].values())
    scale["labels"] = dict(zip(scale["labels"], reversed(words), strict=True))


def _swapped(values: dict[Any, Any], one: Any, other: Any) -> None:
    values[one], values[other] = values[other], values[one]


WRONG: dict[str, tuple[str, Callable[[dict[str, Any]], Any], str]] = {
    "labels turned round": (
        "ryan-aziz",
        lambda recipe: _turned(recipe["questions"][0]["scale"]),
        "which is its point 5",
    ),
    "parties swapped": (
        "ryan-aziz",
        lambda recipe: _swapped(recipe["fields"]["ohio"]["values"], 0, 1),
        "'ohio' calls 0 of 'Q2_INSERT' 'Republican', and Codebook.docx",
    ),
    "answers of another question": (
        "ryan-aziz",
        lambda recipe: recipe["questions"][0].update(column="Q7"),
        "which is said of 'Q2', and its answers are read from 'Q7'",
    ),
    "an arm turned round": (
        "default-eric",
        lambda recipe: recipe["combine"]["donor"]["columns"].update(OPTOUT_Organ={1: 0, 2: 1}),
        "the survey (QID616) 'You are therefore currently a potential donor.",
    ),
    "arms of a survey swapped": (
        "privacy",
        lambda recipe: _swapped(recipe["condition"]["values"], "BT", "CT"),
        "which is more like the condition 'tracked' than 'context'",
    ),
    "answers turned round": (
        "ahler-sood",
        lambda recipe: recipe["questions"][0].update(values={0: 5, 0.25: 4, 0.5: 3, 0.75: 2, 1: 1}),
        "become points of 'neighbor' in another order than theirs",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_recipe_with_one_thing_wrong_is_stopped(wrong, shared_data, tmp_path):
    name, change, told = WRONG[wrong]
    recipe = yaml.safe_load(next(path for path in RECIPES if path.stem == name).read_text(encoding="utf-8"))
    change(recipe)
    path = tmp_path / "wrong.yaml"
    path.write_text(yaml.safe_dump(recipe, allow_unicode=True), encoding="utf-8")
    _, build = build_deposit(shared_data / DEPOSITS[name], BuildOptions(recipe=path, out=tmp_path / "build"))
    assert told in " ".join(problem for gate in build.gates for problem in gate.problems)
