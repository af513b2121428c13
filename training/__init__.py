"""Training: data sources, poisoned data, trained networks, metrics; knows nothing of ONNX or the web."""
