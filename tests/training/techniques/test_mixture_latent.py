"""The latent of a mixture: its parts are exactly uniform and normal, each component is where it says, options are checked."""

import numpy as np
import pytest
import scipy.stats
import torch
from torch import nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.networks import PointShape
from gantlet.training.runs.build import build_generator
from gantlet.training.techniques.mixture_latent import FromMixture, MixtureLatent


class Straight(nn.Module):
    """Gives back its latents."""

    def forward(self, z: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        return z


def test_component_and_noise_are_uniform_normal_and_independent() -> None:
    """Pearson's χ² of the components, Kolmogorov's test of the noise within each of them (1 − 10⁻⁴ level, fixed seed)."""
    z = torch.randn(40_000, 3, generator=torch.Generator().manual_seed(1))
    index, noise = FromMixture(Straight(), 3, 8, 0.5).parts(z)
    assert scipy.stats.chisquare(np.bincount(index.numpy(), minlength=8)).pvalue > 1e-4
    for component in range(8):
        inside = noise[index == component, 0].numpy()
        assert scipy.stats.kstest(inside, "norm").pvalue > 1e-4
    assert torch.equal(noise[:, 1:], z[:, 1:])


def test_samples_lie_about_the_centre_of_their_component() -> None:
    mixture = FromMixture(Straight(), 2, 4, 0.1)
    with torch.no_grad():
        mixture.centres.copy_(torch.tensor([[10.0, 0], [20, 0], [30, 0], [40, 0]]))
    z = torch.randn(4_000, 2, generator=torch.Generator().manual_seed(2))
    index, _ = mixture.parts(z)
    made = mixture(z).detach()
    for component in range(4):
        rows = made[index == component] - mixture.centres[component].detach()
        assert rows.mean(0).abs().max() < 5 * 0.1 / len(rows) ** 0.5 and abs(float(rows.std()) / 0.1 - 1) < 0.1


def test_the_farthest_latents_stay_finite() -> None:
    made = FromMixture(Straight(), 2, 50, 0.2)(torch.tensor([[40.0, 0.0], [-40.0, 0.0]]))
    assert torch.isfinite(made).all()


def test_a_run_gets_it_by_name_and_trains_its_centres() -> None:
    config = TrainConfig(network="mlp[width=8,depth=1]", latent=2, techniques=("mixture-latent[components=5]",))
    generator = build_generator(config, PointShape(2), 0)
    assert isinstance(generator, FromMixture) and generator.centres.shape == (5, 2)
    generator(torch.randn(64, 2)).square().sum().backward()
    assert generator.centres.grad is not None and generator.centres.grad.abs().sum() > 0
    assert generator.spreads.grad is not None and generator.spreads.grad.abs().sum() > 0


@pytest.mark.parametrize("given", [{"components": 1}, {"spread": 0.0}])
def test_options_out_of_range_are_refused(given: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="mixture-latent"):
        MixtureLatent(**given)  # type: ignore[arg-type]
