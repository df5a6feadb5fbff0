import polars as pl
import pyreadstat
import pytest

from silicus.data.reader import ReadOptions
from silicus.data.readers.by_labels import attribute_name, labelled_points
from silicus.data.readers.labelled import LabelledTable
from silicus.data.readers.table import READER
from silicus.errors import InputError


@pytest.mark.parametrize(
    ("column", "name"),
    [("Sex", "gender"), ("PID7", "party_id"), ("educ", "education"), ("partying", None), ("state_of_mind", None)],
)
def test_attributes_are_known_by_name(column, name):
    assert attribute_name(column) == name


@pytest.mark.parametrize(
    ("labels", "points"),
    [
        ({"1": "Yes", "2": "No"}, {1: "Yes", 2: "No"}),
        ({"1": "Yes", "2": "No", "8": "Don't know"}, {1: "Yes", 2: "No", 8: "Don't know"}),
        ({"1": "Yes", "2": "No", "9": "Skipped it"}, {1: "Yes", 2: "No"}),
        ({"1": "Cold", "7": "Hot"}, {1: "Cold", 7: "Hot"}),
    ],
)
def test_points_are_labelled_one_by_one_or_not_at_all(tmp_path, labels, points):
    table = LabelledTable(tmp_path / "a.sav", pl.DataFrame({"q": [1]}), labels={"q": labels})
    found = labelled_points(table, "q", {"9": "Skipped it"})
    assert found == (None if points == {1: "Cold", 7: "Hot"} else points)


def sav(tmp_path, **columns):
    """Write a file of three people, or as many as the further columns have, the last of them alike."""
    people = len(next(iter(columns.values()), [1, 2, 3]))
    plain = {"score": [7.0] * people, "q": [1.0, 2.0, -9.0, *[1.0] * (people - 3)], "few": [1.0, 2.0, None] +
             [None] * (people - 3), "sex": [1.0, 2.0, 2.0, *[1.0] * (people - 3)]}  # fmt: skip
    path = tmp_path / "survey.sav"
    pyreadstat.write_sav(
        pl.DataFrame({**columns, **plain}),
        str(path),
        missing_ranges={"q": [{"lo": -99, "hi": -1}]},
        variable_value_labels={
            "q": {1: "1", 2: "0", -9: "Not asked"}, "few": {1: "a", 2: "b", 3: "c"}, "sex": {1: "Man", 2: "Woman"},
        },
        column_labels={"q": "Would you {vote}?", "few": "Which?", "sex": "Sex"},
    )  # fmt: skip
    return path


def test_labels_alone_make_a_dataset(tmp_path):
    made = READER.read(sav(tmp_path), ReadOptions())
    assert made.source.citation == "not stated (no codebook)"
    assert {i.question: i.text for i in made.items.values()} == {"q": "Would you {vote}?", "few": "Which?"}
    assert made.respondents["gender"].to_list() == ["Man", "Woman", "Woman"]
    assert made.left_out == {
        "in columns that are no questions by their labels: score": 3,
        "no answer in the cell": 1,
    }
    # The cell 1 is the point 1, labelled "1", and not a label of another point.
    rows = made.responses.filter(question="q").select("response", "missing").rows()
    assert rows == [(1, None), (2, None), (None, "Not asked")]


def test_without_ids_it_is_not_known_whose_answers_a_row_holds(tmp_path):
    made = READER.read(sav(tmp_path), ReadOptions())
    assert (made.unit, made.people_known) == ("row", False)
    assert made.respondents["respondent"].to_list() == ["survey/1", "survey/2", "survey/3"]


@pytest.mark.parametrize("column", ["id", "CaseID", "uid", "pid", "respondent", "ResponseId", "participant_id"])
def test_ids_that_differ_in_every_row_name_the_people(tmp_path, column):
    made = READER.read(sav(tmp_path, **{column: [11.0, 13.0, 12.0]}), ReadOptions())
    assert (made.unit, made.people_known) == ("person", True)
    assert made.respondents["respondent"].to_list() == ["survey/11", "survey/13", "survey/12"]
    assert made.left_out["in columns that are no questions by their labels: score"] == 3


