"""The benchmark of the data room runs from end to end on few rows, and its invented answers have their shape."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl

from bench.data.__main__ import growth
from bench.data.synthetic import write_hub
from silicus.data import read_dataset

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = {
    "sample_id", "participant", "demographic", "stimuli", "response", "condition_num", "task_num", "prompt",
    "reasoning", "study_id",
}  # fmt: skip


def test_the_benchmark_runs_from_end_to_end_and_writes_every_stage(tmp_path):
    path = tmp_path / "data.json"
    done = subprocess.run(
        [sys.executable, "-m", "bench.data", "--rows", "60000", "--json", str(path)],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    runs = json.loads(path.read_text())
    assert [run["rows"] for run in runs] == [15_000, 30_000, 60_000]
    stages = [stage["stage"] for stage in runs[0]["stages"]]
    assert stages[:4] == ["read", "of which scales parsed", "split", "guard"]
    assert all(stage["peak_gib"] > 0 for run in runs for stage in run["stages"])
    assert "Peak memory" in done.stdout
    assert "goal below 4: met" in done.stdout


def test_growth_compares_seconds_a_row_and_counts_nothing_twice():
    def run(rows: int, seconds: float) -> dict:
        parts = {"read": seconds, "of which scales parsed": 100.0}
        return {"rows": rows, "stages": [{"stage": name, "seconds": s} for name, s in parts.items()]}

    assert growth([run(10, 1.0), run(20, 2.0), run(40, 8.0)]) == 2.0


def test_the_invented_answers_have_the_columns_shards_and_texts_of_the_hub(tmp_path):
    shape = write_hub(tmp_path, 30_000, np.random.default_rng(0))
    shards = sorted(tmp_path.iterdir())
    assert len(shards) == 17
    assert set(pl.read_parquet_schema(shards[0])) == COLUMNS
    assert 450 < shape.characters < 600
    table = pl.concat([pl.read_parquet(shard) for shard in shards])
    assert (len(table), table["study_id"].n_unique(), table["stimuli"].n_unique()) == (30_000, 6, shape.stimuli)
    assert len(table["demographic"].struct.fields) == 16
    made = read_dataset(tmp_path)
    assert made.rows_read == 30_000
    assert made.responses["missing"].drop_nulls().len() > 0
    assert made.left_out["answer outside the stated scale"] > 0
