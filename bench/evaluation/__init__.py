"""How sure the intervals of an evaluation are, and how long one takes."""
