"""Effects of arms from the two tables: what they are of, in which units, and what is said where they are unknown."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean, stdev

import numpy as np
import polars as pl
import pytest

from silicus.effects import (
    FROM_PREDICTIONS,
    NOT_ALONE,
    TOO_FEW,
    Bounds,
    EffectsPlan,
    Rows,
    differences,
    effects,
    holm,
    two_one_sided,
)
from silicus.errors import InputError
from silicus.record import parse
from silicus.study import RESPONSES, Item, Scale
from tests.effects.small import certain, found, item, people, responses


def of(answers: pl.DataFrame, arm: str, question: str = "trust") -> list[int]:
    return answers.filter(condition=arm, question=question)["response"].to_list()


# --- what an effect is


def test_every_arm_of_every_question_is_compared_with_the_control_in_three_units():
    answers = responses()
    result = found(answers, correction="none")
    assert [(each.question, each.arm) for each in result] == [
        (question, arm) for question in ("trust", "warm") for arm in ("letter", "call")
    ]
    for each in result:
        own, control = of(answers, each.arm, each.question), of(answers, "none", each.question)
        difference = fmean(own) - fmean(control)
        assert each.points.value == pytest.approx(difference)
        assert each.percent.value == pytest.approx(100 * difference / 4)
        assert each.control_sds.value == pytest.approx(difference / stdev(control))
        assert each.points.standard_error == pytest.approx((stdev(own) ** 2 / 30 + stdev(control) ** 2 / 30) ** 0.5)
        assert each.control_sds.low == pytest.approx(each.points.low / stdev(control))
        assert each.percent.high == pytest.approx(each.points.high * 25)
        assert (each.n_arm, each.n_control, each.clusters_n, each.df) == (30, 30, None, 87)
        assert each.p_adjusted == each.p
        assert (each.source, each.study, each.control) == ("people", "mail", "none")
        assert each.how == "difference in means; HC2 standard errors"


def test_outcomes_and_the_level_are_those_of_the_plan():
    wide, narrow = found(responses(), outcomes=("warm",), alpha=0.01), found(responses(), outcomes=("warm",), alpha=0.1)
    assert {each.question for each in wide} == {"warm"}
    assert wide[0].points.low < narrow[0].points.low < narrow[0].points.high < wide[0].points.high


def test_p_values_are_corrected_within_the_family_of_all_questions_and_arms():
    for name in ("holm", "benjamini-hochberg", "romano-wolf"):
        result = found(responses(), correction=name)
        p = [each.p for each in result]
        assert result[0].how.endswith(f"; p corrected by {name} for 4 tests")
        if name == "holm":
            assert [each.p_adjusted for each in result] == pytest.approx(list(holm(p)))
        if name == "romano-wolf":
            assert all(each.p_adjusted >= each.p - 0.01 for each in result)
            assert result == found(responses(), correction=name)
            assert result != found(responses(), correction=name, seed=1)


def test_outcomes_of_the_same_people_are_drawn_together():
    # Twice the same outcome is one test, which Holm cannot know.
    answers = responses(questions=("trust",))
    twin = answers.with_columns(
        question=pl.lit("warm"),
        item=pl.col("condition").replace_strict({arm: item(arm, "warm").item for arm in ("none", "letter", "call")}),
    )
    both = pl.concat([answers, twin])
    drawn = {each.question: each.p_adjusted for each in found(both, correction="romano-wolf") if each.arm == "letter"}
    assert drawn["trust"] == drawn["warm"]
    alone = found(answers, correction="romano-wolf")[0].p_adjusted
    assert drawn["trust"] == pytest.approx(alone, abs=0.02)


def test_a_group_counts_its_people_who_are_not_one_person():
    scale = Scale(kind="binary", labels={0: "No", 1: "Yes"})
    shown = {arm: Item("s", arm, "q", arm, "?", scale) for arm in ("a", "b")}
    counts = [("a", 1, 10), ("a", 0, 30), ("b", 1, 25), ("b", 0, 15)]
    rows = [("s", arm, "q", shown[arm].item, "everybody", answer, n, 1.0) for arm, answer, n in counts]
    table = pl.DataFrame(rows, schema=RESPONSES, orient="row")
    [one] = effects(
        table, {i.item: i for i in shown.values()}, None, EffectsPlan(control="a"), np.random.default_rng(0)
    )
    assert (one.n_arm, one.n_control, one.clusters_n) == (40, 40, None)
    assert one.points.value == pytest.approx(0.375)
    assert one.points.standard_error == pytest.approx(((0.25 * 0.75 + 0.625 * 0.375) / 39) ** 0.5)


# --- clusters, weights, covariates


def test_people_who_answered_several_times_are_clusters():
    answers = responses(questions=("trust",))
    again = answers.with_columns(condition=pl.lit("call"), item=pl.lit(item("call").item))
    result = found(pl.concat([answers, again]))
    assert {each.clusters_n for each in result} == {60, 90}
    assert result[0].how.startswith("difference in means; CR2 standard errors by respondent, Satterthwaite")
    assert result[0].df < 90
    # Declared in so many words it is the same, and where everybody answers once it is as without.
    assert found(pl.concat([answers, again]), clusters="respondent") == result
    once, declared = found(answers)[0], found(answers, clusters="respondent")[0]
    assert declared.points.standard_error == pytest.approx(once.points.standard_error)
    assert declared.clusters_n == 60


def test_clusters_may_be_an_attribute_and_those_without_it_are_left_out_and_counted():
    who = people().with_columns(school=pl.when(pl.col("age") > 75).then(None).otherwise("school"))
    result = found(responses(), who, clusters="school")
    old = int((who["age"] > 75).sum())
    assert old > 0
    assert result[0].left_out == {"cluster 'school' unknown": old}
    assert "CR2 standard errors by school" in result[0].how
    assert result[0].clusters_n == 15


def test_weights_count_unless_declared_out_and_answers_of_weight_0_are_left_out():
    weight = np.tile([0.0, 1.0, 1.0, 2.0, 3.0], 36)
    answers = responses().with_columns(weight=pl.Series(weight))
    result = found(answers)[0]
    own = answers.filter(pl.col("weight") > 0, question="trust")
    rows = Rows(
        own["response"].cast(pl.Float64).to_numpy(),
        np.array([("none", "letter", "call").index(each) for each in own["condition"]]),
        3,
        weight=own["weight"].to_numpy(),
    )
    assert result.points.standard_error == pytest.approx(differences(rows)[0].standard_error)
    assert "survey weights" in result.how
    assert result.left_out == {"weight 0": 90 - len(own)}
    assert found(answers, weights=False) == found(responses())


def test_covariates_are_numbers_or_levels_and_those_unknown_are_left_out():
    who = people().with_columns(party=pl.when(pl.col("age") < 20).then(pl.lit("")).otherwise("party"))
    result = found(responses(), who, covariates=("age", "party"))
    young = int((who["age"] < 20).sum())
    assert result[0].left_out == ({"covariate 'party' unknown": young} if young else {})
    assert result[0].how.startswith("difference in means, adjusted for age, party (Lin); HC2")
    assert result[0].df == 90 - young - 9


# --- moderators


def test_moderators_give_effects_of_levels_and_their_differences_as_families_of_their_own():
    result = found(responses(), people(), moderators=("party",))
    assert [(each.moderator, each.level, each.against) for each in result if each.question == "trust"] == [
        (None, None, None),
        (None, None, None),
        ("party", "left", None),
        ("party", "left", None),
        ("party", "right", None),
        ("party", "right", None),
        ("party", "right", "left"),
        ("party", "right", "left"),
    ]
    left, right, change = (
        next(each for each in result if each.moderator and each.level == level and each.against == against)
        for level, against in (("left", None), ("right", None), ("right", "left"))
    )
    assert change.points.value == pytest.approx(right.points.value - left.points.value)
    assert left.n_arm + right.n_arm == 30
    assert (change.n_arm, change.n_control) == (right.n_arm, right.n_control)
    assert [each.how.rpartition("for ")[2] for each in (result[0], left, change)] == ["4 tests", "8 tests", "4 tests"]


def test_a_moderator_of_many_numbers_is_taken_as_a_number_and_of_few_as_levels():
    ages = found(responses(), people(), moderators=("age",), outcomes=("trust",))[2:]
    assert [(each.level, each.against) for each in ages] == [("+1", "+0"), ("+1", "+0")]
    decades = people().with_columns(age=pl.col("age") // 30)
    levels = found(responses(), decades, moderators=("age",), outcomes=("trust",))[2:]
    assert {each.level for each in levels} == {"0", "1", "2"}


# --- equivalence


def test_an_effect_is_small_within_declared_bounds_in_any_unit():
    control = stdev(of(responses(), "none"))
    for unit, size in (("points", 1.0), ("percent", 0.04), ("control_sds", control)):
        bounds = Bounds(low=-1 / size, high=1.5 / size, unit=unit)
        each = found(responses(), equivalence=bounds, outcomes=("trust",))[0]
        assert (each.equivalence.low, each.equivalence.high) == pytest.approx((-1, 1.5))
        p = two_one_sided(each.points.value, each.points.standard_error, each.df, -1, 1.5)
        assert each.equivalence.p == pytest.approx(p)
        assert each.equivalence.equivalent == (p < 0.05)


# --- predictions


def test_predictions_that_are_certain_and_right_have_the_effects_of_people_and_no_interval():
    answers = responses().with_columns(
        response=pl.when(pl.int_range(pl.len()) % 7 == 0).then(9).otherwise("response"),
        weight=pl.int_range(pl.len()) % 3 + 1.0,
    )
    plan = {"covariates": ("age",), "moderators": ("party",), "equivalence": Bounds(low=-1, high=1)}
    human, model = (found(table, people(), **plan) for table in (answers, certain(answers)))
    assert len(human) == len(model) == 16
    for one, two in zip(human, model, strict=True):
        assert two.points.value == pytest.approx(one.points.value)
        assert two.percent.value == pytest.approx(one.percent.value)
        assert two.control_sds.value == pytest.approx(one.control_sds.value)
        assert (two.n_arm, two.n_control, two.left_out) == (one.n_arm, one.n_control, one.left_out)
        assert (two.points.standard_error, two.points.low, two.points.high, two.df) == (None, None, None, None)
        assert (two.p, two.p_adjusted, two.equivalence.p, two.equivalence.equivalent) == (None, None, None, None)
        assert two.reason == FROM_PREDICTIONS
        assert two.how == "difference in means, adjusted for age (Lin) of expected answers, survey weights"
        assert two.source == "predictions"


def test_an_expected_answer_is_that_of_those_who_would_answer():
    table = certain(responses(questions=("trust",))).with_columns(
        probabilities=pl.when(pl.col("condition") == "none")
        .then(pl.lit([0.5, 0.0, 0.0, 0.0, 0.5]))
        .otherwise(pl.lit([0.0, 0.0, 0.0, 1.0, 0.0])),
        refusal=pl.when(pl.int_range(pl.len()) % 6 < 3).then(0.5).otherwise(0.0),
    )
    letter, _ = found(table)
    assert letter.points.value == pytest.approx(4 - 3)
    # Everybody in the control is as likely to say 1 as 5: all of the spread is within persons.
    assert letter.control_sds.value == pytest.approx(1 / 2)


def test_a_prediction_that_failed_is_left_out_and_counted():
    table = certain(responses(questions=("trust",))).with_columns(
        probabilities=pl.when(pl.int_range(pl.len()) % 10 == 0).then(None).otherwise("probabilities")
    )
    assert found(table)[0].left_out == {"prediction failed": 9}


def test_predictions_for_everybody_at_once_have_effects_too():
    table = certain(responses(3, questions=("trust",))).with_columns(respondent=pl.lit(None, pl.String))
    assert [each.n_arm for each in found(table)] == [1, 1]
    assert all(each.points.value is not None for each in found(table))


# --- what is unknown


def test_an_arm_of_one_person_has_an_estimate_and_no_interval():
    answers = responses(questions=("trust",)).filter((pl.col("condition") != "call") | (pl.col("respondent") == "p2"))
    letter, call = found(answers, equivalence=Bounds(low=-1, high=1))
    assert letter.points.standard_error is not None
    assert call.points.value is not None
    assert (call.points.standard_error, call.p, call.p_adjusted, call.reason) == (None, None, None, TOO_FEW)
    assert call.equivalence.equivalent is None
    assert letter.p_adjusted == letter.p
    drawn = found(answers, correction="romano-wolf")
    assert drawn[1].p_adjusted is None
    assert drawn[0].p_adjusted == pytest.approx(drawn[0].p, abs=0.03)


def test_an_arm_of_one_cluster_has_no_interval():
    who = people().with_columns(school=pl.when(pl.int_range(pl.len()) % 3 == 2).then(pl.lit("one")).otherwise("school"))
    letter, call = found(responses(questions=("trust",)), who, clusters="school")
    assert letter.reason is None
    assert call.reason == TOO_FEW


def test_a_level_in_which_nobody_was_in_the_arm_has_no_effect():
    who = people().with_columns(party=pl.when(pl.int_range(pl.len()) % 3 == 2).then(pl.lit("left")).otherwise("party"))
    result = found(responses(questions=("trust",)), who, moderators=("party",))
    right = next(each for each in result if each.arm == "call" and each.level == "right" and not each.against)
    assert (right.points.value, right.points.low, right.reason, right.n_arm) == (None, None, NOT_ALONE, 0)


def test_where_all_in_the_control_answer_alike_there_is_no_unit_of_their_spread():
    answers = responses(questions=("trust",)).with_columns(
        response=pl.when(pl.col("condition") == "none").then(3).otherwise("response")
    )
    result = found(answers, equivalence=Bounds(low=-0.2, high=0.2, unit="control_sds"))[0]
    assert result.control_sds.value is None
    assert result.points.low is not None


def test_what_was_not_answered_on_the_scale_is_left_out_and_counted_by_reason():
    answers = responses(questions=("trust",)).with_columns(
        response=pl.int_range(pl.len()).replace_strict({0: None, 1: 9, 2: 7}, default=pl.col("response"))
    )
    result = found(answers)[0]
    assert result.left_out == {"no answer given": 1, "refusal": 1, "not an answer on the scale": 1}
    assert result.n_arm + result.n_control == 58


def test_a_question_without_order_is_passed_over_unless_it_is_named():
    scale = Scale(kind="nominal", labels={1: "Red", 2: "Blue"})
    colour = {arm: item(arm, "colour", scale) for arm in ("none", "letter", "call")}
    rows = [("mail", arm, "colour", each.item, f"x{arm}", 1, 1, 1.0) for arm, each in colour.items()]
    answers = pl.concat([responses(), pl.DataFrame(rows, schema=RESPONSES, orient="row")])
    shown = {each.item: each for each in [*colour.values(), *(item(a, q) for a in colour for q in ("trust", "warm"))]}
    result = effects(answers, shown, None, EffectsPlan(control="none"), np.random.default_rng(0))
    assert {each.question for each in result} == {"trust", "warm"}
    plan = EffectsPlan(control="none", outcomes=("colour",))
    with pytest.raises(
        InputError, match="the question 'colour' has a scale without order, so that its answers have no"
    ):
        effects(answers, shown, None, plan, np.random.default_rng(0))
    with pytest.raises(InputError, match="no question has a scale with an order"):
        effects(answers.filter(question="colour"), shown, None, EffectsPlan(control="none"), np.random.default_rng(0))


# --- messages


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ({"control": "letr"}, r"no answer to 'trust' is of the control 'letr'\. Did you mean 'letter'\?"),
        ({"outcomes": ("trst",)}, r"nobody answered the question 'trst'\. Did you mean 'trust'\?"),
        (
            {"covariates": ("agee",)},
            r"the plan names the covariate 'agee', which respondents do not have\. Did you mean",
        ),
        ({"moderators": ("partei",)}, r"the plan names the moderator 'partei', .* Did you mean 'party'\?"),
        ({"clusters": "scool"}, r"the plan names the cluster 'scool', .* Did you mean 'school'\?"),
        ({"study": "male"}, r"the table has no study 'male'\. Did you mean 'mail'\?"),
    ],
)
def test_a_plan_that_names_what_is_not_there_is_answered_with_the_nearest(plan, message):
    with pytest.raises(InputError, match=message):
        found(responses(), people(), **plan)


def test_attributes_of_nobody_are_told_from_misspelt_ones():
    with pytest.raises(
        InputError, match=r"'age', which respondents do not have\. No attributes of respondents are known"
    ):
        found(responses(), covariates=("age",))


def test_several_studies_need_a_name():
    other = responses().with_columns(study=pl.lit("post"))
    with pytest.raises(InputError, match=r"the table holds 2 studies\. Say in the plan which one: mail, post\."):
        found(pl.concat([responses(), other]))
    assert found(pl.concat([responses(), other]), study="mail") == found(responses())


def test_a_table_without_arms_or_answers_is_refused():
    with pytest.raises(InputError, match="all answers to 'trust' are of the control 'none', none of an arm"):
        found(responses().filter(condition="none"))
    with pytest.raises(InputError, match=r"no answer to 'trust' is of the control 'none'\.$"):
        found(responses().with_columns(response=pl.lit(None, pl.Int64)))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"weight": pl.lit(-1.0)}, r"an answer to 'trust' has the weight -1\.0, expected a weight of 0 or more"),
        ({"weight": pl.lit(None, pl.Float64)}, "an answer to 'trust' has no weight, expected"),
        ({"n": pl.lit(None, pl.Int64)}, "of the answers to 'trust' only shares are known, expected numbers of people"),
        ({"item": pl.lit("gone")}, "the answers to 'trust' name the item 'gone', which is not among the items"),
    ],
)
def test_a_table_that_breaks_its_schema_is_refused(changed, message):
    with pytest.raises(InputError, match=message):
        found(responses().with_columns(**changed))


def test_a_missing_column_is_named():
    with pytest.raises(InputError, match="the column 'response' is missing"):
        found(responses().drop("response"))
    with pytest.raises(InputError, match="the column 'study' is missing"):
        found(responses().drop("study"))
    with pytest.raises(InputError, match="the table of respondents: the column 'respondent' is missing"):
        found(responses(), people().drop("respondent"))


def test_a_respondent_who_stands_twice_is_refused_unless_in_two_studies():
    twice = pl.concat([people(), people()])
    with pytest.raises(InputError, match="the respondent 'p0' stands twice in the table of respondents"):
        found(responses(), twice, covariates=("age",))
    both = pl.concat([people().with_columns(study=pl.lit("mail")), people(seed=1).with_columns(study=pl.lit("post"))])
    assert found(responses(), both, covariates=("age",)) == found(responses(), people(), covariates=("age",))


def test_predictions_of_another_scale_are_refused():
    table = certain(responses(questions=("trust",))).with_columns(probabilities=pl.lit([0.5, 0.5]))
    with pytest.raises(InputError, match="a prediction of 'trust' has 2 probabilities, its scale 5 points"):
        found(table)


def test_a_question_of_several_scales_has_no_common_mean():
    shown = [item("none"), item("letter"), item("call", scale=Scale(kind="ordinal", low=1, high=7))]
    rows = [("mail", each.condition, "trust", each.item, str(n), 3, 1, 1.0) for n, each in enumerate(shown)]
    table = pl.DataFrame(rows, schema=RESPONSES, orient="row")
    with pytest.raises(InputError, match=r"the question 'trust' has several scales .*, so no common mean"):
        effects(table, {i.item: i for i in shown}, None, EffectsPlan(control="none"), np.random.default_rng(0))


# --- the plan


def test_a_plan_is_strict():
    bounds = {"low": -5, "high": 5, "unit": "percent"}
    plan = parse({"control": "none", "outcomes": ["trust"], "equivalence": bounds}, EffectsPlan, "plan.yaml")
    assert plan.equivalence == Bounds(low=-5, high=5, unit="percent")
    assert (plan.alpha, plan.correction) == (0.05, "holm")
    with pytest.raises(InputError, match=r"unknown key 'covariate'\. Did you mean 'covariates'\?"):
        parse({"control": "none", "covariate": ["age"]}, EffectsPlan, "plan.yaml")
    with pytest.raises(InputError, match="found bounds from 5 to -5, expected the lower one first"):
        parse({"control": "none", "equivalence": {"low": 5, "high": -5}}, EffectsPlan, "plan.yaml")


def test_an_effect_survives_the_disk():
    for table in (responses(), certain(responses())):
        for each in found(table, equivalence=Bounds(low=-1, high=1)):
            assert type(each).model_validate_json(each.model_dump_json()) == each


def test_the_example_of_the_documentation_runs_and_prints_what_it_says(capsys):
    text = (Path(__file__).resolve().parents[2] / "docs" / "effects.md").read_text(encoding="utf-8")
    block = text.partition("```python\n")[2].partition("```")[0]
    exec(block, {})  # noqa: S102 - our own page
    assert capsys.readouterr().out.strip() == block.rpartition("# ")[2].strip()
