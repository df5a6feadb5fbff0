"""Predict how people would answer a new study, from what people answered in past ones."""

__version__ = "0.1.0"
