"""What is in a dataset, and what is wrong with it."""

from silicus.data.quality.defect import Defect, Severity
from silicus.data.quality.quality import Quality, StudyQuality, inspect

__all__ = ["Defect", "Quality", "Severity", "StudyQuality", "inspect"]
