"""Semi-discrete transport in any dimension: stochastic ascent of the dual, stopped by its certificate."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor

from gantlet.core.devices import chosen_device
from gantlet.core.errors import ConfigError
from gantlet.core.processes import Processes, processes
from gantlet.core.rng import sequence
from gantlet.transport.brenier import Brenier
from gantlet.transport.cells import TILE, Observed, assign, observe, pooled
from gantlet.transport.certificate import GROUPS, LEVEL, chi2, statistical
from gantlet.transport.continuous import Continuous
from gantlet.transport.gaussian import monge_matrix
from gantlet.transport.problem import Points, Problem
from gantlet.transport.result import TransportResult
from gantlet.transport.solver import SOLVERS, Solver

BETAS = (0.9, 0.999)
TINY = 1e-12
RIDGE = 1e-4
SKETCH = 4096
"""Number of source points from which the start and its scale are computed."""


@dataclass(frozen=True, eq=False)
class _Frame:
    """The problem in the coordinates of the iteration: points less their centres, divided by ``scale``, in float32.

    ``sites`` and ``masses`` lie on the device that iterates; so do points and dual potential.
    """

    source: Continuous
    sites: Tensor
    masses: Tensor
    middle: Float64[np.ndarray, " d"]
    scale: float
    memory: int

    @classmethod
    def of(cls, source: Continuous, target: Points, memory: int, device: torch.device) -> "_Frame":
        """Return the frame of one problem."""
        moved = target.points - target.mean
        scale = float(np.sqrt(target.masses @ np.square(moved).sum(axis=1))) or 1.0
        sites, masses = (torch.from_numpy(a).to(device, torch.float32) for a in (moved / scale, target.masses))
        return cls(source, sites, masses, target.mean, scale, memory)

    def points(self, sobol: torch.quasirandom.SobolEngine, size: int) -> Tensor:
        """Return the next ``size`` points of a scrambled Sobol sequence, in the source."""
        uniform = sobol.draw(size, dtype=torch.float64).numpy() + 2.0**-32  # never 0: the digits are multiples of 2⁻³⁰
        points = (self.source.from_uniform(uniform) - self.source.centre) / self.scale
        return torch.from_numpy(points).to(self.sites.device, torch.float32)

    def potential(self, dual_potential: Tensor, target: Points) -> Float64[np.ndarray, " n"]:
        """Return g with |x − y|² − g minimal where ⟨x', y'⟩ + h is maximal, in the problem's own coordinates; mean 0.

        x = x' s + c, y = y' s + m: ⟨x, y⟩ = s²⟨x', y'⟩ + ⟨c, y⟩ + a term of x, and g = 2h + |y|².
        """
        own = self.scale**2 * dual_potential.cpu().double().numpy() - target.points @ self.source.centre
        g = 2 * own + np.square(target.points).sum(axis=1)
        return g - target.masses @ g


def _start(frame: _Frame, points: Tensor) -> Tensor:
    """Return h_i = −½⟨y_i, B y_i⟩, B the linear optimal map from the targets' Gaussian to the source's Gaussian.

    The conjugate of the potential ½⟨x, B⁻¹x⟩ at the targets: the cell of y_i contains B y_i. Where source and targets
    have the same covariance B = I and these are the Voronoi cells. A ridge keeps flat targets solvable.
    """
    sites, masses = frame.sites.cpu().double(), frame.masses.cpu().double()
    covariances = [(rows * share[:, None]).T @ rows for rows, share in ((sites, masses), _even(points.cpu()))]
    ridges = [RIDGE * (float(cov.trace()) or 1.0) / len(cov) * torch.eye(len(cov)) for cov in covariances]
    matrix = monge_matrix(*((cov + ridge).numpy() for cov, ridge in zip(covariances, ridges, strict=True)))
    dual_potential = -((sites @ torch.from_numpy(matrix)) * sites).sum(dim=1) / 2
    return (dual_potential - dual_potential.mean()).to(frame.sites)


def _even(points: Tensor) -> tuple[Tensor, Tensor]:
    rows = points.double() - points.double().mean(dim=0)
    return rows, torch.full((len(rows),), 1 / len(rows), dtype=torch.float64)


def _gap(frame: _Frame, dual_potential: Tensor, points: Tensor) -> float:
    """Return the median distance from the best to the second-best score: the scale on which the dual potential moves cells."""
    tops = [
        torch.addmm(part, points, sites.T).topk(min(2, len(sites)), dim=1).values
        for sites, part in zip(frame.sites.split(TILE), dual_potential.split(TILE), strict=True)
    ]
    best = torch.cat(tops, dim=1).topk(2, dim=1).values
    return float((best[:, 0] - best[:, 1]).median())


def _round(
    frame: _Frame,
    dual_potential: Tensor,
    sobol: torch.quasirandom.SobolEngine,
    *,
    rate: float,
    steps: int,
    batch: int,
    together: Processes,
) -> Tensor:
    """Return the average of the second half of ``steps`` steps of Adam, their rate falling linearly to 0.

    The gradient of E(h) = ∫ max_i(⟨x, y_i⟩ + h_i) dμ − Σ ν_i h_i is w − ν; w by counts of fresh Sobol points, which the
    processes share: counts are whole numbers, so their sum is the same for any number of processes.
    Source: Kingma & Ba 2015, arXiv:1412.6980, Alg. 1 (bias-corrected); averaging: Polyak & Juditsky 1992.
    """
    first, second = torch.zeros_like(dual_potential), torch.zeros_like(dual_potential)
    total, averaged = torch.zeros_like(dual_potential, dtype=torch.float64), 0
    for step in range(1, steps + 1):
        points = frame.points(sobol, batch)[together.share(batch)]
        owner = assign(points, frame.sites, dual_potential, frame.memory)[1]
        counts = together.total(
            torch.zeros_like(dual_potential, dtype=torch.int64).index_add_(0, owner, torch.ones_like(owner))
        )
        gradient = counts / batch - frame.masses
        first.lerp_(gradient, 1 - BETAS[0])
        second.lerp_(gradient.square(), 1 - BETAS[1])
        size = rate * (1 - (step - 1) / steps) / (1 - BETAS[0] ** step)
        dual_potential = dual_potential - size * first / ((second / (1 - BETAS[1] ** step)).sqrt() + TINY)
        dual_potential = dual_potential - dual_potential.mean()
        if 2 * step > steps:
            total, averaged = total + dual_potential, averaged + 1
    return (total / averaged).to(dual_potential.dtype)


@SOLVERS.register(
    "semidiscrete-stochastic",
    source="Gu, Luo, Sun & Yau 2013, arXiv:1302.5472; Genevay et al. 2016, arXiv:1605.08527",
    costs=("quadratic",),
)
@dataclass(frozen=True)
class SemidiscreteStochastic(Solver):
    """Semi-discrete transport in any dimension: Adam on the convex dual with fresh quasi-random points.

    min_h ∫ max_i(⟨x, y_i⟩ + h_i) dμ(x) − Σ ν_i h_i; cells W_i = argmax, T = y_i on W_i; g_i = 2h_i + |y_i|² + const.
    Args: tolerance: on χ² = Σ w_i²/ν_i − 1 of the cell masses w, for the upper end of its interval on fresh samples;
    steps of the first round, each further round has twice as many at half the rate; rounds: the most rounds; batch: points per
    step, shared by the processes where torchrun started several; rate: relative to the gap between best and second-best
    score at the start; audit: fresh samples per target for each certificate; memory: bytes of a tile of scores; seed; device that
    computes the cells: auto (a GPU where there is one), cpu or cuda; of several processes on one machine each takes the next GPU.
    Returns: target_potential g [m], map, cost (dual value); converged False, with the reason, where the last round
    ends above the tolerance. Raises: ConfigError (a source of points, options out of range), DataError (duplicate targets).
    Convention: starts from the Voronoi cells of the targets moved by the linear map onto the source's mean and covariance.
    Source: Gu et al. 2013, arXiv:1302.5472 (variational principle); Genevay et al. 2016, arXiv:1605.08527 (stochastic).
    """

    tolerance: float = 0.02
    steps: int = 300
    rounds: int = 5
    batch: int = 4096
    rate: float = 3.0
    audit: int = 20
    memory: int = 2**26
    seed: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        for name in ("tolerance", "steps", "rounds", "batch", "rate", "audit", "memory"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"expected {name} > 0; got {getattr(self, name)}")
        chosen_device(self.device)

    def __call__(self, problem: Problem) -> TransportResult:
        """Solve; see the class."""
        source, target = problem.semidiscrete
        device = chosen_device(self.device)
        frame = _Frame.of(source, target, self.memory, device)
        seed = int(sequence(self.seed, "sobol").generate_state(1)[0])
        sobol = torch.quasirandom.SobolEngine(source.dim, scramble=True, seed=seed)
        first = frame.points(sobol, SKETCH)
        dual_potential = _start(frame, first)
        gap = _gap(frame, dual_potential, first[:256]) if len(dual_potential) > 1 else 1.0
        together = processes()
        done, trace = 0, []
        for round_index in range(self.rounds):
            steps = self.steps * 2**round_index
            rate = self.rate * gap / 2**round_index
            dual_potential = _round(
                frame, dual_potential, sobol, rate=rate, steps=steps, batch=self.batch, together=together
            )
            done += steps
            g = frame.potential(dual_potential, target)
            groups = self._observe(source, target, g, round_index, (together, device))
            value, _, high = chi2(pooled(groups).counts, target.masses)
            trace.append(value)
            if high <= self.tolerance:
                break
        converged = high <= self.tolerance
        relation = "≤" if converged else "is still above"
        advice = "" if converged else f" after {self.rounds} rounds: raise rounds, steps or batch"
        potential, observed = Brenier.of_weights(source, target, g, self.memory), pooled(groups)
        return TransportResult(
            method="semidiscrete-stochastic",
            cost=observed.dual,
            certificate=statistical(source, target, g, groups),
            iterations=done,
            seconds=0.0,
            converged=converged,
            reason=f"χ² = {value:.3g}, below {high:.3g} at {LEVEL:.0%}, {relation} {self.tolerance:g}{advice}",
            target_potential=g,
            map=potential.map,
            brenier=potential,
            details={"chi2_by_round": trace, "dual_error": observed.dual_error, "primal": observed.primal},
        )

    def _observe(
        self,
        source: Continuous,
        target: Points,
        g: Float64[np.ndarray, " n"],
        round_index: int,
        where: tuple[Processes, torch.device],
    ) -> list[Observed]:
        """Return the cell statistics of independent groups of fresh points after one round."""
        samples = -(-max(10_000, self.audit * len(g)) // GROUPS)
        return [
            observe(
                source,
                target,
                g,
                seed=self.seed,
                name=f"audit-{round_index}-{group}",
                samples=samples,
                memory=self.memory,
                processes=where[0],
                device=where[1],
            )
            for group in range(GROUPS)
        ]
