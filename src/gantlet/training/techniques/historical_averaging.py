"""Historical averaging: each player pays for moving away from the mean of its own past."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.hooks import Follows, WeightTerm
from gantlet.training.techniques import TECHNIQUES


@TECHNIQUES.register("historical-averaging", source="Salimans et al. 2016, arXiv:1606.03498, §3.3")
@dataclass(frozen=True)
class HistoricalAveraging(WeightTerm, Follows):
    """Each player's loss grows with the distance of its weights from the mean of all their past values.

    + λ·‖θ − (1/t) Σᵢ θ[i]‖², over the player's parameters. Option: ``weight`` λ.

    When to use it: against cycling in small games; with large networks it slows both players down.

    Raises: ConfigError unless λ > 0.
    Convention: θ[1] is the first value before any step; the mean includes the current value; buffers are left out. The
    means are in the checkpoint.
    Source: Salimans et al. 2016, arXiv:1606.03498, §3.3.
    """

    weight: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.weight < float("inf"):
            raise ConfigError(f"technique 'historical-averaging': expected weight > 0 and finite; got {self.weight}")

    def memory(self, generator: nn.Module, discriminator: nn.Module) -> dict[str, Tensor]:
        """Return the mean of one value, θ[1] itself, for every parameter, and the count 1."""
        means: dict[str, Tensor] = {}
        for player, network in (("generator", generator), ("discriminator", discriminator)):
            means[f"{player}/count"] = torch.ones((), dtype=torch.int64)
            for name, parameter in network.named_parameters():
                means[f"{player}/{name}"] = parameter.detach().clone()
        return means

    def weight_term(self, memory: dict[str, Tensor], player: str, network: nn.Module) -> Float[Tensor, ""]:
        """Return λ·‖θ − mean‖², ≥ 0."""
        distances = [
            (parameter - memory[f"{player}/{name}"]).square().sum() for name, parameter in network.named_parameters()
        ]
        return self.weight * torch.stack(distances).sum()

    @torch.no_grad()
    def follow(self, memory: dict[str, Tensor], player: str, network: nn.Module) -> None:
        """Update the mean by the new weights."""
        count = memory[f"{player}/count"]
        count += 1
        for name, parameter in network.named_parameters():
            mean = memory[f"{player}/{name}"]
            mean += (parameter - mean) / count
