"""`silicus train`: a recipe and people's answers in, a fine-tuned model out."""

from silicus.workflow.progress import is_first
from silicus.workflow.training.preview import preview
from silicus.workflow.training.train import Trained, train

__all__ = ["Trained", "is_first", "preview", "train"]
