"""What is remembered of texts: by hand, by property, and with texts planted in what a model has read."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silicus.evaluate.remembered import (
    Familiar,
    Verbatim,
    familiar,
    halves,
    min_k,
    min_k_plus_plus,
    reproduced,
    verbatim,
)

NUMBERS = st.lists(st.floats(-50, 0), min_size=1, max_size=40).map(np.array)
FLAGS = st.lists(st.booleans(), max_size=30).map(lambda flags: np.array(flags, dtype=bool))


def test_min_k_by_hand():
    tokens = -np.arange(1.0, 16.0)
    assert min_k(tokens) == pytest.approx(-14)  # 3 of 15
    assert min_k(tokens[:9]) == pytest.approx(-9)  # 1.8 of 9 is 1
    assert min_k(tokens[:2]) == pytest.approx(-2)  # at least 1
    assert min_k(-np.arange(100.0), share=0.29) == pytest.approx(-np.arange(71.0, 100.0).mean())
    assert np.isnan(min_k(np.zeros(0)))


@given(NUMBERS, st.floats(0.01, 1), st.floats(0.01, 1))
def test_the_least_expected_tokens_lie_below_all_and_fewer_of_them_lower_still(tokens, share, other):
    some, more = sorted((share, other))
    assert tokens.min() - 1e-9 <= min_k(tokens, some) <= min_k(tokens, more) + 1e-9
    assert min_k(tokens, 1) == pytest.approx(tokens.mean())
    assert min_k(tokens[::-1], share) == pytest.approx(min_k(tokens, share))


def test_min_k_plus_plus_by_hand():
    own, mean = np.array([-1.0, -6.0, -2.0, -9.0, -3.0]), np.array([-3.0, -4.0, -2.5, -9.5, -1.0])
    # In standard deviations: 2, -1, 0.25, 1, -2.
    spread = np.array([1.0, 2.0, 2.0, 0.5, 1.0])
    assert min_k_plus_plus(own, mean, spread) == pytest.approx(-2)
    assert min_k_plus_plus(own, mean, spread, share=0.4) == pytest.approx(-1.5)
    assert min_k_plus_plus(own[:1], own[:1], np.zeros(1)) == 0
    assert np.isnan(min_k_plus_plus(*np.zeros((3, 0))))


@given(NUMBERS, st.floats(0.1, 9), st.floats(-9, 9))
def test_what_is_expected_nowhere_more_than_elsewhere_is_min_k_in_other_units(tokens, spread, mean):
    found = min_k_plus_plus(tokens, np.full(len(tokens), mean), np.full(len(tokens), spread))
    assert found == pytest.approx((min_k(tokens) - mean) / spread)


def drawn(rng: np.random.Generator, sharp: float, tokens: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what a model of 50 words says of a text that it wrote itself: numbers of a `Reading`."""
    logits = sharp * rng.standard_normal((tokens, 50))
    every = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    share = np.exp(every)
    mean = (share * every).sum(axis=1)
    spread = np.sqrt((share * (every - mean[:, None]) ** 2).sum(axis=1))
    token = (share.cumsum(axis=1) > rng.random((tokens, 1))).argmax(axis=1)
    return every[np.arange(tokens), token], mean, spread


def test_a_text_that_the_model_wrote_itself_lies_on_its_own_mean_however_open_it_is():
    rng = np.random.default_rng(0)
    for sharp in (0.3, 1.0, 2.0):
        assert min_k_plus_plus(*drawn(rng, sharp, 20_000), share=1) == pytest.approx(0, abs=0.03)
    plain = [min_k(drawn(rng, sharp)[0], 1) for sharp in (0.3, 3.0)]
    assert plain[1] - plain[0] > 1


@given(FLAGS, st.booleans())
def test_a_run_ends_at_the_first_token_that_is_not_foremost(flags, last):
    run = reproduced(flags)
    assert flags[:run].all()
    assert run == len(flags) or not flags[run]
    assert reproduced(np.append(flags, last)) == run + (run == len(flags) and last)


def test_runs_by_hand():
    assert [reproduced(np.array(each, dtype=bool)) for each in ([], [0, 1], [1, 0, 1], [1, 1])] == [0, 0, 1, 2]


def test_halves_by_hand():
    text = " ".join(f"w{n}" for n in range(21))
    assert halves(text) == (" ".join(f"w{n}" for n in range(10)), "".join(f" w{n}" for n in range(10, 21)))
    assert halves(" ".join("w" * 19)) is None
    assert halves("") is None
    middle = text.index(" w11")
    assert halves(f"\n {text}\n\nA  B ", most_words=11) == (text[:middle], text[middle:] + "\n\nA")


