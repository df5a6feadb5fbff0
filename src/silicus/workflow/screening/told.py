"""What a report and a disclosure sheet tell of how a screening was made."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from silicus.effects import Screening
from silicus.errors import counted
from silicus.models.trained_as import trained_as
from silicus.options import ScreenOptions
from silicus.prompts import get_template, render
from silicus.report.exports import (
    Asking,
    Computed,
    Disclosure,
    Instrument,
    ModelUsed,
    People,
    Simulated,
    Trust,
)
from silicus.study import Pilot, iter_respondents, prediction_failed
from silicus.workflow.run import Run
from silicus.workflow.screening.frozen import Frozen
from silicus.workflow.screening.independence import Learnt
from silicus.workflow.screening.past import PastRun

__all__ = ["disclosure_of", "facts_of"]


def facts_of(run: Run, frozen: Frozen, past: Sequence[PastRun], pilot: Pilot | None) -> dict[str, str]:
    """Return how a screening was made: what -> its value."""
    manifest, asked = run.manifest, run.manifest.options
    return {
        "Model": f"{asked['model']} (weights {manifest.inputs['weights']})",
        "Prompt template": f"{asked['template']}, answers as {asked['answers']} (prompts {manifest.inputs['prompts']})",
        "Protocol": str(asked.get("protocol", "direct")),
        "Respondents": manifest.respondents,
        "Design": manifest.design,
        "Past studies": "; ".join(map(_told, past)) or "none given",
        "Pilot": "none" if pilot is None else counted(len(pilot.respondents), "person", "people"),
        "Plan": f"hash {frozen.hash}, frozen {frozen.frozen}",
        "Seed": str(asked["seed"]),
        "Versions": ", ".join(f"{library} {number}" for library, number in manifest.versions.items()),
        "Made": f"{manifest.created}, run key {manifest.key}",
    }


def _told(past: PastRun) -> str:
    studies = counted(past.evaluation.studies_n, "study", "studies")
    manifest = past.run.manifest
    return f"{manifest.name} ({studies}, {past.evaluation.answers_n:,} answers, run key {manifest.key})"


def disclosure_of(
    screening: Screening, run: Run, past: Sequence[PastRun], pilot: Pilot | None, options: ScreenOptions, learnt: Learnt
) -> Disclosure:
    """Return the disclosure sheet of a screening, filled as far as its run knows."""
    return Disclosure(
        plan=Instrument(study=screening.title, plan=screening.plan_hash, frozen=screening.frozen),
        model=_model(run, options, learnt),
        asking=_asking(screening, run),
        simulated=Simulated(
            population=run.manifest.respondents,
            # The first source is the study's own.
            source="; ".join(run.manifest.sources[1:]) or None,
            attributes=tuple(name for name in run.respondents.columns if name not in {"respondent", "weight"}),
            respondents=len(run.respondents),
            weights="all alike" if run.respondents["weight"].n_unique() == 1 else "as in the table of respondents",
        ),
        trust=_trust(screening, past),
        people=People(
            respondents=0 if pilot is None else len(pilot.respondents),
            weights=None if pilot is None else _weights(pilot.respondents["weight"]),
            apart=None if pilot is None else _apart(learnt),
        ),
        computed=Computed(
            software=run.manifest.versions,
            hardware=run.manifest.machine,
            files={"predictions (run key)": run.manifest.key, **run.manifest.inputs},
        ),
    )


def _weights(weight: pl.Series) -> str:
    return "all alike" if weight.n_unique() == 1 else "survey weights, as in the table of the pilot"


def _apart(learnt: Learnt) -> str:
    if learnt.unknown:
        return "not known of all that the model learnt from: " + "; ".join(learnt.unknown)
    if learnt.data:
        return f"checked against {', '.join(learnt.data)}: nobody of the pilot is among those it learnt from"
    return "nothing was tuned here on anybody's answers"


def _model(run: Run, options: ScreenOptions, learnt: Learnt) -> ModelUsed:
    asked = run.manifest.options
    licences = tuple(learnt.data[place].source.licence for place in learnt.tuned)
    known = trained_as(options.model) if options.server is None else None
    return ModelUsed(
        name=str(asked["model"]) + (f", made from {known.base}" if known else ""),
        snapshot=run.manifest.inputs["weights"],
        adapter="none" if known is None and options.server is None else None,
        precision=str(asked.get("dtype")) if options.server is None else None,
        where="this machine" if options.server is None else options.server,
        training_studies=_tuned_on(options, learnt),
        licences=licences if known and not learnt.unknown else None,
    )


def _tuned_on(options: ScreenOptions, learnt: Learnt) -> tuple[str, ...] | None:
    """Return the studies that a model was fine-tuned on; `None` where that is not known."""
    if options.server is not None:
        return None
    if trained_as(options.model) is None:
        return ()
    tuned = (learnt.data[place] for place in learnt.tuned)
    studies = {str(study) for data in tuned for study in data.responses["study"].unique()}
    return None if learnt.unknown else tuple(sorted(studies))


def _asking(screening: Screening, run: Run) -> Asking:
    asked, predictions = run.manifest.options, run.predictions
    refusal = predictions["refusal"].cast(pl.Float64).mean()
    item = next(iter(run.items.values()))
    person = next(iter_respondents(run.respondents))
    prompt = render(get_template(str(asked["template"])), item, person, asked["answers"])
    protocol = str(asked.get("protocol", "direct"))
    return Asking(
        decoding="exact probability of every answer, nothing sampled" if protocol == "direct" and "server" not in asked
        else f"protocol {protocol}, {asked.get('samples')} texts a prompt at temperature {asked.get('temperature')}",
        template=f"{asked['template']}, answers as {asked['answers']}",
        wordings=(f"the first {asked['wordings']} of the template",) if asked.get("wordings", 1) > 1 else ("one",),
        orders=f"up to {asked['orders']} orders" if asked.get("orders", 1) > 1 else "as the study gives them",
        seeds={"seed": int(asked["seed"])},
        configurations=screening.tried,
        configurations_counted="frozen plans for this study in the folders beside this one",
        answers=len(predictions),
        failures=len(predictions.filter(prediction_failed())),
        refusals=float(refusal) if isinstance(refusal, float) else None,
        prompt=f"{prompt.system}\n\n{prompt.user}".strip(),
    )  # fmt: skip


def _trust(screening: Screening, past: Sequence[PastRun]) -> Trust:
    verdict = f"{screening.gate.verdict}: {' '.join(screening.gate.reasons)}"
    if not past:
        return Trust(benchmark="nothing: NOT BENCHMARKED", verdict=verdict)
    scores = [(each.run.manifest.name, each.evaluation) for each in past]
    return Trust(
        benchmark="; ".join(map(_told, past)),
        error="; ".join(f"{name}: {_wasserstein(e.overall[e.name]['wasserstein'].value)}" for name, e in scores),
        noise_floor="; ".join(
            f"{name}: two halves of the people {_wasserstein(e.ceiling.split_half)}" for name, e in scores
        ),
        verdict=verdict,
    )


def _wasserstein(value: float | None) -> str:
    return "unknown" if value is None else f"Wasserstein-1 {value:.3f} of the scale's range"
