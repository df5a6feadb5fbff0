"""Labelled tables: every file of every kind is read back, and says in every row whose answers it holds."""

from pathlib import Path

import numpy as np
import polars as pl
import pyreadstat
import pytest

from silicus.effects import spread
from silicus.errors import InputError
from silicus.report.exports.tables import write_labelled
from silicus.study import PREDICTIONS, RESPONSES, Item, Scale

AGREE = Scale(kind="ordinal", low=1, high=3, refusals={9: "Don't know"})
PARTY = Scale(kind="nominal", labels={1: "Red", 2: "Blue"})
DOLLARS = Scale(kind="numeric", low=0, high=200, unit="$")
ITEMS = {
    item.item: item
    for item in (
        Item("tax", "plain", "agree", "", "Do you agree?", AGREE),
        Item("tax", "größer", "agree", "Taxes rise.", "Do you agree?", AGREE),
        Item("tax", "plain", "party", "", "Which party?", PARTY),
    )
}
PEOPLE = pl.DataFrame(
    {
        "respondent": ["ann", "bob"],
        "weight": [1.0, 2.0],
        "gender": ["Woman", "Man"],
        "age": [34, None],
        "synthetic": ["no", "no"],
        "p_1": ["a", None],
        "how_much_do_you_trust_the_government_in_town": ["a lot", "little"],
        "how_much_do_you_trust_the_government_elsewhere": ["little", ""],
    }
)


def predictions(*more: tuple[object, ...]) -> pl.DataFrame:
    names = {(item.condition, item.question): name for name, item in ITEMS.items()}
    rows = [
        ("tax", "plain", "agree", names["plain", "agree"], "ann", 1.0, [0.5, 0.25, 0.25], 0.125, 0.9),
        ("tax", "größer", "agree", names["größer", "agree"], "bob", 2.0, [0.0, 0.25, 0.75], 0.0, 1.0),
        ("tax", "plain", "party", names["plain", "party"], "bob", 2.0, [0.25, 0.75], 0.0, 1.0),
        ("tax", "größer", "agree", names["größer", "agree"], "ann", 1.0, None, None, None),
        *more,
    ]
    return pl.DataFrame(rows, schema=PREDICTIONS, orient="row")


def responses() -> pl.DataFrame:
    names = {(item.condition, item.question): name for name, item in ITEMS.items()}
    rows = [
        ("tax", "größer", "agree", names["größer", "agree"], "bob", 3, 1, 1.5),
        ("tax", "plain", "agree", names["plain", "agree"], "ann", 9, 1, 1.0),
        ("tax", "plain", "agree", names["plain", "agree"], None, None, 1, 1.0),
    ]
    return pl.DataFrame(rows, schema=RESPONSES, orient="row")


def read_back(path: Path) -> pl.DataFrame:
    if path.suffix == ".csv":
        return pl.read_csv(path)
    if path.suffix == ".parquet":
        return pl.read_parquet(path)
    read = {".sav": pyreadstat.read_sav, ".dta": pyreadstat.read_dta}[path.suffix]
    return read(str(path), output_format="polars")[0]


def test_every_row_of_every_file_of_predictions_is_marked_as_synthetic(tmp_path: Path) -> None:
    long = Item("tax", "plain", "sum", "", "How much?", DOLLARS)
    row = ("tax", "plain", "sum", long.item, "ann", 1.0, [1 / 201] * 201, 0.0, 1.0)
    files = write_labelled(tmp_path, predictions(row), {**ITEMS, long.item: long}, PEOPLE)
    assert sorted(path.name for path in files) == [
        "synthetic-predictions.csv",
        "synthetic-predictions.dta",
        "synthetic-predictions.sav",
        "synthetic-probabilities.parquet",
    ]
    assert sorted(tmp_path.iterdir()) == sorted(files)
    for path in files:
        table = read_back(path)
        assert len(table) == (1 if path.suffix == ".parquet" else 5)
        assert table["synthetic"].to_list() == [1] * len(table), path.name


