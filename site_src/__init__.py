"""The site: a MkDocs plugin that shows ONNX models as live widgets, and the report that uses it."""
