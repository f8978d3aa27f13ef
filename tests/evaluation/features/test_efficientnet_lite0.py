"""EfficientNet-Lite0 against the golden values and against plain, unfolded arithmetic."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from gantlet.evaluation.features.build import build_extractor
from gantlet.evaluation.features.efficientnet_network import BATCH_NORM_EPSILON, FoldedConv, blocks

EXTRACTOR = build_extractor("efficientnet-lite0")


@pytest.mark.shared
def test_the_golden_values(shared: Path) -> None:
    golden = np.load(shared / "golden/efficientnet_lite0.npz")
    features, probabilities = EXTRACTOR.extract(golden["input_u8"])
    # float32 against float64 differs by 4e-6 in the features (measured where the golden file was made); 1e-4 is the bar
    np.testing.assert_allclose(features, golden["features"], atol=1e-4, rtol=0)
    assert probabilities is not None
    expected = torch.from_numpy(golden["logits"]).softmax(dim=1).numpy()
    np.testing.assert_allclose(probabilities, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("kernel", "stride", "side"), [(3, 1, 8), (3, 2, 8), (5, 2, 8), (5, 2, 7), (3, 2, 9), (5, 1, 5)]
)
def test_a_folded_convolution_is_same_padding_batch_norm_and_relu6(kernel: int, stride: int, side: int) -> None:
    chance = torch.Generator().manual_seed(0)
    state = {"c.weight": torch.randn(4, 1, kernel, kernel, generator=chance)}
    for name in ("weight", "bias", "running_mean", "running_var"):
        state[f"n.{name}"] = torch.rand(4, generator=chance) + 0.1
    x = torch.randn(2, 4, side, side, generator=chance)
    out = -(-side // stride)  # TensorFlow's SAME: ⌈side/stride⌉ outputs, the odd pixel of padding after
    total = max((out - 1) * stride + kernel - side, 0)
    padded = functional.pad(x, (total // 2, total - total // 2) * 2)
    plain = functional.conv2d(padded, state["c.weight"], stride=stride, groups=4)
    mean, var, gamma, beta = (state[f"n.{name}"] for name in ("running_mean", "running_var", "weight", "bias"))
    expected = functional.batch_norm(plain, mean, var, gamma, beta, eps=BATCH_NORM_EPSILON).clamp(0, 6)
    # float32 sums of at most 25 terms of size ~1: rounding below 25·6e-8·10
    torch.testing.assert_close(FoldedConv(state, "c", "n", stride=stride, groups=4)(x), expected, atol=2e-5, rtol=1e-5)


def test_the_published_number_of_weights() -> None:
    network = EXTRACTOR._network  # type: ignore[attr-defined]
    folded = sum(buffer.numel() for buffer in network.buffers())
    # 4,652,008 parameters; folding turns γ and β (2 a channel) into one bias: 42,016 statistics = 2 a channel
    assert folded == 4_652_008 - 42_016 // 2
    assert len(blocks()) == 16


@pytest.mark.parametrize("shape", [(1, 1, 1), (7, 400, 3), (300, 9, 3), (8, 8, 1), (500, 335, 3)])
def test_every_size_is_brought_to_224_rgb(shape: tuple[int, int, int]) -> None:
    prepared = EXTRACTOR.prepare(np.full(shape, 99, np.uint8))
    assert prepared.shape == (224, 224, 3)
    assert set(np.unique(prepared)) == {99}


def test_the_crop_is_googles() -> None:
    image = np.zeros((101, 160, 3), np.uint8)
    side = int(224 / 256 * 101)
    top, left = (101 - side + 1) // 2, (160 - side + 1) // 2
    image[top : top + side, left : left + side] = 255
    assert EXTRACTOR.prepare(image).min() == 255


def test_features_do_not_depend_on_the_batch() -> None:
    batch = np.random.default_rng(0).integers(0, 256, (3, 224, 224, 3), dtype=np.uint8)
    together = EXTRACTOR.extract(batch)[0]
    alone = np.concatenate([EXTRACTOR.extract(batch[i : i + 1])[0] for i in range(3)])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert together.min() >= 0
    assert together.dtype == np.float32
