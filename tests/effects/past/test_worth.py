"""How many people a prediction is worth: by hand, and of models that know something or nothing."""

from __future__ import annotations

import numpy as np
import pytest

from bench.effects.past_errors import World
from silicus.effects.past.past_errors import Past, learn_errors
from silicus.effects.past.worth import worth
from silicus.errors import InputError


def drawn(seed: int = 0, world: World | None = None) -> Past:
    return (world or World()).draw(np.random.default_rng(seed)).past


@pytest.mark.parametrize(("kind", "arms"), [("means", 1), ("effects", 2)])
def test_people_are_as_many_as_have_the_error_of_the_model(kind, arms):
    errors = learn_errors(drawn(), kind)
    found = worth(errors, 0.09)
    for people, error in ((found.respondents, errors.error), (found.without_model, errors.without_model)):
        assert people.value == pytest.approx(arms * 0.09 / error.value**2)
        assert (people.low, people.high) == pytest.approx((arms * 0.09 / error.high**2, arms * 0.09 / error.low**2))
        assert people.standard_error == pytest.approx(2 * people.value * error.standard_error / error.value)
        assert people.low < people.value < people.high
    assert found.kind == kind
    assert found.reason is None


@pytest.mark.parametrize("kind", ["means", "effects"])
def test_the_error_behind_it_is_that_of_forecasts_of_new_studies(kind):
    # Truths are seen exactly, so that errors of new studies are the model's.
    world = World(studies=20, people=0)
    told = np.mean([learn_errors(drawn(seed, world), kind).error.value ** 2 for seed in range(30)])
    errors = world.error**2 * (1 + 2 * world.shared**2 if kind == "means" else 2)
    assert told == pytest.approx(errors, rel=0.12)


@pytest.mark.parametrize("kind", ["means", "effects"])
def test_a_model_that_knows_nothing_has_no_slope_and_is_worth_what_no_model_is(kind):
    errors = [learn_errors(drawn(seed, World(studies=25, slope=0)), kind) for seed in range(12)]
    slopes = [each.slope for each in errors]
    assert np.mean([each.value for each in slopes]) == pytest.approx(0, abs=0.03)
    found = [worth(each, 0.09) for each in errors]
    ratio = np.mean([each.respondents.value / each.without_model.value for each in found])
    # The slope that is near 0 had to be learnt, which costs a little.
    assert 0.9 < ratio < 1.02


@pytest.mark.parametrize("kind", ["means", "effects"])
def test_intervals_of_the_error_hold_it_in_most_datasets(kind):
    world = World(studies=20, people=100)
    true = world.error * (1 + 2 * world.shared**2 if kind == "means" else 2) ** 0.5
    errors = [learn_errors(drawn(seed, world), kind).error for seed in range(20)]
    # Of heavy-tailed errors rare large ones are often not among forty studies.
    assert np.mean([each.low <= true <= each.high for each in errors]) >= 0.7


def test_a_model_that_knows_something_is_worth_more_than_none():
    found = worth(learn_errors(drawn(), "means"), 0.09)
    assert found.respondents.value > 1.5 * found.without_model.value


def test_of_few_studies_there_is_no_interval_and_the_reason_is_passed_on():
    found = worth(learn_errors(drawn(0, World(studies=6)), "effects"), 0.09)
    assert found.respondents.value is not None
    assert (found.respondents.low, found.respondents.high) == (None, None)
    assert found.reason == "past errors of 6 studies say too little of another; 10 are needed"


def test_of_nothing_and_of_exact_predictions_it_is_unknown():
    nothing = worth(learn_errors(Past(*[np.array([])] * 3, *[np.array([], dtype=np.int64)] * 2), "means"), 0.09)
    assert nothing.respondents.value is None
    alike = Past(np.arange(24) % 2 * 0.5, np.full(24, 0.5), np.zeros(24), np.arange(24) // 2, np.arange(24) // 2)
    assert worth(learn_errors(alike, "effects"), 0.09).respondents.value is None


@pytest.mark.parametrize(("variance", "told"), [(0.0, "0"), (4.0, "4")])
def test_a_variance_that_shares_of_the_range_cannot_have_is_refused(variance, told):
    with pytest.raises(InputError, match=f"found a variance of {told}, expected that of answers as shares"):
        worth(learn_errors(drawn(0, World(studies=4)), "means"), variance)
