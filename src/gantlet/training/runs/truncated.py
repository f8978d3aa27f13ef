"""The truncation trick: latents nearer to the middle of their distribution, for more typical images and less variety."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from gantlet.core.errors import UsageError
from gantlet.core.interfaces.modules import NetworkModule, StyledModule, module_capabilities
from gantlet.core.numerics.latents import truncated_normal
from gantlet.core.rng import torch_stream

MEAN_OF = 4096
"""Latents of which the mean style is taken."""
LEAST, MOST = 0.01, 10.0
"""Thresholds of z; beyond 10 nothing of N(0, 1) is left in float32."""


class Truncated(NetworkModule):
    """A generator whose latents are truncated by ψ; it takes z ~ N(0, I) as before.

    With an intermediate latent w (StyleGAN's networks): w̄ + ψ (w − w̄), w̄ the mean of w over 4,096 z of the class, 0 ≤ ψ ≤ 1
    (Karras et al. 2019, arXiv:1812.04948, App. B). Else: z from N(0, I) truncated to |z_i| ≤ ψ, 0.01 ≤ ψ ≤ 10, as if what lies beyond were
    drawn again (Brock et al. 2019, arXiv:1809.11096, §3.1). In both, one seed gives comparable images at every ψ.

    Raises: UsageError for another ψ, and for a generator that reads its latents' distribution.
    """

    def __init__(self, generator: nn.Module, latent: int, psi: float) -> None:
        super().__init__()
        reasons = (module_capabilities(module).needs_normal for module in generator.modules())
        if reason := next(filter(None, reasons), ""):
            raise UsageError(f"this generator {reason}, so its latents cannot be truncated; leave the truncation out")
        low, high = (0.0, 1.0) if isinstance(generator, StyledModule) else (LEAST, MOST)
        if not low <= psi <= high:
            of = "of styles" if isinstance(generator, StyledModule) else "of latents"
            raise UsageError(f"expected a truncation {of} in [{low:g}, {high:g}]; got {psi:g}")
        self.generator, self.latent, self.psi = generator, latent, psi
        self._means: dict[int, Tensor] = {}

    @property
    def words(self) -> str:
        """Return what is truncated, in words."""
        if isinstance(self.generator, StyledModule):
            return f"its styles are truncated: w̄ + {self.psi:g} (w − w̄), towards the mean style of the class (Karras et al. 2019)"
        return f"its latents are those of N(0, I) truncated to |z_i| ≤ {self.psi:g} (Brock et al. 2019)"

    def forward(self, z: Float[Tensor, "b k"], labels: Int64[Tensor, " b"] | None = None) -> Float[Tensor, "b *shape"]:
        """Return the images of truncated latents."""
        generator = self.generator
        if not isinstance(generator, StyledModule):
            made: Tensor = generator(truncated_normal(z, self.psi), labels)
            return made
        of_class = [0] * len(z) if labels is None else labels.tolist()
        mean = torch.stack([self._mean(generator, label, labels is not None) for label in of_class])
        return generator.image(mean + self.psi * (generator.style(z, labels) - mean))

    def _mean(self, generator: StyledModule, label: int, conditional: bool) -> Float[Tensor, " m"]:
        if label not in self._means:
            device = next(generator.parameters()).device
            z = torch.randn(MEAN_OF, self.latent, generator=torch_stream(0, "truncation")).to(device)
            labels = torch.full((MEAN_OF,), label, device=device) if conditional else None
            self._means[label] = generator.style(z, labels).mean(0)
        return self._means[label]
