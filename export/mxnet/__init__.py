"""Apache MXNet checkpoints, read, written and converted to ONNX without MXNet."""
