from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from silicus.errors import InputError
from silicus.evaluate import SHARE_METRICS, Shares, SharesComparison, as_points, compare_shares
from silicus.record import parse, read, write
from silicus.study import Scale

NAN = math.nan
THREE, TWO, NO_ORDER = np.array([0, 0.5, 1]), np.array([0.0, 1.0]), np.full(3, NAN)


def rows(*values) -> list[np.ndarray]:
    return [np.array(value, dtype=float) for value in values]


def binary(cluster, human, **systems) -> Shares:
    """Return cells of two points, told by the share of the first: W and total variation are differences of it."""
    both = {name: rows(*([x, 1 - x] for x in values)) for name, values in {"human": human, **systems}.items()}
    return Shares(list(cluster), both.pop("human"), [TWO] * len(human), both)


def compared(shares: Shares, draws: int = 200, seed: int = 1, reference: str | None = None) -> SharesComparison:
    return compare_shares(shares, np.random.default_rng(seed), draws, reference)


def test_two_cells_by_hand():
    human = rows([0.5, 0.5, 0], [0.2, 0.8])
    tuned, flat = rows([0.5, 0, 0.5], [0.4, 0.6]), rows([1 / 3] * 3, [0.5, 0.5])
    found = compared(Shares(["a", "b"], human, [THREE, TWO], {"tuned": tuned, "uniform": flat}), reference="uniform")
    own, other = found.overall["tuned"], found.overall["uniform"]
    # W .5 x .5 and .2; uniform |-1/6| x .5 + 1/3 x .5, and .3.
    assert own["wasserstein"].value == pytest.approx((0.25 + 0.2) / 2)
    assert other["wasserstein"].value == pytest.approx((0.25 + 0.3) / 2)
    assert own["total_variation"].value == pytest.approx((0.5 + 0.2) / 2)
    assert other["nll"].value == pytest.approx((math.log(3) + math.log(2)) / 2)
    assert own["nll"].value is None
    assert found.zero_cells == {"tuned": 1, "uniform": 0}
    change = found.changes["tuned"]["uniform"]["wasserstein"]
    assert change.difference.value == pytest.approx(-0.05)
    assert change.percent.value == pytest.approx(-100 * 0.05 / 0.275)
    assert found.changes["uniform"]["tuned"]["wasserstein"].percent.value == pytest.approx(100 * 0.05 / 0.225)
    assert (found.cells_n, found.clusters_n, found.ordered_cells_n, found.reference) == (2, 2, 2, "uniform")
    # Each of the two clusters is drawn twice in a quarter of the resamples.
    assert (own["wasserstein"].low, own["wasserstein"].high) == pytest.approx((0.2, 0.25))


def test_cells_without_an_order_have_no_wasserstein_and_leave_that_of_others_untouched():
    human, model = rows([0.5, 0.5], [1, 0, 0], [0.5, 0.5]), rows([0.4, 0.6], [0, 1, 0], [0.2, 0.8])
    found = compared(Shares(["a", "b", "c"], human, [TWO, NO_ORDER, TWO], {"m": model}))
    w, tv = found.overall["m"]["wasserstein"], found.overall["m"]["total_variation"]
    assert (w.value, w.n) == (pytest.approx(0.2), 2)
    assert (tv.value, tv.n) == (pytest.approx((0.1 + 1 + 0.3) / 3), 3)
    assert found.ordered_cells_n == 2


def test_one_cluster_has_a_value_and_no_interval():
    found = compared(binary("aaa", [0.1, 0.2, 0.3], m=[0.5, 0.5, 0.5], u=[0.4, 0.4, 0.4]))
    for estimate in (found.overall["m"]["wasserstein"], found.changes["m"]["u"]["wasserstein"].difference):
        assert estimate.value is not None
        assert estimate.low is None
        assert estimate.high is None


def test_one_cluster_with_an_order_among_many_has_no_interval_of_wasserstein():
    human = rows([0.5, 0.5, 0], [1, 0, 0], [0, 0, 1])
    found = compared(Shares(["a", "b", "c"], human, [THREE, NO_ORDER, NO_ORDER], {"m": rows(*[[0.2, 0.3, 0.5]] * 3)}))
    assert found.overall["m"]["wasserstein"].low is None
    assert found.overall["m"]["total_variation"].low is not None


