"""r3gan in the authors' form: layers, label path and first weights, counted and written out."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.networks import ImageShape
from gantlet.training.networks import NETWORKS
from gantlet.training.recipes import loading

PAPER = "r3gan[width=768,most=768,blocks=2,top=2]"


def test_the_papers_networks_have_the_authors_layers() -> None:
    """Huang et al.'s CIFAR-10 run: four stages of two blocks of 768 channels, 96 groups; nothing but them, 1×1 to and from RGB."""
    network = NETWORKS.build(PAPER)
    with torch.device("meta"):
        G = network.generator(ImageShape(32, 3), 64, "projection[dim=64]", 10)
        D = network.discriminator(ImageShape(32, 3), "projection[dim=64]", 10)
    inner = 2 * 768
    block = 768 * inner + inner + inner * (inner // 96) * 9 + inner + inner * 768
    stages, image, basis = 8 * block, 3 * 768, 768 * 16
    labels = (10 * 64, 10 * 768)
    assert sum(p.numel() for p in G.parameters()) == stages + image + basis + 128 * 768 + labels[0]
    assert sum(p.numel() for p in D.parameters()) == stages + image + basis + 768 * 768 + labels[1]
    for player in (G, D):
        assert player.image.kernel_size == (1, 1) and player.image.bias is None
        assert not [m for m in player.modules() if isinstance(m, (nn.Tanh, nn.LeakyReLU))]
        assert not [m for m in player.modules() if isinstance(m, nn.Conv2d) and m.kernel_size == (1, 1)
                    and m.in_channels == m.out_channels]  # fmt: skip


def test_the_ends_are_linear_in_the_image() -> None:
    """Before training the residual branches are 0: G is then linear in z, and D without bias linear in the image."""
    torch.manual_seed(0)
    network = NETWORKS.build("r3gan[width=16]")
    G = network.generator(ImageShape(16, 3), 5, "none", 0).double()
    D = network.discriminator(ImageShape(16, 3), "none", 0).double()
    z, x = torch.randn(2, 5, dtype=torch.float64), torch.randn(2, 3, 16, 16, dtype=torch.float64)
    torch.testing.assert_close(G(7 * z), 7 * G(z), rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(D(-3 * x).logits, -3 * D(x).logits, rtol=1e-10, atol=1e-10)


def test_labels_enter_as_in_the_authors_code() -> None:
    torch.manual_seed(0)
    network = NETWORKS.build("r3gan[width=64]")
    G = network.generator(ImageShape(8, 1), 6, "projection[dim=400]", 50)
    D = network.discriminator(ImageShape(8, 1), "projection[dim=400]", 50)
    x, labels = torch.randn(4, 1, 8, 8), torch.tensor([3, 0, 49, 3])
    said = D(x, labels)
    A, e = D.head.linear.weight.detach().numpy(), D.head.embedding.weight.detach().numpy()
    expected = [e[y] @ A @ phi for y, phi in zip(labels.tolist(), said.features.detach().numpy(), strict=True)]
    np.testing.assert_allclose(said.logits.detach().numpy(), expected, rtol=1e-4, atol=1e-5)
    # 20,000 and 6,400 normal numbers: the standard deviation is known to a hundredth (5 of its own deviations: .025, .045)
    assert float(G.label.embedding.weight.detach().std()) == pytest.approx(50**-0.5, rel=0.05)
    assert float(D.head.embedding.weight.detach().std()) == pytest.approx((50 * 128) ** -0.5, rel=0.05)
    assert float(D.head.linear.weight.detach().std()) == pytest.approx(128**-0.5, rel=0.05)


def test_without_blocks_at_the_images_size_its_kernels_are_three_wide() -> None:
    for spec, kernel in (("r3gan[top=0]", 3), ("r3gan[top=0,image=1]", 1), ("r3gan", 1), ("r3gan[image=3]", 3)):
        G = NETWORKS.build(spec).generator(ImageShape(8, 1), 4, "none", 0)
        assert G.image.kernel_size == (kernel, kernel)
        assert isinstance(G.end, nn.Tanh) == (kernel == 3) == (G.image.bias is not None)
    with pytest.raises(ConfigError, match="image 0, 1 or 3"):
        NETWORKS.build("r3gan[image=2]")


def test_the_recipes_schedules_are_those_of_the_authors() -> None:
    paper = loading.load("r3gan", "paper")
    seen = 20_000_000
    assert paper.steps * paper.batch == pytest.approx(seen, rel=1e-4)
    for penalty in ("r1", "r2"):
        assert f"{penalty}[gamma=0.05,end=0.005,over={seen}]" in paper.penalties
    assert (paper.beta2, paper.beta2_to, paper.decay, paper.decay_to) == (0.9, 0.99, "cosine", 0.25)
    assert paper.network == PAPER and math.isclose(paper.lr_generator, 2e-4)
    assert any(t.startswith("ada[") and t.endswith(f"over={seen},end=0.55]") for t in paper.techniques)
    assert f"ema[half_life=5000000,over={seen}]" in paper.techniques
