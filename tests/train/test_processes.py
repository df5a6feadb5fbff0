"""Several processes take the steps that one takes: side by side, and with the model in shards.

What a CPU allows: gloo in the place of NCCL. DeepSpeed is not installed where these tests run: of its files it is only
shown here that accelerate reads them and says what it should to DeepSpeed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from accelerate.commands.config.config_args import ClusterConfig, load_config_from_file
from accelerate.commands.launch import _validate_launch_command, launch_command_parser
from accelerate.utils.launch import prepare_deepspeed_cmd_env, prepare_multi_gpu_env

from silicus.data import write_dataset_folder
from silicus.options import TrainOptions
from silicus.record import read_yaml
from silicus.train import Asking, Step
from silicus.workflow.training import train
from tests.data.splitting import marked, stimulus
from tests.train.material import (
    MODEL,
    asking_of,
    batches_of,
    learner_of,
    learnt,
    learnt_weights,
    log_of,
    losses_of,
    recipe,
    run,
)

ROOT = Path(__file__).parents[2]
LAUNCH = ROOT / "recipes" / "launch"
PARTS = [{"objective": "individual"}, {"objective": "distribution", "ordinal": 0.5}, {"objective": "preference"}]
SETTINGS = {"steps": 4, "evaluate": 2, "batch": 18, "pack_tokens": 300, "learning_rate": 1e-3}
TWO = ["--nproc_per_node", "2", "--master-addr", "127.0.0.1"]


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def alone(tmp_path_factory, base) -> Path:
    """Return the run folders of one process: with adapters, and with all weights."""
    folder = tmp_path_factory.mktemp("alone")
    for adapter in ("lora", "none"):
        parts = [learnt(**part) for part in PARTS]
        run(folder / adapter, recipe(base, adapter=adapter, **SETTINGS), parts).save_model(
            str(folder / adapter / MODEL)
        )
    return folder


def told(folder: Path, base: str, adapter: str) -> dict:
    return {"folder": str(folder / adapter), "parts": PARTS, "recipe": {"model": base, "adapter": adapter, **SETTINGS}}


def start(command: list[str], trainings: list[dict]) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    made = subprocess.run(
        [sys.executable, "-m", *command, "-m", "tests.train.material", json.dumps(trainings)],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr[-3000:]


def assert_same_training(ours: Path, theirs: Path) -> None:
    assert [line["step"] for line in log_of(ours)] == [line["step"] for line in log_of(theirs)]
    assert losses_of(ours) == pytest.approx(losses_of(theirs), rel=1e-5)
    looked = [[line["eval_loss"] for line in log_of(folder) if "eval_loss" in line] for folder in (ours, theirs)]
    assert looked[0] == pytest.approx(looked[1], rel=1e-5)
    own, other = learnt_weights(ours / MODEL), learnt_weights(theirs / MODEL)
    assert own.keys() == other.keys()
    gap = sum(float((own[name] - other[name]).norm() ** 2) for name in other) ** 0.5
    assert gap <= 1e-5 * sum(float(other[name].norm() ** 2) for name in other) ** 0.5


def free_port() -> str:
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


def test_some_steps_hold_an_odd_number_of_packs_so_that_a_process_keeps_another_company(base):
    asked = recipe(base, **SETTINGS)
    asking: Asking = asking_of(learner_of(asked))
    steps: list[Step] = [*batches_of([learnt(**part) for part in PARTS], asked, asking)]
    assert {len(step.packs) % 2 for step in steps} == {0, 1}


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> str:
    """Return a dataset folder: five questions, of which one is looked at and one tested on."""
    parts = ["train", "train", "train", "validation question", "test question"]
    words = ["Tea at dawn?", "Cycling to work?", "Higher taxes on sugar?", "Learning Greek?", "A dog in the office?"]
    rows = [
        ("s", "a", f"q{number}", f"p{person}", stimulus(text), 1 + (number + person) % 7)
        for number, text in enumerate(words)
        for person in range(6)
    ]
    made = marked(rows, [parts[int(row[2][1])] for row in rows])
    folder = tmp_path_factory.mktemp("data") / "asked-data"
    write_dataset_folder(folder, made, made_from="nothing")
    return str(folder)


def test_two_processes_take_the_steps_of_one_and_one_of_them_writes_the_run_folder(tmp_path, base, alone, data):
    said = {
        "data": [data], "objective": "preference", "model": base, "steps": 3, "batch": 6, "evaluate": 1, "rank": 4,
        "device": "cpu",
    }  # fmt: skip
    trainings = [told(tmp_path, base, "lora"), {"folder": str(tmp_path / "verb"), "verb": said}]
    start(["torch.distributed.run", *TWO, "--master-port", free_port()], trainings)
    assert [(tmp_path / "lora" / f"kind-{n}").read_text() for n in (0, 1)] == ["DistributedType.MULTI_CPU"] * 2
    assert_same_training(tmp_path / "lora", alone / "lora")

    one = train(None, TrainOptions(**{**said, "data": (data,), "out": tmp_path / "one"}))
    assert_same_training(tmp_path / "verb", one.folder)
    written = [{path.relative_to(each).as_posix() for path in each.rglob("*") if path.is_file()}
               for each in (tmp_path / "verb", one.folder)]  # fmt: skip
    events = [{name for name in names if name.startswith("tensorboard/")} for names in written]
    assert len(events[0]) == len(events[1])
    assert written[0] - events[0] == written[1] - events[1]
    pairs = [pl.read_parquet(each / "pairs-0.parquet") for each in (tmp_path / "verb", one.folder)]
    assert pairs[0].drop("reference_margin").equals(pairs[1].drop("reference_margin"))
    manifests = [json.loads((each / "manifest.json").read_text()) for each in (tmp_path / "verb", one.folder)]
    assert manifests[0]["key"] == manifests[1]["key"]
    assert manifests[0]["finished"]


def test_two_processes_with_the_model_in_shards_take_the_steps_of_one(tmp_path, base, alone):
    launcher = ["accelerate.commands.launch", "--config_file", str(LAUNCH / "fsdp.yaml"), "--num_processes", "2"]
    trainings = [told(tmp_path, base, adapter) for adapter in ("lora", "none")]
    start([*launcher, "--main_process_port", free_port()], trainings)
    for adapter in ("lora", "none"):
        assert (tmp_path / adapter / "kind-1").read_text() == "DistributedType.FSDP"
        assert_same_training(tmp_path / adapter, alone / adapter)


# --- the files that are shipped


def launched(name: str):
    """Return the arguments that `accelerate launch` makes of a file."""
    arguments = launch_command_parser().parse_args(["--config_file", str(LAUNCH / name), "silicus"])
    return _validate_launch_command(arguments)[0]


def test_a_model_in_shards_is_configured_as_it_was_tested():
    assert isinstance(load_config_from_file(str(LAUNCH / "fsdp.yaml")), ClusterConfig)
    environment = prepare_multi_gpu_env(launched("fsdp.yaml"))
    wanted = {
        "ACCELERATE_USE_FSDP": "true", "FSDP_VERSION": "2", "FSDP_RESHARD_AFTER_FORWARD": "true",
        "FSDP_STATE_DICT_TYPE": "FULL_STATE_DICT", "FSDP_AUTO_WRAP_POLICY": "TRANSFORMER_BASED_WRAP",
        "FSDP_CPU_RAM_EFFICIENT_LOADING": "false",
    }  # fmt: skip
    assert {name: environment.get(name) for name in wanted} == wanted


@pytest.mark.parametrize("stage", [2, 3])
def test_deepspeed_is_told_where_its_settings_are_and_takes_the_others_from_the_recipe(stage):
    assert isinstance(load_config_from_file(str(LAUNCH / f"zero{stage}.yaml")), ClusterConfig)
    arguments = launched(f"zero{stage}.yaml")
    assert arguments.use_deepspeed
    arguments.deepspeed_fields_from_accelerate_config = "deepspeed_config_file,zero3_init_flag"
    _, environment = prepare_deepspeed_cmd_env(arguments)
    assert environment["ACCELERATE_USE_DEEPSPEED"] == "true"
    assert environment["ACCELERATE_DEEPSPEED_ZERO3_INIT"].lower() == "false"
    told = ROOT / environment["ACCELERATE_DEEPSPEED_CONFIG_FILE"]
    settings = read_yaml(told)
    assert settings["zero_optimization"]["stage"] == stage
    assert settings["train_batch_size"] == settings["gradient_clipping"] == settings["bf16"]["enabled"] == "auto"
    # Otherwise what is saved would be a file that only DeepSpeed reads.
    assert stage == 2 or settings["zero_optimization"]["stage3_gather_16bit_weights_on_model_save"]
