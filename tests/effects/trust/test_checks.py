"""Checks of models asked otherwise: each side of each threshold, and models that deserve to pass or to fail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest

from silicus.effects import EffectsPlan, effects
from silicus.effects.trust.checks import (
    Relabelled,
    by_arm,
    check_keywords,
    check_labels,
    check_persona,
    check_placebo,
    check_unrelated,
    check_wordings,
)
from silicus.models import Model
from silicus.prompts import Prompt, get_template, worded
from silicus.record import parse
from silicus.simulate import Asking, Pair, predict, predict_in_ways, reask, swapped
from silicus.simulate.controls import placebos, relabelled, scrambled, scrambled_name, unrelated
from silicus.study import Item, Respondent, Study

NAN = float("nan")
STAYS = Relabelled([0.5, 0.3, 0.2], [0.5, 0.3, 0.2], (2, 1, 0))


def trust(**arms: float) -> dict[tuple[str, str], float]:
    return {("trust", arm): value for arm, value in arms.items()}


def warm(**arms: float) -> dict[tuple[str, str], float]:
    return {("warm", arm): value for arm, value in arms.items()}


# --- placebos


@pytest.mark.parametrize(
    ("arms", "status", "doubted"),
    [
        ({"letter": 2.0, "call": -2.0}, "passed", []),
        ({"letter": 2.0, "call": -1.5}, "doubtful", ["call"]),
        ({"letter": 1.5, "call": 0.0}, "failed", ["call", "letter"]),
        ({"letter": 2.0, "call": NAN}, "passed", []),
        ({"letter": -1.0}, "failed", ["letter"]),
    ],
)
def test_an_arm_no_larger_than_the_largest_placebo_is_in_doubt(arms, status, doubted):
    found = check_placebo(trust(**arms), trust(p1=0.2, p2=-1.5, p3=NAN))
    assert (found.status, found.arms) == (status, doubted)


def test_arms_are_compared_with_placebos_over_all_questions_at_once():
    found = check_placebo(trust(letter=0.5, call=2.6) | warm(letter=3.0, call=0.2), trust(p1=1.0) | warm(p1=2.0))
    # On one of the questions each of them passes: of many questions some arm without effect would on any.
    assert (found.status, found.arms) == ("doubtful", ["call"])
    assert found.found == (
        "mean effect over 2 questions in percent of the range: letter 1.8, call 1.4; the largest of 1 placebo 1.5; not "
        "above it: call."
    )


def test_a_negligible_effect_is_not_larger_than_a_placebo_of_nothing():
    assert check_placebo(trust(letter=0.1), trust(p1=0.0)).status == "failed"
    assert check_placebo(trust(letter=0.11), trust(p1=0.0)).status == "passed"


@pytest.mark.parametrize(("own", "others"), [({}, {"p1": 1.0}), ({"letter": NAN}, {"p1": 1.0}), ({"letter": 1.0}, {})])
def test_without_effects_on_both_sides_placebos_say_nothing(own, others):
    found = check_placebo(trust(**own), trust(**others))
    assert found.status == "not done"
    assert found.found == "no effect is known beside that of a placebo on the same question."


# --- unrelated outcomes


@pytest.mark.parametrize(
    ("letter", "call", "status", "doubted"),
    [
        (1.0, 0.5, "passed", []),
        (1.1, 0.5, "doubtful", ["letter"]),
        (2.0, 0.6, "doubtful", ["call", "letter"]),
        (2.0, 0.4, "doubtful", ["letter"]),
        (2.0, 1.0, "failed", ["call", "letter"]),
        (NAN, 0.0, "passed", []),
    ],
)
def test_an_arm_that_moves_what_nothing_can_move_as_much_is_in_doubt(letter, call, status, doubted):
    own = trust(letter=1.0, call=1.0) | warm(letter=-3.0, call=-1.0)
    others = {("birthday", "letter"): letter, ("birthday", "call"): -call}
    found = check_unrelated(own, others)
    assert (found.status, found.arms) == (status, doubted)
    assert "call 1.0 beside" in found.found
    assert found.found.startswith("mean effect on the 2 questions of the study beside that on 1 unrelated")


def test_an_arm_that_moves_nothing_at_all_moves_nothing_unrelated():
    assert check_unrelated(trust(letter=0.0), {("birthday", "letter"): 0.1}).status == "passed"
    assert check_unrelated(trust(letter=0.0), {("birthday", "letter"): 0.2}).status == "failed"


def test_without_unrelated_questions_nothing_is_said_of_them():
    found = check_unrelated(trust(letter=1.0), {("birthday", "call"): 1.0})
    assert (found.status, found.found) == ("not done", "no arm's effects on unrelated questions are known.")


# --- keywords


@pytest.mark.parametrize(
    ("shuffled", "status"), [(2.0, "passed"), (2.1, "doubtful"), (-4.0, "passed"), (9.0, "doubtful")]
)
def test_an_arm_that_needs_no_sentences_is_in_doubt_and_never_fails(shuffled, status):
    found = check_keywords(trust(letter=4.0), trust(letter=shuffled))
    assert found.status == status
    assert found.arms == (["letter"] if status == "doubtful" else [])


def test_an_arm_with_one_effect_that_needs_sentences_is_not_in_doubt():
    own, others = trust(letter=4.0, call=0.05) | warm(letter=-4.0), trust(letter=4.0, call=0.05) | warm(letter=0.0)
    found = check_keywords(own, others)
    assert found.status == "passed"
    assert found.found == "1 of 2 effects is still there by more than half with words in random order."


@pytest.mark.parametrize("others", [{}, {"letter": NAN}])
def test_where_nothing_was_scrambled_nothing_is_said_of_keywords(others):
    found = check_keywords(trust(letter=4.0), trust(**others))
    assert (found.status, "both as written and in random order" in found.found) == ("not done", True)


# --- labels


@pytest.mark.parametrize(
    ("other", "status"),
    [
        ((1.0, 2.0, -3.0, 4.0, 5.0), "passed"),
        ((1.0, 2.0, -3.0, 4.0, 0.0), "passed"),
        ((1.0, 2.0, -3.0, -4.0, 0.0), "doubtful"),
        ((1.0, 2.0, 3.0, -4.0, 0.0), "failed"),
        ((-1.0, -2.0, 3.0, -4.0, -5.0), "failed"),
    ],
)
def test_effects_that_lose_their_sign_with_other_labels_are_counted(other, status):
    names = "abcde"
    own = trust(**dict(zip(names, (1.0, 2.0, -3.0, 4.0, 5.0), strict=True)))
    found = check_labels(own, trust(**dict(zip(names, other, strict=True))), [STAYS])
    assert found.status == status
    assert "of 5 effects keep their sign, correlation" in found.found


@pytest.mark.parametrize(
    ("asked", "moved", "status", "numbers"),
    [
        ([0.6, 0.3, 0.1], [0.42, 0.3, 0.28], "passed", "18 % of the answers move in terms of meaning and 32 %"),
        ([0.8, 0.1, 0.1], [0.5, 0.1, 0.4], "doubtful", "30 % of the answers move in terms of meaning and 40 %"),
        ([0.8, 0.1, 0.1], [0.4, 0.1, 0.5], "failed", "40 % of the answers move in terms of meaning and 30 %"),
        ([0.4, 0.3, 0.3], [0.31, 0.3, 0.39], "passed", "9 % of the answers move in terms of meaning and 1 %"),
    ],
)
def test_answers_that_stay_with_the_place_fail_where_there_is_enough_movement(asked, moved, status, numbers):
    found = check_labels({}, {}, [Relabelled(asked, moved, (2, 1, 0)), Relabelled([NAN] * 3, moved, (2, 1, 0))])
    assert found.status == status
    assert f"with other labels, {numbers} in terms of place (1 prediction)." == found.found


def test_of_a_scale_without_order_places_are_those_of_its_order():
    # Answered by place: 0.7 stands at place 0, where the other labels have the answer 1.
    cell = Relabelled([0.7, 0.2, 0.1], [0.1, 0.7, 0.2], (1, 2, 0))
    assert cell.moved == pytest.approx((0.6, 0.0))
    assert check_labels({}, {}, [cell]).status == "failed"


def test_of_few_or_equal_effects_no_correlation_is_told():
    assert check_labels(trust(a=1.0), trust(a=1.0), []).found == "with other labels, 1 of 1 effect keeps its sign."
    assert "correlation" not in check_labels(trust(a=1.0, b=1.0, c=1.0), trust(a=1.0, b=2.0, c=3.0), []).found


def test_labels_that_nobody_moved_are_missed_and_those_that_cannot_move_are_not():
    asked = check_labels(trust(a=0.05, b=NAN), trust(a=0.05), [])
    assert (asked.status, asked.found, asked.essential) == ("not done", "nothing was asked with other labels.", True)
    fixed = check_labels({}, {}, [], "its points are numbers, which have one order.")
    assert (fixed.status, fixed.found, fixed.essential) == (
        "not done",
        "its points are numbers, which have one order.",
        False,
    )


# --- persons


@pytest.mark.parametrize(
    ("moved", "matters", "status"),
    [(0.01, True, "passed"), (0.009, True, "doubtful"), (0.009, False, "passed"), (0.5, False, "passed")],
)
def test_a_persona_that_is_not_read_is_doubtful_where_it_matters(moved, matters, status):
    found = check_persona([moved, NAN, moved], matters=matters)
    assert found.status == status
    assert found.found.startswith(f"{100 * moved:.1f} % of the answers change with another person's attributes (2 pred")
    assert ("hardly reads who answers" in found.found) == (moved < 0.01 and not matters)


@pytest.mark.parametrize("moved", [[], [NAN]])
def test_where_nobody_was_another_nothing_is_said_of_persons(moved):
    found = check_persona(moved, matters=True)
    assert (found.status, found.found) == ("not done", "nobody was asked with the attributes of another.")


# --- wordings


@pytest.mark.parametrize(
    ("signs", "status"),
    [("+++++", "passed"), ("++++-", "passed"), ("+++--", "doubtful"), ("+++-0", "doubtful"), ("++--0", "failed")],
)
def test_a_sign_that_most_wordings_do_not_share_is_doubtful_or_lost(signs, status):
    values = {"+": 2.0, "-": -2.0, "0": 0.05}
    found = check_wordings([trust(letter=values[sign]) for sign in signs])
    assert found.status == status
    assert f"letter on trust: {signs.count('+')} of 5" in found.found
    assert found.arms == ([] if status == "passed" else ["letter"])


def test_one_steady_effect_saves_the_others_from_failing_not_from_doubt():
    found = check_wordings([trust(letter=4.0, call=size) for size in (1.0, -1.0, 2.0, -2.0)])
    assert (found.status, found.arms) == ("doubtful", ["call"])
    assert found.found == (
        "1 of 2 effects is of one sign in 80 % of the wordings or more (least steady: call on trust: 2 of 4, -2.0 to "
        "2.0 %; letter on trust: 4 of 4, 4.0 to 4.0 %)."
    )


@pytest.mark.parametrize("size", [0.05, NAN])
def test_effects_without_a_sign_or_in_few_wordings_say_nothing(size):
    wordings = [trust(letter=size), trust(letter=size, call=1.0), trust(letter=size, call=1.0)]
    found = check_wordings(wordings)
    assert found.status == "not done"
    assert found.found == "no effect that is not negligible is known in 3 wordings or more."


# --- models


AGREE = {"kind": "ordinal", "labels": {1: "Agree", 2: "Neither", 3: "Disagree"}}
STUDY = parse(
    {
        "id": "tea",
        "source": {"citation": "None.", "licence": "CC0-1.0"},
        "conditions": [
            {"id": "plain", "control": True, "text": "Welcome to this short survey on drinks."},
            {"id": "praise", "text": "Doctors say that tea makes people calm and healthy."},
            {"id": "blame", "text": "Doctors say that tea never makes people calm and healthy."},
        ],
        "questions": [
            {"id": "good", "text": "Tea is good for people.", "scale": AGREE},
            {"id": "drink", "text": "People should drink more tea.", "scale": AGREE},
        ],
    },
    Study,
    "test",
)
PEOPLE = [Respondent(f"p{age}", {"age": age}) for age in (20, 40, 60, 80)]
SILICUS = get_template("silicus")


@dataclass(frozen=True)
class Reader:
    """A model that agrees the more the more an arm speaks for tea; what is not about tea it does not connect with it.

    Attributes:
        words: whether single words are enough for it.
        places: whether it answers by the place of answers, rather than by what they say.
        everything: whether it connects everything with tea.
    """

    words: bool = False
    places: bool = False
    everything: bool = False
    name: str = "reader"
    fingerprint: str = "reader"

    def answer(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, np.ndarray]]:
        for index, prompt in enumerate(prompts):
            mass = np.exp(self._leaning(prompt) * self._meant(prompt))
            yield index, np.log(mass / mass.sum())

    def _leaning(self, prompt: Prompt) -> float:
        about_tea = self.everything or "tea" in prompt.item.text.lower()
        age = float(prompt.respondent.attributes["age"]) / 100
        return (0.5 + self._praise(prompt.item.context) if about_tea else 0.5) + age

    def _praise(self, shown: str) -> float:
        if self.words:
            return ("calm" in shown) - 2.0 * ("never" in shown)
        return ("tea makes people calm" in shown) - 1.0 * ("tea never makes people calm" in shown)

    def _meant(self, prompt: Prompt) -> np.ndarray:
        """Return how much each answer agrees."""
        scale = prompt.item.scale
        by_place = np.linspace(1, -1, len(scale.answers))
        meant = {"Agree": 1.0, "Neither": 0.0, "Disagree": -1.0}
        if self.places or scale.labels[scale.values[0]] not in meant:
            return by_place
        return np.array([meant[scale.labels[value]] for value in scale.values])


def found(table: pl.DataFrame, items: Sequence[Item], control: str = "plain") -> dict[tuple[str, str], float]:
    known = {item.item: item for item in items}
    return by_arm(effects(table, known, None, EffectsPlan(control=control), np.random.default_rng(0)))


def ask(items: Sequence[Item], model: Model) -> tuple[list[Pair], pl.DataFrame]:
    pairs = [(item, person) for item in items for person in PEOPLE]
    return pairs, predict(pairs, model, SILICUS)


def statuses(model: Reader) -> dict[str, str]:
    rng = np.random.default_rng(3)
    items = list(STUDY.items())
    pairs, table = ask(items, model)
    own = found(table, items)
    still = [*placebos(STUDY, "plain"), *(item for item in items if item.condition == "plain")]
    shuffled = scrambled(STUDY, "plain", rng)
    name = {scrambled_name(STUDY, each.id): each.id for each in STUDY.conditions}
    mixed = found(ask(shuffled, model)[1], shuffled, scrambled_name(STUDY, "plain"))
    others, kept = swapped(pairs, rng)
    asked = [pairs[int(place)] for place in kept]
    again = np.array(reask(asked, others, model, SILICUS)["probabilities"].to_list())
    first = np.array(table["probabilities"].to_list())[kept]
    wordings = worded(SILICUS, 3).values()
    checks = [
        check_placebo(own, found(ask(still, model)[1], still)),
        labels(model, own),
        check_keywords(own, {(question, name[arm]): value for (question, arm), value in mixed.items()}),
        check_unrelated(own, found(ask(unrelated(STUDY), model)[1], unrelated(STUDY))),
        check_persona(np.abs(again - first).sum(axis=1) / 2, matters=True),
        check_wordings([found(predict(pairs, model, wording), items) for wording in wordings]),
    ]
    return {each.name: each.status for each in checks}


def labels(model: Reader, own: dict[tuple[str, str], float]):
    items, orders = relabelled(STUDY.items(), np.random.default_rng(0))
    pairs, asked = ask(items, model)
    moved = predict_in_ways(pairs, model, Asking({"": SILICUS}, "value", orders)).predictions
    order = {
        item.item: next(iter(known))
        for item in items
        for known in [orders["tea", item.condition, item.question, item.item]]
    }
    cells = [
        Relabelled(one, other, order[name])
        for one, other, name in zip(asked["probabilities"], moved["probabilities"], asked["item"], strict=True)
    ]
    return check_labels(own, found(moved, items), cells)


def test_a_model_that_reads_passes_every_check():
    assert set(statuses(Reader()).values()) == {"passed"}


def test_a_model_that_answers_by_position_fails_by_labels_alone():
    status = statuses(Reader(places=True))
    assert status.pop("labels") == "failed"
    assert set(status.values()) == {"passed"}


def test_a_model_that_reads_keywords_only_is_in_doubt_by_scrambled_words_alone():
    status = statuses(Reader(words=True))
    assert status.pop("keywords") == "doubtful"
    assert set(status.values()) == {"passed"}


def test_a_model_that_moves_everything_is_in_doubt_by_unrelated_outcomes_alone():
    status = statuses(Reader(everything=True))
    assert status.pop("unrelated outcome") == "doubtful"
    assert set(status.values()) == {"passed"}
