import re
from datetime import date

import pytest

from silicus.data.guard.cutoffs import Cutoff, days_of, documented_cutoff
from silicus.errors import InputError


@pytest.mark.parametrize(
    ("model", "cutoff"),
    [
        # From the makers' model cards.
        ("meta-llama/Meta-Llama-3-8B-Instruct", "2023-03"),
        ("meta-llama/Meta-Llama-3-70B", "2023-12"),
        ("meta-llama/Llama-3.1-8B", "2023-12"),
        ("meta-llama/Llama-3.2-1B-Instruct", "2023-12"),
        ("meta-llama/Llama-3.3-70B-Instruct", "2023-12"),
        ("meta-llama/Llama-2-7b-hf", "2022-09"),
        ("meta-llama/Llama-2-7b-chat-hf", "2023-07"),
        ("google/gemma-3-4b-it", "2024-08"),
        ("microsoft/Phi-3-mini-4k-instruct", "2023-10"),
        ("openai/gpt-oss-20b", "2024-06"),
    ],
)
def test_the_cutoff_of_a_model_is_the_one_on_its_card(model, cutoff):
    found = documented_cutoff(model)
    assert found is not None
    assert found.cutoff == cutoff
    assert found.source.startswith("https://")


@pytest.mark.parametrize(
    "name",
    ["llama3.1:8b", "models/Llama-3.1-8B-Instruct/",
     "x/Meta-Llama-3.1-8B-Instruct.Q4_K_M.gguf", "y/Llama-3.1-8B-bnb-4bit"],
)  # fmt: skip
def test_a_model_is_known_as_a_folder_a_tag_and_in_converted_forms(name):
    found = documented_cutoff(name)
    assert found is not None
    assert found.cutoff == "2023-12"


@pytest.mark.parametrize(
    "name",
    ["Qwen/Qwen2.5-14B-Instruct", "google/gemma-2-9b", "HuggingFaceTB/SmolLM2-135M-Instruct", "smollm2",
     "NousResearch/Hermes-3-Llama-3.1-8B", "nvidia/Llama-3.1-Nemotron-70B-Instruct", "mistralai/Mistral-7B-v0.1", ""],
)  # fmt: skip
def test_models_without_a_documented_cutoff_and_those_tuned_further_have_none(name):
    assert documented_cutoff(name) is None


def test_a_cutoff_of_a_month_ends_with_its_last_day():
    assert Cutoff(models=["m"], cutoff="2023-12", source="s").last_day == date(2023, 12, 31)


@pytest.mark.parametrize(
    ("when", "first", "last"),
    [
        ("2017", date(2017, 1, 1), date(2017, 12, 31)),
        ("2020-02", date(2020, 2, 1), date(2020, 2, 29)),
        ("2017-03-14", date(2017, 3, 14), date(2017, 3, 14)),
        ("2003/2024", date(2003, 1, 1), date(2024, 12, 31)),
        ("2016-11/2017-01-05", date(2016, 11, 1), date(2017, 1, 5)),
    ],
)
def test_dates_span_the_days_from_their_first_to_their_last(when, first, last):
    assert days_of(when) == (first, last)


@pytest.mark.parametrize("when", ["", "soon", "2017-13", "2017-02-30", "17", "2017-3", "2017/soon"])
def test_what_is_no_date_is_refused(when):
    with pytest.raises(InputError, match=rf"found the date '{re.escape(when)}', expected a year, month or day"):
        days_of(when)


def test_dates_that_end_before_they_begin_are_refused():
    with pytest.raises(InputError, match="found the dates '2019/2017', which end before they begin"):
        days_of("2019/2017")
