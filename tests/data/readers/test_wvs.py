import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from silicus.data import Dataset, ReadOptions, read_dataset
from silicus.data.readers.wvs import READER
from silicus.data.readers.wvs_published import COUNTRIES, COUNTRY_SETS, QUESTION_SETS, published_parts
from silicus.errors import InputError


def entry(
    country: str = "Andorra", number: str = "1", shares: dict[str, float] | None = None, **more: Any
) -> dict[str, Any]:
    shares = shares or {"B": 25.0, "A": 75.0}
    words = {"A": "Very important", "B": "Rather important", "C": "Not very important", "X": "Not at all important"}
    return {
        "id": number,
        "instruction": f"How would someone from {country} answer the following question:\n\n",
        "input": "How important is family? \nHere are the options: \n",
        "options": [f"({letter}){words.get(letter, letter)}" for letter in sorted(shares)],
        "options_dist": shares,
        "data_type": "train",
    } | more


def written(path: Path, entries: list[Any]) -> Path:
    path.write_text(json.dumps(entries), encoding="utf-8")
    return path


def read(path: Path, codebook: Path | None = None) -> Dataset:
    return READER.read(path, ReadOptions(codebook=codebook))


def shares_of(data: Dataset) -> dict[tuple[str, str, int], float]:
    rows = data.answered.select("respondent", "question", "response", "weight").iter_rows()
    return {(country, question, answer): weight for country, question, answer, weight in rows}


# --- shares by country


def test_an_entry_becomes_one_row_for_each_share_above_0(tmp_path: Path):
    data = read(written(tmp_path / "train.json", [entry(shares={"C": 0.0, "B": 25.0, "X": 15.0, "A": 60.0})]))
    assert shares_of(data) == {
        ("Andorra", "Q1", 0): 0.15,
        ("Andorra", "Q1", 1): 0.6,
        ("Andorra", "Q1", 2): 0.25,
    }
    (item,) = data.items.values()
    assert (item.study, item.condition, item.question, item.context) == ("wvs7", "all", "Q1", "")
    assert item.text == "How important is family?"
    assert item.scale.values == (0, 1, 2, 3)
    assert data.responses["n"].null_count() == len(data.responses) == 3
    assert data.unit == "group"
    assert data.respondents.rows() == [("Andorra", 1.0, "Andorra")]
    assert data.respondents.columns == ["respondent", "weight", "country"]


def test_percent_or_fractions_are_decided_for_the_file_and_rounding_is_evened_out(tmp_path: Path):
    small = entry("Peru", shares={"A": 0.6, "B": 0.39}, id=7)
    data = read(written(tmp_path / "pew.json", [entry(shares={"A": 0.5, "B": 0.5}, id=7), small]))
    assert data.responses["study"].unique().to_list() == ["globalopinionqa"]
    assert shares_of(data)["Peru", "Q7", 1] == pytest.approx(0.6 / 0.99)
    percent = read(written(tmp_path / "wvs.json", [entry(shares={"A": 33.3, "B": 66.6})]))
    assert shares_of(percent)["Andorra", "Q1", 2] == pytest.approx(2 / 3)
    assert percent.source.doi == "10.14281/18241.20"
    assert "GlobalOpinionQA" in data.source.citation


def test_entries_without_shares_or_with_an_odd_sum_are_counted_apart(tmp_path: Path):
    entries = [
        entry("Peru"),
        entry("Chile"),
        entry("Iran", shares={"A": 0.0, "B": 0.0}),
        entry("Iraq", shares={"A": 70.0, "B": 40.0, "C": 0.0}),
        entry("Egypt", shares={"A": 0.6, "B": 0.4}),
    ]
    data = read(written(tmp_path / "train.json", entries))
    assert data.left_out == {"shares do not add up to a whole": 4, "all shares are 0": 1}
    assert data.rows_read == 4 + 4 + 1
    assert data.respondents["respondent"].to_list() == ["Peru", "Chile"]


