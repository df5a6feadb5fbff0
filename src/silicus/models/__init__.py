"""Everything that can answer a prompt with a probability for each answer."""

from silicus.models.model import Device, Dtype, Model, load_model
from silicus.models.reading import Reader, Reading

__all__ = ["Device", "Dtype", "Model", "Reader", "Reading", "load_model"]
