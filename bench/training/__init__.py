"""How fast silicus learns, beside what people train with today: forward and backward of the same rows."""
