"""One-sided label smoothing: the discriminator's target for real images is a little below 1."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.hooks import ChangesObjective
from gantlet.core.interfaces.objectives import Objective
from gantlet.training.techniques import TECHNIQUES


@dataclass(frozen=True)
class SmoothedReal(Objective):
    """An objective of cross-entropy whose real target is ``target`` instead of 1."""

    objective: Objective
    target: float

    def discriminator_loss(
        self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Return the objective's loss + (1 − t)·r, which is t·softplus(−r) + (1 − t)·softplus(r) + softplus(f)."""
        return self.objective.discriminator_loss(real_logits, fake_logits) + (1 - self.target) * real_logits

    def generator_loss(self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
        """Return the objective's own loss."""
        return self.objective.generator_loss(real_logits, fake_logits)


@TECHNIQUES.register("label-smoothing", source="Salimans et al. 2016, arXiv:1606.03498, §3.4")
@dataclass(frozen=True)
class LabelSmoothing(ChangesObjective):
    """One-sided label smoothing: the discriminator's cross-entropy target for real images is 0.9 instead of 1.

    Discriminator: −t·log σ(r) − (1 − t)·log(1 − σ(r)) − log(1 − σ(f)). Option: ``target`` t.

    When to use it: with `nonsaturating` or `minimax`, to keep the discriminator from growing too sure; the best one is
    then D = t·p/(p + q).

    Raises: ConfigError unless 0.5 < t < 1, and with an objective that is not a cross-entropy.
    Convention: one-sided: the target of fakes stays 0, for otherwise fakes that lie far from the data would be kept
    where they are; the generator's loss is unchanged.
    Source: Salimans et al. 2016, arXiv:1606.03498, §3.4.
    """

    target: float = 0.9

    def __post_init__(self) -> None:
        if not 0.5 < self.target < 1:
            raise ConfigError(f"technique 'label-smoothing': expected target in (0.5, 1); got {self.target}")

    def objective(self, objective: Objective) -> SmoothedReal:
        """Return the objective with the smoothed target."""
        if not objective.capabilities.cross_entropy:
            raise ConfigError(
                "technique 'label-smoothing' changes the target of a cross-entropy, and this objective has none; use "
                "nonsaturating or minimax (lsgan has its own targets: lsgan[b=0.9])"
            )
        return SmoothedReal(objective, self.target)
