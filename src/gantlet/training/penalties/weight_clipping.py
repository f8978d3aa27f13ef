"""Weight clipping: after each step the critic's weights are put back into a box."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.capabilities import Part
from gantlet.core.interfaces.hooks import ActsAfterStep, Refuses
from gantlet.training.penalties import PENALTIES

NORMS = (nn.modules.batchnorm._NormBase, nn.GroupNorm, nn.LayerNorm)


@PENALTIES.register("weight-clipping", source="Arjovsky et al. 2017, arXiv:1701.07875, Algorithm 1, line 7")
@dataclass(frozen=True)
class WeightClipping(Refuses, ActsAfterStep):
    """Every weight of the critic is clamped to [−c, c] after each of its steps.

    w ← min(max(w, −c), c). Option: ``clip`` c.

    When to use it: only to reproduce the first Wasserstein GAN; it keeps the critic K-Lipschitz for an unknown K, drives
    most weights to ±c and makes the critic too simple. gradient-penalty and spectral-norm do better.

    Raises: ConfigError unless 0 < c < ∞, and together with spectral-norm.
    Convention: after the optimiser's step, not before; gains and biases of normalisation layers are exempt (gains start
    at 1, so clamping them to 0.01 would shut the layer); all other weights and biases are clamped.
    Source: Arjovsky et al. 2017, arXiv:1701.07875, Algorithm 1, line 7 (it clamps all of w, its networks' norms included).
    """

    clip: float = 0.01

    def __post_init__(self) -> None:
        if not 0 < self.clip < float("inf"):
            raise ConfigError(f"penalty 'weight-clipping': expected clip > 0 and finite; got {self.clip}")

    def refusal(self, config: TrainConfig, others: Mapping[str, Part], discriminator: nn.Module) -> str | None:
        """Return why it does not go with spectral-norm."""
        if "spectral-norm" in others:
            return (
                "clipping weights does nothing under spectral-norm, which divides every weight matrix by its norm; "
                "use one of the two"
            )
        return None

    @torch.no_grad()
    def after_step(self, discriminator: nn.Module) -> None:
        """Clamp the weights in place."""
        for parameter in clipped_parameters(discriminator):
            parameter.clamp_(-self.clip, self.clip)


def clipped_parameters(discriminator: nn.Module) -> Iterator[nn.Parameter]:
    """Yield every parameter but those of normalisation layers."""
    for module in discriminator.modules():
        if not isinstance(module, NORMS):
            yield from module.parameters(recurse=False)