def test_every_row_of_every_file_of_people_says_that_a_person_answered(tmp_path: Path) -> None:
    files = write_labelled(tmp_path, responses(), ITEMS, None)
    assert {path.name for path in files} == {"pilot.csv", "pilot.sav", "pilot.dta"}
    for path in files:
        assert read_back(path)["synthetic"].to_list() == [0, 0, 0], path.name


@pytest.mark.parametrize("ending", ["sav", "dta"])
def test_the_file_itself_and_the_labels_of_its_columns_say_so_too(tmp_path: Path, ending: str) -> None:
    write_labelled(tmp_path, predictions(), ITEMS, PEOPLE)
    read = pyreadstat.read_sav if ending == "sav" else pyreadstat.read_dta
    _, about = read(str(tmp_path / f"synthetic-predictions.{ending}"), output_format="polars")
    assert about.file_label == "SYNTHETIC: predicted by a model, no person answered"
    assert about.column_names_to_labels["synthetic"] == "1: predicted by a model, no person answered"
    assert about.variable_value_labels["synthetic"][1] == "predicted by a model, no person answered"
    if ending == "sav":
        assert about.notes[0].startswith("synthetic = 1 in every row")


@pytest.mark.parametrize("ending", ["sav", "dta"])
def test_words_are_labelled_codes_whose_words_are_those_of_the_csv_file(tmp_path: Path, ending: str) -> None:
    write_labelled(tmp_path, predictions(), ITEMS, PEOPLE)
    plain = pl.read_csv(tmp_path / "synthetic-predictions.csv")
    read = pyreadstat.read_sav if ending == "sav" else pyreadstat.read_dta
    coded, about = read(str(tmp_path / f"synthetic-predictions.{ending}"), output_format="polars")
    assert coded.columns == plain.columns
    for name in ("study", "condition", "question", "gender", "p_1_2"):
        words = [about.variable_value_labels[name].get(code) for code in coded[name]]
        assert words == plain[name].to_list(), name
    assert about.variable_value_labels["condition"] == {1: "plain", 2: "größer"}
    assert coded["age"].to_list() == plain["age"].to_list() == [34, None, None, 34]


def test_measurement_levels_are_those_of_words_and_numbers(tmp_path: Path) -> None:
    write_labelled(tmp_path, predictions(), ITEMS, PEOPLE)
    _, about = pyreadstat.read_sav(str(tmp_path / "synthetic-predictions.sav"))
    level = about.variable_measure
    assert [level[name] for name in ("condition", "gender", "respondent", "synthetic")] == ["nominal"] * 4
    assert [level[name] for name in ("expected", "weight", "age", "p_1")] == ["scale"] * 4


def test_names_of_columns_fit_stata_and_stay_apart_after_cutting(tmp_path: Path) -> None:
    write_labelled(tmp_path, predictions(), ITEMS, PEOPLE)
    _, about = pyreadstat.read_dta(str(tmp_path / "synthetic-predictions.dta"))
    names = about.column_names
    assert max(map(len, names)) == 31
    assert len({name.casefold() for name in names}) == len(names)
    cut = [name for name in names if name.startswith("how_much")]
    assert [about.column_names_to_labels[name] for name in cut] == [
        "how_much_do_you_trust_the_government_in_town",
        "how_much_do_you_trust_the_government_elsewhere",
    ]
    # An attribute that is called as the flag is another column.
    assert about.column_names_to_labels["synthetic_2"] == "synthetic"


def test_a_prediction_is_told_in_points_of_its_scale(tmp_path: Path) -> None:
    write_labelled(tmp_path, predictions(), ITEMS, None)
    table = pl.read_csv(tmp_path / "synthetic-predictions.csv")
    assert table["expected"].to_list() == [1.75, 2.75, None, None]
    assert table["median"].to_list() == [1.0, 3.0, None, None]
    assert table["sd"][0] == pytest.approx(np.sqrt(0.5 * 1 + 0.25 * 4 + 0.25 * 9 - 1.75**2))
    assert table.select("p_1", "p_2", "p_3").rows() == [
        (0.5, 0.25, 0.25), (0.0, 0.25, 0.75), (0.25, 0.75, None), (None, None, None),
    ]  # fmt: skip
    assert table["refusal"].to_list() == [0.125, 0.0, 0.0, None]


