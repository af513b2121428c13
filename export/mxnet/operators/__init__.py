"""The converter's operators, one module per family; importing this package registers them all."""

from export.mxnet.operators import activations, arithmetic, arrangement, layers, normalisation, pooling, reduction
from export.mxnet.operators.registry import OPERATORS, Call, Operator, Slot

__all__ = [
    "OPERATORS",
    "Call",
    "Operator",
    "Slot",
    "activations",
    "arithmetic",
    "arrangement",
    "layers",
    "normalisation",
    "pooling",
    "reduction",
]
