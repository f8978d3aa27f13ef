"""Batches from other libraries: every floating-point type, lists, and what is refused in one sentence."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gantlet.core.errors import DataError
from gantlet.data.opening import open_source
from gantlet.data.tensors import as_array, pixels

BYTES = np.random.default_rng(0).integers(0, 256, (6, 5, 7, 3), dtype=np.uint8)
TENSOR = torch.from_numpy(BYTES).permute(0, 3, 1, 2)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn])
def test_every_float_is_read_by_its_value(dtype: torch.dtype) -> None:
    batch = (TENSOR.double() / 255).to(dtype)
    expected = np.rint(batch.double().numpy() * 255).transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(pixels(batch, "unit"), expected)
    np.testing.assert_array_equal(pixels(batch.float().requires_grad_().to(dtype), "unit"), expected)


@pytest.mark.parametrize(
    "batch",
    [
        list(TENSOR),
        tuple(TENSOR),
        [TENSOR[:2], TENSOR[2:]],
        [TENSOR[i : i + 1] for i in range(6)],
        list(BYTES),
        [BYTES[:5], BYTES[5:]],
        BYTES.tolist(),
    ],
)
def test_lists_are_one_batch(batch: Any) -> None:
    if isinstance(batch[0], list):
        batch = np.array(batch, np.uint8)
    np.testing.assert_array_equal(pixels(batch), BYTES)


def test_lists_of_gray_planes_and_of_bfloat16() -> None:
    gray = torch.from_numpy(BYTES[..., 0].copy())
    np.testing.assert_array_equal(pixels(list(gray))[..., 0], BYTES[..., 0])
    halves = [(image / 255).bfloat16() for image in TENSOR]
    np.testing.assert_array_equal(pixels(halves, "unit"), pixels(torch.stack(halves), "unit"))


@pytest.mark.parametrize(
    ("batch", "reason"),
    [
        (np.zeros((6, 5, 7, 4), np.uint8), r"\(6, 5, 7, 4\) has 4 channels, as RGBA has; composite"),
        (np.zeros((6, 4, 5, 7), np.float32), "4 channels, as RGBA has"),
        (torch.zeros(6, 4, 5, 7), "4 channels, as RGBA has"),
        (torch.zeros(6, 2, 5, 7), "2 channels, as gray with alpha has"),
        ([torch.zeros(3, 5, 7), torch.zeros(3, 5, 8)], r"shapes \(3, 5, 7\) and \(3, 5, 8\); expected one shape"),
        ([torch.zeros(2, 3, 5, 7), torch.zeros(3, 5, 7)], "expected one shape"),
        ([[1, 2], [3]], "list cannot be read as one array"),
        (torch.zeros(6, 3, 5, 7).to_sparse(), "layout torch.sparse_coo cannot be read"),
        (torch.zeros(6, 3, 5, 7, dtype=torch.complex64), "complex64 cannot be read"),
        ([], r"shape \(0,\)"),
        (torch.zeros(3, 5, 7), r"\(3, 5, 7\) is not NCHW"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(batch: Any, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        pixels(batch, "unit")


def test_four_images_of_one_channel_are_no_alpha() -> None:
    assert pixels(np.zeros((4, 4, 4, 1), np.uint8)).shape == (4, 4, 4, 1)
    assert pixels(torch.zeros(4, 1, 4, 4), "unit").shape == (4, 4, 4, 1)
    assert pixels(np.zeros((4, 4, 4), np.uint8)).shape == (4, 4, 4, 1)


def test_labels_of_any_type() -> None:
    np.testing.assert_array_equal(as_array([torch.tensor(3), torch.tensor(1)]), [3, 1])
    np.testing.assert_array_equal(as_array(torch.tensor([3, 1]).bfloat16()), [3, 1])


def test_a_function_may_return_tensors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_tensors.py").write_text(
        "import torch\n"
        "def grad(n, seed): return torch.full((n, 3, 4, 5), .5, requires_grad=True)\n"
        "def half(n, seed): return torch.full((n, 3, 4, 5), .5).bfloat16()\n"
        "def parts(n, seed): return [torch.full((3, 4, 5), .5) for _ in range(n)]\n"
        "def alpha(n, seed): return torch.full((n, 4, 6, 5), .5)\n"
        "def ragged(n, seed): return [torch.full((3, 4, 5 + i), .5) for i in range(n)]\n"
    )
    for name in ("grad", "half", "parts"):
        assert (open_source(f"own_tensors:{name}", n=3).read(2) == 128).all()
    with pytest.raises(DataError, match=r"own_tensors:alpha: .* RGBA"):
        open_source("own_tensors:alpha", n=3)
    with pytest.raises(DataError, match="own_tensors:ragged returned list, which is not an array: a list of items"):
        open_source("own_tensors:ragged", n=3)
