from __future__ import annotations

import errno
import resource
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from silicus.errors import InputError, RunError
from silicus.study import PREDICTIONS, RESPONSES, human_responses, read_study, write_table


@pytest.fixture
def answered(study_file):
    """Return a function that gives people's answers as a table beside the study."""

    def read(text: str, name: str = "answers.csv") -> pl.DataFrame:
        path = study_file(human=f"human: {{responses: {name}}}")
        path.with_name(name).write_text(text, encoding="utf-8")
        return human_responses(read_study(path))

    return read


def refused(answered, text: str) -> str:
    with pytest.raises(InputError) as caught:
        answered(text)
    return str(caught.value)


def test_counts_become_rows_of_people_whose_names_are_unknown(study_file):
    study = read_study(study_file(human="human: {counts: {plain: {like: {Yes: 3, 2: 0}}, praise: {like: {2: 4}}}}"))
    found = human_responses(study)
    assert found.schema == RESPONSES
    assert found.select("condition", "respondent", "response", "n").rows() == [
        ("plain", None, 1, 3),
        ("praise", None, 2, 4),
    ]
    assert set(found["item"]) == {item.item for item in study.items()}


def test_a_study_without_human_answers_has_an_empty_table(study_file):
    found = human_responses(read_study(study_file()))
    assert found.is_empty()
    assert found.schema == RESPONSES


def test_a_response_table_is_read_by_value_or_label_with_weights(answered):
    found = answered("condition,question,response,respondent,weight\nplain,like,Yes,7,2\npraise,like,2,8,0.5\n")
    assert found.schema == RESPONSES
    assert found.select("condition", "respondent", "response", "n", "weight").rows() == [
        ("plain", "7", 1, 1, 2.0),
        ("praise", "8", 2, 1, 0.5),
    ]


def test_an_empty_response_and_the_na_of_r_are_kept_as_no_answer_to_be_counted(answered):
    table = answered("condition,question,response\nplain,like,1\nplain,like,\nplain,like,NA\n")
    assert table["response"].to_list() == [1, None, None]


def test_answers_written_true_and_false_are_looked_up_as_words(study_file):
    scale = "{kind: binary, labels: {1: 'false', 2: 'true'}}"
    path = study_file(
        questions=f"questions:\n  - id: like\n    text: Well?\n    scale: {scale}", human="human: {responses: a.csv}"
    )
    path.with_name("a.csv").write_text("condition,question,response\nplain,like,true\nplain,like,false\n")
    assert human_responses(read_study(path))["response"].to_list() == [2, 1]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("condition,question,respnse\nplain,like,1\n", ": the column 'response' is missing. Did you mean 'respnse'?"),
        (
            "condition,question,response\nplain,like,1\nplain,like,3\n",
            " line 3: the answer 3 is not on the scale 1, 2.",
        ),
        (
            "condition,question,response\nplain,like,Yes\nplain,like,Noo\n",
            " line 3: the answer 'Noo' is not on the scale 1, 2. Did you mean 'No'?",
        ),
        (
            "condition,question,response\nplane,like,1\n",
            " line 2: the study 'tea' has no condition 'plane' with a question 'like'.",
        ),
        (
            "condition,question,response,weight\nplain,like,1,1\nplain,like,1,-1\n",
            " line 3: found the weight -1, expected a weight of 0 or more.",
        ),
        (
            "condition,question,response,weight\nplain,like,1,much\n",
            ": the column 'weight' holds String, expected numbers.",
        ),
    ],
)
def test_a_response_table_that_does_not_fit_the_study_is_refused_with_its_line(answered, text, complaint):
    message = refused(answered, text)
    assert message.endswith(f"answers.csv{complaint}")


def test_a_response_table_that_is_not_there_is_named(study_file):
    study = read_study(study_file(human="human: {responses: gone.csv}"))
    with pytest.raises(InputError, match=r"gone\.csv: no such file\. Expected a table of responses"):
        human_responses(study)


def test_a_table_is_written_whole_and_lazily_alike(tmp_path):
    table = pl.DataFrame({"a": range(5)})
    write_table(tmp_path / "x.parquet", table)
    write_table(tmp_path / "y.parquet", table.lazy())
    assert pl.read_parquet(tmp_path / "x.parquet").equals(pl.read_parquet(tmp_path / "y.parquet"))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.parquet", "y.parquet"]


@pytest.mark.parametrize(
    "failure",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        pl.exceptions.ComputeError("parquet: underlying IO error: No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_is_told_in_one_sentence_and_leaves_no_file(tmp_path, monkeypatch, failure):
    def full(_, path: Path) -> None:
        path.write_bytes(b"half")
        raise failure

    monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
    with pytest.raises(RunError) as caught:
        write_table(tmp_path / "x.parquet", pl.DataFrame({"a": [1]}))
    assert str(caught.value) == (
        f"{tmp_path / 'x.parquet'}: no space left on the device. What was finished is kept; free some space and start "
        "the same command again to go on."
    )
    assert list(tmp_path.iterdir()) == []


def test_another_failure_of_the_table_library_is_not_taken_for_a_full_disk(tmp_path, monkeypatch):
    def odd(*_: object) -> None:
        raise pl.exceptions.ComputeError("something else")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", odd)
    with pytest.raises(pl.exceptions.ComputeError, match="something else"):
        write_table(tmp_path / "x.parquet", pl.DataFrame({"a": [1]}))
    assert list(tmp_path.iterdir()) == []


_REFUSED_BY_THE_SYSTEM = """
import sys
from pathlib import Path
import polars as pl
from silicus.errors import RunError
from silicus.study import write_table
table = pl.DataFrame({"a": range(50_000)})
for written in (table, table.lazy()):
    try:
        write_table(Path(sys.argv[1]) / "x.parquet", written)
    except RunError as error:
        print(str(error).rpartition(": ")[2])
print(list(Path(sys.argv[1]).iterdir()))
"""


def test_a_file_the_system_cuts_short_is_told_and_not_left_behind(tmp_path):
    # A limit on the size of files, set by the system itself, stands for a disk that fills up.
    done = subprocess.run(
        [sys.executable, "-c", _REFUSED_BY_THE_SYSTEM, str(tmp_path)],
        capture_output=True, text=True, check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)),
    )  # fmt: skip
    assert done.stdout.splitlines() == ["cannot be written (File too large)."] * 2 + ["[]"]


def test_predictions_and_responses_share_their_key():
    key = ["study", "condition", "question", "item", "respondent"]
    assert PREDICTIONS.names()[:5] == RESPONSES.names()[:5] == key
