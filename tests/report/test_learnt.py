from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console

from silicus.evaluate import Shares, SharesComparison, compare_shares
from silicus.report import print_learnt


def comparison(clusters: int = 20, reference: str | None = "untuned", ordered: bool = True, people=None, **off: object):
    """Return systems whose predicted share of the first of two points is wrong by so much in every cell."""
    human = np.linspace(0.45, 0.55, 2 * clusters)
    names = [f"q{cell // 2}" for cell in range(2 * clusters)]
    shares = {
        name.replace("_", " "): [np.array([x, 1 - x]) for x in human + np.asarray(wrong)] for name, wrong in off.items()
    }
    places = np.array([0.0, 1.0]) if ordered else np.full(2, np.nan)
    cells = Shares(names, [np.array([x, 1 - x]) for x in human], [places] * (2 * clusters), shares, people=people)
    return compare_shares(cells, np.random.default_rng(1), 200, reference)


def spread(clusters: int = 20) -> np.ndarray:
    """Return errors between .05 and .15, .1 in the mean, which vary by question."""
    return np.linspace(0.05, 0.15, clusters).repeat(2)


def printed(found: SharesComparison, width: int = 100, encoding: str = "utf-8", terminal: bool = False) -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    print_learnt(found, "smollm2 on [part] test", Console(file=file, width=width, force_terminal=terminal))
    return raw.getvalue().decode(encoding)


def joined(text: str) -> str:
    return " ".join(text.split())


def usual(**more: object) -> SharesComparison:
    others = {"uniform": 2.5 * spread(), "training_mean": spread()[::-1], **more}
    return comparison(untuned=2 * spread(), tuned=spread(), **others)


def test_all_systems_and_all_metrics_are_printed_with_intervals():
    text = joined(printed(usual()))
    assert "smollm2 on [part] test Means over 40 cells of 20 questions. untuned tuned uniform training mean" in text
    assert "Wasserstein-1 ↓ 0.200 0.100 0.250 0.100 0.1" in text
    for title in ("Total variation ↓", "Jensen-Shannon distance ↓", "Negative log likelihood ↓"):
        assert title in text


def test_the_tuned_model_is_said_to_be_closer_than_the_untuned_by_how_much():
    text = joined(printed(usual()))
    assert "tuned against untuned uniform training mean" in text
    assert "Wasserstein-1 −50 % (−50 to −50) −60 % (−60 to −60) 0.0 % (" in text
    assert "tuned is closer to people than untuned: Wasserstein-1 0.100 against 0.200, −50 % (95 % −50 to −50)." in text
    assert "tuned is closer to people than uniform: Wasserstein-1 0.100 against 0.250, −60 %" in text


def test_where_the_interval_holds_zero_it_is_said_that_they_are_not_told_apart():
    text = joined(printed(usual()))
    assert "tuned is not told apart from training mean: Wasserstein-1 0.100 against 0.100, 0.0 % (95 % −" in text
    assert "An interval that holds 0: not told apart." in text


def test_training_that_made_it_worse_is_said_plainly():
    text = joined(printed(comparison(untuned=spread(), tuned=1.5 * spread())))
    assert (
        "tuned is not better than untuned, but farther from people: Wasserstein-1 0.150 against 0.100, +50 % "
        "(95 % +50 to +50)." in text
    )


def test_a_metric_that_says_otherwise_is_named():
    found = usual()
    changes = found.changes["tuned"]["untuned"]
    turned = found.changes["untuned"]["tuned"]["nll"]
    mixed = {**found.changes, "tuned": {**found.changes["tuned"], "untuned": {**changes, "nll": turned}}}
    text = joined(printed(found.model_copy(update={"changes": mixed})))
    assert "−50 % (95 % −50 to −50). It is farther from people by Negative log likelihood." in text


def test_what_is_resampled_and_how_often_is_told():
    text = joined(printed(usual()))
    assert "95 % intervals resample whole questions, each with all its cells (200 draws)." in text
    few = joined(printed(comparison(4, untuned=2 * spread(4), tuned=spread(4))))
    assert "Means over 8 cells of 4 questions." in few
    assert "(200 draws); only 4: too few to speak of others." in few
    for unit, many in (("studies", "studies"), ("batteries", "batteries of questions")):
        assert f"resample whole {many}," in joined(printed(usual().model_copy(update={"unit": unit})))


def test_it_is_said_that_every_interval_stands_alone_and_is_of_one_model():
    text = joined(printed(usual()))
    assert "Each is a 95 % interval on its own, and of the one model that was trained: how another training" in text


