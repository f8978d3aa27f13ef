"""A latent with many separate parts: the generator of DeLiGAN."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.capabilities import ModuleCapabilities
from gantlet.core.interfaces.hooks import AltersGenerator
from gantlet.core.interfaces.modules import NetworkModule
from gantlet.training.techniques import TECHNIQUES

SOURCE = "Gurumurthy et al. 2017, arXiv:1706.02071, §4"


class FromMixture(NetworkModule):
    """z ~ N(0, I) → component i with probability 1/K and ε ~ N(0, I) independent of it → G(c_i + s_i·ε)."""

    capabilities = ModuleCapabilities(
        no_graph="reads its component off a normal quantile", needs_normal="reads its component off a normal quantile"
    )

    def __init__(self, generator: nn.Module, latent: int, components: int, spread: float) -> None:
        super().__init__()
        self.generator = generator
        self.centres = nn.Parameter(torch.empty(components, latent).normal_())
        self.spreads = nn.Parameter(torch.full((components, latent), spread))

    def parts(self, z: Float[Tensor, "b k"]) -> tuple[Int64[Tensor, " b"], Float[Tensor, "b k"]]:
        """Return i = ⌊K·Φ(z₀)⌋ and ε = (Φ⁻¹(K·Φ(z₀) − i), z₁ …): exactly uniform, exactly normal, and independent."""
        components = len(self.centres)
        place = torch.special.ndtr(z[:, 0].double()) * components
        index = place.long().clamp(max=components - 1)
        inside = torch.special.ndtri((place - index).clamp(1e-9, 1 - 1e-9)).to(z.dtype)
        return index, torch.cat([inside[:, None], z[:, 1:]], dim=1)

    def forward(self, z: Float[Tensor, "b k"], labels: Int64[Tensor, " b"] | None = None) -> Float[Tensor, "b *shape"]:
        """Return what the generator makes of the latents of their components."""
        index, noise = self.parts(z)
        return self.generator(self.centres[index] + self.spreads[index] * noise, labels)


@TECHNIQUES.register("mixture-latent", source=SOURCE)
@dataclass(frozen=True)
class MixtureLatent(AltersGenerator):
    """The latents come from a mixture of K Gaussians with learned centres and spreads, in the place of one Gaussian.

    p(z) = 1/K Σ_i N(c_i, diag s_i²), c and s trained with the generator. Options: ``components`` K; ``spread``, the first s.

    When to use it: when the data have separate modes. A generator is continuous, so it joins modes by a bridge of samples
    between them; a latent whose parts are far from each other lets it leave the bridge out. More components than modes cost
    nothing. With fewer the rest are joined by bridges. Parts lie apart in a latent of many dimensions (16 rather than 4) and
    with a small ``spread``: the recipe ring's page has the figures.

    Raises: ConfigError for components < 2 or a spread ≤ 0.
    Convention: the component is read off the first coordinate of z ~ N(0, I_k) by its quantile, and what is left of that
    coordinate is normal again, so sampling, resuming and sharing latents work as for any generator; centres start from
    N(0, I) (the paper: U(−1, 1)); the paper's penalty that keeps s from shrinking is left out.
    Source: Gurumurthy et al. 2017, arXiv:1706.02071, §4.
    """

    components: int = 50
    spread: float = 0.2

    def __post_init__(self) -> None:
        if self.components < 2 or not 0 < self.spread < float("inf"):
            raise ConfigError(
                "technique 'mixture-latent': expected components ≥ 2 and spread > 0; got "
                f"{self.components} and {self.spread}"
            )

    def alter(self, generator: nn.Module, latent: int, n_classes: int, make: Callable[[], nn.Module]) -> nn.Module:
        """Return the generator behind the mixture."""
        return FromMixture(generator, latent, self.components, self.spread)
