from __future__ import annotations

import html
import re
import subprocess
import sys
from pathlib import Path

import pytest

from silicus import plugins
from silicus.errors import MissingExtraError
from silicus.report import write_report
from tests.report.page import Page

FACTS = {"model": "SmolLM2-360M", "seed": "7"}
SOURCES = ("Tversky & Kahneman (1981). Science, 211, 453-458. doi:10.1126/science.7455683.", "https://example.org/a")


def page_of(evaluation, folder: Path, facts=FACTS, title: str = "A report", sources=SOURCES) -> str:
    write_report(folder / "report.html", evaluation, facts, title, sources)
    return (folder / "report.html").read_text(encoding="utf-8")


def words_of(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", re.sub(r"(?s)<style>.*?</style>", "", text))).split())


@pytest.fixture(scope="module")
def one(asian_disease, tmp_path_factory) -> str:
    return page_of(asian_disease(0.7, 0.25), tmp_path_factory.mktemp("one"))


@pytest.fixture(scope="module")
def three(of_studies, tmp_path_factory) -> str:
    return page_of(of_studies(3), tmp_path_factory.mktemp("three"))


@pytest.mark.parametrize("name", ["one", "three"])
def test_a_page_needs_nothing_from_elsewhere(name, request):
    text = request.getfixturevalue(name)
    page = Page(text)
    addresses = [a[key] for _, a in page.tags for key in ("src", "href", "xlink:href", "srcset", "data") if key in a]
    assert addresses == ["https://doi.org/10.1126/science.7455683", "https://example.org/a"]
    assert page.all("script", "link", "iframe", "img", "object", "embed") == []
    assert "@import" not in text
    assert set(re.findall(r"url\((.)", text)) <= {"#"}
    assert re.findall(r"https?://[^\s\"<]+", text) == [a for a in addresses for _ in range(2 if "example" in a else 1)]


@pytest.mark.parametrize("name", ["one", "three"])
def test_a_page_can_be_read_aloud(name, request):
    page = Page(request.getfixturevalue(name))
    charts = page.all("svg")
    assert len(charts) == {"one": 4, "three": 7}[name]
    assert all(chart["role"] == "img" and chart["aria-label"] for chart in charts)
    assert len(page.all("caption")) == len(page.all("table"))
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    assert {a["aria-labelledby"] for a in page.all("section")} <= set(ids)


def test_the_parts_of_a_page_stand_in_their_order(one):
    words = words_of(one)
    parts = (
        "How close is the model to people?",
        "These are simulated answers, not data from people",
        "What people answered, and what was predicted",
        "Distance from people",
        "Every metric",
        "Study by study",
        "What was left out",
        "How it was made",
        "What to cite",
    )
    places = [words.index(part) for part in parts]
    assert places == sorted(places)


@pytest.mark.parametrize("studies", [1, 3])
def test_every_number_of_the_evaluation_is_on_the_page(of_studies, studies, tmp_path):
    evaluation = of_studies(studies)
    words = words_of(page_of(evaluation, tmp_path))
    for metrics in evaluation.overall.values():
        for estimate in metrics.values():
            if estimate.value is not None and estimate.low is not None:
                told = f"{estimate.value:.3f} {estimate.low:.3f} to {estimate.high:.3f}"
                assert told.replace("-0.000", "0.000") in words
    for study in evaluation.studies:
        own = [study.metrics["smollm2"][metric] for metric in study.metrics["smollm2"]]
        distances = ("wasserstein", "total_variation")
        beside = [study.metrics[system][metric] for metric in distances for system in ("uniform", "pooled")]
        numbers = ["–" if v is None else f"{v:.3f}" for v in (*own, *beside)]
        assert " ".join([study.study, str(study.cells), str(study.answers), *numbers]) in words
    for cell in evaluation.cells:
        assert f"{cell.condition}, {cell.answers} answers" in words
        for share in (*cell.human, *cell.predicted["smollm2"]) if len(cell.values) <= 11 else ():
            assert f"{100 * share:.1f} %" in words
    for reason, count in evaluation.left_out.items():
        assert f"{count} answer{'s' if count > 1 else ''} {reason}" in words or f"{count} cells {reason}" in words
    assert "mean 0.800, minimum 0.800" in words


def test_a_page_says_how_the_answers_were_made(one):
    assert "model SmolLM2-360M seed 7" in words_of(one)


def test_markup_in_names_and_labels_is_shown_as_words(of_studies, tmp_path):
    bad = "<script>alert(1)</script>"
    evaluation = of_studies(3, (f"control {bad}", "treated"))
    labels = [[bad, *cell.labels[1:]] for cell in evaluation.cells]
    pairs = zip(evaluation.cells, labels, strict=True)
    cells = [cell.model_copy(update={"labels": words, "question": bad}) for cell, words in pairs]
    evaluation = evaluation.model_copy(update={"cells": cells})
    text = page_of(evaluation, tmp_path, {bad: bad}, bad, [f"{bad} https://example.org/{bad}"])
    assert "<script" not in text
    assert text.count(html.escape(bad)) > 8
    assert Page(text).all("script") == []


def test_a_worse_model_is_called_so_and_a_better_one_is_not(asian_disease, one, tmp_path):
    sentence = "On this study smollm2 is not better than uniform guessing"
    assert sentence in words_of(page_of(asian_disease(0.1, 0.9), tmp_path))
    assert sentence not in words_of(one)
    assert "On this study smollm2 is closer to people than uniform guessing" in words_of(one)


def test_only_the_cells_with_most_answers_of_many_studies_are_drawn(of_studies, tmp_path):
    words = words_of(page_of(of_studies(9), tmp_path))
    assert "Shown are the 12 cells with most answers, of 18." in words
    assert "study-0 · attitude" not in words
    assert "3 without this distance (no order on their scales, or fewer than 2 answers a cell) are not drawn." in words


def test_a_scale_of_2001_points_is_drawn_as_lines(of_studies, tmp_path):
    evaluation = of_studies(3)
    cell = evaluation.cells[-1]
    values = [*range(2001)]
    share = [1 / 2001] * 2001
    long = {
        "values": values,
        "labels": [None] * 2001,
        "human": share,
        "predicted": dict.fromkeys(cell.predicted, share),
    }
    evaluation = evaluation.model_copy(update={"cells": [cell.model_copy(update=long)]})
    assert "Share of answers at or below each point." in words_of(page_of(evaluation, tmp_path))


def test_without_an_order_total_variation_is_the_measure(of_studies, tmp_path):
    words = words_of(page_of(of_studies(2, first=1, every=3), tmp_path))
    assert "4 cells (4 nominal)" in words
    assert re.search(r"On these 2 studies smollm2 is .*: the difference in total variation is ", words)
    assert "perfect prediction" not in words
    assert "of the answers away from what people answered" in words
    assert "The measure is Total variation." in words
    assert "Total variation (0: the same answers)" in words


def test_chance_is_told_beside_the_verdict_and_pooled_where_it_is_the_answer(of_studies, one, tmp_path):
    assert "a perfect prediction of people's distribution would still score W = 0.032" in words_of(one)
    alone = words_of(page_of(of_studies(3, ("only",)), tmp_path))
    assert "In 3 of 3 cells the question was asked in one condition only, so pooled is the answer itself." in alone


def test_accuracy_is_called_individual_only_where_people_are_matched(of_studies, one, tmp_path):
    group = "How near the group's predicted median comes to each answer given; not individual accuracy."
    assert group in words_of(one)
    evaluation = of_studies(1)
    matched = {"matched_by_person": evaluation.answers_n, "matched_by_mean": 0}
    words = words_of(page_of(evaluation.model_copy(update=matched), tmp_path))
    assert "How near the predicted median comes to the person's answer" in words
    assert "individual accuracy" not in words


def test_a_page_without_facts_and_sources_says_so(asian_disease, tmp_path):
    words = words_of(page_of(asian_disease(0.7, 0.2), tmp_path, {}, sources=()))
    assert "Nothing is recorded about how the predictions were made." in words
    assert "What to cite" not in words
    assert "Nothing: every answer has a prediction" in words


def test_a_missing_library_is_named_with_its_extra(asian_disease, tmp_path, monkeypatch):
    def absent(module: str):
        raise ModuleNotFoundError(name=module.partition(".")[0])

    monkeypatch.setattr(plugins.importlib, "import_module", absent)
    with pytest.raises(MissingExtraError, match=r"pip install 'silicus\[report\]'"):
        write_report(tmp_path / "report.html", asian_disease(0.7, 0.2), {}, "A report")
    assert list(tmp_path.iterdir()) == []


def test_importing_the_room_loads_no_chart_library():
    code = "import sys, silicus.report; print({'vl_convert', 'jinja2'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