def test_a_country_and_question_that_stands_twice_is_kept_once(tmp_path: Path):
    rounded = entry("Nigeria", shares={"B": 24.99, "A": 75.01})
    data = read(written(tmp_path / "test.json", [entry("Nigeria"), rounded]))
    assert data.left_out == {"repeats a country and question, with the same shares": 2}
    assert shares_of(data) == {("Nigeria", "Q1", 1): 0.75, ("Nigeria", "Q1", 2): 0.25}


def test_a_repeated_country_and_question_with_other_shares_is_named(tmp_path: Path):
    path = written(tmp_path / "test.json", [entry("Nigeria"), entry("Nigeria", shares={"A": 70.0, "B": 30.0})])
    with pytest.raises(InputError) as error:
        read(path)
    assert str(error.value) == (
        f"{path} entry 2: found Nigeria and the question 1 again, with other shares than test.json entry 1. "
        "Keep one of them."
    )


def test_a_question_with_other_options_elsewhere_has_two_items(tmp_path: Path):
    path = written(tmp_path / "train.json", [entry("Peru"), entry("Chile", shares={"A": 50.0, "B": 30.0, "C": 20.0})])
    data = read(path)
    assert [len(item.scale.values) for item in data.items.values()] == [2, 3]
    assert data.responses["question"].unique().to_list() == ["Q1"]


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (entry(options_dist=None), "entry 1: found shares for None, expected one for each option: A, B."),
        (entry(options_dist={"A": 1.0}), "entry 1: found shares for A, expected one for each option: A, B."),
        (entry(options_dist={"A": -1.0, "B": 101}), "found the share -1.0 of A, expected a number of 0 or more."),
        (entry(options_dist={"A": True, "B": 1}), "found the share True of A"),
        (entry(options=["Yes"]), "found the option 'Yes', expected a letter in brackets: '(A)Yes'."),
        (entry(options=["(A)Yes", "(A)No"]), "two options have the letter A. Give each its own."),
        (entry(id="Q1"), "found the id 'Q1', expected the number of the question."),
        (entry(instruction="Hi"), "found the instruction 'Hi', expected 'How would someone from ... answer"),
        (entry(number="82"), "found the id 82 and shares as percent, expected a question of wave 7"),
        (entry(shares={"A": 50.0, "K": 50.0}), "found the option (K) of Q1, expected A to J for 1 to 10 or X for 0."),
        (entry(shares={"A": 5.0, "B": 5.0}), "add up to 10 in the median, expected 1, or 100 for percent."),
        ([1], "entry 1: found [1], expected an object with the keys id, instruction"),
    ],
)  # fmt: skip
def test_an_entry_of_another_form_is_named(tmp_path: Path, broken: Any, message: str):
    with pytest.raises(InputError) as error:
        read(written(tmp_path / "train.json", [broken]))
    assert message in str(error.value)


def test_a_misspelt_key_is_answered_with_the_nearest(tmp_path: Path):
    broken = entry()
    broken["optoins"] = broken.pop("options")
    with pytest.raises(InputError, match=r"entry 1: the key 'options' is missing\. Did you mean 'optoins'\?"):
        read(written(tmp_path / "train.json", [broken]))


@pytest.mark.parametrize(("text", "message"), [("[{]", "line 1: not valid JSON"), ("{}", "expected a list of entries")])
def test_a_file_that_is_no_list_is_named(tmp_path: Path, text: str, message: str):
    path = tmp_path / "train.json"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read(path)


def test_an_entry_with_a_share_for_the_total_is_left_out_and_one_without_stays(tmp_path: Path):
    options = ["(A)Good", "(B)Bad", "(C)Total   N="]
    entries = [
        entry("Italy", shares={"A": 0.2, "B": 0.3, "C": 0.5}, id=7, options=options),
        entry("Peru", shares={"A": 0.4, "B": 0.6, "C": 0.0}, id=7, options=options),
    ]
    data = read(written(tmp_path / "pew.json", entries))
    assert data.left_out == {"a total stands among the options and has a share": 3}
    assert shares_of(data) == {("Peru", "Q7", 1): 0.4, ("Peru", "Q7", 2): 0.6}


