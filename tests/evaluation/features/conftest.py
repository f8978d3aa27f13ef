"""Random weights of Inception v3 in the published names and shapes, made by code."""

import zlib

import numpy as np
import pytest
import torch

_FIVE = {"branch1x1": (64, 1, 1), "branch5x5_1": (48, 1, 1), "branch5x5_2": (64, 5, 5), "branch3x3dbl_1": (64, 1, 1)}
_FIVE |= {"branch3x3dbl_2": (96, 3, 3), "branch3x3dbl_3": (96, 3, 3)}
_WIDE = {"branch1x1": (320, 1, 1), "branch3x3_1": (384, 1, 1), "branch3x3_2a": (384, 1, 3), "branch3x3_2b": (384, 3, 1)}
_WIDE |= {"branch3x3dbl_1": (448, 1, 1), "branch3x3dbl_2": (384, 3, 3), "branch3x3dbl_3a": (384, 1, 3)}
_WIDE |= {"branch3x3dbl_3b": (384, 3, 1), "branch_pool": (192, 1, 1)}
_STEM = {
    "1a_3x3": (3, 32, 3),
    "2a_3x3": (32, 32, 3),
    "2b_3x3": (32, 64, 3),
    "3b_1x1": (64, 80, 1),
    "4a_3x3": (80, 192, 3),
}


def _seven(width: int) -> dict[str, tuple[int, int, int]]:
    block = {"branch1x1": (192, 1, 1), "branch_pool": (192, 1, 1)}
    for branch, kernels in {"branch7x7": [1, 17, 71], "branch7x7dbl": [1, 71, 17, 71, 17]}.items():
        for i, kernel in enumerate(kernels, 1):
            height, width_of_kernel = {1: (1, 1), 17: (1, 7), 71: (7, 1)}[kernel]
            block[f"{branch}_{i}"] = (192 if i == len(kernels) else width, height, width_of_kernel)
    return block


def _blocks() -> dict[str, tuple[int, dict[str, tuple[int, int, int]]]]:
    """Return every block's input channels and its convolutions: (output channels, kernel height, kernel width)."""
    double = {"branch3x3dbl_1": (64, 1, 1), "branch3x3dbl_2": (96, 3, 3), "branch3x3dbl_3": (96, 3, 3)}
    blocks = {
        f"Mixed_5{x}": (into, {**_FIVE, "branch_pool": (pool, 1, 1)})
        for x, into, pool in (("b", 192, 32), ("c", 256, 64), ("d", 288, 64))
    }
    blocks["Mixed_6a"] = (288, {"branch3x3": (384, 3, 3), **double})
    blocks |= {f"Mixed_6{x}": (768, _seven(width)) for x, width in zip("bcde", (128, 160, 160, 192), strict=True)}
    long = {"branch7x7x3_1": (192, 1, 1), "branch7x7x3_2": (192, 1, 7), "branch7x7x3_3": (192, 7, 1)}
    three = {"branch3x3_1": (192, 1, 1), "branch3x3_2": (320, 3, 3)}
    blocks["Mixed_7a"] = (768, {**three, **long, "branch7x7x3_4": (192, 3, 3)})
    return blocks | {"Mixed_7b": (1280, _WIDE), "Mixed_7c": (2048, _WIDE)}


def inception_shapes() -> dict[str, list[int]]:
    """Return the 566 names and shapes of the published file."""
    convolutions = {f"Conv2d_{name}": [out, into, k, k] for name, (into, out, k) in _STEM.items()}
    for block, (into, parts) in _blocks().items():
        widths = {name: out for name, (out, _, _) in parts.items()}
        for name, (out, height, width) in parts.items():
            before = name.rstrip("ab")[:-1] + str(int(name.rstrip("ab")[-1]) - 1) if "_" in name[-3:] else ""
            convolutions[f"{block}.{name}"] = [out, widths.get(before, into), height, width]
    shapes: dict[str, list[int]] = {}
    for name, shape in convolutions.items():
        shapes[f"{name}.conv.weight"] = shape
        shapes |= {f"{name}.bn.{part}": shape[:1] for part in ("weight", "bias", "running_mean", "running_var")}
        shapes[f"{name}.bn.num_batches_tracked"] = []
    return {**shapes, "fc.weight": [1008, 2048], "fc.bias": [1008]}


def _value(name: str, shape: list[int]) -> torch.Tensor:
    z = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(shape)
    scaled = {
        "conv.weight": lambda: z * np.sqrt(2 / np.prod(shape[1:])),
        "bn.weight": lambda: 1 + 0.1 * z,
        "running_var": lambda: 1 + 0.1 * np.abs(z),
        "fc.weight": lambda: 0.05 * z,
        "num_batches_tracked": lambda: np.zeros(shape),
    }
    value = next((make() for end, make in scaled.items() if name.endswith(end)), 0.1 * z)
    return torch.from_numpy(np.asarray(value, np.float32))


@pytest.fixture(scope="session")
def inception_state() -> dict[str, torch.Tensor]:
    """Return random weights, the same ones everywhere."""
    return {name: _value(name, shape) for name, shape in inception_shapes().items()}
