"""`silicus train`: a recipe and people's answers in, a fine-tuned model out."""

from silicus.workflow.training.train import Trained, train

__all__ = ["Trained", "train"]
