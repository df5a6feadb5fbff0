"""Held-out cells by hand, and that a model is asked there as it is in prediction."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from silicus.evaluate import metrics
from silicus.prompts import get_template, render
from silicus.study import RESPONSES, Item, Scale
from silicus.train import HeldOut, Predicted, held_out, margins, predict
from silicus.train.examples import Examples
from tests.models.tiny import tiny_model
from tests.train.material import FOUR, PARTIES, PEOPLE, answers, asking_of, items, learnt

TEA = Item("s", "a", "tea", "", "Tea?", FOUR)
PARTY = Item("s", "a", "party", "", "Party?", PARTIES)
BOTH = {TEA.item: TEA, PARTY.item: PARTY}


def told(*rows, people: int | None = 1) -> pl.DataFrame:
    """Return the responses (item, respondent, response, weight)."""
    full = [("s", "a", item.question, item.item, who, given, people, weight) for item, who, given, weight in rows]
    return pl.DataFrame(full, schema=RESPONSES, orient="row")


def held(rows: pl.DataFrame, *, groups: bool = False, cells: int = 10, seed: int = 0) -> HeldOut:
    return held_out(BOTH, rows, PEOPLE, groups=groups, cells=cells, rng=np.random.default_rng(seed))


def test_a_cell_holds_the_shares_of_its_points_and_some_of_its_people():
    found = held(told((TEA, "p1", 1, 1.0), (TEA, "p2", 4, 3.0), (TEA, "p3", 9, 5.0), (PARTY, "p1", 2, 1.0)))
    assert [shares.tolist() for shares in found.human] == [[0.25, 0, 0, 0.75], [0, 1, 0]]
    assert found.clusters == ["s/tea", "s/party"]
    assert [scale.kind for scale in found.scales] == ["ordinal", "nominal"]
    asked = list(found.examples.take(range(4)))
    assert [(asked[n].item.question, int(cell)) for n, cell in enumerate(found.cells)] == [
        ("tea", 0), ("tea", 0), ("tea", 0), ("party", 1),
    ]  # fmt: skip
    assert {e.respondent.id for e in asked[:3]} == {"p1", "p2", "p3"}
    assert {e.respondent.id: e.target.tolist() for e in asked[:3]}["p3"] == [0, 0, 0, 0, 1]


def test_at_most_twenty_people_of_a_cell_are_asked_drawn_by_chance():
    rows = answers()
    found = [held_out(items(), rows, PEOPLE, groups=False, cells=3, rng=np.random.default_rng(n)) for n in (0, 0, 1)]
    assert all(np.bincount(each.cells).tolist() == [20, 20, 20] for each in found)
    people = [[example.respondent.id for example in each.examples.take(range(60))] for each in found]
    assert people[0] == people[1]
    assert people[0] != people[2]
    assert len(set(people[0][:20])) == 20


def test_a_cell_of_refusals_alone_has_no_shares_and_is_left_out():
    found = held(told((TEA, "p1", 9, 1.0), (PARTY, "p1", 2, 1.0)))
    assert found.clusters == ["s/party"]


def test_every_group_is_a_cell_of_its_own():
    rows = told((TEA, "p1", 1, 0.4), (TEA, "p1", 2, 0.6), (TEA, "p2", 1, 1.0), people=None)
    found = held(rows, groups=True)
    assert found.cells.tolist() == [0, 1]
    assert [e.respondent.id for e in found.examples.take([0, 1])] == ["p1", "p2"]
    assert [shares.tolist() for shares in found.human] == [[0.4, 0.6, 0, 0], [1, 0, 0, 0]]


def test_answers_of_nobody_in_particular_are_one_example_a_cell():
    rows = told((TEA, None, 1, 1.0), (TEA, None, 2, 3.0), people=10)
    found = held(rows)
    (example,) = found.examples.take([0])
    assert (example.respondent.attributes, example.target.tolist()) == ({}, [10, 30, 0, 0, 0])


def test_losses_are_means_over_cells_and_the_distance_over_ordered_cells():
    scales = [Scale(kind="ordinal", low=1, high=3), PARTIES]
    human = [np.array([0.5, 0, 0.5]), np.array([1.0, 0, 0])]
    empty = Examples((), PEOPLE, pl.DataFrame())
    shown = [Item("s", "a", "a", "", "A?", scales[0]), Item("s", "a", "b", "", "B?", scales[1])]
    cells = HeldOut(empty, np.array([0, 0, 1]), shown, human, np.array([2.0, 1.0]), ["a", "b"], ["", ""])
    said, nll = [np.array([0.25, 0.5, 0.25]), np.array([0.2, 0.4, 0.4])], np.array([1.0, 3.0, 7.0])
    found = Predicted(said, nll, np.array([0.5, np.nan, np.nan]))
    assert found.metrics(cells) == pytest.approx({"loss": (2.0 + 7.0) / 2, "wasserstein": 0.25})
    assert found.single(cells) == pytest.approx([0.5, np.nan], nan_ok=True)
    unordered = HeldOut(empty, np.array([0]), shown[1:], human[1:], np.ones(1), ["b"], [""])
    assert Predicted(said[1:], nll[2:], nll[2:]).metrics(unordered) == {"loss": 7.0}


def test_a_cell_is_worth_its_answers_on_the_scale_less_where_they_count_unequally():
    found = held(told((TEA, "p1", 1, 1.0), (TEA, "p2", 4, 3.0), (TEA, "p3", 9, 5.0), (PARTY, "p1", 2, 1.0)))
    assert found.people.tolist() == [(1 + 3) ** 2 / (1 + 9), 1]
    many = held(told((TEA, None, 1, 2.0), (TEA, None, 4, 2.0), people=10))
    assert many.people.tolist() == [20]


def test_shares_of_an_unknown_number_of_people_are_worth_nobody_knows_what():
    rows = told((TEA, "p1", 1, 0.4), (TEA, "p1", 2, 0.6), (TEA, "p2", 1, 1.0), people=None)
    assert np.isnan(held(rows, groups=True).people).all()


def test_stimuli_of_one_question_and_condition_share_a_pool_where_their_points_are_the_same():
    other, shorter = Item("s", "a", "tea", "", "Green tea?", FOUR), Item("s", "a", "tea", "", "Tea?", PARTIES)
    shown = {item.item: item for item in (TEA, other, shorter)}
    rows = told((TEA, "p1", 1, 1.0), (other, "p1", 1, 1.0), (shorter, "p1", 1, 1.0), (TEA, "p2", 1, 1.0))

    def pools(*, groups: bool) -> list[str]:
        return held_out(shown, rows, PEOPLE, groups=groups, cells=9, rng=np.random.default_rng(0)).pools

    first, second, third = pools(groups=False)
    assert first == second != third
    assert len(set(pools(groups=True))) == 3


def test_what_is_unseen_of_a_cell_is_the_widest_of_its_stimulus():
    rows = told((TEA, "p1", 1, 1.0), (TEA, "p2", 4, 1.0), (PARTY, "p1", 2, 1.0))
    assert held(rows).unseen == ["", ""]
    said = pl.Series("unseen", ["question+respondent", "study+question", "respondent"])
    assert held(rows.with_columns(said)[1:]).unseen == ["study", "respondent"]
    assert held(rows.with_columns(said)[::2]).unseen == ["question", "respondent"]


@pytest.fixture(scope="module")
def drinks() -> HeldOut:
    return held_out(items(), answers(people=6), PEOPLE, groups=False, cells=2, rng=np.random.default_rng(0))


def test_a_model_is_asked_as_in_prediction_and_the_people_of_a_cell_are_averaged(drinks):
    model = tiny_model("byte-level")
    asked: list[int] = []
    found = predict(model, asking_of(model), drinks, advance=asked.append)
    template = get_template("silicus")
    examples = list(drinks.examples.take(range(len(drinks.examples))))
    prompts = [render(template, example.item, example.respondent, "value") for example in examples]
    nll, shares = np.zeros(len(examples)), [[], []]
    for place, log_probabilities in model.answer(prompts):
        probabilities = np.exp(log_probabilities)
        nll[place] = -np.log(probabilities / probabilities.sum()) @ examples[place].target
        shares[drinks.cells[place]].append(probabilities[:4] / probabilities[:4].sum())
    assert sum(asked) == len(examples) == 12
    assert found.nll == pytest.approx(nll)
    points = [np.array(each) for each in shares]
    human = [example.target[:4] for example in examples]
    for cell in (0, 1):
        own = [row for row, place in zip(human, drinks.cells, strict=True) if place == cell]
        single = [-np.log(row @ given) for row, given in zip(points[cell], own, strict=True) if given.any()]
        assert found.single(drinks)[cell] == pytest.approx(np.mean(single))
    assert np.stack(found.shares) == pytest.approx(np.stack([np.mean(each, axis=0) for each in shares]))


def test_its_numbers_are_those_of_the_metrics(drinks):
    model = tiny_model("byte-level")
    found = predict(model, asking_of(model), drinks)
    human, predicted = np.stack(drinks.human), np.stack(found.shares)
    distance = metrics.wasserstein(predicted, human, FOUR.positions)
    assert found.metrics(drinks)["wasserstein"] == pytest.approx(distance.mean())


def test_the_loss_of_a_group_is_the_cross_entropy_of_its_answers():
    model = tiny_model("byte-level")
    groups = held(told((TEA, "p1", 1, 0.4), (TEA, "p1", 2, 0.6), people=None), groups=True)
    found = predict(model, asking_of(model), groups)
    template = get_template("silicus")
    (example,) = groups.examples.take([0])
    ((_, read),) = model.answer([render(template, example.item, example.respondent, "value")])
    shares = np.exp(read)[None] / np.exp(read).sum()
    expected = metrics.cross_entropy(shares, np.array([[0.4, 0.6, 0, 0, 0]]))
    assert found.nll == pytest.approx(expected)


def test_the_reference_prefers_the_chosen_answer_by_the_difference_of_log_probabilities():
    model, part = tiny_model("byte-level"), learnt("preference", per_cell=3)
    asking = asking_of(model)
    found = margins(model, asking, part.part, part.examples)
    rows = asking.rows(part.part, asking.tasks(part.part, part.examples.take(range(12))))
    targets = [task.target for task in asking.tasks(part.part, part.examples.take(range(12)))]
    for place, read in model.score(rows):
        chosen, rejected = read[targets[place] > 0], read[targets[place] < 0]
        assert found[place] == pytest.approx(float((chosen - rejected)[0]), abs=1e-6)
