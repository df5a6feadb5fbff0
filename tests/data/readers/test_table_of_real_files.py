"""Real tables; what is expected is counted by the csv module or from the library's plain columns."""

import csv
import gzip
from collections import Counter
from pathlib import Path

import polars as pl
import pyreadstat
import pytest

from silicus.data.reader import ReadOptions
from silicus.data.readers.table import READER

CODEBOOKS = Path(__file__).parent / "codebooks"


def read_real(path, book):
    return READER.read(path, ReadOptions(codebook=CODEBOOKS / f"{book}.yaml"))


def cells(made, *columns):
    return Counter(made.responses.select(columns).iter_rows())


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
    genders = Counter({1: "a woman", 2: "a man"}[code] for code in plain["FeatGender"])
    assert Counter(made.responses["shown.gender"]) == genders
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
