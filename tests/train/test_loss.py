"""The loss of a pack in which every objective stands, row by row by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from silicus.train.batches import Pack
from silicus.train.loss import pack_loss
from silicus.train.recipe import Part

NO, NONE = -np.inf, np.nan
WIDE = 10


def part(objective: str, **more: object) -> Part:
    return Part.model_validate({"data": "x", "objective": objective, **more})


PARTS = [
    part("individual"),
    part("rationale"),
    part("preference"),
    part("distribution"),
    part("distribution", ordinal=3),
    part("distribution", ordinal=1, ordinal_loss="wasserstein"),
    part("cao_as_coded"),
    part("subpop_as_coded"),
]


def padded(values: list[float], filling: float) -> list[float]:
    return [*values, *[filling] * (WIDE - len(values))]


def pack_of(rows: list[tuple[int, list[float], list[float]]], margin: float = 0.0) -> Pack:
    """Return the pack of (part, target, positions)."""
    return Pack(
        rows=[None] * len(rows),  # pyright: ignore[reportArgumentType] - the loss only counts them
        parts=torch.tensor([number for number, _, _ in rows]),
        target=torch.tensor([padded(target, 0.0) for _, target, _ in rows]),
        positions=torch.tensor([padded(positions, NONE) for _, _, positions in rows]),
        margin=torch.full((len(rows),), margin),
        weight=torch.ones(len(rows)),
    )


def read(*rows: list[float]) -> torch.Tensor:
    """Return log-probabilities, as what the model gives to all that could be said."""
    return torch.tensor([padded([float(np.log(p)) for p in row], NO) for row in rows], requires_grad=True)


def loss_of(row: tuple[int, list[float], list[float]], shares: list[float], margin: float = 0.0) -> float:
    return pack_loss(read(shares), pack_of([row], margin), PARTS, beta=0.5).item()


# The model gives 0.1, 0.2, 0.1 to three ordered points: a quarter, a half, a quarter of what it gives to answers.
THREE, PLACES = [0.1, 0.2, 0.1], [0.0, 0.5, 1.0]
PEOPLE = [1.0, 1.0, 2.0]
DIVERGENCE = 0.25 * np.log(0.25 / 0.25) + 0.25 * np.log(0.25 / 0.5) + 0.5 * np.log(0.5 / 0.25)
# Cumulated, the model stands at 1/4 and 3/4, people at 1/4 and 1/2, and each gap is half the scale.
RANKED, WASSERSTEIN = 0.5 * 0.25**2, 0.5 * 0.25


def test_of_one_person_it_is_the_negative_log_probability_of_the_answer_given_and_nothing_is_renormalised():
    assert loss_of((0, [1.0], [0.0]), [0.1]) == pytest.approx(-np.log(0.1))


def test_of_a_rationale_it_is_that_of_the_whole_text():
    assert loss_of((1, [1.0], [NONE]), [1e-9]) == pytest.approx(-np.log(1e-9))


@pytest.mark.parametrize(("target", "gain"), [([1.0, -1.0], np.log(0.2 / 0.1)), ([-1.0, 1.0], np.log(0.1 / 0.2))])
def test_of_a_pair_it_is_how_far_the_chosen_answer_gained_beyond_the_reference(target, gain):
    expected = np.log(1 + np.exp(-0.5 * (gain - 0.3)))
    assert loss_of((2, target, [NONE, NONE]), [0.2, 0.1], margin=0.3) == pytest.approx(expected)


def test_of_a_distribution_it_is_the_divergence_among_the_answers_offered():
    assert loss_of((3, PEOPLE, PLACES), THREE) == pytest.approx(DIVERGENCE)


def test_how_far_off_the_answers_are_comes_on_top_of_it():
    assert loss_of((4, PEOPLE, PLACES), THREE) == pytest.approx(DIVERGENCE + 3 * RANKED)
    assert loss_of((5, PEOPLE, PLACES), THREE) == pytest.approx(DIVERGENCE + WASSERSTEIN)


def test_refusals_count_in_the_divergence_and_have_no_place_on_the_scale():
    shares, people = [*THREE, 0.1], [*PEOPLE, 4.0]
    model, human = np.array(shares) / 0.5, np.array(people) / 8
    divergence = (human * np.log(human / model)).sum()
    assert loss_of((3, people, [*PLACES, NONE]), shares) == pytest.approx(divergence)
    # The points are compared among themselves: they are those above.
    assert loss_of((4, people, [*PLACES, NONE]), shares) == pytest.approx(divergence + 3 * RANKED)


def test_a_row_without_order_or_of_refusals_alone_keeps_its_plain_loss():
    assert loss_of((4, PEOPLE, [NONE] * 3), THREE) == pytest.approx(DIVERGENCE)
    assert loss_of((4, [0.0, 0.0, 3.0], [0.0, 1.0, NONE]), [0.1, 0.1, 0.2]) == pytest.approx(-np.log(0.5))


def test_as_cao_et_al_coded_it_is_divided_by_the_number_of_options():
    assert loss_of((6, PEOPLE, PLACES), THREE) == pytest.approx(DIVERGENCE / 3)


def test_as_suh_et_al_coded_ten_letters_are_renormalised_and_refusals_come_on_top():
    target = [0.25, 0.75, 0.5, *[0.0] * 7]
    shares = [0.02 * n for n in range(1, 11)]
    model = np.array(shares) / sum(shares)
    known = sum(t * np.log(t + 1e-8) for t in target)
    expected = known - sum(t * np.log(m + 1e-8) for t, m in zip(target, model, strict=True))
    assert loss_of((7, target, [NONE] * 10), shares) == pytest.approx(expected, rel=1e-5)


def test_in_a_mixed_pack_every_row_has_the_loss_it_has_alone_and_its_gradient_is_finite():
    rows = [
        (4, PEOPLE, PLACES), (0, [1.0], [0.0]), (2, [1.0, -1.0], [0.0, 1.0]), (3, [*PEOPLE, 4.0], [*PLACES, NONE]),
        (7, [0.5, 0.5, 0.1, *[0.0] * 7], [NONE] * 10), (1, [1.0], [NONE]), (6, [2.0, 0.0, 1.0], PLACES),
        (4, PEOPLE, [NONE] * 3), (5, [3.0, 0.0], [0.0, 1.0]),
    ]  # fmt: skip
    shares = [THREE, [0.1], [0.2, 0.1], [*THREE, 0.1], [0.05] * 10, [1e-9], THREE, THREE, [0.3, 0.6]]
    log_probabilities = read(*shares)
    mixed = pack_loss(log_probabilities, pack_of(rows), PARTS, beta=0.5)
    alone = [loss_of(row, share) for row, share in zip(rows, shares, strict=True)]
    assert mixed.tolist() == pytest.approx(alone)
    mixed.sum().backward()
    gradient = log_probabilities.grad
    assert gradient is not None
    assert bool(torch.isfinite(gradient).all())
    # No loss reaches into the padding.
    assert bool((gradient[~torch.isfinite(log_probabilities)] == 0).all())
    assert bool((gradient.abs().sum(-1) > 0).all())
