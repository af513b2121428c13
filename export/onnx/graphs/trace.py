"""From a PyTorch function, gradients included, to an ONNX model."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import onnx
import torch
from torch._decomp import get_decompositions
from torch.fx.experimental.proxy_tensor import make_fx

from export.errors import ExportError
from export.onnx.to_onnx import quiet_logging, strip

aten = torch.ops.aten
Tensors = tuple[torch.Tensor, ...]


def trace(
    function: Callable[..., Tensors], example: Tensors, inputs: Sequence[str], outputs: Sequence[str]
) -> onnx.ModelProto:
    """Trace a function and export what it computed.

    Shapes are those of the example. What autograd computes becomes plain operators of ONNX's default set: convolution's
    backward pass is a transposed convolution and a dilated one.

    Args:
        function: Of tensors, returning a tuple of them.
        example: Its arguments, each a tensor of its own: one that is given twice would be taken for one input.
        inputs: Their names.
        outputs: Names of what it returns.

    Raises:
        ExportError: If PyTorch's exporter gives no model, or one that is not valid ONNX.
    """
    decompositions = get_decompositions(_DECOMPOSED) | {
        aten.convolution_backward.default: _convolution_backward,
        aten.max_pool2d_with_indices_backward.default: _max_pool_backward,
    }
    with quiet_logging():
        traced = make_fx(function, decomposition_table=decompositions)(*example)
        traced.graph.eliminate_dead_code()
        traced.recompile()
        program = torch.onnx.export(
            traced, example, dynamo=True, input_names=list(inputs), output_names=list(outputs), verbose=False
        )
    if program is None:
        raise ExportError("PyTorch's ONNX exporter gave no model back")
    model = strip(program.model_proto)
    try:
        onnx.checker.check_model(model, full_check=True)
    except onnx.checker.ValidationError as error:
        raise ExportError(f"the exported graph is not valid ONNX: {error}") from error
    return model


_DECOMPOSED = [
    aten.threshold_backward,
    aten.nll_loss_forward,
    aten.nll_loss_backward,
    aten._log_softmax,  # noqa: SLF001 - the operator's name
    aten._log_softmax_backward_data,  # noqa: SLF001
    aten.tanh_backward,
    aten.addmm,
]


def _convolution_backward(  # noqa: PLR0913, PLR0917 - the operator's own signature
    grad: torch.Tensor,
    given: torch.Tensor,
    weight: torch.Tensor,
    _bias_sizes: list[int] | None,
    stride: list[int],
    padding: list[int],
    dilation: list[int],
    transposed: bool,
    _output_padding: list[int],
    groups: int,
    wanted: tuple[bool, bool, bool],
) -> tuple[torch.Tensor | None, torch.Tensor | None, torch.Tensor | None]:
    """The gradients of a convolution's input, weight and bias as convolutions."""
    if transposed or groups != 1 or set(dilation) != {1}:
        raise ExportError("only plain convolutions have their backward pass written as ONNX: no groups, no dilation")
    by_input = by_weight = by_bias = None
    kernel = weight.shape[2:]
    if wanted[0]:
        # the rows and columns that no window of the forward pass reached
        left_out = [
            size - ((out - 1) * step - 2 * pad + k)
            for size, out, step, pad, k in zip(given.shape[2:], grad.shape[2:], stride, padding, kernel, strict=True)
        ]
        by_input = torch.nn.functional.conv_transpose2d(
            grad, weight, stride=stride, padding=padding, output_padding=left_out
        )
    if wanted[1]:
        full = torch.nn.functional.conv2d(
            given.transpose(0, 1), grad.transpose(0, 1), padding=padding, dilation=stride
        ).transpose(0, 1)
        by_weight = full[:, :, : kernel[0], : kernel[1]]
    if wanted[2]:
        by_bias = grad.sum(dim=(0, 2, 3))
    return by_input, by_weight, by_bias


def _max_pool_backward(  # noqa: PLR0913, PLR0917 - the operator's own signature
    grad: torch.Tensor,
    given: torch.Tensor,
    kernel: list[int],
    stride: list[int],
    padding: list[int],
    dilation: list[int],
    _ceil: bool,
    _indices: torch.Tensor,
) -> torch.Tensor:
    """The gradient of a maximum's input: each window's goes to its first largest value, as PyTorch's does."""
    n, channels, height, width = given.shape
    (down, across), (rows, columns) = kernel, grad.shape[2:]
    windows = (stride or kernel) == kernel and (rows * down, columns * across) == (height, width)
    if not windows or any(padding) or set(dilation) != {1}:
        raise ExportError(
            "only a maximum over windows that cover the image, each pixel once, has its backward pass here"
        )
    apart = given.reshape(n, channels, rows, down, columns, across).permute(0, 1, 2, 4, 3, 5)
    largest = apart.reshape(n, channels, rows, columns, down * across).argmax(dim=-1, keepdim=True)
    chosen = (largest == torch.arange(down * across)).to(grad.dtype) * grad[..., None]
    back = chosen.reshape(n, channels, rows, columns, down, across).permute(0, 1, 2, 4, 3, 5)
    return back.reshape(n, channels, height, width)
