"""unet and patch: the paper's layers and sizes, noise, patches, and what each of them cannot do."""

import pytest
import torch
from torch import nn

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.networks import ImageShape
from gantlet.training.networks import NETWORKS


def unet(shape: ImageShape, spec: str = "unet[width=4]") -> nn.Module:
    torch.manual_seed(0)
    made: nn.Module = NETWORKS.build(spec).generator(shape, 6, "none", 0)
    return made


@pytest.mark.parametrize("size", [8, 16, 32, 64, 128])
def test_an_image_of_every_size_from_one_of_the_same(size: int) -> None:
    generator = unet(ImageShape(size, 3, 1))
    made = generator(torch.randn(2, 6), None, torch.rand(2, 1, size, size) * 2 - 1)
    assert made.shape == (2, 3, size, size) and made.abs().max() <= 1
    made.sum().backward()
    assert all(p.grad is not None for p in generator.parameters())
    judge = NETWORKS.build("patch[width=4]").discriminator(ImageShape(size, 4), "none", 0)
    judged = judge(torch.randn(2, 4, size, size))
    assert len(judged.logits) % 2 == 0 and judged.features.shape[0] == 2


def test_48_pixels_do_not_halve_to_one_and_have_patches() -> None:
    with pytest.raises(ConfigError, match="48 pixels halve to 6×6"):
        unet(ImageShape(48, 3, 1))
    judged = NETWORKS.build("patch[width=4]").discriminator(ImageShape(48, 4), "none", 0)(torch.randn(2, 4, 48, 48))
    assert len(judged.logits) % 2 == 0 and len(judged.logits) > 2


def test_the_papers_layers() -> None:
    """Isola et al. 2017, section 6.1.1: C64-C128-C256-C512-… down to 1×1 and CD512-…-C64 up; no norm first and innermost."""
    generator = unet(ImageShape(128, 3, 3), "unet[width=64]")
    down = [m for stage in generator.down for m in stage if isinstance(m, nn.Conv2d)]
    up = [m for m in generator.modules() if isinstance(m, nn.ConvTranspose2d)]
    assert [m.out_channels for m in down] == [64, 128, 256, 512, 512, 512, 512]
    assert [(m.in_channels, m.out_channels) for m in up] == [
        (512, 512), (1024, 512), (1024, 512), (1024, 256), (512, 128), (256, 64), (128, 3),
    ]  # fmt: skip
    assert all((m.kernel_size, m.stride) == ((4, 4), (2, 2)) for m in [*down, *up])
    normed = [any(isinstance(m, nn.BatchNorm2d) for m in stage) for stage in generator.down]
    assert normed == [False, True, True, True, True, True, False]
    assert generator.noisy == 3


def test_noise_is_half_of_the_elements_and_a_function_of_z() -> None:
    generator = unet(ImageShape(16, 1, 1)).eval()
    inputs = torch.rand(1, 1, 16, 16).expand(2, 1, 16, 16)
    z = torch.randn(2, 6)
    first = generator(z, None, inputs)
    assert torch.equal(first, generator(z, None, inputs))
    assert not torch.equal(first[0], first[1])
    kept = (torch.randn(4000, 6) @ generator.directions2 > 0).double()
    # each element is kept with probability ½: 4000 draws, five deviations of √(¼/4000)
    assert (kept.mean(0) - 0.5).abs().max() < 5 * 0.5 / 4000**0.5
    still = unet(ImageShape(16, 1, 1), "unet[width=4,dropout=false]").eval()
    assert torch.equal(*still(z, None, inputs).split(1))


def test_a_patch_sees_its_own_place_alone() -> None:
    """Three halvings see 70×70 pixels (Isola et al. 2017, Section 4.4)."""
    torch.manual_seed(0)
    judge = NETWORKS.build("patch[width=2,norm=none]").discriminator(ImageShape(128, 1), "none", 0)
    images = torch.randn(1, 1, 128, 128, requires_grad=True)
    logits = judge(images).logits
    side = int(len(logits) ** 0.5)
    assert side == 14
    (gradient,) = torch.autograd.grad(logits[side * (side // 2) + side // 2], images)
    rows = gradient[0, 0].abs().sum(1).nonzero().flatten()
    assert int(rows.max() - rows.min()) + 1 == 70


def test_a_patch_network_has_norm_but_on_its_first_and_last_layer() -> None:
    judge = NETWORKS.build("patch[width=64]").discriminator(ImageShape(64, 6), "none", 0)
    assert [m.num_features for m in judge.modules() if isinstance(m, nn.BatchNorm2d)] == [128, 256, 512]
    assert not any(
        isinstance(m, nn.BatchNorm2d)
        for m in NETWORKS.build("patch[norm=none]").discriminator(ImageShape(8, 2), "none", 0).modules()
    )


@pytest.mark.parametrize("spec", ["unet[width=0]", "patch[width=0]", "patch[layers=-1]", "patch[norm=layer]"])
def test_options_out_of_range(spec: str) -> None:
    with pytest.raises(ConfigError):
        NETWORKS.build(spec)


def test_what_they_cannot_do() -> None:
    one, pair = ImageShape(8, 1), ImageShape(8, 1, 1)
    with pytest.raises(ConfigError, match="takes no labels"):
        NETWORKS.build("unet").generator(pair, 6, "concat", 3)
    with pytest.raises(ConfigError, match="there are none"):
        NETWORKS.build("unet").generator(one, 6, "none", 0)
    with pytest.raises(ConfigError, match="a generator alone"):
        NETWORKS.build("unet").discriminator(one, "none", 0)
    with pytest.raises(ConfigError, match="a discriminator alone"):
        NETWORKS.build("patch").generator(one, 6, "none", 0)
    with pytest.raises(ConfigError, match="takes no labels"):
        NETWORKS.build("patch").discriminator(one, "projection", 3)
    with pytest.raises(ConfigError, match="layers ≤ 1"):
        NETWORKS.build("patch[layers=2]").discriminator(one, "none", 0)
    with pytest.raises(ConfigError, match="8, 16, 32, 48, 64 or 128"):
        NETWORKS.build("unet").generator(ImageShape(28, 1, 1), 6, "none", 0)