# --- the published parts


def test_the_published_sets_are_those_of_the_paper():
    assert {name: len(countries) for name, countries in COUNTRY_SETS.items()} == {"C1": 46, "C2": 8, "C3": 11}
    # 163 less Q82 and Q94 to Q105; 61 less Q223.
    assert {name: len(numbers) for name, numbers in QUESTION_SETS.items()} == {"Q_1": 150, "Q_2": 35, "Q_3": 60}
    assert len(COUNTRIES) == 63  # the survey's 64, less Northern Ireland


@pytest.mark.parametrize(
    ("country", "question", "parts"),
    [
        ("Andorra", "Q163", ("train",)),
        ("Andorra", "Q164", ("valid",)),
        ("Andorra", "Q199", ("1",)),
        ("Egypt", "Q1", ("2",)),
        ("Egypt", "Q198", ("3",)),
        ("Egypt", "Q259", ("4",)),
        ("Peru", "Q1", ("5",)),
        ("Peru", "Q164", ("6",)),
        ("Peru", "Q199", ("7",)),
        ("Morocco", "Q1", ("2", "5")),
        ("Peru", "Q100", ()),
        ("Peru", "Q260", ()),
    ],
)
def test_a_country_and_question_is_in_its_published_parts(country: str, question: str, parts: tuple[str, ...]):
    assert published_parts(country, question) == parts


def test_an_unknown_country_is_answered_with_the_nearest():
    with pytest.raises(InputError, match=r"found the country 'Marocco'\. Did you mean 'Morocco'\?"):
        published_parts("Marocco", "Q1")


# --- person by person

HEADER = "version,B_COUNTRY,B_COUNTRY_ALPHA,A_YEAR,D_INTERVIEW,W_WEIGHT,Q1,Q2,Q82,Q119,Q260,Q262,Q275,Q288"
PEOPLE = [
    "5-0,20,AND,2018,20070001,1.5,1,2,1,0,1,34,8,10",
    "5-0,20,AND,2018,20070002,0.5,1,1,2,4,2,-2,-1,-2",
    "5-0,20,AND,2018,20070003,1,2,-1,1,3,2,70,0,1",
    "5-0,20,AND,2018,20070004,1,1,-4,1,,1,18,3,5",
    "5-0,566,NGA,2018,566070001,2,3,2,1,1,1,40,2,4",
    "5-0,566,NGA,2018,566070002,2,-5,9,1,1,2,41,2,4",
    "5-0,909,NIR,2022,909070001,1,1,1,1,1,1,50,3,5",
]
IMPORTANT = ["(A)Very important", "(B)Rather important", "(C)Not very important", "(D)Not at all important"]
HARD = ["(A)Strongly agree", "(B)Agree", "(C)Disagree", "(D)Strongly disagree", "(X)Hard to say"]