def test_a_system_without_a_prediction_is_compared_on_the_cells_both_have():
    found = compared(binary("abc", [0.5, 0.5, 0.5], m=[0.6, 0.6, NAN], u=[0.7, 0.7, 1.0]))
    assert found.overall["u"]["wasserstein"].value == pytest.approx(0.9 / 3)
    change = found.changes["m"]["u"]["wasserstein"]
    assert (change.difference.value, change.difference.n) == (pytest.approx(-0.1), 2)
    assert change.percent.value == pytest.approx(-50)


def test_people_who_all_refused_leave_a_cell_without_numbers():
    found = compared(binary("ab", [NAN, 0.5], m=[0.6, 0.6]))
    assert [found.overall["m"][metric].n for metric in SHARE_METRICS] == [1, 1, 1, 1, 0, 0]


def test_probability_zero_makes_a_log_likelihood_infinite_and_no_other_number():
    found = compared(binary("abc", [0.5, 0.5, 0.5], m=[0.0, 0.5, 0.5], u=[0.4, 0.4, 0.4]))
    nll = found.overall["m"]["nll"]
    assert (nll.value, nll.high, nll.n) == (None, None, 3)
    # A resample without the infinite cell is finite.
    assert nll.low == pytest.approx(math.log(2))
    assert found.changes["m"]["u"]["nll"].difference.value is None
    assert found.overall["m"]["js_distance"].value is not None
    assert found.zero_cells == {"m": 1, "u": 0}


def test_two_infinite_log_likelihoods_are_not_compared():
    found = compared(binary("abcd", [0.5] * 4, m=[0, 0.5, 0.5, 0.5], u=[0, 0.4, 0.4, 0.4]))
    difference = found.changes["m"]["u"]["nll"].difference
    assert (difference.value, difference.low, difference.high) == (None, None, None)


def test_a_reference_without_distance_has_no_percent():
    change = compared(binary("ab", [0.5, 0.5], m=[0.6, 0.7], u=[0.5, 0.5])).changes["m"]["u"]["wasserstein"]
    assert change.difference.value == pytest.approx(0.15)
    assert change.percent.value is None


