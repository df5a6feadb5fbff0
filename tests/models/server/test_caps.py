"""No cap is ever passed, by the server's own account; what was answered is kept, and nothing is asked twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from silicus.errors import InputError, RunError
from silicus.models.kept import Kept, Spent
from silicus.models.server import Budget, Pace, Price, ServerModel, ServerSettings
from silicus.models.server.budget import Reserved
from tests.models.server.conftest import prompts_of
from tests.models.server.faults import Faults
from tests.models.server.upstream import READ, WRITTEN, said

pytestmark = pytest.mark.usefixtures("quick")

ROOT = Path(__file__).parents[3]


def model_of(address: str, budget: Budget, folder: Path | None = None, **settings) -> ServerModel:
    given = {"scoring": "samples", "samples": 4, "timeout_seconds": 5.0, **settings}
    model = ServerModel(ServerSettings(address=address, model="tiny", budget=budget, **given), "", "samples")
    if folder is not None:
        model.keep_in(folder)
    return model


PRICE = Price(2.0, 8.0)
COST = PRICE.of(READ, WRITTEN)


@pytest.mark.parametrize("concurrency", [1, 8])
@pytest.mark.parametrize(
    ("cap", "told", "most"),
    [
        ({"most_calls": 30}, "--max-calls 30", 30),
        ({"most_tokens": 3000}, "--max-tokens 3000", 3000 // (READ + WRITTEN)),
        ({"most_dollars": 0.004, "price": PRICE}, r"--max-cost 0\.004", int(0.004 / COST)),
    ],
)
def test_a_cap_stops_the_run_before_it_is_passed_and_the_run_goes_on_when_it_is_raised(
    upstream, tmp_path, concurrency, cap, told, most
):
    prompts = prompts_of(25)
    budget = Budget(**cap)
    model = model_of(upstream.address, budget, tmp_path, concurrency=concurrency)
    with pytest.raises(RunError, match=f"stopped before a call that might pass {told}: .* raise the cap"):
        dict(model.answer(prompts))
    model.close()
    # What a call may use at most is held back, and no more: a prompt's bytes and those of a chat template.
    held_back = 0 if "most_calls" in cap else 17
    assert most - held_back <= len(upstream.log) <= most
    assert budget.spent == Spent(*(len(upstream.log) * each for each in (1, READ, WRITTEN)))
    kept = Kept(tmp_path / "calls.sqlite")
    assert len(kept) == len(upstream.log)
    kept.close()

    model = model_of(upstream.address, Budget(), tmp_path, concurrency=concurrency)
    assert len(dict(model.answer(prompts))) == 25
    model.close()
    assert set(upstream.asked.values()) == {1}
    assert len(upstream.log) == 100


def test_caps_are_of_a_run_and_not_of_one_start_of_it(upstream, tmp_path):
    for _ in range(3):
        model = model_of(upstream.address, Budget(most_calls=10), tmp_path)
        with pytest.raises(RunError, match=r"--max-calls 10: 10 calls, 410 tokens used"):
            dict(model.answer(prompts_of(5)))
        model.close()
    assert len(upstream.log) == 10


@pytest.mark.parametrize(
    "usage",
    [None, "none", {}, {"prompt_tokens": 0, "completion_tokens": 0}, (-5000, -5000), (1, 0), (True, True), ("9", 1.5)],
)
def test_what_a_server_does_not_report_or_reports_too_low_counts_as_all_that_was_reserved(upstream, usage):
    upstream.answer = lambda body: said("1", usage)
    budget = Budget(most_tokens=4000)
    with pytest.raises(RunError, match="--max-tokens 4000"):
        dict(model_of(upstream.address, budget).answer(prompts_of(25)))
    bytes_of = [sum(len(turn["content"].encode()) for turn in body["messages"]) for _, body in upstream.log]
    assert budget.spent.read == sum(bytes_of) + 256 * len(bytes_of)
    assert budget.spent.written == 16 * len(bytes_of)
    assert budget.spent.read + budget.spent.written <= 4000


def test_more_than_was_reserved_is_believed_and_reserved_from_then_on(upstream):
    upstream.answer = lambda body: said("1", (3000, 2))
    budget = Budget(most_tokens=10_000)
    with pytest.raises(RunError, match="--max-tokens 10000: 3 calls, 9,006 tokens used"):
        dict(model_of(upstream.address, budget, concurrency=1).answer(prompts_of(25)))
    assert len(upstream.log) == 3


def test_a_report_beyond_all_measure_ends_the_run_and_breaks_no_file(upstream, tmp_path):
    upstream.answer = lambda body: said("1", (10**40, 10**40))
    model = model_of(upstream.address, Budget(most_tokens=10**9), tmp_path, concurrency=1)
    with pytest.raises(RunError, match="--max-tokens"):
        dict(model.answer(prompts_of(25)))
    model.close()
    assert len(upstream.log) == 1


def test_failed_attempts_count_as_calls(upstream):
    with Faults(upstream.address, seed=3, share=0.7) as proxy:
        budget = Budget(most_calls=40)
        with pytest.raises(RunError, match="--max-calls 40"):
            dict(model_of(proxy.address, budget, timeout_seconds=3.0).answer(prompts_of(25)))
        assert proxy.attempts == budget.spent.calls == 40


@pytest.mark.parametrize(
    ("cap", "price", "expected"),
    [({"most_dollars": 1.0}, None, "--max-cost, and the price of this model is not known.*--price-in")],
)
def test_money_is_not_capped_where_nobody_knows_the_price(cap, price, expected):
    with pytest.raises(InputError, match=expected):
        Budget(**cap, price=price)


def test_a_cap_holds_whatever_calls_under_way_turn_out_to_use():
    budget = Budget(most_tokens=100)
    for _ in range(2):
        budget.reserve(Reserved(40, 10))
    assert not budget.fits(Reserved(1, 0))
    budget.settle(Reserved(40, 10), 5, 1)
    assert budget.fits(Reserved(40, 4))
    assert not budget.fits(Reserved(40, 5))
    with pytest.raises(RunError, match="might pass --max-tokens 100: 2 calls, 6 tokens used"):
        budget.reserve(Reserved(40, 5))


def test_no_more_calls_begin_in_a_minute_than_may(upstream):
    now, slept = [1000.0], []
    pace = Pace(30, clock=lambda: now[0])

    async def sleep(self, seconds):
        slept.append(seconds)
        now[0] += seconds

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("silicus.models.server.client.Client._sleep", sleep)
        model = model_of(upstream.address, Budget(), pace=pace)
        # Two parts of a run, each with a client of its own.
        for part in (prompts_of(10)[:5], prompts_of(10)[5:]):
            dict(model.answer(part))
    assert len(upstream.log) == 40
    assert slept == [0.0] + [2.0] * 39


SCRIPT = """
import sys
from pathlib import Path
from tests.models.server.conftest import prompts_of
from silicus.models.server import Budget
from tests.models.server.test_caps import model_of
model = model_of(sys.argv[1], Budget(), Path(sys.argv[2]))
for _ in model.answer(prompts_of(40)):
    print("answered", flush=True)