def csv_file(path: Path, lines: list[str], header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def words_of(number: int, text: str, options: list[str], country: str, counts: dict[str, int]) -> dict[str, Any]:
    """Return what the published files hold of these counts: percent, without weights, 0 for options nobody chose."""
    total = sum(counts.values())
    shares = {option[1]: round(100 * counts.get(option[1], 0) / total, 2) for option in options}
    return entry(country, str(number), shares) | {"input": f"{text} \nHere are the options: \n", "options": options}


@pytest.fixture
def shares(tmp_path: Path) -> Path:
    """Return the shares of the people above, counted by hand; 9 is no answer to Q2."""
    entries = [
        words_of(1, "Family?", IMPORTANT, "Andorra", {"A": 3, "B": 1}),
        words_of(1, "Family?", IMPORTANT, "Nigeria", {"C": 1}),
        words_of(2, "Friends?", IMPORTANT, "Andorra", {"A": 1, "B": 1}),
        words_of(2, "Friends?", IMPORTANT, "Nigeria", {"B": 1}),
        words_of(119, "Science?", HARD, "Andorra", {"X": 1, "C": 1, "D": 1}),
        words_of(119, "Science?", HARD, "Nigeria", {"A": 2}),
    ]
    return written(tmp_path / "shares.json", entries)


@pytest.fixture
def people(tmp_path: Path) -> Path:
    return csv_file(tmp_path / "wave7.csv", PEOPLE)


def test_people_keep_their_weights_reasons_and_attributes(people: Path, shares: Path):
    data = read(people, shares)
    assert data.unit == "person"
    assert data.source.fielded == "2017/2022"
    first = data.respondents.row(0, named=True)
    assert first == {
        "respondent": "wvs7/20070001", "weight": 1.5, "country": "Andorra", "year": 2018, "gender": "Male", "age": 34,
        "education": "Doctoral or equivalent", "income_decile": 10,
    }  # fmt: skip
    second = data.respondents.row(1, named=True)
    assert (second["age"], second["education"], second["income_decile"], second["weight"]) == (None, None, None, 0.5)
    missing = data.responses.drop_nulls("missing").select("respondent", "question", "missing").rows()
    assert missing == [
        ("wvs7/566070002", "Q1", "Missing or unknown"),
        ("wvs7/20070003", "Q2", "Don't know"),
        ("wvs7/20070004", "Q2", "Not asked"),
        ("wvs7/20070004", "Q119", "empty cell"),
    ]
    assert data.left_out == {
        "Northern Ireland, which the published set leaves out": 3,
        "answer outside the stated scale": 1,
    }
    assert data.rows_read == 7 * 3


def test_columns_without_words_are_not_read(people: Path, shares: Path):
    assert read(people, shares).responses["question"].unique(maintain_order=True).to_list() == ["Q1", "Q2", "Q119"]


def test_unweighted_shares_of_people_are_the_published_shares(people: Path, shares: Path):
    data = read(people, shares)
    answers = data.answered.join(data.respondents.select("respondent", "country"), on="respondent")
    count = answers.group_by("country", "question", "item", "response").len()
    share = count.with_columns(share=pl.col("len") / pl.col("len").sum().over("country", "question"))
    of_people = {(c, q, item, a): s for c, q, item, a, _, s in share.iter_rows()}
    rows = read(shares).answered.select("respondent", "question", "item", "response", "weight").iter_rows()
    published = {(c, q, item, a): weight for c, q, item, a, weight in rows}
    assert of_people == pytest.approx(published, abs=1e-4)
    assert len(published) == 10


def test_a_yaml_codebook_gives_the_words_too(people: Path, tmp_path: Path):
    codebook = tmp_path / "words.yaml"
    codebook.write_text("questions:\n- {id: Q82, text: 'Trust?', scale: {kind: binary, labels: {1: Yes, 2: No}}}\n")
    data = read(people, codebook)
    assert data.answered["response"].to_list() == [1, 2, 1, 1, 1, 1]
    (item,) = data.items.values()
    assert (item.text, item.scale.labels) == ("Trust?", {1: "Yes", 2: "No"})


def test_a_folder_of_shares_is_a_codebook_and_other_surveys_in_it_are_passed_over(people: Path, tmp_path: Path):
    folder = tmp_path / "words"
    folder.mkdir()
    written(folder / "train.json", [words_of(1, "Family?", IMPORTANT, "Peru", {"A": 1})])
    written(folder / "valid.json", [words_of(2, "Friends?", IMPORTANT, "Peru", {"A": 1})])
    written(folder / "pew.json", [entry(shares={"A": 0.5, "B": 0.5}, id=1)])
    assert {item.text for item in read(people, folder).items.values()} == {"Family?", "Friends?"}


def test_without_a_codebook_the_message_says_what_would_be_one(people: Path):
    with pytest.raises(InputError, match=r"wave7\.csv: holds codes and no words .* Name a codebook: a JSON file"):
        read(people)


def test_rows_stand_question_by_question_and_then_in_the_order_of_the_file(people: Path, shares: Path):
    respondents = read(people, shares).responses.filter(question="Q1")["respondent"].to_list()
    assert respondents == [f"wvs7/{n}" for n in (20070001, 20070002, 20070003, 20070004, 566070001, 566070002)]


def test_two_wordings_of_a_question_are_refused(people: Path, tmp_path: Path):
    entries = [words_of(1, text, IMPORTANT, "Peru", {"A": 1}) for text in ("Family?", "The family?")]
    with pytest.raises(InputError, match=r"Q1 has 2 wordings\. Keep one"):
        read(people, written(tmp_path / "two.json", entries))


def test_a_codebook_of_another_survey_or_of_other_questions_is_refused(people: Path, tmp_path: Path):
    with pytest.raises(InputError, match="found no question of wave 7"):
        read(people, written(tmp_path / "pew.json", [entry(shares={"A": 0.5, "B": 0.5}, id=1)]))
    with pytest.raises(InputError, match=r"has no column for any of the codebook's questions \(Q7\)"):
        read(people, written(tmp_path / "other.json", [entry(number="7")]))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("5-0,20,ANT,2018,1,1,1,2,1,0,1,34,8,10", "line 3: found B_COUNTRY_ALPHA ANT, expected the ISO code"),
        ("5-0,20,AND,2018,20070001,1,1,2,1,0,1,34,8,10", "line 3: found D_INTERVIEW 20070001, expected a number"),
        ("5-0,20,AND,2018,,1,1,2,1,0,1,34,8,10", "line 3: found D_INTERVIEW nothing"),
        ("5-0,20,AND,2018,2,-1,1,2,1,0,1,34,8,10", "line 3: found W_WEIGHT -1.0, expected a weight of 0 or more."),
        ("5-0,20,AND,2018,2,1,yes,2,1,0,1,34,8,10", "line 3: found Q1 'yes', expected a number."),
    ],
)  # fmt: skip
def test_a_cell_that_is_not_what_it_should_be_is_named(tmp_path: Path, shares: Path, line: str, message: str):
    with pytest.raises(InputError) as error:
        read(csv_file(tmp_path / "wave7.csv", [PEOPLE[0], line]), shares)
    assert message in str(error.value)


