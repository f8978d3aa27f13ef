"""The energy-based GAN: an auto-encoder whose error is low on the data and at least a margin elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import normalize, relu

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError, TooFewSamples
from gantlet.core.interfaces.capabilities import Capabilities, Part
from gantlet.core.interfaces.hooks import GeneratorTerm, Refuses
from gantlet.core.interfaces.modules import DiscriminatorOutput
from gantlet.core.interfaces.objectives import Objective, refuse_without_energy
from gantlet.core.interfaces.step import TermContext
from gantlet.training.objectives import OBJECTIVES


@OBJECTIVES.register("ebgan", source="Zhao et al. 2017, arXiv:1609.03126, Eq. 1, 2 and 4")
@dataclass(frozen=True)
class EnergyBased(Objective, Refuses, GeneratorTerm):
    """Energy-based game: low energy for real images, at least the margin for fakes; fakes are pulled apart.

    With energies E(x) = −r, E(G) = −f (the auto-encoder's error), [t]₊ = max(0, t) and codes s of the fakes:
    discriminator: E(x) + [m − E(G)]₊; generator: E(G) + λ·PT, PT = Σ_{i≠j} cos²(s_i, s_j) / (N(N − 1)).
    Options: ``margin`` m; ``pulling_away`` λ (0: off).

    When to use it: with the network `autoencoder`; the margin must suit the energy's scale: too large, and the game is
    lost early; too small, and fakes stop too soon. The energy is the sum over pixels and channels of squares of numbers in
    [−1, 1], so the margin is for the whole image, not per pixel: 10 are 0.013 per pixel of 28×28, 0.16 of 8×8.

    Optimum: for fixed densities p, q the discriminator's loss is m·(1 − TV(p, q)); at equilibrium it is m.
    Raises: ConfigError when m ≤ 0 or λ < 0, and for a discriminator that is no auto-encoder.
    Convention: logits are minus the energies; cosines are squared, over pairs of different rows of one fake batch; no
    gradient is stopped.
    Source: Zhao et al. 2017, arXiv:1609.03126, Eq. 1, 2 and 4.
    """

    margin: float = 10.0
    pulling_away: float = 0.1

    def __post_init__(self) -> None:
        if not 0 < self.margin < float("inf") or not 0 <= self.pulling_away < float("inf"):
            raise ConfigError(
                f"objective 'ebgan': expected margin > 0 and pulling_away ≥ 0; got {self.margin}, {self.pulling_away}"
            )

    @property
    def capabilities(self) -> Capabilities:  # type: ignore[override]  # the pulling-away term reads the whole batch
        """Return its capabilities."""
        return Capabilities(reads_energy=True, needs_real=False, whole_batch=self.pulling_away > 0)

    def refusal(self, config: TrainConfig, others: Mapping[str, Part], discriminator: nn.Module) -> str | None:
        """Return why it does not go with a discriminator that is no auto-encoder."""
        return refuse_without_energy(discriminator)

    def discriminator_loss(
        self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Return E(x) + [m − E(G)]₊, ≥ 0."""
        return -real_logits + relu(self.margin + fake_logits)

    def generator_loss(self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
        """Return E(G), ≥ 0."""
        return -fake_logits

    def generator_term(
        self, real: DiscriminatorOutput, fake: DiscriminatorOutput, step: TermContext
    ) -> Float[Tensor, ""]:
        """Return λ·PT of the fakes' codes, in [0, λ]."""
        return self.pulling_away * pulling_away(fake.features)


def pulling_away(codes: Float[Tensor, "n d"]) -> Float[Tensor, ""]:
    """Return the mean squared cosine over all pairs of different rows, in [0, 1]; raises TooFewSamples for n < 2."""
    n = len(codes)
    if n < 2:
        raise TooFewSamples(f"the pulling-away term compares rows of one batch; got {n} row, expected at least 2")
    rows = normalize(codes, dim=1)
    squares = (rows @ rows.T).square()
    return (squares.sum() - torch.diagonal(squares).sum()) / (n * (n - 1))
