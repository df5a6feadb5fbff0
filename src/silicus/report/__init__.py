"""Results made readable: at the prompt, and as pages that need nothing else."""

from silicus.report.cite import bibliography, uses
from silicus.report.comparison import Comparison, Matching, print_comparison
from silicus.report.datasets import print_prepared, print_readers
from silicus.report.drafted import DraftDone, print_drafted
from silicus.report.html import write_report
from silicus.report.learnt import print_learnt
from silicus.report.ledger import Entry, Ledger, Outcome, Told, closing, print_ledger, write_ledger
from silicus.report.orders import order_sentence
from silicus.report.probes import print_probes
from silicus.report.profile import print_profile
from silicus.report.quality import print_quality, write_quality
from silicus.report.raking import print_raking
from silicus.report.review import print_build, write_review
from silicus.report.screening import print_screening, write_screening
from silicus.report.terminal import print_evaluation
from silicus.report.training import (
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
from silicus.report.ways import Way, Ways, print_ways, write_ways

__all__ = [
    "AnswerRead",
    "Comparison",
    "Cost",
    "DraftDone",
    "Entry",
    "ExampleRead",
    "Ledger",
    "Matching",
    "Outcome",
    "PartLearnt",
    "PartPlanned",
    "Preview",
    "TokenRead",
    "Told",
    "TrainingDone",
    "Way",
    "Ways",
    "bibliography",
    "closing",
    "order_sentence",
    "print_build",
    "print_comparison",
    "print_drafted",
    "print_evaluation",
    "print_learnt",
    "print_ledger",
    "print_prepared",
    "print_preview",
    "print_probes",
    "print_profile",
    "print_quality",
    "print_raking",
    "print_readers",
    "print_screening",
    "print_training",
    "print_ways",
    "uses",
    "write_ledger",
    "write_quality",
    "write_report",
    "write_review",
    "write_screening",
    "write_ways",
]