def test_a_missing_column_and_a_file_without_people_are_named(tmp_path: Path, shares: Path):
    with pytest.raises(InputError, match="W_WEIGHT"):
        read(csv_file(tmp_path / "wave7.csv", PEOPLE, HEADER.replace("W_WEIGHT", "WEIGHT")), shares)
    with pytest.raises(InputError, match="the table of people has no rows"):
        read(csv_file(tmp_path / "wave7.csv", []), shares)


# --- the card


def test_the_forms_are_recognised_and_no_others(tmp_path: Path, people: Path, shares: Path):
    other = tmp_path / "other.json"
    other.write_text('{"instruction": 1, "options": 2}')
    binary = tmp_path / "binary.json"
    binary.write_bytes(b"\xff\xfe\x00")
    table = csv_file(tmp_path / "table.csv", ["1"], "Q1")
    found = {path.name for path in (people, shares, other, binary, table, tmp_path, tmp_path / "no.json")
             if READER.recognises(path)}  # fmt: skip
    assert found == {"wave7.csv", "shares.json"}


def test_another_kind_of_file_is_answered_with_the_forms(tmp_path: Path):
    with pytest.raises(InputError, match="found a folder, expected a JSON list of shares"):
        read(tmp_path)


# --- the real files; counts are made from the plain JSON, without the reader


