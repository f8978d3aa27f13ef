"""Networks as ONNX graphs with a free batch axis, and their execution by ONNX Runtime."""

import io
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

OPSET = 17
Arrays = Sequence[np.ndarray]


def to_onnx(network: nn.Module, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> bytes:
    """Return ``network``, which returns a tensor, a tuple or a dictionary of tensors, as an ONNX model.

    Args: inputs: an example of each input by name, in the order of the network's arguments, first axis the batch;
    outputs: names. The model is the network in evaluation mode; the batch axis is free.
    """
    buffer: Any = io.BytesIO()  # a file-like object works, although the annotation allows paths only
    free = {name: {0: "batch"} for name in (*inputs, *outputs)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer warns of Python numbers that are constants here: the image's side
        torch.onnx.export(
            _Tuple(network).eval(), tuple(inputs.values()), buffer, dynamo=False, opset_version=OPSET,
            input_names=list(inputs), output_names=list(outputs), dynamic_axes=free,
        )  # fmt: skip
    return buffer.getvalue()


class _Tuple(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...] | Tensor:
        outputs = self.network(*inputs)
        return tuple(outputs.values()) if isinstance(outputs, dict) else outputs


def onnx_runtime(model: bytes) -> Callable[[Mapping[str, np.ndarray]], Arrays]:
    """Return a function from named inputs to the model's outputs, on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return lambda inputs: session.run(None, dict(inputs))
