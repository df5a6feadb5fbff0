"""A training in words: what it will read and cost, and what came of it."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from silicus.evaluate import Shares, SharesComparison, compare_shares
from silicus.report import (
    AnswerRead,
    Cost,
    ExampleRead,
    PartLearnt,
    PartPlanned,
    Preview,
    TokenRead,
    TrainingDone,
    print_preview,
    print_training,
)

END = TokenRead("<end of turn>", True)
PROMPT = "<|start|>user\nIs [tea] good?<|end|>\n<|start|>assistant\n"
SINGLE = ExampleRead("poll, study 's'", PROMPT, (AnswerRead((TokenRead("1", True), TokenRead("0", True), END)),))
PAIR = ExampleRead("pairs", PROMPT, (
    AnswerRead((TokenRead("1", True), END), "chosen"), AnswerRead((TokenRead("2", True), END), "rejected"),
))  # fmt: skip
SHARES = ExampleRead("groups", PROMPT, (
    AnswerRead((TokenRead("1", True),), share=0.25), AnswerRead((TokenRead("2", False),), share=0.0),
    AnswerRead((TokenRead("9", True),), share=0.75),
))  # fmt: skip
COST = Cost(
    steps=400, sampled=20, alone=5.04e6, tree=1.26e6, loss=51_200, seconds=5400,
    memory={"weights": 3 * 2**29, "activations": 2**30}, free=8 * 2**30, device="cpu",
)  # fmt: skip
PART = PartPlanned("poll", "individual", 48_000, 25_600, 212, 220.4, 390)


def preview(*examples: ExampleRead, **more: object) -> Preview:
    cost = replace(COST, **more.pop("cost", {}))
    return Preview("tiny", list(examples or [SINGLE]), [PART], cost, list(more.pop("warnings", [])))


def printed(found: Preview | TrainingDone, encoding: str = "utf-8", **options: object) -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    show = print_preview if isinstance(found, Preview) else print_training
    show(found, Console(file=file, width=100, **options))
    return raw.getvalue().decode(encoding)


def coloured(found: Preview) -> str:
    return printed(found, force_terminal=True, color_system="standard", no_color=False, _environ={})


def joined(text: str) -> str:
    return " ".join(text.split())


# --- before


def test_the_prompt_is_shown_as_the_model_reads_it_control_tokens_included():
    assert PROMPT in printed(preview())
    assert "Example 1 of 1: poll, study 's'" in printed(preview())


def test_without_colours_tokens_that_bear_loss_stand_in_brackets_and_bars_part_them():
    assert "  [1]|[0]|[<end of turn>]\n" in printed(preview())
    assert "Tokens that bear loss are in [brackets]" in printed(preview())
    bold = printed(preview(), force_terminal=True, color_system="standard", no_color=True)
    assert "[1]|[0]|" in re.sub(r"\x1b\[\d*m", "", bold)


def test_with_colours_tokens_that_bear_loss_are_green_and_the_rest_is_dim():
    text = coloured(preview(SHARES))
    assert "\x1b[1;32m1\x1b[0m" in text
    assert "\x1b[2m2\x1b[0m" in text
    assert "[1]" not in text
    assert "Tokens that bear loss are coloured" in text


def test_beside_every_answer_stands_the_share_of_people_who_gave_it():
    lines = printed(preview(SHARES)).splitlines()
    assert "      25 %  [1]" in lines
    assert "       0 %  2" in lines
    assert "      75 %  [9]" in lines


def test_of_a_pair_the_chosen_and_the_rejected_answer_are_named():
    lines = printed(preview(PAIR)).splitlines()
    assert "    chosen  [1]|[<end of turn>]" in lines
    assert "  rejected  [2]|[<end of turn>]" in lines


def test_of_a_long_scale_the_answers_that_most_people_gave_are_shown_in_their_order():
    answers = tuple(AnswerRead((TokenRead(str(n), n > 80),), share=0.05 if n > 80 else 0.0) for n in range(101))
    lines = printed(preview(ExampleRead("percent", PROMPT, answers))).splitlines()
    assert [line.split()[-1] for line in lines if line.endswith("]")] == [f"[{n}]" for n in range(81, 93)]
    assert "  and 89 answers more: 40 % together" in lines


def test_parts_steps_tokens_time_and_memory_are_told():
    text = joined(printed(preview()))
    assert "poll individual 48,000 25,600 0.533 212 220 390" in text
    assert (
        "400 steps. 1.3 million tokens go through the model, common beginnings once; 5.0 million would if every prompt "
        "went alone. Loss is borne by 51,200 tokens of answers. Extrapolated from 20 of the steps." in text
    )
    assert "About 90 minutes on this machine, right within a factor of about two" in text
    assert "weights 1.50 activations 1.00 together, about 2.50 free on this machine 8.00" in text
    assert "No step was taken." in text


def test_what_was_counted_is_not_called_extrapolated():
    text = printed(preview(cost={"steps": 20, "device": "cuda"}))
    assert "Counted." in text
    assert "Extrapolated" not in text
    assert "free on this GPU" in text


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.25, "0.2 seconds"), (90, "90 seconds"), (150, "2.5 minutes"), (7200, "2.0 hours"), (864_000, "10 days")],
)
def test_time_is_told_in_the_unit_that_suits_it(seconds, told):
    assert f"About {told} on this machine" in printed(preview(cost={"seconds": seconds}))


def test_warnings_are_printed():
    assert "needs about 3 GiB" in printed(preview(warnings=["training needs about 3 GiB."]))


def test_a_terminal_without_utf_8_is_written_to():
    assert "[1]|[0]" in printed(preview(), encoding="ascii")


# --- after


def comparison() -> SharesComparison:
    human = [np.array([0.4, 0.6])] * 12
    systems = {
        "tuned": [np.array([0.45, 0.55])] * 12, "untuned": [np.array([0.6, 0.4])] * 12,
        "uniform": [np.array([0.5, 0.5])] * 12,
    }  # fmt: skip
    cells = Shares([f"q{n}" for n in range(12)], human, [np.array([0.0, 1.0])] * 12, systems)
    return compare_shares(cells, np.random.default_rng(0), 100, reference="untuned")


def done(**more: object) -> TrainingDone:
    found: dict = {
        "model": "tiny", "folder": "runs/one", "steps": 40,
        "parts": [PartLearnt("poll", "individual", 1_280, 900, 2_000)],
        "best_step": 30, "seconds": 95.0, "tokens": 12_345, "results": {"poll": comparison()}, "left_out": [],
        "warnings": [],
    }  # fmt: skip
    return TrainingDone(**{**found, **more})


def test_what_was_learnt_from_and_how_far_the_model_now_lies_from_people_is_printed():
    text = joined(printed(done()))
    assert "tiny has learnt from poll: 1,280 examples, drawn from 900 made of 2,000 answers (individual)" in text
    assert "40 steps in 95 seconds, 12,345 tokens through the model." in text
    assert "The weights after step 30 are kept: the least loss on the validation part." in text
    assert "tiny on the test part of poll" in text
    assert "tuned is closer to people than untuned: Wasserstein-1 0.050 against 0.200" in text
    assert text.endswith("Run: runs/one")


def test_where_nothing_chose_the_step_no_step_is_said_to_be_kept():
    assert "are kept" not in printed(done(best_step=None))


def test_what_should_be_known_of_a_training_is_printed_after_it():
    assert "A leak [of] two." in printed(done(warnings=["A leak [of] two."]))


def test_without_a_test_part_it_is_said_that_nothing_is_known():
    assert "Nothing was tested: how far the model lies from people is not known." in printed(done(results={}))


def test_what_was_left_out_is_said():
    text = joined(printed(done(left_out=["runs/poll-data: 1 stimulus [of] another"])))
    assert "Left out: runs/poll-data: 1 stimulus [of] another." in text
