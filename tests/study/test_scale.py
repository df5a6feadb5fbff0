from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silicus.errors import InputError
from silicus.study import MAX_POINTS, Scale

LABELS = st.text(alphabet="abcXYZ'é ", min_size=1, max_size=12).filter(str.strip)


@st.composite
def scales(draw: st.DrawFn) -> Scale:
    """Any scale: given by its range or by its labels, with or without refusals."""
    words = iter(draw(st.lists(LABELS, min_size=16, max_size=16, unique=True)))
    if draw(st.booleans()):
        low, step, points = draw(st.integers(-50, 50)), draw(st.integers(1, 10)), draw(st.integers(2, 60))
        values = range(low, low + step * points, step)
        some = draw(st.lists(st.sampled_from(values), max_size=8, unique=True))
        labels = {value: next(words) for value in some}
        given = {"kind": "numeric", "low": low, "high": values[-1], "step": step}
    else:
        values = draw(st.lists(st.integers(-9, 9), min_size=2, max_size=8, unique=True))
        labels = {value: next(words) for value in values}
        given = {"kind": draw(st.sampled_from(["nominal", "ordinal"]))}
    codes = draw(st.lists(st.integers(900, 999), max_size=3, unique=True))
    return Scale(**given, labels=labels, refusals={code: next(words) for code in codes})


@given(scales())
def test_values_are_distinct_and_in_order_and_inside_the_range(scale):
    assert len(set(scale.values)) == len(scale.values) >= 2
    if scale.ordered:
        assert list(scale.values) == sorted(scale.values)
    if scale.low is not None:
        assert (scale.values[0], scale.values[-1]) == (scale.low, scale.high)


@given(scales())
def test_positions_run_from_0_to_1_and_a_nominal_scale_has_none(scale):
    positions = scale.positions
    assert positions.shape == (len(scale.values),)
    if not scale.ordered:
        assert np.isnan(positions).all()
        return
    assert (positions[0], positions[-1]) == (0, 1)
    assert (np.diff(positions) > 0).all()


@given(scales())
def test_every_answer_is_found_again_by_its_value_and_by_its_words(scale):
    for place, value in enumerate(scale.answers):
        assert scale.index(value) == scale.index(float(value)) == scale.index(str(value)) == place
        label = scale.label(value)
        if label is not None:
            assert scale.index(label) == place


@given(scales())
def test_refusals_are_answers_but_no_points(scale):
    assert scale.answers == (*scale.values, *scale.refusals)
    assert not set(scale.values) & set(scale.refusals)


@given(scales())
def test_a_scale_survives_being_written_and_read(scale):
    assert Scale.model_validate_json(scale.model_dump_json()) == scale


@pytest.mark.parametrize(
    ("scale", "shown"),
    [
        (Scale(kind="ordinal", low=1, high=5), "1, 2, 3, 4, 5"),
        (Scale(kind="numeric", low=0, high=100), "0 to 100"),
        (Scale(kind="binary", labels={1: "Yes", 2: "No"}, refusals={9: "?"}), "1, 2 (refusals 9)"),
    ],
)
def test_a_scale_is_shown_by_its_values(scale, shown):
    assert str(scale) == shown


def test_a_label_that_is_a_number_is_a_word():
    scale = Scale(kind="nominal", labels={1: 100, 2: 200, 3: True})
    assert scale.labels == {1: "100", 2: "200", 3: "true"}
    assert scale.index("200") == 1


@pytest.mark.parametrize("answer", ["--3", "²", "1.5", 1.5, "", 8, "8", float("nan"), float("inf")])
def test_what_is_not_on_the_scale_is_refused(answer):
    with pytest.raises(ValueError, match=r"^the answer .* is not on the scale 1 to 7\.$"):
        Scale(kind="ordinal", low=1, high=7).index(answer)


def test_words_written_like_yes_and_no_stay_words(scaled):
    words = "{1: Yes, 2: No, 3: on, 4: off, 5: y, 6: true, 7: True, 8: 12:30, 9: 007, 10: 2020-01-01, 11: 5-9K}"
    labels = scaled(f"{{kind: nominal, labels: {words}}}").questions[0].scale.labels
    assert " ".join(labels.values()) == "Yes No on off y true True 12:30 007 2020-01-01 5-9K"


def test_refusals_stay_apart_from_the_scale(scaled):
    scale = scaled("{kind: ordinal, low: 1, high: 5, refusals: {98: Don't know, 99: Refused}}").questions[0].scale
    assert (scale.values, scale.refusals) == ((1, 2, 3, 4, 5), {98: "Don't know", 99: "Refused"})


@pytest.mark.parametrize(
    ("scale", "complaint"),
    [
        ("{kind: nominal, labels: {1: only}}", f"found a scale of 1 point, expected 2 to {MAX_POINTS}."),
        ("{kind: ordinal, low: 1, high: 1}", "found a scale from 1 to 1, expected 'high' above 'low'."),
        ("{kind: numeric, low: 0, high: 9999}", f"found a scale of 10000 points, expected 2 to {MAX_POINTS}. "
         "Give a 'step', or list the 'points'."),
        ("{kind: numeric, low: 0, high: 10, step: 3}", "found steps of 3 from 0, which never reach 10."),
        ("{kind: ordinal, low: 1}", "a scale has both 'low' and 'high', or neither and a label for every point."),
        ("{kind: binary, low: 1, high: 3}", "found a binary scale of 3 points, expected 2."),
        ("{kind: nominal, low: 1, high: 3, labels: {1: a, 2: b}}",
         "a nominal scale needs a label for every point; 3 has none."),
        ("{kind: ordinal, low: 1, high: 5, labels: {9: far}}", "the label of 9 ('far') lies outside the scale."),
        ("{kind: nominal, labels: {1: a, 2: a}}", "the label 'a' stands twice. Give every point its own words."),
        ("{kind: nominal, labels: {1: a, 2: ' '}}", "the label of 2 is empty. Give it words, or leave it out."),
        ("{kind: ordinal, low: 1, high: 5, refusals: {5: No}}",
         "the refusal 5 is also a point of the scale. Give it another code."),
    ],
)  # fmt: skip
def test_a_scale_that_cannot_be_is_refused_with_its_line(scaled, scale, complaint):
    with pytest.raises(InputError) as caught:
        scaled(scale)
    message = str(caught.value)
    assert "tea.yaml line 9 (questions > 0 > scale): " in message
    assert message.endswith(complaint)


def test_a_misspelt_key_of_a_scale_is_answered_with_the_nearest(scaled):
    with pytest.raises(InputError, match=r"line 9 .*: unknown key 'lables'\. Did you mean 'labels'\?"):
        scaled("{kind: ordinal, low: 1, high: 5, lables: {1: x}}")


def test_a_point_named_twice_is_refused_with_its_line(scaled):
    with pytest.raises(InputError, match=r"tea\.yaml line 9: the key '1' stands twice\. Keep one of them\."):
        scaled("{kind: nominal, labels: {1: a, 1: b}}")


def test_labels_that_are_a_list_are_refused(scaled):
    with pytest.raises(InputError, match=r"found \['a', 'b'\], expected: input should be a valid dictionary\."):
        scaled("{kind: nominal, labels: [a, b]}")
