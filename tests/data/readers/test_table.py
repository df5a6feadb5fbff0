import csv
import gzip
from collections import Counter
from pathlib import Path

import polars as pl
import pyreadstat
import pytest

from silicus.data.reader import ReadOptions
from silicus.data.readers.table import READER
from silicus.errors import InputError
from silicus.record import digest

CODEBOOKS = Path(__file__).parent / "codebooks"

CSV = """id,arm,w,age,vote,warm
a,0,1.0,30,Yes,7
b,1,0.5,41,No,
c,1,2.0,,Maybe,99
d,0,1.5,30,no answer,8
"""
BOOK = """
name: tiny
source: {citation: Somebody (2020), licence: CC0, fielded: 2020-05}
respondent: id
weight: w
condition:
  column: arm
  values:
    0: {id: control, control: true}
    1: {id: flyer, text: You get a flyer.}
attributes: {age: age}
missing: {99: Refused}
questions:
  - id: vote
    text: Will you vote?
    scale: {kind: binary, labels: {1: Yes, 0: No}}
    missing: {no answer: No answer given}
  - id: warmth
    column: warm
    text: How warm do you feel?
    scale: {kind: ordinal, low: 1, high: 7}
"""


def write(tmp_path, data=CSV, book=BOOK, name="answers.csv"):
    (tmp_path / name).write_text(data, encoding="utf-8")
    (tmp_path / f"{name}.codebook.yaml").write_text(book, encoding="utf-8")
    return tmp_path / name


def read_tiny(tmp_path, data=CSV, book=BOOK, **options):
    return READER.read(write(tmp_path, data, book), ReadOptions(**options))


def read_real(path, book):
    return READER.read(path, ReadOptions(codebook=CODEBOOKS / f"{book}.yaml"))


def cells(made, *columns):
    return Counter(made.responses.select(columns).iter_rows())


# --- a table and its codebook


def test_answers_stand_in_the_order_of_the_file(tmp_path):
    made = read_tiny(tmp_path)
    assert made.responses.select("condition", "question", "respondent", "response", "weight", "missing").rows() == [
        ("control", "vote", "tiny/a", 1, 1.0, None),
        ("control", "warmth", "tiny/a", 7, 1.0, None),
        ("flyer", "vote", "tiny/b", 0, 0.5, None),
        ("flyer", "warmth", "tiny/c", None, 2.0, "Refused"),
        ("control", "vote", "tiny/d", None, 1.5, "No answer given"),
    ]
    assert made.left_out == {
        "answer outside the stated scale": 1,
        "no answer in the cell": 1,
        "vote: no point of the scale is called 'Maybe'": 1,
    }
    assert made.rows_read == 8
    assert (made.name, made.unit, made.source.fielded) == ("answers", "person", "2020-05")


def test_whole_numbers_off_the_scale_stay_as_published_where_that_is_asked(tmp_path):
    assert 8 in read_tiny(tmp_path, published=True).responses["response"].to_list()


def test_people_have_their_weight_and_attributes(tmp_path):
    assert read_tiny(tmp_path).respondents.rows(named=True) == [
        {"respondent": "tiny/a", "weight": 1.0, "age": 30},
        {"respondent": "tiny/b", "weight": 0.5, "age": 41},
        {"respondent": "tiny/c", "weight": 2.0, "age": None},
        {"respondent": "tiny/d", "weight": 1.5, "age": 30},
    ]


def test_an_attribute_has_the_words_of_the_codebook_and_no_missing_codes(tmp_path):
    book = BOOK.replace("{age: age}", "{age: {column: age, values: {30: young, 41: null}}, mood: free}")
    data = "".join(
        f"{line},{cell}\n" for line, cell in zip(CSV.splitlines(), ["free", "99", "b", "b", ""], strict=True)
    )
    people = read_tiny(tmp_path, data, book).respondents
    assert people["age"].to_list() == ["young", None, None, "young"]
    assert people["mood"].to_list() == [None, "b", "b", None]


