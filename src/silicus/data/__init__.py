"""From files of past studies to datasets: what was asked, who answered, and what they answered."""

from silicus.data.answer_scale import ParsedScale, parse_scale
from silicus.data.dataset import Dataset, Unit
from silicus.data.folder import read_dataset_folder, write_dataset_folder
from silicus.data.reader import Reader, ReadOptions
from silicus.data.reading import every_reader, read_dataset

__all__ = [
    "Dataset",
    "ParsedScale",
    "ReadOptions",
    "Reader",
    "Unit",
    "every_reader",
    "parse_scale",
    "read_dataset",
    "read_dataset_folder",
    "write_dataset_folder",
]
