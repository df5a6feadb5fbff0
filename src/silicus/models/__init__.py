"""Everything that can answer a prompt with a probability for each answer."""

from silicus.models.model import Device, Dtype, Model, load_model

__all__ = ["Device", "Dtype", "Model", "load_model"]
