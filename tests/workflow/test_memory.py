"""Predictions are streamed: more respondents take more time, not more memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_RUN = """
import resource, sys
from pathlib import Path
from silicus.options import SimulateOptions
from silicus.workflow import simulate
study, people, out = sys.argv[1:]
simulate(study, SimulateOptions(model="scripted", respondents=people, out=Path(out)))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10))
"""


def peak_megabytes(study: Path, people: Path, out: Path) -> float:
    command = [sys.executable, "-c", _RUN, str(study), str(people), str(out)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def test_ten_times_the_respondents_take_no_more_memory(tea, crowd, tmp_path):
    few, many = (peak_megabytes(tea, crowd(count), tmp_path / str(count)) for count in (1_000, 10_000))
    assert many <= 1.1 * few + 20
