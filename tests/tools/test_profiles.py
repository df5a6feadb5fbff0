import csv
import importlib.util
import io
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
BUNDLED = ROOT / "src/silicus/study/profiles/us_adults.csv"
GRADUATE = {"Bachelor's degree", "Post grad study/professional degree"}
IMPOSSIBLE = {
    "a retired person younger than 45": lambda p: p["employment"] == "Retired" and p["age"] < 45,
    "a widowed person younger than 25": lambda p: p["marital_status"] == "Widowed" and p["age"] < 25,
    "a divorced person younger than 21": lambda p: p["marital_status"] == "Divorced" and p["age"] < 21,
    "a graduate younger than 20": lambda p: p["education"] in GRADUATE and p["age"] < 20,
    "a postgraduate younger than 22": lambda p: p["education"].startswith("Post grad") and p["age"] < 22,
    "a couple in a household of one": lambda p: (
        p["marital_status"] in {"Married", "Living with partner"} and p["household_size"] == 1
    ),
    "a person outside any metro area in a state that is all metro": lambda p: (
        p["metro_status"] == "Non-Metro Area" and p["location"] in {"District of Columbia", "New Jersey"}
    ),
}


def read(text):
    rows = list(csv.DictReader(io.StringIO(text)))
    return [{**row, "age": int(row["age"]), "household_size": int(row["household_size"])} for row in rows]


def shares_of(entry):
    """The targets, computed here independently of the builder."""
    shares = entry["shares"]
    if "first_age" in entry:
        shares = {
            (gender, entry["first_age"] + step): count
            for gender, counts in shares.items()
            for step, count in enumerate(counts)
        }
    if "adults_per_household" in entry:
        factors = entry["adults_per_household"]
        shares = {size: share * factor for (size, share), factor in zip(shares.items(), factors, strict=True)}
    return {label: share / sum(shares.values()) for label, share in shares.items()}


@pytest.fixture(scope="module")
def profiles():
    return read(BUNDLED.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def margins():
    return yaml.safe_load((ROOT / "tools/profiles/margins.yaml").read_text(encoding="utf-8"))["margins"]


def test_the_rebuilt_table_equals_the_bundled_one_byte_for_byte(monkeypatch):
    spec = importlib.util.spec_from_file_location("build_profiles", ROOT / "tools/profiles/build.py")
    build = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, build)
    spec.loader.exec_module(build)
    text, _, _ = build.build_profiles()
    assert text.encode() == BUNDLED.read_bytes()


def test_every_margin_holds_within_one_percentage_point(profiles, margins):
    for name, entry in margins.items():
        attributes = entry["attributes"]
        counts = Counter(tuple(p[a] for a in attributes) if len(attributes) > 1 else p[attributes[0]] for p in profiles)
        targets = shares_of(entry)
        assert set(counts) <= set(targets), name
        gaps = {label: 100 * abs(counts[label] / len(profiles) - share) for label, share in targets.items()}
        assert max(gaps.values()) <= 1.0, name


def test_the_first_four_hundred_profiles_are_balanced_too(profiles, margins):
    head = profiles[:400]
    for name in ("ethnicity", "education", "employment", "marital_status", "party_id", "ideology"):
        counts = Counter(p[name] for p in head)
        for label, share in shares_of(margins[name]).items():
            assert 100 * abs(counts[label] / len(head) - share) <= 1.0, label


@pytest.mark.parametrize("rule", IMPOSSIBLE)
def test_no_profile_is(rule, profiles):
    assert [p["profile"] for p in profiles if IMPOSSIBLE[rule](p)] == []


def test_profile_ids_are_unique_and_sorted(profiles):
    ids = [p["profile"] for p in profiles]
    assert len(ids) == 4000
    assert ids == sorted(set(ids))


def test_liberals_are_mostly_democrats_and_conservatives_mostly_republicans(profiles):
    counts = Counter(
        (p["ideology"].split()[-1], p["party_id"].split()[-1]) for p in profiles if p["ideology"] != "Moderate"
    )
    assert counts["Liberal", "Democrat"] > 8 * counts["Liberal", "Republican"]
    assert counts["Conservative", "Republican"] > 3 * counts["Conservative", "Democrat"]


def test_every_margin_names_its_source_its_universe_and_how_well_it_is_known(margins):
    for name, entry in margins.items():
        assert set(entry["source"]) == {"title", "publisher", "year", "table", "url"}, name
        assert entry["universe"], name
        assert entry["precision"].startswith(("exact", "published", "recalled")), name
