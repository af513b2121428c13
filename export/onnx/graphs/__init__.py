"""Computations with gradients as ONNX: a training step, an evaluation, a trigger search."""
