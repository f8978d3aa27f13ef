"""The untrained network: seeded, scaled as its initialisation says."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from gantlet.core.errors import ConfigError
from gantlet.core.numerics.feature_maps import random_network
from gantlet.evaluation.features.build import build_extractor

BATCH = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)


def test_seeds_decide_weights_features_and_identity() -> None:
    first, again, other = (build_extractor(f"random-conv[seed={seed}]") for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.extract(BATCH)[0], again.extract(BATCH)[0])
    assert first.identity == again.identity
    assert first.identity["weights_sha256"] != other.identity["weights_sha256"]
    assert not np.allclose(first.extract(BATCH)[0], other.extract(BATCH)[0])


def test_the_first_layers_written_out() -> None:
    network = random_network(8, 1, 3, seed=4)
    convs = [layer for layer in network if isinstance(layer, nn.Conv2d)]
    linear = network[-1]
    assert isinstance(linear, nn.Linear)
    x = torch.rand(2, 1, 8, 8)
    y = functional.avg_pool2d(functional.conv2d(x, convs[0].weight, padding=1).relu(), 2)
    y = functional.conv2d(y, convs[1].weight, padding=1).relu()
    assert y.shape == (2, 64, 4, 4)
    torch.testing.assert_close(network(x), functional.linear(y.flatten(1), linear.weight))
    # the variance 2/fan_in of 64·4·4·3 weights; its estimate's relative standard error is √(2/3072) = 0.026
    assert abs(linear.weight.var().item() / (2 / (64 * 16)) - 1) < 4 * 0.026


@pytest.mark.parametrize(("size", "channels", "dim"), [(8, 1, 2), (16, 3, 100), (64, 3, 64)])
def test_sizes_gray_and_batches(size: int, channels: int, dim: int) -> None:
    extractor = build_extractor(f"random-conv[size={size},channels={channels},dim={dim}]")
    batch = np.stack([extractor.prepare(image) for image in (BATCH[0], BATCH[1, :20, :, :1], BATCH[2])])
    features, probabilities = extractor.extract(batch)
    assert features.shape == (3, dim)
    assert extractor.dim == dim
    assert probabilities is None
    np.testing.assert_allclose(extractor.extract(batch[1:2])[0], features[1:2], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("wrong", ["size=20", "channels=2", "dim=1", "seed=-1"])
def test_options_out_of_range(wrong: str) -> None:
    with pytest.raises(ConfigError, match=r"expected size 8, 16, 32 or 64"):
        build_extractor(f"random-conv[{wrong}]")
