"""The Wasserstein GAN with quadratic transport cost: the critic is taught the potentials of each batch's exact transport."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor, nn

from gantlet.core.config import TrainConfig
from gantlet.core.errors import ConfigError
from gantlet.core.interfaces.capabilities import Capabilities, Part
from gantlet.core.interfaces.hooks import Refuses
from gantlet.core.interfaces.objectives import BatchObjective, MatchesBatch
from gantlet.training.objectives import OBJECTIVES


@OBJECTIVES.register("wgan-qc", source="Liu, Gu & Samaras 2019, ICCV, Wasserstein GAN with Quadratic Transport Cost")
@dataclass(frozen=True)
class QuadraticWasserstein(MatchesBatch, Refuses):
    """Quadratic-cost Wasserstein game: the critic learns the optimal potentials of each pair of batches, as numbers.

    With cost c(x, y) = K/2·‖x − y‖² a linear program matches the batch: x_σ(j) is the real partner of the fake y_j, u and
    v are the best potentials, u_i − v_j ≤ c(x_i, y_j) with equality on partners. With r = D(x), f = D(y):
    discriminator: ½(mean r − mean u)² + ½·mean (f − v)² + Λ·½·mean (‖∇D(y)‖/(2√K) − √K/2·‖x_σ − y‖)²; generator: −f.
    Options: ``gamma``, Λ = 4√K·γ; ``cost`` K, 0: one over the number of pixels or coordinates.

    When to use it: for a critic whose gradient is the transport map (∇D(y) = K·(x − y)); it needs neither clipping nor a
    Lipschitz bound. The matching costs about batch³; 64 to 256 is quick.

    Optimum: where the potentials are exact the mean of r − f is K/2·W₂² of the two batches.
    Raises: ConfigError when γ or K is negative; with labels, batch normalisation in the discriminator, or unrolled.
    Convention: the matching by SciPy's assignment solver; of the many potentials the mean of the two extreme solutions,
    by shortest paths, shifted so that u and v together have mean 0; they are constants of the loss. On reals only the
    mean is fitted, as in the authors' code. Before a batch is matched the loss is the dual's f − r.
    Source: Liu, Gu & Samaras 2019, ICCV; K, Λ and γ of the authors' code.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(whole_batch=True, needs_own_gradient=True)
    gamma: float = 0.1
    cost: float = 0.0

    def __post_init__(self) -> None:
        if not (0 <= self.gamma < math.inf and 0 <= self.cost < math.inf):
            raise ConfigError(f"objective 'wgan-qc': expected gamma ≥ 0 and cost ≥ 0; got {self.gamma}, {self.cost}")

    def refusal(self, config: TrainConfig, others: Mapping[str, Part], discriminator: nn.Module) -> str | None:
        """Return why it does not go with labels or with unrolled."""
        if config.conditioning != "none":
            return "its matching does not read labels; use --conditioning none"
        if "unrolled" in others:
            return "the steps ahead of unrolled would each need a matching of their own; leave it out"
        return None

    def matched(self, real: Float[Tensor, "b *shape"], fake: Float[Tensor, "b *shape"]) -> "Matched":
        """Return the objective of this pair of batches, its matching and potentials computed."""
        x, y = (side.detach().flatten(1).double().cpu().numpy() for side in (real, fake))
        weight = self.cost or 1 / x.shape[1]
        partner, u, v = potentials(weight / 2 * squared_distances(x, y))
        levels = [torch.from_numpy(side).to(real.device, real.dtype) for side in (u, v)]
        partners = real.detach()[torch.from_numpy(partner).to(real.device)]
        return Matched(levels[0], levels[1], partners, weight, self.gamma)

    def discriminator_loss(
        self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Return f − r, the dual without a matching."""
        return fake_logits - real_logits

    def generator_loss(self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
        """Return −f."""
        return -fake_logits


@dataclass(frozen=True, eq=False)
class Matched(BatchObjective):
    """The discriminator's side of the game for one matched pair of batches, with the transport regulariser."""

    u: Float[Tensor, " b"]
    v: Float[Tensor, " b"]
    partners: Float[Tensor, "b *shape"]
    """The real partner of each fake."""
    cost: float
    gamma: float

    def discriminator_loss(
        self, real_logits: Float[Tensor, " b"], fake_logits: Float[Tensor, " b"]
    ) -> Float[Tensor, " b"]:
        """Return ½(mean r − mean u)² + ½(f − v)², ≥ 0."""
        return ((real_logits.mean() - self.u.mean()).square() + (fake_logits - self.v).square()) / 2

    def regulariser(self, gradient: Float[Tensor, "b *shape"], fake: Float[Tensor, "b *shape"]) -> Float[Tensor, ""]:
        """Return Λ·½·mean (‖∇D(y)‖/(2√K) − √K/2·‖x_σ − y‖)², Λ = 4√K·γ, ≥ 0, from the critic's gradient at the fakes."""
        root = math.sqrt(self.cost)
        slope = torch.linalg.vector_norm(gradient.flatten(1), dim=1)
        distance = torch.linalg.vector_norm((self.partners - fake.detach()).flatten(1), dim=1)
        return 4 * root * self.gamma / 2 * (slope / (2 * root) - root / 2 * distance).square().mean()


def squared_distances(x: Float64[np.ndarray, "n d"], y: Float64[np.ndarray, "m d"]) -> Float64[np.ndarray, "n m"]:
    """Return ‖x_i − y_j‖², ≥ 0."""
    products = np.square(x).sum(axis=1)[:, None] + np.square(y).sum(axis=1) - 2 * x @ y.T
    return np.maximum(products, 0.0)


def potentials(
    cost: Float64[np.ndarray, "n n"],
) -> tuple[Int64[np.ndarray, " n"], Float64[np.ndarray, " n"], Float64[np.ndarray, " n"]]:
    """Return the optimal matching of two sets of n and its dual: partner [n], u [n] and v [n].

    Maximises Σ u − Σ v over u_i − v_j ≤ c_ij. partner[j] is the row matched to column j, and there u_i − v_j = c_ij; so
    u_i − u_k ≤ w_ik = c_{i,σ(k)} − c_{k,σ(k)}, which shortest paths in the graph of weights w satisfy (no cycle is
    negative, since the matching is optimal). Of the solutions the mean of the largest u ≤ 0 and the smallest u ≥ 0 is
    taken, shifted so that u and v together have mean 0.
    """
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(cost)
    own = cost[rows, columns]
    weights = cost[:, columns] - own
    u = (shortest(weights) - shortest(weights.T)) / 2
    v = np.empty_like(u)
    v[columns] = u - own
    level = (u.mean() + v.mean()) / 2
    partner = np.empty(len(rows), np.int64)
    partner[columns] = rows
    return partner, u - level, v - level


def shortest(weights: Float64[np.ndarray, "n n"]) -> Float64[np.ndarray, " n"]:
    """Return the largest u ≤ 0 with u_i ≤ u_k + w_ik for all i, k (Bellman–Ford, all rows at once, at most n rounds)."""
    u = np.zeros(len(weights))
    for _ in range(len(weights)):
        shorter = np.minimum(u, (weights + u).min(axis=1))
        if np.array_equal(shorter, u):
            break
        u = shorter
    return u