def plain(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_training_file_is_read_whole(shared_data: Path):
    path = shared_data / "wvs" / "train.json"
    entries, data = plain(path), read_dataset(path)
    assert len(entries) == 6841
    cells = data.responses.select("respondent", "question").unique()
    # Q144 has no words, so that its 45 countries are left out with 2 shares each.
    wordless = [e for e in entries if e["input"].startswith(" \nHere are")]
    assert {e["id"] for e in wordless} == {"144"}
    assert data.left_out == {"empty stimulus": 90}
    assert len(cells) == 6841 - len(wordless)
    assert (cells["respondent"].n_unique(), cells["question"].n_unique()) == (46, 149)
    positive = sum(share > 0 for e in entries for share in e["options_dist"].values())
    assert (data.rows_read, positive) == (29042, 29042)


def test_code_0_of_the_training_file_is_option_x(shared_data: Path):
    path = shared_data / "wvs" / "train.json"
    entries, data = plain(path), read_dataset(path)
    with_x = [e for e in entries if "X" in e["options_dist"]]
    assert len(with_x) == 412
    chosen = {
        (e["instruction"].split("from ")[1].split(" answer")[0], f"Q{e['id']}"): e["options_dist"]["X"] / 100
        for e in with_x
        if e["options_dist"]["X"] > 0
    }
    zeros = {(c, q): share for (c, q, answer), share in shares_of(data).items() if answer == 0}
    assert zeros == pytest.approx(chosen, abs=3e-4)


def test_the_parts_of_the_published_files_are_train_and_valid(shared_data: Path):
    for name in ("train", "valid"):
        for e in plain(shared_data / "wvs" / f"{name}.json"):
            country = e["instruction"].removeprefix("How would someone from ").partition(" answer ")[0]
            assert published_parts(country, f"Q{e['id']}") == (name,)


def test_the_validation_file_is_read_whole(shared_data: Path):
    path = shared_data / "wvs" / "valid.json"
    entries, data = plain(path), read_dataset(path)
    assert (len(entries), len({e["id"] for e in entries})) == (1586, 35)
    assert data.left_out == {}
    assert len(data.responses.select("respondent", "question").unique()) == 1586
    assert len(data.items) == 35
    sums = data.responses.group_by("respondent", "question").agg(pl.col("weight").sum())
    assert sums["weight"].to_list() == pytest.approx([1.0] * 1586)


def test_the_pew_file_is_fractions_and_its_flaws_are_counted(shared_data: Path):
    path = shared_data / "wvs" / "pew_dev.json"
    entries, data = plain(path), read_dataset(path)
    assert (len(entries), len({e["id"] for e in entries})) == (1191, 364)
    sums = [sum(e["options_dist"].values()) for e in entries]
    assert sum(total == 0 for total in sums) == 8
    assert data.left_out["all shares are 0"] == 8
    # One entry, of Egypt, adds up to 1.072; people could name several uses of a loan.
    assert [round(total, 3) for total in sums if abs(total - 1) > 0.05 and total] == [1.072]
    assert data.left_out["shares do not add up to a whole"] == 7
    # "Yes", "respects personal freedoms", "No", ...: commas inside options were taken for commas between them.
    cut = [e for e in entries if any(option[3].islower() for option in e["options"][1:])]
    assert (len(cut), len({e["id"] for e in cut})) == (34, 19)
    positive = sum(share > 0 for e in cut for share in e["options_dist"].values())
    assert data.left_out["no scale: options cut at a comma, so that their shares are another option's"] == positive
    # 1, 10, 2, ...: an order of numbers as words.
    assert data.left_out["no scale: the numbers among the options are out of order"] == 28
    # "Total N=" has half of the shares of Italy and the Netherlands in 2022, and of Kenya in 996.
    totals = [e for e in entries if any("N=" in option for option in e["options"])]
    assert {e["id"] for e in totals} == {2022, 996}
    positive = sum(share > 0 for e in totals for share in e["options_dist"].values())
    assert data.left_out["a total stands among the options and has a share"] == positive == 17
    twice = [e for e in entries if e["id"] in {590, 622, 753, 955}]
    positive = sum(share > 0 for e in twice for share in e["options_dist"].values())
    assert data.left_out["no scale: one answer stands twice among the options, in other words"] == positive
    # And the question whose 8 entries and Egypt's are all it has.
    assert len(data.items) == 364 - 19 - 1 - 2 - 4 - 1
    assert data.rows_read == sum(share > 0 for e in entries for share in e["options_dist"].values()) + 8