CELLS = st.lists(
    st.tuples(st.sampled_from("abcde"), *[st.floats(0.01, 0.99)] * 3), min_size=2, max_size=12
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(CELLS)
def test_a_comparison_turns_its_sign_with_its_order_and_ignores_the_order_of_cells(cells):
    cluster, human, m, u = (list(column) for column in zip(*cells, strict=True))
    found = compared(binary(cluster, human, m=m, u=u))
    there, back = found.changes["m"]["u"], found.changes["u"]["m"]
    turned = compared(binary(cluster[::-1], human[::-1], m=m[::-1], u=u[::-1]))
    for metric in SHARE_METRICS[:4]:
        own, other = there[metric].difference, back[metric].difference
        assert own.value == pytest.approx(-other.value, abs=1e-12)
        assert own.value == pytest.approx(
            found.overall["m"][metric].value - found.overall["u"][metric].value, abs=1e-12
        )
        assert turned.overall["m"][metric].value == pytest.approx(found.overall["m"][metric].value)
        if len(set(cluster)) > 1:
            assert (own.low, own.high) == pytest.approx((-other.high, -other.low), abs=1e-12)
            assert turned.overall["m"][metric].low == pytest.approx(found.overall["m"][metric].low)


def simulated(rng: np.random.Generator, clusters: int = 40, each: int = 5) -> tuple[Shares, float]:
    """Return cells whose distances vary by cluster, and the mean distance of the clusters they are drawn from."""
    question = rng.uniform(0.1, 0.3, clusters).repeat(each)
    off = question + rng.uniform(-0.05, 0.05, clusters * each)
    names = np.arange(clusters).repeat(each).astype(str).tolist()
    flat = np.full(clusters * each, 0.5)
    return binary(names, flat.tolist(), m=(flat + off).tolist(), u=(flat + 1.2 * off).tolist()), 0.2


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    rng, held = np.random.default_rng(11), 0
    for _ in range(300):
        shares, truth = simulated(rng)
        found = compare_shares(shares, rng, draws=300).overall["m"]["wasserstein"]
        held += found.low <= truth <= found.high
    # Resampling cells instead of clusters would hold it in 0.64 of the cases.
    assert 0.90 <= held / 300 <= 0.98


def test_paired_differences_are_surer_than_the_numbers_they_are_of():
    shares, _ = simulated(np.random.default_rng(2))
    found = compared(shares, draws=1000)
    own, other = (found.overall[system]["wasserstein"] for system in "mu")
    paired = found.changes["m"]["u"]["wasserstein"].difference
    unpaired = math.hypot(own.high - own.low, other.high - other.low)
    assert paired.high - paired.low < unpaired / 5
    # u lies 1.2 times as far everywhere: the relative change is the same in every resample.
    percent = found.changes["m"]["u"]["wasserstein"].percent
    assert (percent.low, percent.value, percent.high) == pytest.approx((-100 / 6,) * 3)


def test_the_interval_is_that_of_the_mean_of_clusters():
    shares, _ = simulated(np.random.default_rng(4))
    found = compared(shares, draws=4000).overall["m"]["wasserstein"]
    means = np.array([abs(p[0] - 0.5) for p in shares.predicted["m"]]).reshape(40, 5).mean(axis=1)
    assert found.high - found.low == pytest.approx(2 * 1.96 * means.std() / math.sqrt(40), rel=0.06)


def test_the_same_seed_gives_the_same_intervals_and_another_seed_others():
    shares, _ = simulated(np.random.default_rng(5))
    assert compared(shares) == compared(shares)
    assert compared(shares) != compared(shares, seed=2)


def test_thousands_of_cells_take_less_than_a_second_of_computing():
    rng = np.random.default_rng(6)
    human, model = (list(rng.dirichlet(np.ones(4), size=4000)) for _ in range(2))
    names = [str(cell % 400) for cell in range(4000)]
    shares = Shares(names, human, [np.linspace(0, 1, 4)] * 4000, dict.fromkeys("abcd", model))
    before = time.process_time()
    compare_shares(shares, rng)
    assert time.process_time() - before < 1


def test_a_comparison_is_read_as_it_was_written(tmp_path):
    found = compared(binary("ab", [0.5, 0.5], m=[0.0, 0.7], u=[0.5, 0.4]), reference="u")
    write(tmp_path / "learnt.json", found)
    assert read(tmp_path / "learnt.json", SharesComparison) == found
    assert parse(found.model_dump(mode="json"), SharesComparison, "here").changes == found.changes


def test_a_misspelt_reference_is_answered_with_the_nearest_system():
    with pytest.raises(InputError, match=r"the reference 'untunde' is no system. Did you mean 'untuned'\?"):
        compared(binary("a", [0.5], tuned=[0.5], untuned=[0.5]), reference="untunde")


def test_nothing_to_compare_is_said():
    with pytest.raises(InputError, match=r"found 0 cells and 1 system to compare. Give at least one of each"):
        Shares([], [], [], {"m": []})


def test_a_list_of_other_length_is_named():
    with pytest.raises(InputError, match=r"'m' has 1 cell, 'cluster' has 2. Give every list the same cells"):
        Shares(["a", "b"], rows([1, 0], [1, 0]), [TWO, TWO], {"m": rows([1, 0])})


def test_a_cell_of_other_points_is_named():
    with pytest.raises(InputError, match=r"cell 1 \('b'\): 'm' has the shape \(3,\), 'human' has \(2,\). Give both"):
        Shares(["a", "b"], rows([1, 0], [1, 0]), [TWO, TWO], {"m": rows([1, 0], [1, 0, 0])})


# --- cells of few people


def small(people, pools=None, single=None, **systems) -> Shares:
    cells = binary([f"q{n // 2}" for n in range(len(people))], systems.pop("human"), **systems)
    return Shares(**{**vars(cells), "people": people, "pools": pools, "single": single or {}})


def test_distances_of_few_people_are_taken_of_their_cells_together():
    asked = small([20, 10, 40, 5], ["a", "a", "b", "c"], human=[0.2, 0.8, 0.5, 1.0], m=[0.5, 0.5, 0.4, 0.5])
    found = compared(asked)
    # People of the first two: (20 x .2 + 10 x .8) / 30 = .4; the last cell is of too few.
    assert found.overall["m"]["wasserstein"].value == pytest.approx((0.1 + 0.1) / 2)
    assert (found.overall["m"]["wasserstein"].n, found.overall["m"]["nll"].n) == (2, 4)
    assert (found.cells_n, found.large_cells_n, found.ordered_cells_n, found.people_per_cell) == (4, 2, 2, 15)


def test_predictions_are_taken_together_as_people_are():
    asked = small([20, 10], ["a", "a"], human=[0.2, 0.8], m=[0.2, 0.8])
    assert compared(asked).overall["m"]["wasserstein"].value == pytest.approx(0, abs=1e-12)


def test_what_a_perfect_prediction_would_score_is_said_where_people_are_known():
    assert compared(small([NAN, NAN], human=[0.5, 0.5], m=[0.5, 0.5])).perfect_wasserstein is None
    # Mean deviation of a binomial share: 2 x 50 over 100 x C(100, 50) / 2^100 / 2.
    found = compared(small([100, NAN], human=[0.5, 0.5], m=[0.5, 0.5]))
    assert found.perfect_wasserstein == pytest.approx(math.comb(100, 50) / 2**101)
    assert found.large_cells_n == 2


def test_a_metric_decides_from_ten_cells_of_ten_clusters_on():
    def decisive(questions: int, people: float) -> list[str]:
        n = 2 * questions
        return compared(small([people] * n, human=[0.5] * n, m=[0.4] * n)).decisive

    assert decisive(9, 100) == []
    assert decisive(10, 100) == ["wasserstein", "total_variation", "js_distance", "nll"]
    assert decisive(10, NAN)[0] == "wasserstein"
    assert decisive(10, 1) == ["nll"]
    half = small([50] * 20 + [1] * 20, human=[0.5] * 40, m=[0.4] * 40, single={"m": np.ones(40)})
    assert compared(half).decisive[-1] == "single_nll"
    assert compared(small([50] * 18 + [1] * 20, human=[0.5] * 38, m=[0.4] * 38)).decisive == ["nll"]


def test_the_truth_beats_over_confidence_whether_people_are_few_or_taken_together():
    rng = np.random.default_rng(8)
    first = rng.binomial(1, 0.6, 1200).astype(float)
    given = {"human": first.tolist(), "truth": [0.6] * 1200, "sure": [0.999] * 1200}
    questions = [str(cell // 60) for cell in range(1200)]
    alone = compared(binary(questions, **given))
    told = compared(Shares(**{**vars(binary(questions, **given)), "people": [1] * 1200, "pools": questions}))
    assert alone.changes["truth"]["sure"]["wasserstein"].difference.value > 0
    change = told.changes["truth"]["sure"]
    assert told.large_cells_n == 20
    assert change["wasserstein"].difference.high < 0
    assert change["nll"].difference.high < 0


def test_single_answers_are_compared_where_both_have_them():
    asked = small([1] * 3, human=[0.5] * 3, m=[0.5] * 3, u=[0.5] * 3, v=[0.5] * 3,
                  single={"m": np.array([1.0, 2, NAN]), "u": np.array([2.0, 4, 9])})  # fmt: skip
    found = compared(asked)
    assert found.overall["u"]["single_nll"].value == 5
    assert found.changes["m"]["u"]["single_nll"].difference.value == pytest.approx(-1.5)
    assert found.changes["m"]["v"]["single_nll"].difference.value is None


@pytest.mark.parametrize("name", ["people", "pools"])
def test_numbers_of_people_of_other_cells_are_named(name):
    with pytest.raises(InputError, match=f"'{name}' has 1 cell, 'cluster' has 2. Give every list the same cells"):
        Shares(**{**vars(binary("ab", [0.5, 0.5], m=[0.5, 0.5])), name: [1]})


FIVE = Scale(kind="ordinal", low=1, high=3, refusals={8: "Refused", 9: "Don't know"})


def test_refusals_are_taken_out_of_a_distribution():
    np.testing.assert_allclose(as_points([0.1, 0.2, 0.1, 0.5, 0.1], FIVE), [0.25, 0.5, 0.25])
    np.testing.assert_allclose(as_points([[1, 0, 0, 0, 0], [0, 0, 2, 7, 7]], FIVE), [[1, 0, 0], [0, 0, 1]])


def test_shares_of_nothing_but_refusals_are_unknown():
    assert np.isnan(as_points([0, 0, 0, 0.5, 0.5], FIVE)).all()


def test_a_distribution_over_other_answers_is_named():
    with pytest.raises(InputError, match=r"found 3 numbers for the scale 1, 2, 3 \(refusals 8, 9\), which has 5 answ"):
        as_points([0.2, 0.3, 0.5], FIVE)


def test_what_is_as_coded_stands_beside_and_decides_nothing():
    cells = [f"q{n}" for n in range(12)]
    people, opposite = [np.array([0.9, 0.1])] * 12, [np.array([0.1, 0.9])] * 12
    shares = Shares(cells, people, [np.array([0.0, 1.0])] * 12, {"m": opposite}, as_coded=True)
    found = compare_shares(shares, np.random.default_rng(0))
    # The order of the answers is nothing to it.
    own = found.overall["m"]
    assert (own["cao_emd_as_coded"].value, own["wasserstein"].value) == pytest.approx((0, 0.8))
    assert found.decisive == ["wasserstein", "total_variation", "js_distance", "nll"]
