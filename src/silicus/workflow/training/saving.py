"""The model of a training on disk: a plain transformers or PEFT folder, and what it says of itself."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from silicus.errors import SilicusError
from silicus.models.huggingface import HuggingFaceModel
from silicus.models.loading import TERMS, locate
from silicus.models.trained_as import TRAINED_AS, TrainedAs, probes, prompts_digest, trained_as
from silicus.models.tree import Row
from silicus.prompts import Prompt
from silicus.record import write, write_text
from silicus.study import Item, Respondent
from silicus.train import EVERY_ANSWER, Asking, Example, TreeTrainer
from silicus.train.card import CardFacts, Result, TaughtBy, model_card
from silicus.train.licences import Licence, licence_of
from silicus.workflow.training.folder import TrainingManifest

__all__ = ["MODEL", "how_trained", "origin", "save"]

MODEL = "model"


def how_trained(learner: HuggingFaceModel, asking: Asking, manifest: TrainingManifest) -> TrainedAs:
    """Return what the model, and every checkpoint on the way to it, says of its training."""
    recipe = manifest.recipe
    base, before = origin(recipe.model), trained_as(recipe.model)
    lines = licence_of(base, learner.module.config).lines
    said_before = before.notice if before else []
    return TrainedAs(
        template=recipe.template, answers=recipe.answers, base=base, recipe=recipe.title,
        notice=[*lines, *(line for line in said_before if line not in lines)],
        prompts=prompts_digest(lambda item, respondent: _row(asking, item, respondent)[1]),
        run=manifest.key, version=manifest.versions["silicus"],
    )  # fmt: skip


def save(
    folder: Path,
    trainer: TreeTrainer,
    learner: HuggingFaceModel,
    asking: Asking,
    manifest: TrainingManifest,
    said: TrainedAs,
) -> Path:
    """Return the folder of the model: weights or adapter, tokenizer, card, licence, and the words it was trained in.

    An adapter on the embedded model is merged into it: the folder then needs no base. Whole models are stored in
    float32, in which they learnt. Of several processes all have to call this, and the first writes.

    Args:
        folder: the run folder.
        trainer: what saves the weights, wherever they lie.
        learner: the model.
        asking: how examples were put to it.
        manifest: what was asked, with the results.
        said: what it says of its training (`how_trained`).
    """
    target, module = folder / MODEL, learner.module
    # The trainer turns it off; without it, generating with the saved model would compute every token's past anew.
    module.config.use_cache = True
    merged = manifest.recipe.adapter != "none" and locate(manifest.recipe.model).gguf is not None
    if not merged:
        trainer.save_model(str(target))
    elif trainer.is_world_process_zero():
        module.float().merge_and_unload().save_pretrained(target)
        learner.tokenizer.save_pretrained(target)
    if trainer.is_world_process_zero():
        (target / "training_args.bin").unlink(missing_ok=True)
        _describe(target, learner, asking, manifest, said)
    return target


def _describe(
    target: Path, learner: HuggingFaceModel, asking: Asking, manifest: TrainingManifest, said: TrainedAs
) -> None:
    """Write what the model says of itself to machines, to people and to lawyers."""
    licence = licence_of(said.base, learner.module.config).model_copy(update={"lines": said.notice})
    _carry_terms(Path(manifest.recipe.model), target)
    if said.notice:
        write_text(target / "NOTICE", "\n\n".join(said.notice) + f"\n\n{licence.name}: {licence.url}\n")
    write_text(target / "README.md", model_card(_facts(target, said.base, licence, learner, asking, manifest)))
    write(target / TRAINED_AS, said)


def origin(name: str) -> str:
    """Return the model that a model was made from before any training: of a folder that says nothing, its path."""
    known = trained_as(name)
    if known:
        return known.base
    if not Path(name).is_dir():
        return name
    base = locate(name).base
    return origin(base) if base else str(Path(name).resolve())


def _carry_terms(base: Path, target: Path) -> None:
    """Copy the licence files of a base that is a folder."""
    for pattern in TERMS if base.is_dir() else ():
        for path in base.glob(pattern):
            shutil.copyfile(path, target / path.name)


def _row(asking: Asking, item: Item, respondent: Respondent) -> tuple[Prompt, Row]:
    """Return a prompt as training reads it, with all its answers."""
    tasks = asking.tasks(EVERY_ANSWER, iter([Example(item, respondent, np.ones(len(item.scale.answers)))]))
    return tasks[0].prompt, asking.rows(EVERY_ANSWER, tasks)[0]


def _facts(
    target: Path, base: str, licence: Licence, learner: HuggingFaceModel, asking: Asking, manifest: TrainingManifest
) -> CardFacts:
    prompt = next(_shown(asking))
    name, begins = target.resolve().parent.name, licence.name_begins or ""
    return CardFacts(
        name=name if name.lower().startswith(begins.lower()) else f"{begins} {name}",
        base=base, licence=licence, adapter=(target / "adapter_config.json").is_file(), recipe=manifest.recipe,
        data=[
            # A citation says the licence too, which the card says beside it.
            TaughtBy(
                used.name, used.citation.removesuffix(f" (licence: {used.licence})"), used.licence, used.examples,
                used.split, used.objective, used.taken / used.examples,
            )
            for used in manifest.data
        ],
        example=learner.encoder.text(prompt), answers=prompt.answers, results=list(_results(manifest)),
        version=manifest.versions["silicus"], warnings=manifest.warnings,
    )  # fmt: skip


def _shown(asking: Asking) -> Iterator[Prompt]:
    """Yield the probes that this template and style can ask: an example that no licence of data holds for."""
    for item, respondent in probes():
        try:
            yield _row(asking, item, respondent)[0]
        except SilicusError:
            continue


def _results(manifest: TrainingManifest) -> Iterator[Result]:
    for data, found in manifest.results.items():
        for system, metrics in found.overall.items():
            for metric, estimate in metrics.items():
                if not estimate.n:
                    continue  # It was not asked for, or no cell has it.
                words = metric.replace("_", " ")
                yield Result(data, words, system, estimate.value, estimate.low, estimate.high, estimate.n)
