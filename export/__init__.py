"""Checkpoint to ONNX, quantised, checked, with a model card and golden vectors; knows nothing of the site."""
