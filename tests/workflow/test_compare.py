"""Two runs on the same people: what is compared, what is refused, and what does not depend on the order."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from silicus.errors import InputError
from silicus.evaluate import METRICS, Evaluation
from silicus.options import SimulateOptions
from silicus.record import read
from silicus.study import PREDICTIONS
from silicus.workflow import Manifest, compare_runs, simulate
from tests.workflow.conftest import TEA

PEOPLE = "condition,question,response,respondent\n" + "".join(
    f"{arm},like,{(3 * n + 2 * (arm == 'praise')) % 11},p{n}\n{arm},buy,{1 + n % 2},p{n}\n"
    for n, arm in enumerate(["plain", "praise"] * 10)
)


@pytest.fixture
def answered(tmp_path: Path) -> Path:
    """Return the file of a study of two conditions and two questions, with the answers of twenty people."""
    (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8")
    path = tmp_path / "tea.yaml"
    path.write_text(f"{TEA}human: {{responses: people.csv}}\n", encoding="utf-8")
    return path


@pytest.fixture
def runs(answered: Path, tmp_path: Path) -> tuple[Path, Path]:
    return run(answered, tmp_path / "a"), run(answered, tmp_path / "b", "uniform")


def run(study: Path | str, folder: Path, model: str = "scripted", **options: object) -> Path:
    return simulate(str(study), SimulateOptions(model=model, respondents="5", out=folder, **options))


def change(folder: Path, table: str, *columns: pl.Expr, keep: pl.Expr | None = None) -> None:
    path = folder / f"{table}.parquet"
    kept = pl.read_parquet(path).filter(True if keep is None else keep)
    kept.with_columns(*columns).write_parquet(path)


def change_manifest(folder: Path, **content: object) -> None:
    path = folder / "manifest.json"
    path.write_text(read(path, Manifest).model_copy(update=content).model_dump_json(), encoding="utf-8")


def by_person(folder: Path, people: int = 20) -> None:
    """Make the predictions of a run such for the very people who answered."""
    table = pl.read_parquet(folder / "predictions.parquet").unique(["study", "condition", "question", "item"])
    crowd = pl.DataFrame({"respondent": [f"p{n}" for n in range(people)]})
    table.drop("respondent").join(crowd, how="cross").select(PREDICTIONS.names()).write_parquet(
        folder / "predictions.parquet"
    )


def test_two_runs_are_compared_on_the_same_answers(runs):
    found = compare_runs(*runs)
    evaluation = found.evaluation
    assert (evaluation.name, found.other) == ("scripted", "uniform (as model)")
    assert (evaluation.answers_n, evaluation.cells_n, evaluation.draws) == (40, 4, 2000)
    assert found.matched == ("mean", "mean")
    assert found.differs == {}
    for metric in METRICS:
        # A run of guessing is the control of that name; predictions are kept in 32 bits.
        theirs, built_in = (evaluation.differences[name][metric] for name in (found.other, "uniform"))
        assert theirs.value == pytest.approx(built_in.value, abs=1e-6)
        assert theirs.n == evaluation.overall["scripted"][metric].n


def test_the_other_way_round_every_difference_is_turned(runs):
    one, two = compare_runs(*runs), compare_runs(*reversed(runs))
    for metric, first in one.evaluation.differences[one.other].items():
        second = two.evaluation.differences[two.other][metric]
        if first.value is None:  # of few answers there is no ratio of entropies
            assert second.value is None
            continue
        assert (first.value, first.low, first.high) == pytest.approx((-second.value, -second.high, -second.low))


def test_runs_of_the_same_model_are_named_by_their_folders_and_say_what_else_differs(answered, tmp_path):
    found = compare_runs(run(answered, tmp_path / "one"), run(answered, tmp_path / "two", seed=3))
    assert (found.evaluation.name, found.other) == ("one", "two")
    assert found.differs == {"seed": ("0", "3")}


def test_runs_that_predict_the_same_do_not_differ(answered, tmp_path):
    found = compare_runs(run(answered, tmp_path / "one"), run(answered, tmp_path / "two"))
    same = found.evaluation.differences["two"]
    assert {(each.value, each.low, each.high) for each in same.values() if each.n} == {(0.0, 0.0, 0.0)}


def test_folders_of_one_name_are_told_apart_by_their_paths(answered, tmp_path):
    found = compare_runs(run(answered, tmp_path / "x" / "uniform"), run(answered, tmp_path / "y" / "run"))
    assert (found.evaluation.name, found.other) == (str(tmp_path / "x" / "uniform"), str(tmp_path / "y" / "run"))


def test_a_run_beside_itself_is_allowed(runs):
    found = compare_runs(runs[0], runs[0])
    assert found.other == "scripted (again)"
    assert found.decisive.value == 0


def test_the_numbers_are_kept_where_that_is_asked_for(runs, tmp_path):
    found = compare_runs(*runs, tmp_path / "new" / "comparison.json")
    assert read(tmp_path / "new" / "comparison.json", Evaluation) == found.evaluation
    assert not (runs[0] / "comparison.json").exists()


def test_a_file_that_is_not_json_is_refused_before_anything_is_read(tmp_path):
    with pytest.raises(InputError) as caught:
        compare_runs(tmp_path / "gone", tmp_path / "gone", tmp_path / "report.html")
    assert str(caught.value) == f"found --out {tmp_path / 'report.html'}, expected the name of a .json file."


def test_people_may_be_predicted_one_by_one_in_one_run_and_by_the_mean_in_the_other(runs):
    by_person(runs[0])
    found = compare_runs(*runs)
    assert found.matched == ("own", "mean")
    assert found.evaluation.matched_by_person == 40
    by_person(runs[1], people=3)
    # Of the others, none is predicted elsewhere in the study, so that the mean stands for them.
    assert compare_runs(*runs).matched == ("own", "both")


def test_answers_that_only_one_run_predicts_are_left_out_and_counted(runs):
    change(runs[1], "predictions", keep=pl.col("question") == "like")
    for pair in (runs, runs[::-1]):
        found = compare_runs(*pair).evaluation
        assert (found.answers_n, found.left_out["not predicted in both runs"]) == (20, 20)
        assert {cell.question for cell in found.cells} == {"like"}
        assert {found.overall["uniform"][metric].n for metric in ("wasserstein", "total_variation", "nll")} == {2}


def test_who_is_predicted_elsewhere_in_the_study_is_compared_with_no_mean(runs):
    for each in runs:
        by_person(each)
    change(runs[1], "predictions", keep=(pl.col("question") == "like") | (pl.col("respondent") != "p1"))
    found = compare_runs(*runs).evaluation
    assert (found.answers_n, found.left_out["not predicted in both runs"]) == (39, 1)


def test_a_prediction_that_failed_is_none(runs):
    failed = pl.when(pl.col("question") == "like").then(pl.col("probabilities")).alias("probabilities")
    change(runs[1], "predictions", failed)
    assert compare_runs(*runs).evaluation.answers_n == 20


def test_each_group_is_a_cell_of_its_own(runs):
    for each in runs:
        by_person(each)
        change(each, "responses", pl.concat_str(pl.lit("p"), pl.int_range(pl.len()) % 2).alias("respondent"))
        change_manifest(each, unit="group")
    found = compare_runs(*runs).evaluation
    assert not found.people_known
    assert {cell.condition for cell in found.cells} == {"plain · p0", "plain · p1", "praise · p0", "praise · p1"}


def test_other_studies_are_refused(runs, tmp_path):
    other = run("asian-disease", tmp_path / "other")
    with pytest.raises(InputError) as caught:
        compare_runs(runs[0], other)
    assert str(caught.value) == (
        f"the runs have no stimulus in common that people answered and both predict ({runs[0]}: 'tea' and {other}: "
        "'asian-disease'). Compare runs of the same study or data."
    )


def test_other_answers_of_people_are_refused_and_counted(runs):
    later = pl.when(pl.int_range(pl.len()) < 3).then(pl.lit(2)).otherwise(pl.col("response")).alias("response")
    change(runs[1], "responses", later, keep=pl.col("question") == "like")
    with pytest.raises(InputError) as caught:
        compare_runs(*runs)
    first, second = (pl.read_parquet(each / "responses.parquet")["response"] for each in runs)
    assert len(second) == 20
    changed = (first.gather(range(0, 40, 2)).head(3) != 2).sum()
    assert str(caught.value) == (
        f"people's answers differ between the runs: {runs[0]} has {20 + changed} answers that the other has not, and "
        f"{runs[1]} has {changed} answers, of 40 answers in the first. Evaluate both models on the same data, with the "
        "same --part, --limit and --seed."
    )


def test_an_answer_given_twice_is_not_one_given_once(runs):
    table = pl.read_parquet(runs[1] / "responses.parquet")
    pl.concat([table, table.head(1)]).write_parquet(runs[1] / "responses.parquet")
    with pytest.raises(InputError, match=r"a has 0 answers that the other has not, and .*b has 1 answer, of 40"):
        compare_runs(*runs)


def test_predictions_of_other_respondents_are_refused(runs):
    for each in runs:
        by_person(each)
        change(each, "responses", pl.lit("p1").alias("respondent"), keep=pl.col("question") == "like")
    change(runs[1], "predictions", keep=(pl.col("respondent") != "p1") | (pl.col("question") == "buy"))
    with pytest.raises(InputError) as caught:
        compare_runs(*runs)
    assert str(caught.value) == (
        f"none of the 20 answers has a prediction in both runs: {runs[0]} and {runs[1]} predict other respondents. "
        "Compare runs that ask the same ones."
    )


def test_a_run_without_answers_of_people_is_refused(runs, tea, tmp_path):
    other = run(tea, tmp_path / "other")
    with pytest.raises(InputError) as caught:
        compare_runs(runs[0], other)
    assert str(caught.value) == (
        f"{other}: 'tea' has no human answers to compare with. Give them in the study file under 'human'."
    )


def test_a_folder_that_is_no_run_is_named(runs, tmp_path):
    with pytest.raises(InputError, match=r"gone: no run folder \(no manifest\.json\)"):
        compare_runs(runs[0], tmp_path / "gone")
