"""Networks as ONNX graphs with a free batch axis, and their execution by ONNX Runtime."""

import copy
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
            _Tuple(_with_plain_weights(network)).eval(), tuple(inputs.values()), buffer, dynamo=False, opset_version=OPSET,
            input_names=list(inputs), output_names=list(outputs), dynamic_axes=free,
        )  # fmt: skip
    return buffer.getvalue()


def _with_plain_weights(network: nn.Module) -> nn.Module:
    """Return the network, or a copy whose parametrised weights are replaced by their values in evaluation mode."""
    from torch.nn.utils import parametrize

    if not any(parametrize.is_parametrized(module) for module in network.modules()):
        return network
    plain = copy.deepcopy(network).eval()
    for module in list(plain.modules()):
        if parametrize.is_parametrized(module):
            made: type = type(
                module
            )  # a copy shares the class that torch made for the original, and removal changes it
            own = {name: value for name, value in vars(made).items() if name not in ("__dict__", "__weakref__")}
            module.__class__ = type(made.__name__, made.__bases__, own)
            for name in list(module.parametrizations):  # type: ignore[arg-type]
                parametrize.remove_parametrizations(module, name, leave_parametrized=True)
    return plain


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