def test_an_item_has_the_words_of_its_condition_and_question(tmp_path):
    made = read_tiny(tmp_path)
    shown = {(item.condition, item.question): (item.context, item.text) for item in made.cells()}
    assert shown["flyer", "vote"] == ("You get a flyer.", "Will you vote?")
    assert shown["control", "vote"] == ("", "Will you vote?")
    provenance = dict(made.shown.select("question", "provenance").iter_rows())
    assert provenance == {"vote": "labels", "warmth": "stated"}
    assert digest("Will you vote?") in made.shown["stimulus"].to_list()


def test_without_a_respondent_column_every_row_is_a_person(tmp_path):
    made = read_tiny(tmp_path, book=BOOK.replace("respondent: id\n", "").replace("weight: w\n", ""))
    assert made.respondents["respondent"].to_list() == ["tiny/1", "tiny/2", "tiny/3", "tiny/4"]
    assert set(made.responses["weight"]) == {1.0}


def test_without_a_condition_everybody_was_shown_the_same(tmp_path):
    start, end = BOOK.index("condition:"), BOOK.index("attributes:")
    made = read_tiny(tmp_path, book=BOOK[:start] + BOOK[end:])
    assert set(made.responses["condition"]) == {"all"}


def test_a_row_of_no_known_condition_is_counted_with_its_value(tmp_path):
    made = read_tiny(tmp_path, data=CSV + "e,2,1,50,Yes,3\nf,,1,50,Yes,3\n")
    assert made.left_out["arm: no condition has the value '2'"] == 2
    assert made.left_out["arm: no condition in the cell"] == 2
    assert "tiny/e" not in made.respondents["respondent"].to_list()


def test_crossed_conditions_join_their_names_and_words(tmp_path):
    data = "a,b,q\n1,1,1\n1,2,2\n2,1,3\n2,2,4\n"
    book = """
name: tiny
source: {citation: x, licence: CC0}
condition:
  - {column: a, values: {1: {id: low, text: Low.}, 2: {id: high, text: High.}}}
  - {column: b, values: {1: {id: plain}, 2: {id: flyer, text: A flyer.}}}
questions:
  - {id: q, text: Well, scale: {kind: ordinal, low: 1, high: 4}}
"""
    made = read_tiny(tmp_path, data, book)
    shown = {item.condition: item.context for item in made.cells()}
    assert shown == {"low × plain": "Low.", "low × flyer": "Low.\n\nA flyer.", "high × plain": "High.",
                     "high × flyer": "High.\n\nA flyer."}  # fmt: skip
    assert made.responses.select("condition", "response").rows()[2] == ("high × plain", 3)


def test_values_map_cells_to_points_before_labels_and_numbers(tmp_path):
    book = BOOK.replace("{kind: binary, labels: {1: Yes, 0: No}}", "{kind: ordinal, low: 1, high: 3}\n"
                        "    values: {Yes: 3, Maybe: 2, No: 1}")  # fmt: skip
    made = read_tiny(tmp_path, book=book)
    votes = made.responses.filter(question="vote")["response"].to_list()
    assert votes == [3, 1, 2, None]


def test_values_alone_make_a_scale(tmp_path):
    book = BOOK.replace("scale: {kind: binary, labels: {1: Yes, 0: No}}", "values: {Yes: 1, No: 2, Maybe: 3}")
    item = next(item for item in read_tiny(tmp_path, book=book).cells() if item.question == "vote")
    assert (item.scale.kind, list(item.scale.labels.items())) == ("nominal", [(1, "Yes"), (2, "No"), (3, "Maybe")])


