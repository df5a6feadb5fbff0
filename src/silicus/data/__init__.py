"""From files of past studies to datasets: what was asked, who answered, what they answered, and what tests what."""

from silicus.data.answer_scale import ParsedScale, parse_scale
from silicus.data.dataset import Dataset, Unit
from silicus.data.folder import (
    DatasetManifest,
    answers_digest,
    check_free,
    content_digest,
    is_dataset_folder,
    read_dataset_folder,
    read_dataset_manifest,
    set_approved,
    unapproved,
    write_dataset_folder,
)
from silicus.data.guard import Guarded, GuardOptions, batteries, days_of, guard, stimuli_across, taught, tested
from silicus.data.past_answers import PastAnswer, PastAnswers
from silicus.data.predicted import Predicted, Samples, read_predictions
from silicus.data.quality import Defect, Quality, Severity, StudyQuality, inspect
from silicus.data.reader import Reader, ReadOptions
from silicus.data.readers.draft import draft_codebook
from silicus.data.readers.generations import holds_generations
from silicus.data.reading import every_reader, read_dataset
from silicus.data.shares import shares_learnt
from silicus.data.split import Split, SplitPlan, part_counts, split

__all__ = [
    "Dataset",
    "DatasetManifest",
    "Defect",
    "GuardOptions",
    "Guarded",
    "ParsedScale",
    "PastAnswer",
    "PastAnswers",
    "Predicted",
    "Quality",
    "ReadOptions",
    "Reader",
    "Samples",
    "Severity",
    "Split",
    "SplitPlan",
    "StudyQuality",
    "Unit",
    "answers_digest",
    "batteries",
    "check_free",
    "content_digest",
    "days_of",
    "draft_codebook",
    "every_reader",
    "guard",
    "holds_generations",
    "inspect",
    "is_dataset_folder",
    "parse_scale",
    "part_counts",
    "read_dataset",
    "read_dataset_folder",
    "read_dataset_manifest",
    "read_predictions",
    "set_approved",
    "shares_learnt",
    "split",
    "stimuli_across",
    "taught",
    "tested",
    "unapproved",
    "write_dataset_folder",
]