def test_an_id_that_comes_again_is_refused_with_the_way_to_a_codebook(tmp_path):
    path = sav(tmp_path, row_number=[float(n) for n in range(24)], CaseID=[float(n // 2) for n in range(24)])
    with pytest.raises(
        InputError,
        match=r"survey.sav: the column 'CaseID' has 12 ids in 24 rows, so that a row is not a person. "
        r"Say in a codebook what a row is: silicus data codebook .*survey.sav > .*survey.sav.codebook.yaml",
    ):
        READER.read(path, ReadOptions())


def test_a_pid_of_few_values_is_the_party(tmp_path):
    made = READER.read(sav(tmp_path, pid=[1.0, 2.0, 1.0]), ReadOptions())
    assert (made.unit, made.respondents["party_id"].to_list()) == ("row", [1, 2, 1])


def test_an_id_that_some_rows_lack_names_nobody(tmp_path):
    assert READER.read(sav(tmp_path, id=[1.0, 2.0, None]), ReadOptions()).unit == "row"


def test_an_empty_column_is_no_question(tmp_path):
    path = tmp_path / "a.sav"
    pyreadstat.write_sav(
        pl.DataFrame({"q": [1.0, 2.0], "r": pl.Series([None, None], dtype=pl.Float64)}), str(path),
        variable_value_labels={name: {1: "Yes", 2: "No"} for name in "qr"}, column_labels={"q": "Q", "r": "R"},
    )  # fmt: skip
    assert set(READER.read(path, ReadOptions()).responses["question"]) == {"q"}


def test_a_file_whose_labels_make_no_question_says_so(tmp_path):
    path = tmp_path / "a.dta"
    pyreadstat.write_dta(pl.DataFrame({"q": [1.0, 2.0]}), str(path))
    with pytest.raises(InputError, match=r"no column is a question by its labels .*silicus data codebook"):
        READER.read(path, ReadOptions())


# --- real files


def test_a_labelled_survey_is_read_without_a_codebook(shared_data):
    path = shared_data / "deposits" / "covid_yougov" / "FourthWave.sav"
    made = READER.read(path, ReadOptions())
    plain, _ = pyreadstat.read_sav(str(path), output_format="dict")
    assert made.unit == "person"
    assert made.respondents["respondent"].to_list() == [f"FourthWave/{int(number)}" for number in plain["caseid"]]
    assert len(set(plain["caseid"])) == len(made.respondents) == 500
    assert {"birth_year", "gender", "ethnicity", "education", "party_id", "ideology"} <= set(made.respondents.columns)
    agree = next(item for item in made.items.values() if item.question == "q59_4")
    assert (agree.scale.kind, len(agree.scale.values)) == ("ordinal", 5)
    # A column without labels, one with words, a condition, and one whose codes have gaps (10 and 88, 1 3 5 7 9).
    questions = set(made.responses["question"])
    assert not questions & {"q21", "q14_t", "q115_treat", "county_RI", "caseid", "weight_RI"}
    assert len(made.responses) + sum(made.left_out.values()) == made.rows_read


def test_the_profiles_of_a_conjoint_experiment_are_not_taken_for_people(shared_data):
    with pytest.raises(InputError, match=r"the column 'CaseID' has 1396 ids in 13960 rows"):
        READER.read(shared_data / "conjoint" / "HainmuellerHopkins.dta", ReadOptions())


@pytest.mark.parametrize("file", ["affect_exp_data.dta", "alt_exps_data.dta", "pcomp_yougov_data.dta"])
def test_a_file_with_labels_on_no_question_is_told_how_to_get_a_codebook(shared_data, file):
    with pytest.raises(InputError, match=r"no column is a question by its labels"):
        READER.read(shared_data / "deposits" / "parties" / file, ReadOptions())
