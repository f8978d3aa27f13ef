"""The truncation trick and walks: checked against latents that are computed by hand."""

import dataclasses

import numpy as np
import pytest
import torch
from scipy.stats import norm
from torch import Tensor, nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import UsageError
from gantlet.core.interfaces.modules import StyledModule
from gantlet.core.interfaces.networks import ImageShape, PointShape
from gantlet.training.networks import NETWORKS
from gantlet.training.objectives.madgan import Many
from gantlet.training.runs.drawing import to_uint8
from gantlet.training.runs.generator import LoadedGenerator
from gantlet.training.techniques.mixture_latent import FromMixture


class Itself(nn.Module):
    """G(z) = z, moved by the label."""

    def __init__(self) -> None:
        super().__init__()
        self.zero = nn.Parameter(torch.zeros(()))

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        return z + self.zero + (0 if labels is None else 100 * labels[:, None])


def loaded(generator: nn.Module, *, classes: int = 0, latent: int = 3) -> LoadedGenerator:
    config = TrainConfig(latent=latent, conditioning="concat" if classes else "none")
    counts, names = (10,) * classes, tuple("abcdef"[:classes])
    return LoadedGenerator(generator.eval(), config, PointShape(latent), names, counts, 1, 1)


def test_truncated_latents_are_the_quantiles_of_the_same_latents() -> None:
    whole, inside = (made.sample(250, seed=2) for made in (loaded(Itself()), loaded(Itself()).truncated(0.5)))
    low, high = norm.cdf([-0.5, 0.5])
    assert inside == pytest.approx(norm.ppf(low + norm.cdf(whole) * (high - low)), abs=1e-5)
    assert np.abs(inside).max() <= 0.5 < np.abs(whole).max()


def stylegan(classes: int = 0) -> StyledModule:
    torch.manual_seed(0)
    network = NETWORKS.build("stylegan2[width=4,style=8,mapping=2]")
    made = network.generator(ImageShape(8, 1), 3, "concat" if classes else "none", classes)
    assert isinstance(made, StyledModule)
    return made.eval()


def test_styles_go_towards_the_mean_style_of_their_class() -> None:
    generator = stylegan(classes=2)
    half, none, whole = (loaded(generator, classes=2).truncated(psi) for psi in (0.5, 0.0, 1.0))
    z, labels = torch.randn(6, 3, generator=torch.Generator().manual_seed(5)), torch.tensor([0, 1, 0, 1, 0, 1])
    with torch.no_grad():
        assert torch.allclose(whole.generator(z, labels), generator(z, labels), atol=1e-4)
        means = none.generator(z, labels)
        assert torch.allclose(means[0], means[2]) and torch.allclose(means[1], means[3])
        assert not torch.allclose(means[0], means[1])
        away = [(made.generator(z, labels) - means).square().mean().sqrt() for made in (half, whole)]
    assert 0.2 < float(away[0] / away[1]) < 0.8
    fresh = torch.randn(20_000, 3, generator=torch.Generator().manual_seed(6))
    with torch.no_grad():
        mean = generator.style(fresh, torch.zeros(20_000, dtype=torch.int64)).mean(0, keepdim=True)
        assert torch.allclose(generator.image(mean), means[:1], atol=0.05 * float(generator(z, labels).std()))


def test_a_walk_is_the_great_circle_through_the_samples_and_closes() -> None:
    made = loaded(Itself())
    keys, walk = made.sample(3, seed=7), made.walk(12, 4, seed=7)
    assert walk[::4] == pytest.approx(keys, abs=1e-6)
    a, b = keys[2].astype(np.float64), keys[0].astype(np.float64)
    angle = np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    for i, t in enumerate((0.25, 0.5, 0.75), start=9):  # the last way leads back
        assert walk[i] == pytest.approx((np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle), abs=1e-5)


def test_the_images_of_a_walk_are_those_of_its_latents_and_its_class() -> None:
    generator = stylegan(classes=2)
    made = dataclasses.replace(loaded(generator, classes=2), shape=ImageShape(8, 1))
    walk = made.walk(220, 110, label=1, seed=3)
    both = made.sample(2, labels=[1, 1], seed=3)
    assert walk.shape == (220, 8, 8, 1) and walk.dtype == np.uint8
    assert np.array_equal(walk[::110], both)
    steps = np.abs(np.diff(walk.astype(int), axis=0)).max()
    assert steps < np.abs(both[0].astype(int) - both[1]).max()


@pytest.mark.parametrize("psi", [0.0, -1.0, 11.0, float("nan"), float("inf")])
def test_a_truncation_out_of_range_is_refused(psi: float) -> None:
    with pytest.raises(UsageError, match=r"expected a truncation of latents in \[0.01, 10\]"):
        loaded(Itself()).truncated(psi)


def test_truncations_and_walks_that_cannot_be_are_refused_in_words() -> None:
    with pytest.raises(UsageError, match=r"of styles in \[0, 1\]; got 1.5"):
        loaded(stylegan()).truncated(1.5)
    with pytest.raises(UsageError, match="reads its component off a normal quantile"):
        loaded(FromMixture(Itself(), 3, 4, 0.1)).truncated(0.5)
    with pytest.raises(UsageError, match="each row by another network"):
        loaded(Many([Itself(), Itself()])).walk(8, 4)
    with pytest.raises(UsageError, match=r"choose a label in 0…1"):
        loaded(Itself(), classes=2).walk(8, 4)
    with pytest.raises(UsageError, match="unconditional"):
        loaded(Itself()).walk(8, 4, label=1)
    with pytest.raises(UsageError, match="2 dimensions"):
        loaded(Itself(), latent=1).walk(8, 4)
    for n, steps in ((9, 4), (4, 4), (0, 4), (8, 0)):
        with pytest.raises(UsageError, match=f"a walk of {steps} images"):
            loaded(Itself()).walk(n, steps)
    pairs = dataclasses.replace(loaded(Itself()), shape=ImageShape(8, 1, 1))
    for act in (lambda: pairs.truncated(0.5), lambda: pairs.walk(8, 4)):
        with pytest.raises(UsageError, match="makes images from input images"):
            act()
    assert to_uint8(torch.zeros(1, 1, 2, 2)).tolist()[0][0][0] == [128]
