"""The verbs: one config in, one folder out."""

from silicus.workflow.build import approve_build, build_deposit
from silicus.workflow.build_all import build_all
from silicus.workflow.build_draft import draft_by_model
from silicus.workflow.build_inspect import draft_recipe, inspect_deposit
from silicus.workflow.cite import cite_run
from silicus.workflow.compare import compare_runs
from silicus.workflow.data import inspect_data, prepare_data
from silicus.workflow.evaluate import evaluate_data, evaluate_run
from silicus.workflow.population import rake_population
from silicus.workflow.probe import probe_run
from silicus.workflow.run import Manifest, Run, read_run
from silicus.workflow.screening import screen as screen_study
from silicus.workflow.simulate import simulate
from silicus.workflow.ways import compare_ways

__all__ = [
    "Manifest",
    "Run",
    "approve_build",
    "build_all",
    "build_deposit",
    "cite_run",
    "compare_runs",
    "compare_ways",
    "draft_by_model",
    "draft_recipe",
    "evaluate_data",
    "evaluate_run",
    "inspect_data",
    "inspect_deposit",
    "prepare_data",
    "probe_run",
    "rake_population",
    "read_run",
    "screen_study",
    "simulate",
]