def test_words_shown_are_built_from_the_row(tmp_path):
    data = "person,job,age,hired\n1,nurse,30,0\n1,cook,41,1\n2,nurse,30,1\n2,,41,0\n"
    book = """
name: jobs
source: {citation: x, licence: CC0}
respondent: person
show: "A {job} of {years} {{sic}}."
fields: {years: {column: age, values: {30: thirty}}}
questions:
  - id: hired
    text: Would you hire the {job}
    scale: {kind: binary, labels: {0: No, 1: Yes}}
"""
    made = read_tiny(tmp_path, data, book)
    assert [(i.context, i.text) for i in made.items.values()] == [
        ("A nurse of thirty {sic}.", "Would you hire the nurse"),
        ("A cook of 41 {sic}.", "Would you hire the cook"),
    ]
    assert made.left_out == {"an empty cell among the words shown": 1}
    assert len(made.respondents) == 2
    nurses, cook = made.responses["item"][0], made.responses["item"][1]
    assert made.responses["item"].to_list() == [nurses, cook, nurses]


def test_what_only_one_row_of_a_person_tells_counts_for_all(tmp_path):
    data = "id,age,q\n1,,1\n1,30,2\n2,40,1\n"
    book = BOOK.partition("respondent")[0] + (
        "respondent: id\nattributes: {age: age}\nquestions:\n"
        "  - {id: q, text: Well, scale: {kind: binary, low: 1, high: 2}}\n"
    )
    assert read_tiny(tmp_path, data, book).respondents.select("respondent", "age").rows() == [
        ("tiny/1", 30), ("tiny/2", 40)
    ]  # fmt: skip
    with pytest.raises(InputError, match=r"'tiny/1' has the age 31 in one row and 30 in another"):
        read_tiny(tmp_path, data.replace("1,,1", "1,31,1"), book)


# --- what is refused


@pytest.mark.parametrize(
    ("data", "book", "message"),
    [
        (CSV, BOOK.replace("weight: w", "weight: ww"), r"names the column 'ww', which answers.csv does not have"),
        (CSV, BOOK.replace("column: warm", "column: warmt"), r"column 'warmt'.* Did you mean 'warm'"),
        (CSV, BOOK.replace("vote?", "vote, {agee}?"), r"names the column 'agee', .* Did you mean 'age'"),
        (
            CSV,
            BOOK.replace("    1: {id: f", "    2: {id: f"),
            r"the column 'arm' never holds the value '2'.* Known: 0, 1",
        ),
        (CSV.replace("b,1,0.5", ",1,0.5"), BOOK, r"answers.csv line 3: the column 'id' is empty"),
        (CSV.replace("b,1,0.5", "b,1,-0.5"), BOOK, r"answers.csv line 3: found '-0.5' as 'w', expected a weight of 0"),
        (CSV.replace("b,1,0.5", "b,1,"), BOOK, r"answers.csv line 3: found nothing as 'w'"),
        (
            CSV,
            BOOK.replace("labels: {1: Yes, 0: No}", "labels: {1: yes, 0: nein}").replace("no answer:", "none:"),
            r"no cell of 'vote' is an answer to the question 'vote'. The first is 'Yes'. Did you mean 'yes'",
        ),
        (
            CSV,
            BOOK.replace("    scale: {kind: ordinal, low: 1, high: 7}\n", ""),
            r"the question 'warmth' has no scale, and answers.csv does not label the points of 'warm' one by one",
        ),
        (
            CSV,
            BOOK.replace("{kind: ordinal, low: 1, high: 7}", "{kind: ordinal, labels: {1: None, 6: One, 7: 8, 8: 9}}"),
            r"the cell '8' of the question 'warmth' is a point of its scale and the words of the point 7.* \{8: 7\}",
        ),
        (
            CSV,
            BOOK.replace("scale: {kind: binary, labels: {1: Yes, 0: No}}", "values: {Yes: 1}"),
            r"the question 'vote': its labels are no scale \(1 point\)",
        ),
    ],
)
def test_a_codebook_that_does_not_fit_its_table_is_refused(tmp_path, data, book, message):
    with pytest.raises(InputError, match=message):
        read_tiny(tmp_path, data, book)