def test_fewer_than_ten_clusters_give_numbers_and_no_verdict():
    text = joined(printed(comparison(9, untuned=2 * spread(9), tuned=spread(9))))
    assert (
        "It cannot be said whether tuned is closer to people than untuned, from fewer than 10 questions: Wasserstein-1 "
        "0.100 against 0.200, −50 %" in text
    )
    assert "tuned is closer to people than untuned:" not in text
    studies = comparison(9, untuned=2 * spread(9), tuned=spread(9)).model_copy(update={"unit": "studies"})
    assert "from fewer than 10 studies" in joined(printed(studies))


def test_of_a_few_answers_a_cell_the_log_likelihood_decides():
    text = joined(printed(comparison(people=[1] * 37 + [30] * 3, untuned=2 * spread(), tuned=spread())))
    assert "Means over 40 cells of 20 questions; a cell has 1 answer in the median." in text
    assert "of 30 answers or more, small cells of a question together: 3 cells." in text
    assert "A perfect prediction of people's distribution would still score W = 0.07" in text
    assert "Fewer than 10 cells or 10 questions have a distance: the log likelihood decides who is closer." in text
    assert "tuned is closer to people than untuned: Negative log likelihood 0." in text
    assert "by Wasserstein-1" not in text


def test_of_many_answers_a_cell_the_distance_decides():
    text = joined(printed(comparison(people=[50] * 40, untuned=2 * spread(), tuned=spread())))
    assert "a cell has 50 answers in the median" in text
    assert "the log likelihood decides" not in text
    assert "tuned is closer to people than untuned: Wasserstein-1 0.100" in text


def test_single_answers_are_told_where_they_are_predicted_one_by_one():
    assert "single answers" not in printed(usual())
    half = [np.array([0.5, 0.5])] * 20
    cells = Shares(
        [f"q{n}" for n in range(20)], half, [np.array([0.0, 1.0])] * 20, {"tuned": half, "untuned": half, "u": half},
        single={"tuned": np.linspace(0.4, 0.5, 20), "untuned": np.linspace(0.6, 0.7, 20)},
    )  # fmt: skip
    text = joined(printed(compare_shares(cells, np.random.default_rng(0), 100, "untuned")))
    assert "Negative log likelihood, single 0.650 0.640 to 0.663 0.450" in text
    assert "It is closer to people by Negative log likelihood, single answers." in text


def test_a_single_question_has_no_intervals_and_no_verdict():
    text = joined(printed(comparison(1, untuned=[0.2, 0.2], tuned=[0.1, 0.1])))
    assert "One question says nothing of others: there are no intervals." in text
    assert (
        "It cannot be said whether tuned is closer to people than untuned, from fewer than 10 questions: "
        "Wasserstein-1 0.100 against 0.200, −50 %." in text
    )


def test_without_an_order_the_verdict_is_told_in_total_variation():
    text = joined(printed(comparison(ordered=False, untuned=2 * spread(), tuned=spread())))
    assert "40 of them without order and so without a Wasserstein." in text
    assert "Wasserstein-1 ↓ – –" in text
    assert "tuned is closer to people than untuned: Total variation 0.100 against 0.200, −50 %" in text


def test_an_infinite_log_likelihood_is_printed_as_such_and_explained():
    wrong = 2 * spread()
    wrong[0] = -0.45
    text = joined(printed(comparison(untuned=wrong, tuned=spread())))
    assert "Negative log likelihood ↓ ∞" in text
    assert "untuned gave probability 0 to answers people gave, in 1 cell: its log likelihood is infinite." in text
    assert "nan" not in text.lower()


def test_without_a_reference_the_first_system_is_compared_with_the_others():
    text = joined(printed(comparison(reference=None, tuned=spread(), uniform=2 * spread())))
    assert "tuned is closer to people than uniform" in text


def test_a_system_alone_is_compared_with_nothing():
    text = printed(comparison(reference=None, tuned=spread()))
    assert "against" not in text
    assert "0.100" in text


@pytest.mark.parametrize("width", [80, 100, 160])
def test_no_line_is_longer_than_100_columns_or_the_terminal_and_nothing_is_cut(width):
    text = printed(usual(), width)
    assert max(map(len, text.splitlines())) <= min(width, 100)
    assert "…" not in text


def test_a_file_gets_no_colours_and_a_terminal_does():
    assert "\x1b" not in printed(usual())
    assert "\x1b[" in printed(usual(), terminal=True)


def test_an_encoding_without_arrows_gets_letters():
    assert "Wasserstein-1 v" in printed(usual(), encoding="ascii")
