"""Modulated convolutions and skip-layer excitation against their formulas; both networks train and count as networks."""

import pytest
import torch
from torch.nn.functional import conv2d

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.networks import ImageShape
from gantlet.training.networks import NETWORKS
from gantlet.training.networks.fastgan import Excitation, _gates
from gantlet.training.networks.stylegan2 import EPSILON, Dense, Modulated


@pytest.mark.parametrize("normed", [True, False])
def test_modulation_is_a_convolution_with_each_images_own_weights(normed: bool) -> None:
    """Karras et al. 2020, Eq. 1 and 3, image by image with explicit weights."""
    torch.manual_seed(0)
    layer = Modulated(3, 5, 3, style=4, normed=normed).double()
    x, w = torch.randn(2, 3, 6, 6, dtype=torch.float64), torch.randn(2, 4, dtype=torch.float64)
    found = layer(x, w)
    for i in range(2):
        weight = layer.weight / (3 * 9) ** 0.5 * layer.style(w)[i][None, :, None, None]
        if normed:
            weight = weight / (weight.square().sum((1, 2, 3), keepdim=True) + EPSILON).sqrt()
        expected = conv2d(x[i : i + 1], weight, padding=1) + layer.bias[:, None, None]
        assert torch.allclose(found[i], expected[0], rtol=1e-10, atol=1e-12)


def test_an_equalised_layer_is_scaled_by_fan_in_and_pace() -> None:
    torch.manual_seed(0)
    layer, plain = Dense(400, 300, pace=0.01), Dense(400, 300)
    x = torch.randn(500, 400)
    assert layer.weight.std() > 90 and plain.weight.std() < 1.1
    assert layer(x).std().item() == pytest.approx(1, abs=0.02) and plain(x).std().item() == pytest.approx(1, abs=0.02)


def test_excitation_gates_channels_by_the_small_map() -> None:
    torch.manual_seed(0)
    layer = Excitation(2, 3)
    small, large = torch.randn(2, 2, 8, 8), torch.randn(2, 3, 16, 16)
    ratio = layer(small, large) / large
    assert (
        torch.allclose(ratio, ratio[:, :, :1, :1].expand_as(ratio), rtol=1e-4)
        and (ratio > 0).all()
        and (ratio < 1).all()
    )
    assert [_gates(times) for times in (1, 3, 4, 5)] == [{}, {0: 3}, {0: 4}, {0: 4, 1: 5}]


@pytest.mark.parametrize("spec", ["stylegan2[width=4,style=8,mapping=2]", "fastgan[width=4,norm=none]"])
@pytest.mark.parametrize("size", [8, 32])
def test_both_players_fit_each_other_and_allow_gradient_penalties(spec: str, size: int) -> None:
    torch.manual_seed(0)
    plan = NETWORKS.build(spec)
    shape = ImageShape(size, 3)
    generator, discriminator = plan.generator(shape, 6, "none", 0), plan.discriminator(shape, "none", 0)
    images = generator(torch.randn(4, 6))
    assert images.shape == (4, 3, size, size)
    images = images.detach().requires_grad_()
    (slope,) = torch.autograd.grad(discriminator(images).logits.sum(), images, create_graph=True)
    slope.square().sum().backward()
    gradients = [p.grad for p in discriminator.parameters() if p.grad is not None]
    assert len(gradients) >= 3 and all(torch.isfinite(g).all() for g in gradients)


@pytest.mark.parametrize(
    "spec", ["stylegan2[width=0]", "stylegan2[mapping=0]", "fastgan[norm=layer]", "fastgan[most=-1]"]
)
def test_wrong_options_are_named(spec: str) -> None:
    with pytest.raises(ConfigError, match="expected"):
        NETWORKS.build(spec)