def test_a_text_table_without_a_codebook_is_told_how_to_get_one(tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text(CSV)
    with pytest.raises(
        InputError, match=r"needs a codebook .* silicus data codebook .*answers.csv > .*csv.codebook.yaml"
    ):
        READER.read(path, ReadOptions())


def test_a_codebook_that_is_not_there_is_answered_with_the_nearest(tmp_path):
    path = write(tmp_path)
    with pytest.raises(InputError, match=r"no such file. Did you mean 'answers.csv.codebook.yaml'"):
        READER.read(path, ReadOptions(codebook=tmp_path / "answer.csv.codebook.yaml"))


def test_text_tables_are_recognised_by_the_codebook_beside_them(tmp_path):
    assert READER.recognises(write(tmp_path))
    pl.DataFrame({"q": [1]}).write_parquet(tmp_path / "a.parquet")
    assert not READER.recognises(tmp_path / "a.parquet")
    assert not READER.recognises(tmp_path)
    (tmp_path / "a.sav").touch()
    assert READER.recognises(tmp_path / "a.sav")


# --- labels of the file


def test_a_question_without_a_scale_takes_the_labels_of_its_column(tmp_path):
    path = tmp_path / "survey.sav"
    pyreadstat.write_sav(
        pl.DataFrame({"q": [1.0, 2.0, -9.0]}),
        str(path),
        missing_ranges={"q": [{"lo": -99, "hi": -1}]},
        variable_value_labels={"q": {1: "1", 2: "0", -9: "Not asked"}},
    )
    book = tmp_path / "book.yaml"
    book.write_text("name: s\nsource: {citation: x, licence: CC0}\nquestions: [{id: q, text: Vote}]\n")
    made = READER.read(path, ReadOptions(codebook=book))
    assert [item.scale.labels for item in made.items.values()] == [{1: "1", 2: "0"}]
    assert made.responses["missing"].to_list() == [None, None, "Not asked"]


# --- real files; what is expected is counted by the csv module or from the library's plain columns


def rows_of(path):
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_framing_has_its_265_people_in_their_four_arms(shared_data):
    path = shared_data / "framing" / "framing.csv"
    made = read_real(path, "framing")
    arms = {"1": "negative latino", "2": "negative european", "3": "positive latino", "4": "positive european"}
    points = {"Strongly Oppose": 1, "Oppose": 2, "Favor": 3, "Strongly Favor": 4}
    expected = Counter((arms[row["cond"]], points[row["english"]]) for row in rows_of(path))
    english = made.responses.filter(question="english")
    assert Counter(english.select("condition", "response").iter_rows()) == expected
    assert sorted(Counter(english["condition"]).values()) == [63, 67, 67, 68]
    assert (len(made.respondents), made.left_out, len(made.items)) == (265, {}, 12)
    anxiety = made.responses.filter(question="anxiety")["response"].to_list()
    assert Counter(anxiety) == {2: 86, 1: 74, 3: 60, 0: 45}
    assert made.respondents["age"].to_list() == [int(row["age"]) for row in rows_of(path)]


def test_patriot_act_crosses_study_and_argument(shared_data):
    path = shared_data / "framing" / "patriot_act.csv"
    made = read_real(path, "patriot_act")
    samples = {"Original Study": "original", "Mechanical Turk Replication": "replication"}
    expected = Counter(
        (f"{samples[row['sample_label']]} × {row['T1_content'].lower()}", int(float(row["PA_support"])))
        for row in rows_of(path)
        if row["PA_support"]
    )
    assert cells(made, "condition", "response") == expected
    assert (made.rows_read, len(made.responses), made.left_out) == (2062, 2059, {"no answer in the cell": 3})


def test_a_conjoint_experiment_has_one_item_a_profile(shared_data):
    path = shared_data / "conjoint" / "HainmuellerHopkins.dta"
    made = read_real(path, "immigrants")
    plain, _ = pyreadstat.read_dta(str(path), output_format="dict")
    profiles = set(zip(*(plain[c] for c in ("FeatGender", "FeatCountry", "FeatEd", "FeatJob")), strict=True))
    assert len(made.items) == len(profiles) == 1220
    assert (len(made.responses), len(made.respondents), made.left_out) == (1396 * 5 * 2, 1396, {})
    assert set(Counter(made.responses["respondent"]).values()) == {10}
    assert made.responses["response"].to_list() == [int(x) for x in plain["Chosen_Immigrant"]]
    first = made.items[made.responses["item"][0]]
    assert first.context.startswith("The immigrant is a man and comes from Iraq. Education: Equivalent to")
    assert first.scale.labels == {0: "No", 1: "Yes"}


def test_tax_plans_have_weights_and_profiles(shared_data):
    path = shared_data / "conjoint" / "taxes.csv.gz"
    made = read_real(path, "taxes")
    rows = rows_of(path)
    plans = {tuple(row[c] for c in row if c.startswith("taxr")) for row in rows}
    assert (len(made.respondents), len(made.responses), len(made.items)) == (2000, len(rows), len(plans))
    chosen = sum(float(row["weight"]) * float(row["chose_plan"]) for row in rows)
    weighted = made.responses.select((pl.col("weight") * pl.col("response")).sum()).item()
    assert weighted == pytest.approx(chosen, rel=1e-12)
    assert made.respondents["party_id"].null_count() == len({r["ID"] for r in rows if not r["partyid"]})


def test_the_general_social_survey_answers_in_words(shared_data):
    path = shared_data / "gss" / "poliscidata_gss.csv.gz"
    made = read_real(path, "gss")
    rows = rows_of(path)
    points = {"ALLOWED": 1, "NOT ALLOWED": 2, "Too little": 1, "About right": 2, "Too much": 3}
    expected = {
        "spkath": Counter(points[r["spkath"]] for r in rows if r["spkath"]),
        "natspac": Counter(points[r["natspac"]] for r in rows if r["natspac"]),
        "closeblk": Counter(int(float(r["closeblk"])) for r in rows if r["closeblk"]),
    }
    found = {q: Counter(made.responses.filter(question=q)["response"]) for q in expected}
    assert found == expected
    assert made.rows_read == 3 * len(rows) == 3 * 1974
    assert len(made.respondents) == sum(any(r[q] for q in expected) for r in rows)


def test_affect_pipes_the_other_party_into_the_question(shared_data):
    path = shared_data / "deposits" / "parties" / "affect_exp_data.dta"
    made = read_real(path, "affect")
    plain, _ = pyreadstat.read_dta(str(path), output_format="dict")
    assert Counter(plain["exp_cond"]) == {"Control": 276, "Tell": 275, "Ask": 270}
    rows = zip(plain["exp_cond"], plain["outparty_singular"], plain["sd_marriage"], strict=True)
    expected = Counter((arm.lower(), party, int(4 * answer + 1)) for arm, party, answer in rows if answer is not None)
    texts = {item: made.items[item].text for item in made.items}
    party = {item: text.rpartition(" ")[2].rstrip("?") for item, text in texts.items()}
    found = Counter((c, party[i], r) for c, i, r in made.responses.select("condition", "item", "response").iter_rows())
    assert found == expected
    assert made.left_out == {"no answer in the cell": 3}


def test_a_labelled_survey_keeps_who_was_not_asked(shared_data):
    path = shared_data / "deposits" / "covid_yougov" / "FourthWave.sav"
    made = read_real(path, "vaccine")
    assert cells(made.keep(pl.col("question") == "family list", "-"), "condition", "response", "missing") == {
        ("family", 1, None): 72,
        ("family", 2, None): 177,
        ("community", None, "not asked"): 251,
    }
    costs = Counter(made.responses.filter(question="costs time").select("response", "missing").iter_rows())
    plain, _ = pyreadstat.read_sav(str(path), user_missing=True, output_format="dict")
    assert costs == {(None, "skipped") if x == 8 else (int(x), None): n for x, n in Counter(plain["q59_4"]).items()}
    assert made.respondents["weight"].sum() == pytest.approx(sum(plain["weight_RI"]))
