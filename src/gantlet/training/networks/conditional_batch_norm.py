"""Labels by the gains and biases of the generator's batch normalisation."""

from dataclasses import dataclass

from torch import nn

from gantlet.core.interfaces.conditioning import ConditionalNorm
from gantlet.core.interfaces.modules import Head
from gantlet.training.networks import CONDITIONING
from gantlet.training.networks.labels import ConditionalBatchNorm2d, PassThrough, ProjectionHead


@CONDITIONING.register(
    "conditional-batch-norm",
    source="Dumoulin et al. 2017, arXiv:1610.07629, Eq. 5; Miyato & Koyama 2018, arXiv:1802.05637, §4",
)
@dataclass(frozen=True)
class ConditionalBatchNorm(ConditionalNorm):
    """Each class has its own gains and biases in the generator's batch normalisation; the discriminator projects.

    G: γ_y · (x − mean)/√(var + ε) + β_y in every normalised layer; D(x, y) = ψ(φ(x)) + ⟨e_y, φ(x)⟩.

    When to use it: with `resnet`, hinge and spectral-norm: the conditional SNGAN; only for generators with batch
    normalisation.

    Raises: ConfigError for a generator without batch normalisation (r3gan, mlp).
    Convention: γ starts at 1, β at 0; means and variances are those of the whole batch, not of the class.
    Source: Dumoulin et al. 2017, arXiv:1610.07629, Eq. 5; Miyato & Koyama 2018, arXiv:1802.05637, §4.
    """

    def latent_input(self, latent: int, n_classes: int) -> tuple[nn.Module, int]:
        """Return z as it is."""
        return PassThrough(), latent

    def image_input(self, size: int, n_classes: int) -> tuple[nn.Module, int]:
        """Return images as they are."""
        return PassThrough(), 0

    def head(self, dim: int, n_classes: int) -> Head:
        """Return the projection."""
        return ProjectionHead(dim, n_classes)

    def norm(self, channels: int, n_classes: int) -> nn.Module:
        """Return the class's normalisation."""
        return ConditionalBatchNorm2d(channels, n_classes)
