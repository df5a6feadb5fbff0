"""From files of past studies to datasets: what was asked, who answered, and what they answered."""

from silicus.data.answer_scale import ParsedScale, parse_scale
from silicus.data.dataset import Dataset
from silicus.data.reading import read_dataset

__all__ = ["Dataset", "ParsedScale", "parse_scale", "read_dataset"]
