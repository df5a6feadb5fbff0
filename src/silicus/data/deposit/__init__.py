"""From a raw deposit to a verified dataset: documents, recipes, gates."""
