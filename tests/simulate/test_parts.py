from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from silicus.errors import RunError
from silicus.models import load_model
from silicus.prompts import get_template
from silicus.simulate import Answered, Plan, plan_all, predict, simulate
from silicus.study import PREDICTIONS, Item, Scale

SILICUS = get_template("silicus")
ITEMS = [Item("tea", arm, "like", arm, "Tea?", Scale(kind="ordinal", low=1, high=4)) for arm in ("plain", "praise")]
PEOPLE = pl.DataFrame({"respondent": [f"p{n}" for n in range(25)], "weight": [1.0] * 25, "age": range(20, 45)})
PLAN = plan_all(ITEMS, PEOPLE, SILICUS)
Answer = Callable[[Plan, int, int], Answered]


def answer(plan: Plan, start: int, stop: int) -> Answered:
    return Answered(predict(plan.between(start, stop), load_model("scripted"), SILICUS))


def stops_at(place: int, failure: BaseException) -> Answer:
    def answer_until(plan: Plan, start: int, stop: int) -> Answered:
        if start >= place:
            raise failure
        return answer(plan, start, stop)

    return answer_until


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def whole(tmp_path: Path) -> bytes:
    """Return the bytes of predictions made without interruption."""
    return simulate(PLAN, answer, tmp_path / "whole", part_rows=8).read_bytes()


def test_the_product_is_one_table_of_all_pairs_and_nothing_else(tmp_path):
    product = simulate(PLAN, answer, tmp_path, part_rows=8)
    table = pl.read_parquet(product)
    assert names(tmp_path) == ["predictions.parquet"]
    assert table.schema == PREDICTIONS
    assert table.equals(answer(PLAN, 0, len(PLAN)).predictions)


def test_the_same_run_gives_the_same_bytes(tmp_path, whole):
    assert simulate(PLAN, answer, tmp_path / "again", part_rows=8).read_bytes() == whole


@pytest.mark.parametrize("place", [0, 8, 24, 48])
@pytest.mark.parametrize("failure", [KeyboardInterrupt(), ZeroDivisionError()])
def test_a_run_that_stopped_goes_on_and_gives_the_same_bytes(tmp_path, whole, place, failure):
    folder = tmp_path / "run"
    with pytest.raises(type(failure)):
        simulate(PLAN, stops_at(place, failure), folder, part_rows=8)
    done = [f"parts/{number:06d}.parquet" for number in range(place // 8)]
    assert names(folder) == done
    asked: list[int] = []

    def watched(plan: Plan, start: int, stop: int) -> Answered:
        asked.append(start)
        return answer(plan, start, stop)

    skipped: list[int] = []
    assert simulate(PLAN, watched, folder, skipped.append, part_rows=8).read_bytes() == whole
    assert sum(skipped) == place
    assert asked == list(range(place, 50, 8))
    assert names(folder) == ["predictions.parquet"]


def test_what_a_killed_process_left_half_written_is_not_read_and_is_removed(tmp_path, whole):
    folder = tmp_path / "run"
    (folder / "parts").mkdir(parents=True)
    (folder / "parts" / ".000000.parquet.1.part").write_bytes(b"half")
    (folder / ".predictions.parquet.1.part").write_bytes(b"half")
    assert simulate(PLAN, answer, folder, part_rows=8).read_bytes() == whole
    assert names(folder) == ["predictions.parquet"]


@pytest.mark.parametrize("finished", [0, 3, 7])
def test_a_full_disk_stops_the_run_and_with_space_it_goes_on(tmp_path, whole, finished):
    # Of seven parts and the table they are joined into, the disk takes only so many.
    folder, real, written = tmp_path / "run", pl.LazyFrame.sink_parquet, []

    def fills_up(table: pl.LazyFrame, path: Path | str, **options: object) -> object:
        written.append(path)
        if len(written) > finished:
            Path(path).write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(table, path, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pl.LazyFrame, "sink_parquet", fills_up)
        with pytest.raises(RunError, match=r"no space left on the device\. What was finished is kept; free some space"):
            simulate(PLAN, answer, folder, part_rows=8)
    assert names(folder) == [f"parts/{number:06d}.parquet" for number in range(finished)]
    assert simulate(PLAN, answer, folder, part_rows=8).read_bytes() == whole
