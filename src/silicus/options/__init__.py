"""What the verbs may be asked; a field has the same name in Python, in files and at the prompt.

Plain dataclasses, so that `silicus --help` imports nothing heavy.
"""

from silicus.options.answering import AnswerOptions, ServerOptions
from silicus.options.asking import DemoOptions, PopulationOptions, ProbeOptions, SimulateOptions
from silicus.options.building import BuildAllOptions, BuildOptions, DraftOptions
from silicus.options.evaluating import EvaluateOptions
from silicus.options.reading import InspectOptions, PrepareOptions, ReadingOptions
from silicus.options.screening import ScreenOptions
from silicus.options.training import TrainOptions

__all__ = [
    "AnswerOptions",
    "BuildAllOptions",
    "BuildOptions",
    "DemoOptions",
    "DraftOptions",
    "EvaluateOptions",
    "InspectOptions",
    "PopulationOptions",
    "PrepareOptions",
    "ProbeOptions",
    "ReadingOptions",
    "ScreenOptions",
    "ServerOptions",
    "SimulateOptions",
    "TrainOptions",
]
