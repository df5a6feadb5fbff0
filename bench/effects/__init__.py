"""How sure the intervals of effects are, and how often corrected tests find what is not there."""
