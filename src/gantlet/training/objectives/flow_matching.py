"""Flow matching: the generator's velocity field is regressed on straight lines from noise to data, paired by a coupling."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.beginning import Pair, PairsLatents
from gantlet.core.interfaces.capabilities import Capabilities, Part
from gantlet.core.interfaces.hooks import Refuses
from gantlet.core.interfaces.modules import Batch
from gantlet.core.interfaces.objectives import Autoencodes
from gantlet.core.interfaces.step import Memory
from gantlet.core.rng import for_rows, numpy_stream
from gantlet.training.objectives import OBJECTIVES
from gantlet.transport.coupling import Coupling
from gantlet.transport.minibatch_coupling import matching

COUPLINGS = ("none", "mini-batch", "semi-discrete")


@OBJECTIVES.register(
    "flow-matching",
    source="Lipman et al. 2023, arXiv:2210.02747; couplings: Tong et al. 2023, arXiv:2302.00482; Mousavi-Hosseini et al. 2025, arXiv:2509.25519",
)
@dataclass(frozen=True)
class FlowMatching(Autoencodes, PairsLatents, Refuses):
    """Regression of a velocity field on the lines between noise and data: E |v((1 − t) x₀ + t x₁, t) − (x₁ − x₀)|² / pixels.

    t uniform, x₀ = z ~ N(0, I). ``coupling`` says which x₁ goes with which x₀: ``none`` (as drawn), ``mini-batch`` (exact transport
    between the batch's two sides, a permutation) or ``semi-discrete`` (the optimal map of noise to all training images, solved
    once before the first step to χ² of ``tolerance``; with ``targets`` > 0 that many images, taken at random, are all that is trained
    on, as a solve takes time with their number squared). Where the run is conditional all couplings are made in each class
    for itself, so that the noise of every class stays N(0, I), from which it is sampled.

    When to use it: with the network flow; couplings make paths straighter, so that fewer steps of the sampler do.

    Optimum: v(x, t) = E[x₁ − x₀ | x_t = x], where the loss is that conditional variance.
    Raises: ConfigError for another coupling, tolerance ≤ 0, mirror with a coupling, penalties, other networks.
    Convention: a semi-discrete pair costs one product with all images of the class; the coupling is in pixels.
    Source: Lipman et al. 2023, arXiv:2210.02747, Eq. 23; Tong et al. 2023, arXiv:2302.00482; Mousavi-Hosseini et al. 2025,
    arXiv:2509.25519 (equations from memory).
    """

    capabilities: ClassVar[Capabilities] = Capabilities(reads_velocity=True)
    coupling: str = "none"
    tolerance: float = 0.05
    targets: int = 0

    def __post_init__(self) -> None:
        if self.coupling not in COUPLINGS or not 0 < self.tolerance < float("inf") or self.targets < 0:
            raise ConfigError(
                f"objective 'flow-matching': expected coupling {', '.join(COUPLINGS)}, tolerance > 0 and targets ≥ 0; got "
                f"{self.coupling!r}, {self.tolerance}, {self.targets}"
            )

    def refusal(self, config: TrainConfig, others: Mapping[str, Part], discriminator: nn.Module) -> str | None:
        """Return why it does not go with the network, with penalties, or with mirrored images."""
        if not any(other.capabilities.gives_velocity for other in others.values()):
            return "it trains a velocity field; use --network flow"
        if config.penalties:
            return "it has no discriminator for penalties to act on; leave them out"
        if config.mirror and self.coupling != "none":
            return "a coupling is of the images as they are, and mirror shows others; use one of the two"
        return None

    def common_terms(
        self, generator: nn.Module, discriminator: nn.Module, batch: Batch, stream: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the regression's error, per pixel or coordinate."""
        noise, real = batch.z, batch.real.flatten(1)
        time = for_rows(len(real), lambda n: torch.rand(n, generator=stream)).to(real.device)
        at = torch.lerp(noise, real, time[:, None])
        velocity = generator(at, batch.labels, time).flatten(1)
        return {"velocity": (velocity - (real - noise)).square().mean()}

    def reserved(self, n: int) -> Memory:
        """Return room for one dual potential per image."""
        if self.coupling != "semi-discrete":
            return {}
        return {"potentials": torch.zeros(len(self._chosen(n)), dtype=torch.float64)}

    def fit(
        self, memory: Memory, data: Float[Tensor, "n *shape"], labels: Int64[Tensor, " n"] | None
    ) -> dict[str, Any]:
        """Solve the semi-discrete coupling of the training images, or of each class."""
        rows = self._chosen(len(data))
        own = None if labels is None else labels.cpu()[rows]
        batch = min(4096, max(512, 16 * len(rows) // (1 if own is None else len(own.unique()))))
        method = f"semidiscrete-stochastic[tolerance={self.tolerance},batch={batch}]"
        fitted = Coupling.fit(data.cpu()[rows], own, method=method)
        memory["potentials"].copy_(torch.from_numpy(fitted.potentials()))
        return {"parts": len(fitted.parts), "chi2": fitted.chi2, "converged": fitted.converged, "reason": repr(fitted)}

    def pairing(
        self, memory: Memory, data: Float[Tensor, "n *shape"], labels: Int64[Tensor, " n"] | None
    ) -> Pair | None:
        """Return the coupling as a function of a batch."""
        if self.coupling == "none":
            return None
        if self.coupling == "mini-batch":
            return lambda z, rows, own: rows[matched(z, data[rows], own)]
        rows = self._chosen(len(data))
        own = None if labels is None else labels.cpu()[rows]
        coupling = Coupling.of_potentials(data.cpu()[rows], memory["potentials"].cpu().numpy(), own)
        rows = rows.to(data.device)
        return lambda z, _, asked: rows[coupling.pair(z, asked)]

    def _chosen(self, n: int) -> Int64[Tensor, " k"]:
        order = numpy_stream(0, "coupling-targets").permutation(n)[: self.targets or n]
        return torch.from_numpy(np.sort(order))

    def discriminator_loss(
        self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Return 0: there is no adversary."""
        return 0 * (fake_logits - real_logits)

    def generator_loss(self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
        """Return 0: there is no adversary."""
        return 0 * fake_logits


def matched(
    z: Float[Tensor, "b k"], real: Float[Tensor, "b *shape"], labels: Int64[Tensor, " b"] | None
) -> Int64[Tensor, " b"]:
    """Return the permutation σ [b] that couples z with real[σ] exactly, within each class where there are labels."""
    order = torch.arange(len(z))
    groups = (
        [order.clone()] if labels is None else [torch.where(labels.cpu() == one)[0] for one in labels.cpu().unique()]
    )
    for members in groups:
        chosen = members.to(z.device)
        order[members] = members[torch.from_numpy(matching(z[chosen].cpu(), real[chosen].cpu()))]
    return order.to(z.device)
