"""ONNX: export, quantisation, sessions."""