def test_the_columns_hold_what_the_spread_of_a_control_group_is_made_of(tmp_path: Path) -> None:
    write_labelled(tmp_path, predictions(), ITEMS, None)
    table = pl.read_csv(tmp_path / "synthetic-predictions.csv").filter(pl.col("expected").is_not_null())
    whole = np.repeat([1, 2, 3, 2, 3], [2, 1, 1, 1, 3])
    own = spread(table["expected"].to_numpy(), table["sd"].to_numpy() ** 2)
    between = np.var([1.75, 2.75])
    assert own**2 == pytest.approx(np.var(whole) + between)


def test_scales_too_long_for_columns_are_kept_in_a_file_beside(tmp_path: Path) -> None:
    long = Item("tax", "plain", "sum", "", "How much?", DOLLARS)
    row = ("tax", "plain", "sum", long.item, "ann", 1.0, [0.0] * 200 + [1.0], 0.0, 1.0)
    write_labelled(tmp_path, predictions(row), {**ITEMS, long.item: long}, None)
    table = pl.read_csv(tmp_path / "synthetic-predictions.csv")
    assert table.filter(question="sum").select("expected", "p_1").row(0) == (200.0, None)
    assert "p_4" not in table.columns
    beside = pl.read_parquet(tmp_path / "synthetic-probabilities.parquet")
    assert len(beside["probabilities"][0]) == 201
    _, about = pyreadstat.read_sav(str(tmp_path / "synthetic-predictions.sav"))
    assert "more than 101 points are in synthetic-probabilities.parquet" in " ".join(about.notes)


def test_people_refuse_apart_from_their_answers(tmp_path: Path) -> None:
    write_labelled(tmp_path, responses(), ITEMS, None)
    table = pl.read_csv(tmp_path / "pilot.csv")
    assert table.select("respondent", "weight", "answer", "refused", "n").rows() == [
        ("bob", 1.5, 3.0, 0.0, 1.0), ("ann", 1.0, None, 1.0, 1.0), (None, 1.0, None, None, 1.0),
    ]  # fmt: skip


def test_people_and_model_have_the_same_codes(tmp_path: Path) -> None:
    write_labelled(tmp_path, predictions(), ITEMS, None)
    write_labelled(tmp_path, responses(), ITEMS, None)
    read = [pyreadstat.read_sav(str(tmp_path / f"{stem}.sav"))[1] for stem in ("synthetic-predictions", "pilot")]
    assert read[0].variable_value_labels["condition"] == read[1].variable_value_labels["condition"]


@pytest.mark.parametrize(
    ("answers", "people", "message"),
    [
        (predictions().with_columns(item=pl.lit("x")), None, r"names the item 'x', which is not among the 3 items"),
        (predictions().drop("covered"), None, r"the column 'covered' is missing"),
        (
            predictions().with_columns(probabilities=pl.lit([1.0], pl.List(pl.Float32))),
            None,
            r"a prediction of 'agree' has 1 probabilities, its scale 3 points",
        ),
        (responses().with_columns(response=pl.lit(7, pl.Int64)), None, r"the answer 7 to 'agree', which is not on"),
        (predictions(), pl.concat([PEOPLE, PEOPLE]), r"the respondent 'ann' stands twice"),
        (predictions(), PEOPLE.head(1), r"the respondent 'bob' answered and is not in the table of respondents"),
        (predictions(), PEOPLE.drop("respondent"), r"the column 'respondent' is missing"),
    ],
)
def test_what_cannot_be_written_is_said(
    tmp_path: Path, answers: pl.DataFrame, people: pl.DataFrame | None, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        write_labelled(tmp_path, answers, ITEMS, people)
    assert list(tmp_path.iterdir()) == []


def test_a_table_without_rows_has_its_columns_all_the_same(tmp_path: Path) -> None:
    write_labelled(tmp_path, predictions().clear(), ITEMS, None)
    assert pl.read_csv(tmp_path / "synthetic-predictions.csv").columns[-1] == "synthetic"
