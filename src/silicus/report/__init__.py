"""Results made readable: an evaluation at the prompt, and as one page that needs nothing else."""

from silicus.report.html import write_report
from silicus.report.terminal import print_evaluation

__all__ = ["print_evaluation", "write_report"]
