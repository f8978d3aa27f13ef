"""Stochastic ascent of the semi-discrete dual in any dimension: its task, its start, and one round of steps."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gantlet.core.processes import Processes
from gantlet.transport.cells import TILE, assign
from gantlet.transport.continuous import Continuous
from gantlet.transport.frame import Frame
from gantlet.transport.gaussian import monge_matrix
from gantlet.transport.problem import Points

BETAS = (0.9, 0.999)
TINY = 1e-12
RIDGE = 1e-4
RESOLVED = 1000.0
"""float32 iterates where the gap between the best two scores, of size 1 in the frame, is at least that many roundings."""
SKETCH = 4096
"""Number of source points from which the start and its scale are computed."""


@dataclass(frozen=True, eq=False)
class Task:
    """The problem in its frame, as the iteration sees it: ``sites`` and ``masses`` lie on the device that iterates."""

    source: Continuous
    frame: Frame
    sites: Tensor
    masses: Tensor
    memory: int

    @classmethod
    def of(cls, source: Continuous, target: Points, memory: int, device: torch.device) -> "Task":
        """Return the task of one problem, in float32."""
        frame = Frame.of(source, target)
        arrays = (frame.sites(target.points), target.masses)
        sites, masses = (torch.from_numpy(a).to(device, torch.float32) for a in arrays)
        return cls(source, frame, sites, masses, memory)

    def precise(self, target: Points) -> "Task":
        """Return the task in float64."""
        arrays = (self.frame.sites(target.points), target.masses)
        sites, masses = (torch.from_numpy(a).to(self.sites.device) for a in arrays)
        return replace(self, sites=sites, masses=masses)

    def points(self, sobol: torch.quasirandom.SobolEngine, size: int) -> Tensor:
        """Return the next ``size`` points of a scrambled Sobol sequence, in the source."""
        uniform = sobol.draw(size, dtype=torch.float64).numpy() + 2.0**-32  # never 0: the digits are multiples of 2⁻³⁰
        return torch.from_numpy(self.frame.inward(self.source.from_uniform(uniform))).to(self.sites)


def _start(task: Task, points: Tensor) -> Tensor:
    """Return h_i = −½⟨y_i, B y_i⟩, B the linear optimal map from the targets' Gaussian to the source's Gaussian.

    The conjugate of the potential ½⟨x, B⁻¹x⟩ at the targets: the cell of y_i contains B y_i. Where source and targets
    have the same covariance B = I and these are the Voronoi cells. A ridge keeps flat targets solvable.
    """
    sites, masses = task.sites.cpu().double(), task.masses.cpu().double()
    covariances = [(rows * share[:, None]).T @ rows for rows, share in ((sites, masses), _even(points.cpu()))]
    ridges = [RIDGE * (float(cov.trace()) or 1.0) / len(cov) * torch.eye(len(cov)) for cov in covariances]
    matrix = monge_matrix(*((cov + ridge).numpy() for cov, ridge in zip(covariances, ridges, strict=True)))
    dual_potential = -((sites @ torch.from_numpy(matrix)) * sites).sum(dim=1) / 2
    return (dual_potential - dual_potential.mean()).to(task.sites)


def _even(points: Tensor) -> tuple[Tensor, Tensor]:
    rows = points.double() - points.double().mean(dim=0)
    return rows, torch.full((len(rows),), 1 / len(rows), dtype=torch.float64)


def _gap(task: Task, dual_potential: Tensor, points: Tensor) -> float:
    """Return the median distance from the best to the second-best score: the scale on which the dual potential moves cells."""
    tops = [
        torch.addmm(part, points, sites.T).topk(min(2, len(sites)), dim=1).values
        for sites, part in zip(task.sites.split(TILE), dual_potential.split(TILE), strict=True)
    ]
    best = torch.cat(tops, dim=1).topk(2, dim=1).values
    return float((best[:, 0] - best[:, 1]).median())


def begin(task: Task, target: Points, sobol: torch.quasirandom.SobolEngine) -> tuple[Task, Tensor, float]:
    """Return the task, its start and the gap of scores there; in float64 where float32 would not resolve the gap."""
    first = task.points(sobol, SKETCH)
    dual_potential = _start(task, first)
    if len(dual_potential) == 1:
        return task, dual_potential, 1.0
    gap = _gap(task, dual_potential, first[:256])
    if gap > RESOLVED * torch.finfo(torch.float32).eps:
        return task, dual_potential, gap
    task = task.precise(target)
    return task, dual_potential.to(task.sites), _gap(task, dual_potential.to(task.sites), first[:256].to(task.sites))


def ascend(
    task: Task,
    dual_potential: Tensor,
    sobol: torch.quasirandom.SobolEngine,
    *,
    rate: float,
    steps: int,
    batch: int,
    together: Processes,
    deadline: float = math.inf,
    tell: Callable[[int], None] | None = None,
) -> tuple[Tensor, int]:
    """Return the average of the second half of ``steps`` steps of Adam, their rate falling linearly to 0; and the steps taken.

    The gradient of E(h) = ∫ max_i(⟨x, y_i⟩ + h_i) dμ − Σ ν_i h_i is w − ν; w by counts of fresh Sobol points, which the
    processes share: counts are whole numbers, so their sum is the same for any number of processes.
    Source: Kingma & Ba 2015, arXiv:1412.6980, Alg. 1 (bias-corrected); averaging: Polyak & Juditsky 1992.
    """
    first, second = torch.zeros_like(dual_potential), torch.zeros_like(dual_potential)
    total, averaged = torch.zeros_like(dual_potential, dtype=torch.float64), 0
    for step in range(1, steps + 1):
        points = task.points(sobol, batch)[together.share(batch)]
        owner = assign(points, task.sites, dual_potential, task.memory)[1]
        counts = together.total(
            torch.zeros_like(dual_potential, dtype=torch.int64).index_add_(0, owner, torch.ones_like(owner))
        )
        gradient = counts / batch - task.masses
        first.lerp_(gradient, 1 - BETAS[0])
        second.lerp_(gradient.square(), 1 - BETAS[1])
        size = rate * (1 - (step - 1) / steps) / (1 - BETAS[0] ** step)
        dual_potential = dual_potential - size * first / ((second / (1 - BETAS[1] ** step)).sqrt() + TINY)
        dual_potential = dual_potential - dual_potential.mean()
        if 2 * step > steps:
            total, averaged = total + dual_potential, averaged + 1
        if tell is not None and step % 10 == 0:
            tell(step)
        if deadline < math.inf and together.any(time.monotonic() > deadline):
            break
    return (total / averaged if averaged else dual_potential.double()), step
