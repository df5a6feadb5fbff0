"""`silicus screen`: what is to be expected of people in a study still to be fielded, and how far to trust that."""

from silicus.workflow.screening.screen import SCREENING, screen

__all__ = ["SCREENING", "screen"]
