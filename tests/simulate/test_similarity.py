"""Free text rated by its similarity to statements."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from silicus.errors import InputError
from silicus.models.writing import Text
from silicus.prompts import Prompt, get_template, render
from silicus.simulate import Anchors, Similarity, read_anchors
from silicus.simulate.similarity import similar
from silicus.study import Item, Respondent, Scale

THREE = Scale(kind="ordinal", labels={1: "Never", 2: "Maybe", 3: "Surely."}, refusals={9: "Don't know"})
BARE = Scale(kind="ordinal", low=1, high=3)
VECTORS = {"never": [1.0, 0.0, 0.0], "maybe": [0.0, 1.0, 0.0], "surely": [0.0, 0.0, 1.0]}


def embed(texts: list[str]) -> np.ndarray:
    """Return a vector for the words that are known, its length 1; between them for several."""
    known = [[vector for word, vector in VECTORS.items() if word in text.casefold()] for text in texts]
    sums = [np.sum(each or [[1, 1, 1]], axis=0) for each in known]
    return np.array([each / np.linalg.norm(each) for each in sums])


def prompt(scale: Scale = THREE) -> Prompt:
    item = Item("tea", "praise", "buy", "", "Will you buy tea?", scale)
    return render(get_template("silicus"), item, Respondent("p7", {"age": 34}))


def test_probabilities_are_similarities_above_the_least_of_them():
    text = np.array([[0.6, 0.8, 0.0]])
    statements = np.eye(3)[None]
    np.testing.assert_allclose(similar(text, statements), [[0.6 / 1.4, 0.8 / 1.4, 0.0]])
    # Only differences count: a dimension that all statements share changes nothing but the scale.
    shared = np.concatenate([np.eye(3) * np.sqrt(0.5), np.full((3, 1), np.sqrt(0.5))], axis=1)[None]
    np.testing.assert_allclose(similar(np.array([[0.6, 0.8, 0.0, 0.0]]), shared), [[0.6 / 1.4, 0.8 / 1.4, 0.0]])


def test_several_sets_of_statements_are_averaged():
    text = np.array([[0.6, 0.8, 0.0]])
    turned = np.eye(3)[[2, 1, 0]]
    np.testing.assert_allclose(
        similar(text, np.stack([np.eye(3), turned])), [[0.3 / 1.4, 0.8 / 1.4, 0.3 / 1.4]]
    )  # fmt: skip


def test_a_text_that_tells_no_statements_apart_has_no_probabilities():
    assert np.isnan(similar(np.array([[1.0, 0.0]]), np.array([[[0.0, 1.0], [0.0, 1.0]]]))).all()


def test_texts_come_to_probabilities_refusals_or_nothing():
    texts = ["Surely, yes.", "Maybe, or surely.", "Don't know.", "Sorry, I can't say.", " ", "Tea."]
    found = Similarity(embed).read(prompt(), [Text(text, cut=False) for text in texts])
    assert [each.came for each in found] == ["answer", "answer", "answer", "declined", "unreadable", "unreadable"]
    np.testing.assert_allclose(found[0].shares, [0, 0, 1, 0], atol=1e-12)  # type: ignore[arg-type]
    np.testing.assert_allclose(found[1].shares, [0, 0.5, 0.5, 0], atol=1e-12)  # type: ignore[arg-type]
    np.testing.assert_allclose(found[2].shares, [0, 0, 0, 1])  # type: ignore[arg-type]


def test_a_text_that_takes_its_doubt_back_is_an_answer():
    (found,) = Similarity(embed).read(prompt(), [Text("I don't know much about it, but surely I'd try.", cut=False)])
    assert found.came == "answer"


def test_statements_are_the_labels_in_three_forms():
    asked: list[list[str]] = []

    def listening(texts: list[str]) -> np.ndarray:
        asked.append(texts)
        return embed(texts)

    way = Similarity(listening)
    way.read(prompt(), [Text("Surely.", cut=False)])
    way.read(prompt(), [Text("Never.", cut=False)])
    assert asked[1] == [
        "Never.", "Maybe.", "Surely.", "My answer is: Never.", "My answer is: Maybe.", "My answer is: Surely.",
        "If you ask me, I would say: Never.", "If you ask me, I would say: Maybe.",
        "If you ask me, I would say: Surely.",
    ]  # fmt: skip
    assert len(asked) == 3, "statements are embedded once"


def test_a_scale_without_labels_is_refused_unless_statements_are_given():
    with pytest.raises(InputError, match=r"question 'buy': .* the point 1 has no label .*--anchors"):
        Similarity(embed).ask(prompt(BARE))
    given = Anchors(questions={"buy": [{1: "Never!", 2: "Maybe.", 3: "Surely!"}]})
    way = Similarity(embed, given)
    assert "This person's words:" in way.ask(prompt(BARE)).user
    (found,) = way.read(prompt(BARE), [Text("Never.", cut=False)])
    np.testing.assert_allclose(found.shares, [1, 0, 0], atol=1e-12)  # type: ignore[arg-type]


def test_statements_of_a_file_go_by_label_whatever_the_order_of_the_options():
    given = Anchors(questions={"buy": [{"Surely.": "Surely!", "Never": "Never!", "Maybe": "Maybe!"}]})
    turned = Scale(kind="ordinal", labels={1: "Surely.", 2: "Maybe", 3: "Never"})
    (found,) = Similarity(embed, given).read(prompt(turned), [Text("Never.", cut=False)])
    np.testing.assert_allclose(found.shares, [0, 0, 1], atol=1e-12)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"Never": "a", "Maybe": "b"}, r"a set has no statement of 'Surely\.'\. Give one for every point"),
        ({"Never": "a", "Mabe": "b", "Surely.": "c"}, r"'Mabe' is no point of the scale\. Did you mean 'Maybe'"),
        ({1: "a", 2: "b", 3: "c"}, r"'1' is no point of the scale"),
    ],
)
def test_a_set_that_does_not_fit_the_scale_is_refused(given, message):
    with pytest.raises(InputError, match=message):
        Similarity(embed, Anchors(questions={"buy": [given]})).ask(prompt())


def test_statements_are_read_from_a_file(tmp_path: Path):
    path = tmp_path / "anchors.yaml"
    path.write_text(
        "questions:\n  buy:\n    - {Never: I won't., Maybe: I might., Surely.: I will.}\n", encoding="utf-8"
    )
    assert read_anchors(path).questions["buy"][0]["Maybe"] == "I might."
    assert Similarity(embed, read_anchors(path)).content != Similarity(embed).content
    path.write_text("questions:\n  buy: []\n", encoding="utf-8")
    with pytest.raises(InputError, match="the question 'buy' has no set of statements"):
        read_anchors(path)
    path.write_text("question:\n  buy: []\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"unknown key 'question'\. Did you mean 'questions'"):
        read_anchors(path)
