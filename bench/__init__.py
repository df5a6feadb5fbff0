"""How fast and how exact silicus is, beside what people use today: ratios, measured side by side."""