@given(st.text(alphabet="ab \n\t", max_size=200), st.integers(1, 60))
def test_halves_are_words_in_their_order_and_the_space_between_begins_the_second(text, most):
    words, found = text.split(), halves(text, most)
    assert (found is None) == (len(words) < 20)
    if found is not None:
        first, second = found
        assert first + second in text
        assert first.split() == words[: min(len(words) // 2, most)]
        assert second.split() == words[len(first.split()) :][:most]
        assert second[0].isspace()
        assert first == first.strip()
        assert second == second.rstrip()


def test_a_long_text_is_cut_after_so_many_words():
    first, second = halves("word " * 300)
    assert (len(first.split()), len(second.split())) == (50, 50)


def remembered(runs, controls, lengths=None, cluster=None, seed=0, too_short=0) -> Verbatim:
    runs, controls = np.asarray(runs), np.asarray(controls)
    found = verbatim(
        runs, controls, np.full(len(runs), 40) if lengths is None else np.asarray(lengths),
        [f"text {n}" for n in range(len(runs))], too_short,
        np.arange(len(runs)) if cluster is None else np.asarray(cluster), np.random.default_rng(seed),
    )  # fmt: skip
    assert found is not None
    return found


def test_reproduction_by_hand():
    found = remembered([3, 0, 9, 4], [1, 0, 2, 0], [9, 0, 9, 5], [0, 0, 1, 1], too_short=2)
    assert (found.reproduced.value, found.control.value, found.difference.value) == (4, 0.75, 3.25)
    assert (found.texts_n, found.too_short, found.tokens) == (4, 2, 7)
    assert (found.whole, found.longest, found.longest_text) == (1, 9, "text 2")
    assert found.reproduced.n == 4


def test_no_text_is_nothing_and_one_has_no_interval():
    none = np.zeros(0, dtype=np.int64)
    assert verbatim(none, none, none, [], 3, none, np.random.default_rng(0)) is None
    assert (remembered([3], [1]).difference.value, remembered([3], [1]).difference.low) == (2, None)


def test_a_single_study_draws_its_texts_and_more_draw_studies():
    rng = np.random.default_rng(1)
    runs = rng.poisson(3, 40) + 6 * (np.arange(40) // 20)
    one, each, two = (
        remembered(runs, np.zeros(40, dtype=int), cluster=cluster).reproduced
        for cluster in (np.zeros(40, dtype=int), np.arange(40), np.arange(40) // 20)
    )
    assert (one.low, one.high) == (each.low, each.high)
    # Texts of one study are alike: two studies say less than forty texts.
    assert two.high - two.low > 2 * (one.high - one.low)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=2, max_size=12), st.integers(1, 9))
def test_what_text_and_control_share_is_no_difference(pairs, shared):
    runs, controls = np.array(pairs).T
    plain, other = remembered(runs, controls), remembered(runs + shared, controls + shared)
    assert other.difference.value == pytest.approx(plain.difference.value)
    assert other.difference.low == pytest.approx(plain.difference.low)
    assert other.reproduced.value == pytest.approx(plain.reproduced.value + shared)


def texts(seed: int, planted: float) -> Verbatim:
    """Return what is found where a share of 90 texts of 30 studies is written to its end, others by luck alone."""
    rng = np.random.default_rng(seed)
    runs, controls = rng.geometric(0.6, (2, 90)) - 1
    runs[rng.random(90) < planted] = 40
    return remembered(runs, controls, cluster=np.arange(90) // 3, seed=seed + 1000)


def test_planted_texts_are_found_and_luck_is_not():
    found = [texts(seed, planted=0.2) for seed in range(20)]
    assert all(each.difference.low > 0 and each.whole > 0 and each.longest == 40 for each in found)
    covered = [each.difference.low <= 0 <= each.difference.high for each in (texts(n, 0.0) for n in range(60))]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.06)


def known(score, study, nearness, seed=0, draws=200, shuffles=200) -> Familiar:
    score, near, rng = np.asarray(score, dtype=float), np.asarray(nearness, dtype=float), np.random.default_rng(seed)
    found = familiar(score, score, np.asarray(study), near, rng, draws, shuffles)
    assert found is not None
    return found


def test_familiarity_by_hand():
    score, study = np.array([-1.0, -3.0, -4.0, -5.0, -6.0, -7.0]), np.array([0, 0, 1, 2, 3, 4])
    found = familiar(10 * score, score, study, -np.array([0.1, 0.1, 0.3, 0.2, 0.5]), np.random.default_rng(0))
    assert found.min_k_plus_plus.value == pytest.approx(-(2 + 4 + 5 + 6 + 7) / 5)
    assert found.min_k.value == pytest.approx(-48)
    # Ranks of the studies 5 4 3 2 1 and, two being tied, 4.5 4.5 2 3 1.
    expected, near = np.array([2, 1, 0, -1, -2]), np.array([1.5, 1.5, -1, 0, -2])
    assert found.correlation.value == pytest.approx(expected @ near / np.sqrt(10 * 9.5))
    assert (found.texts_n, found.studies_n, found.correlation.n, found.min_k.n) == (6, 5, 5, 6)
    assert found.min_k.low <= found.min_k.value <= found.min_k.high


def test_texts_without_a_number_and_studies_that_have_none_are_left_out():
    score = np.array([-1.0, np.nan, -3.0, -4.0, -5.0, -6.0, -7.0])
    study = np.array([0, 0, 2, 3, 4, 5, 6])
    near = -np.array([0.1, 9.0, 0.2, 0.3, 0.4, 0.5, np.nan])
    found = known(score, study, near)
    assert (found.texts_n, found.studies_n, found.correlation.n) == (6, 6, 5)
    assert found.correlation.value == pytest.approx(1)
    assert found.min_k.value == pytest.approx(-26 / 6)
    assert familiar(score[1:2], score[1:2], study[:1], near, np.random.default_rng(0)) is None


def test_fewer_than_five_studies_or_equal_ones_have_no_correlation():
    few = known([-1, -2, -3, -4], np.arange(4), [-1, -2, -3, -4])
    assert (few.correlation.value, few.correlation.low, few.chance, few.correlation.n) == (None, None, None, 4)
    assert few.min_k.low is not None
    equal = known([-1.0] * 6, np.arange(6), -np.arange(6.0))
    assert (equal.correlation.value, equal.correlation.high, equal.chance) == (None, None, None)


def test_five_studies_have_a_correlation_without_an_interval_and_six_have_one():
    rng = np.random.default_rng(3)
    five, six = (known(np.arange(n), np.arange(n), rng.random(n)).correlation for n in (5, 6))
    assert (five.low, five.high) == (None, None)
    assert five.value is not None
    assert six.low <= six.value <= six.high


@given(st.lists(st.tuples(st.integers(-6, 0), st.integers(-6, 0)), min_size=5, max_size=12))
def test_only_the_order_of_studies_makes_the_correlation(pairs):
    score, near = np.array(pairs, dtype=float).T
    plain = known(score, np.arange(len(score)), near, draws=20, shuffles=20)
    other = known(np.exp(score), np.arange(len(score)), near**3 + 2 * near - 5, draws=20, shuffles=20)
    assert other.correlation == plain.correlation
    assert other.chance == plain.chance
    if plain.correlation.value is not None:
        swapped = known(near, np.arange(len(score)), score, draws=1, shuffles=1)
        turned = known(-score, np.arange(len(score)), near, draws=1, shuffles=1)
        assert swapped.correlation.value == pytest.approx(plain.correlation.value)
        assert turned.correlation.value == pytest.approx(-plain.correlation.value)


def test_the_correlation_is_scipys_where_values_are_tied():
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(6)
    score, near = rng.integers(0, 6, (2, 40)).astype(float)
    found = known(score, np.arange(40), near, draws=1, shuffles=1)
    assert found.correlation.value == pytest.approx(stats.spearmanr(score, near).statistic)


def test_shuffles_of_every_order_give_the_p_value_of_the_permutation_test():
    # Of the 120 orders of five studies only the one that is there correlates as well.
    found = known(-np.arange(5.0), np.arange(5), -np.arange(5.0), shuffles=20_000)
    assert found.chance == pytest.approx(1 / 120, abs=0.003)


def studies(seed: int, strength: float, draws: int = 150, shuffles: int = 99) -> Familiar:
    """Return what is found over 40 studies of 4 texts whose familiarity makes them nearer by `strength`."""
    rng = np.random.default_rng(seed)
    own, number = rng.standard_normal(40), np.arange(160) // 4
    score = own[number] + 0.3 * rng.standard_normal(160)
    return known(
        score, number, strength * own + rng.standard_normal(40), seed=seed + 1000, draws=draws, shuffles=shuffles
    )


def test_what_is_familiar_and_nearer_is_found_and_what_is_not_is_not():
    assert all(found.correlation.low > 0 and found.chance == 0.01 for found in (studies(n, 2.0) for n in range(10)))
    null = [studies(n, 0.0) for n in range(120)]
    covered = [found.correlation.low <= 0 <= found.correlation.high for found in null]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.06)
    chance = np.array([found.chance for found in null])
    assert np.mean(chance <= 0.1) == pytest.approx(0.1, abs=0.08)
    assert chance.mean() == pytest.approx(0.5, abs=0.08)


def test_intervals_of_familiarity_cover_the_mean_of_all_studies():
    found = [studies(seed, 0.0, shuffles=1).min_k for seed in range(120)]
    covered = np.mean([each.low <= 0 <= each.high for each in found])
    # A percentile interval of 40 studies is a little narrow.
    assert 0.88 <= covered <= 0.98
