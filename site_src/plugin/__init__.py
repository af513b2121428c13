"""The MkDocs plugin `onnx-widgets`."""
