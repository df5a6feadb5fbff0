"""From files of past studies to datasets: what was asked, who answered, and what they answered."""

from silicus.data.answer_scale import ParsedScale, parse_scale
from silicus.data.dataset import Dataset, Unit
from silicus.data.defects import Defect, Severity
from silicus.data.folder import read_dataset_folder, write_dataset_folder
from silicus.data.quality import Quality, StudyQuality, inspect
from silicus.data.reader import Reader, ReadOptions
from silicus.data.reading import every_reader, read_dataset

__all__ = [
    "Dataset",
    "Defect",
    "ParsedScale",
    "Quality",
    "ReadOptions",
    "Reader",
    "Severity",
    "StudyQuality",
    "Unit",
    "every_reader",
    "inspect",
    "parse_scale",
    "read_dataset",
    "read_dataset_folder",
    "write_dataset_folder",
]
