"""virtual-batch-norm against pooled statistics written out; an example's image depends on nobody but the reference."""

import numpy as np
import pytest
import torch
from torch import nn

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.networks import ImageShape
from gantlet.training.networks import NETWORKS
from gantlet.training.techniques import TECHNIQUES
from gantlet.training.techniques.virtual_batch_norm import VirtualNorm


@pytest.mark.parametrize("plane", [(3, 2), ()])
def test_each_row_is_normalised_with_the_reference_and_itself(plane: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(2.0, 3.0, size=(7, 4, *plane))
    old = (nn.BatchNorm2d if plane else nn.BatchNorm1d)(4).double()
    nn.init.normal_(old.weight)
    nn.init.normal_(old.bias)
    layer = VirtualNorm(old, 5)
    found = layer(torch.from_numpy(x)).detach().numpy()
    gain, bias = old.weight.detach().numpy(), old.bias.detach().numpy()
    for i in range(7):
        group = x[:5] if i < 5 else np.concatenate([x[:5], x[i : i + 1]])
        for c in range(4):
            normal = (x[i, c] - group[:, c].mean()) / np.sqrt(group[:, c].var() + 1e-5)
            np.testing.assert_allclose(found[i, c], gain[c] * normal + bias[c], atol=1e-12)


@pytest.mark.parametrize("conditioning", ["none", "concat", "conditional-batch-norm"])
def test_an_image_does_not_depend_on_its_batch(conditioning: str) -> None:
    torch.manual_seed(0)
    n_classes = 0 if conditioning == "none" else 3
    plain = NETWORKS.build("dcgan[width=4]").generator(ImageShape(16, 1), 6, conditioning, n_classes)
    generator = TECHNIQUES.build("virtual-batch-norm[n=4]").alter(plain, 6, n_classes, lambda: plain)
    assert not any(isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d)) for m in generator.modules())
    z, labels = torch.randn(3, 6), torch.tensor([0, 2, 1]) if n_classes else None
    together = generator(z, labels)
    assert together.shape == (3, 1, 16, 16)
    # float32 convolutions of different batch sizes sum in another order
    alone = generator(z[:1], labels[:1] if n_classes else None)
    torch.testing.assert_close(together[:1], alone, atol=1e-5, rtol=0)
    generator.eval()
    torch.testing.assert_close(generator(z, labels), together, atol=1e-6, rtol=0)


def test_refuses_a_generator_without_batch_norm_and_one_example() -> None:
    with pytest.raises(ConfigError, match="this generator has none"):
        generator = NETWORKS.build("mlp[width=4]").generator(ImageShape(8, 1), 6, "none", 0)
        TECHNIQUES.build("virtual-batch-norm").alter(generator, 6, 0, lambda: generator)
    with pytest.raises(ConfigError, match="n ≥ 2"):
        TECHNIQUES.build("virtual-batch-norm[n=1]")
