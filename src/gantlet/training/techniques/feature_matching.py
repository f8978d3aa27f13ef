"""Feature matching: the generator matches the mean of the discriminator's features."""

from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.capabilities import Capabilities
from gantlet.core.interfaces.hooks import GeneratorTerm, MayReplaceLoss
from gantlet.core.interfaces.modules import DiscriminatorOutput
from gantlet.core.interfaces.step import TermContext
from gantlet.training.techniques import TECHNIQUES


@TECHNIQUES.register("feature-matching", source="Salimans et al. 2016, arXiv:1606.03498, §3.1")
@dataclass(frozen=True)
class FeatureMatching(GeneratorTerm, MayReplaceLoss):
    """The generator matches the batch mean of the discriminator's features at real images.

    Generator: λ·‖E φ(x) − E φ(G(z))‖², φ the features before the discriminator's last layer. Options: ``weight`` λ;
    ``adversarial``: whether the objective's own loss stays beside it.

    When to use it: where the plain game is unstable; samples then match the statistics that D finds telling, often
    blurrier than the game's own.

    Raises: ConfigError unless λ > 0.
    Convention: means over the batch, then the squared norm (a mean of each pair's squared difference is something else);
    as in the paper it takes the place of the adversarial loss.
    Source: Salimans et al. 2016, arXiv:1606.03498, §3.1.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(whole_batch=True)
    weight: float = 1.0
    adversarial: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.weight < float("inf"):
            raise ConfigError(f"technique 'feature-matching': expected weight > 0 and finite; got {self.weight}")

    def generator_term(
        self, real: DiscriminatorOutput, fake: DiscriminatorOutput, step: TermContext
    ) -> Float[Tensor, ""]:
        """Return λ·‖mean φ(x) − mean φ(G(z))‖², ≥ 0."""
        return self.weight * (real.features.mean(0) - fake.features.mean(0)).square().sum()