"""


def test_a_run_that_is_killed_loses_nothing_and_asks_nothing_twice(upstream, tmp_path):
    def slowly(body):
        time.sleep(0.05)
        return said("1")

    upstream.answer = slowly
    command = [sys.executable, "-c", SCRIPT, upstream.address, str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdout is not None
    for _ in range(5):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    time.sleep(0.2)
    before = len(upstream.log)
    assert 20 <= before < 160
    kept = Kept(tmp_path / "calls.sqlite")
    done, spent = len(kept), kept.spent()
    kept.close()
    # At most those under way were lost; they count as calls that were made.
    assert before - 8 <= done <= before
    assert before <= spent.calls <= before + 8

    model = model_of(upstream.address, Budget(), tmp_path)
    assert len(dict(model.answer(prompts_of(40)))) == 40
    assert model.spent.startswith(f"{spent.calls + 160 - done} calls")
    model.close()
    assert len(upstream.asked) == 160
    assert len(upstream.log) == 160 + before - done


def test_calls_under_way_are_still_answered_and_kept_when_another_is_refused(upstream, tmp_path):
    def one_is_refused(body):
        if len(upstream.log) == 4:
            return 400, {"error": {"message": "no"}}, {}
        time.sleep(0.2)
        return said("1")

    upstream.answer = one_is_refused
    model = model_of(upstream.address, Budget(), tmp_path)
    with pytest.raises(Exception, match=r"refuses the call \(status 400\): no\."):
        dict(model.answer(prompts_of(10)))
    model.close()
    kept = Kept(tmp_path / "calls.sqlite")
    assert len(kept) == len(upstream.log) - 1 >= 7
    kept.close()


def test_a_file_that_keeps_no_answers_is_told(tmp_path):
    (tmp_path / "calls.sqlite").write_text(json.dumps({"not": "a database"}) * 50)
    with pytest.raises(RunError, match=r"calls\.sqlite: cannot be used to keep answers .*--out"):
        Kept(tmp_path / "calls.sqlite")
