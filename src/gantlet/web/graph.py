"""Which ONNX models the page can run: its operators are read from its scripts, so that no second list can differ."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from gantlet.core.words import counted

ASSETS = Path(__file__).parent / "assets"
RUNTIME = ("onnx.js", "gemm.js", "operators.js", "products.js")
"""The scripts that read and run a model, in their order."""
NUMBERS = (1, 6, 7, 9)
"""Element types of ONNX that they read: float32, int32, int64, bool."""
KERNELS = ("Conv", "ConvTranspose")
"""Operators that are written for kernels of two axes."""
ONLY: dict[str, dict[str, Any]] = {
    "Resize": {"mode": b"nearest", "coordinate_transformation_mode": b"asymmetric", "nearest_mode": b"floor"},
    "Conv": {"auto_pad": b"NOTSET"},
    "ConvTranspose": {"auto_pad": b"NOTSET"},
    "BatchNormalization": {"training_mode": 0},
    "Gemm": {"transA": 0},
    "Mod": {"fmod": 0},
    "Reshape": {"allowzero": 0},
}
"""Attributes that have one value there."""
UNSAID = {"coordinate_transformation_mode": b"half_pixel", "nearest_mode": b"round_prefer_floor"}
"""Their values in a model that does not give them, where these are others."""


@cache
def known_operators() -> frozenset[str]:
    """Return the names of ONNX's operators that the page's scripts define."""
    text = "\n".join((ASSETS / name).read_text(encoding="utf-8") for name in RUNTIME)
    return frozenset(re.findall(r"^operators\.(\w+) =", text, re.MULTILINE))


def unknown_part(model: bytes) -> str | None:
    """Return what of an ONNX model the page cannot run, in words ("the operator ScatterND"); None: nothing.

    Checked are operators, the attributes in ``ONLY``, element types, and the number of axes of kernels. Needs the package onnx.
    """
    import onnx

    graph = onnx.load_from_string(model).graph
    return next(_unknown_parts(graph), None)


def _unknown_parts(graph: Any) -> Iterator[str]:
    import onnx

    axes = {weight.name: len(weight.dims) - 2 for weight in graph.initializer}
    tensors = list(graph.initializer)
    for node in graph.node:
        given = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}
        if node.op_type not in known_operators() or node.domain not in ("", "ai.onnx"):
            yield f"the operator {node.op_type}"
        if node.op_type in KERNELS and axes.get(node.input[1], 2) != 2:
            yield f"the operator {node.op_type} with {counted(axes[node.input[1]], 'axis')}"
        for name, only in ONLY.get(node.op_type, {}).items():
            value = given.get(name, UNSAID.get(name, only))
            if value != only:
                yield f"the operator {node.op_type} with {name} = {value.decode() if isinstance(value, bytes) else value}"
        if node.op_type == "Constant":
            if "value" not in given:
                yield f"the operator Constant with {', '.join(given)}"
            tensors.append(given.get("value", onnx.TensorProto(data_type=NUMBERS[0])))
        if node.op_type == "Cast" and given["to"] not in NUMBERS:
            yield f"numbers of the type {onnx.TensorProto.DataType.Name(given['to'])}"
    for tensor in tensors:
        if tensor.data_type not in NUMBERS:
            yield f"numbers of the type {onnx.TensorProto.DataType.Name(tensor.data_type)}"
