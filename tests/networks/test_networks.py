"""Every network: shapes for all sizes, channels and conditionings; labels matter; what the papers say about each."""

import numpy as np
import pytest
import torch
from scipy.signal import upfirdn
from torch import nn

from gantlet.errors import ConfigError
from gantlet.networks import CONDITIONING, NETWORKS
from gantlet.networks.interface import ImageShape
from gantlet.networks.r3gan import double, halve

SPECS = ["dcgan[width=4]", "dcgan[width=4,norm=none]", "r3gan[width=4,group_width=4]"]
CONDITIONINGS = ["none", *CONDITIONING.names()]


def pair(spec: str, shape: ImageShape, conditioning: str, n_classes: int) -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    network = NETWORKS.build(spec)
    return network.generator(shape, 6, conditioning, n_classes), network.discriminator(shape, conditioning, n_classes)


def test_every_network_is_tried_here() -> None:
    assert {spec.partition("[")[0] for spec in SPECS} == set(NETWORKS.names())


@pytest.mark.parametrize("conditioning", CONDITIONINGS)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [8, 16, 32, 64])
@pytest.mark.parametrize("spec", SPECS)
def test_shapes_and_range(spec: str, size: int, channels: int, conditioning: str) -> None:
    n_classes = 0 if conditioning == "none" else 4
    generator, discriminator = pair(spec, ImageShape(size, channels), conditioning, n_classes)
    labels = torch.tensor([0, 1, 3]) if n_classes else None
    images = generator(torch.randn(3, 6), labels)
    assert images.shape == (3, channels, size, size)
    assert images.abs().max() <= 1
    judged = discriminator(images, labels)
    assert judged.logits.shape == (3,)
    assert judged.features.shape[0] == 3
    assert judged.class_logits is None
    judged.logits.sum().backward()
    unused = [name for name, p in [*generator.named_parameters(), *discriminator.named_parameters()] if p.grad is None]
    assert unused == []


@pytest.mark.parametrize("conditioning", CONDITIONING.names())
@pytest.mark.parametrize("spec", SPECS)
def test_labels_change_images_and_logits(spec: str, conditioning: str) -> None:
    generator, discriminator = pair(spec, ImageShape(16, 1), conditioning, 3)
    generator.eval()
    discriminator.eval()
    z = torch.randn(1, 6).expand(3, 6)
    images = generator(z, torch.tensor([0, 1, 2]))
    assert (images[0] - images[1]).abs().max() > 1e-6
    one = torch.rand(1, 1, 16, 16).expand(3, 1, 16, 16) * 2 - 1
    logits = discriminator(one, torch.tensor([0, 1, 2])).logits
    assert len({round(v, 7) for v in logits.tolist()}) == 3


@pytest.mark.parametrize("spec", SPECS)
def test_without_conditioning_labels_do_not_matter(spec: str) -> None:
    generator, _ = pair(spec, ImageShape(8, 1), "none", 0)
    generator.eval()
    z = torch.randn(2, 6)
    assert torch.equal(generator(z, torch.tensor([0, 1])), generator(z, None))


def test_projection_is_the_papers_formula() -> None:
    _, discriminator = pair("dcgan[width=4,norm=none]", ImageShape(8, 1), "projection", 3)
    labels = torch.tensor([2, 0])
    judged = discriminator(torch.rand(2, 1, 8, 8), labels)
    head = discriminator.head
    expected = (
        judged.features @ head.linear.weight[0]
        + head.linear.bias
        + (judged.features * head.embedding.weight[labels]).sum(1)
    )
    torch.testing.assert_close(judged.logits, expected)


def test_dcgan_has_batch_norm_where_the_paper_has_it_and_its_initial_weights() -> None:
    generator, discriminator = pair("dcgan[width=64]", ImageShape(64, 3), "none", 0)
    norms = [m.num_features for m in discriminator.modules() if isinstance(m, nn.BatchNorm2d)]
    assert norms == [128, 256, 512]
    assert [m.num_features for m in generator.modules() if isinstance(m, nn.BatchNorm2d)] == [512, 256, 128, 64]
    kernels = [m for m in discriminator.modules() if isinstance(m, nn.Conv2d)]
    assert all(k.kernel_size == (4, 4) and k.stride == (2, 2) for k in kernels)
    # 512·256·16 draws: the sample deviation is within 0.02·(1 ± 3/√(2·2e6)) < 0.1 %
    assert float(kernels[-1].weight.detach().std()) == pytest.approx(0.02, rel=2e-3)
    assert not any(
        isinstance(m, nn.BatchNorm2d) for m in pair("dcgan[norm=none]", ImageShape(32, 1), "none", 0)[1].modules()
    )


def test_r3gan_has_no_norm_and_its_residual_branches_start_at_zero() -> None:
    for network in pair("r3gan", ImageShape(32, 1), "none", 0):
        assert not any(isinstance(m, (nn.BatchNorm2d, nn.GroupNorm, nn.LayerNorm)) for m in network.modules())
        for stage in network.stages:
            x = torch.randn(2, stage[0].expand.in_channels, 4, 4)
            assert torch.equal(stage(x), x)


def test_resampling_is_upfirdn_by_one_two_one() -> None:
    line = np.random.default_rng(0).normal(size=(2, 3, 8, 8))
    images = torch.from_numpy(line)
    kernel = np.array([1.0, 2.0, 1.0])

    def along(x: np.ndarray, axis: int, up: int, down: int, gain: float) -> np.ndarray:
        y = upfirdn(kernel * gain, x, up=up, down=down, axis=axis) if up > 1 else upfirdn(kernel * gain, x, axis=axis)
        picked = np.arange(1, 1 + x.shape[axis] * up, down) if up > 1 else np.arange(1, 1 + x.shape[axis], down)
        return np.take(y, picked, axis=axis)

    # float64, sums of nine products: 1e-14
    np.testing.assert_allclose(halve(images).numpy(), along(along(line, 2, 1, 2, 0.25), 3, 1, 2, 0.25), atol=1e-14)
    np.testing.assert_allclose(double(images).numpy(), along(along(line, 2, 2, 1, 0.5), 3, 2, 1, 0.5), atol=1e-14)


@pytest.mark.parametrize(
    "spec", ["dcgan[norm=layer]", "dcgan[width=0]", "r3gan[blocks=0]", "r3gan[width=5]", "r3gan[most=4]"]
)
def test_refuses_options_out_of_range(spec: str) -> None:
    with pytest.raises(ConfigError):
        NETWORKS.build(spec)


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("shape", [ImageShape(28, 1), ImageShape(32, 4)])
def test_refuses_shapes_it_has_no_network_for(spec: str, shape: ImageShape) -> None:
    with pytest.raises(ConfigError, match="8, 16, 32 or 64"):
        pair(spec, shape, "none", 0)


@pytest.mark.parametrize("conditioning", CONDITIONING.names())
def test_conditioning_needs_classes(conditioning: str) -> None:
    with pytest.raises(ConfigError, match="needs labels"):
        pair("dcgan", ImageShape(8, 1), conditioning, 0)
    with pytest.raises(ConfigError, match="dim"):
        CONDITIONING.build(f"{conditioning}[dim=0]")
