from __future__ import annotations

from itertools import groupby

import pytest

from silicus.errors import InputError
from silicus.prompts import AnswerStyle, ask_for_reasoning, get_template, render, worded
from silicus.prompts.wordings import get_wordings
from silicus.study import Item, Respondent, Scale

SILICUS = get_template("silicus")
PERSON = Respondent("p", {"age": 34, "gender": "Female", "hobby": "chess"})
YES = Scale(kind="binary", labels={1: "Yes", 2: "No"}, refusals={9: "Don't know"})
RANGE = Scale(kind="numeric", low=0, high=10, refusals={98: "Don't know", 99: "No answer"})
ALL = list(worded(SILICUS, 15).values())


def item(scale: Scale) -> Item:
    return Item("tea", "praise", "drink", "Tea is lovely.", "Do you drink it?", scale)


@pytest.mark.parametrize("scale", [YES, RANGE])
def test_the_first_wording_is_the_template_byte_for_byte(scale):
    for person in (PERSON, Respondent("nobody", {})):
        assert render(worded(SILICUS, 15)["wording 1"], item(scale), person) == render(SILICUS, item(scale), person)
    assert worded(SILICUS, 1) == {"": SILICUS}


@pytest.mark.parametrize(("scale", "style"), [(YES, "value"), (YES, "letter"), (YES, "label"), (RANGE, "value")])
def test_every_wording_says_the_same_of_study_answers_and_person_in_words_of_its_own(scale, style: AnswerStyle):
    # Rendering itself refuses a prompt in which an attribute is absent.
    prompts = [render(template, item(scale), PERSON, style) for template in ALL]
    assert len({(prompt.system, prompt.user) for prompt in prompts}) == 15
    listed = {"value": "9 = Don't know", "letter": "C = Don't know", "label": "Yes\nNo\nDon't know"}[style]
    for prompt in prompts:
        assert prompt.user.startswith("Tea is lovely.\n\nDo you drink it?\n\n")
        assert (listed if scale is YES else "from 0 to 10, or with 98 or 99,") in prompt.user
        assert "\nGender: Female\nAge: 34\nHobby: chess\n" in prompt.user
        assert "{" not in prompt.user
        assert prompt.answers == prompts[0].answers


def test_wordings_that_share_a_system_text_stand_together():
    systems = [wording.system for wording in get_wordings(15)]
    assert len(list(groupby(systems))) == len(set(systems)) == 5


def test_a_verbatim_stimulus_is_left_as_it_is():
    words = "Tea? Only return 1 for Yes or 2 for No."
    asked = Item("x", "1", "q", "", words, Scale(kind="binary", labels={1: "Yes", 2: "No"}), verbatim=True)
    assert all(render(template, asked, PERSON).user.startswith(f"{words}\n\n") for template in ALL)


def test_reasoning_takes_the_place_of_the_invitation_in_every_wording():
    for template in ALL:
        for person in (PERSON, Respondent("nobody", {})):
            prompt = render(template, item(YES), person)
            invitation = prompt.user.rpartition("\n\n")[2]
            assert f"\n\n{invitation}\n" not in ask_for_reasoning(prompt).user


@pytest.mark.parametrize("count", [0, 16])
def test_no_more_wordings_are_had_than_there_are(count):
    with pytest.raises(InputError, match=rf"^found --wordings {count}, expected 1 to 15\.$"):
        worded(SILICUS, count)


def test_published_templates_have_one_wording():
    with pytest.raises(InputError) as caught:
        worded(get_template("socrates"), 3)
    assert str(caught.value) == (
        "found --wordings 3 with the template 'socrates', whose words are as published. Give --template silicus."
    )
    socrates = get_template("socrates")
    assert worded(socrates, 1) == {"": socrates}
