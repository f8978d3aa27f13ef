"""Semi-discrete transport in any dimension: stochastic ascent of the dual, stopped by its certificate."""

import time
from dataclasses import dataclass

import torch

from gantlet.core.devices import chosen_device
from gantlet.core.errors import ConfigError
from gantlet.core.processes import Processes, processes
from gantlet.core.rng import sequence
from gantlet.core.words import counted
from gantlet.transport.ascent import Task, ascend, begin
from gantlet.transport.brenier import Brenier
from gantlet.transport.certificate import LEVEL, Certificate, apart, chi2, exact, statistical
from gantlet.transport.exact_cells import masses
from gantlet.transport.observed import Observed, observe
from gantlet.transport.problem import Problem
from gantlet.transport.result import CELLS, TransportResult
from gantlet.transport.rounding import rounding
from gantlet.transport.sampled_upper import PER_TARGET, sampled_upper
from gantlet.transport.solver import SOLVERS, Solver

DOUBT = 1e-3
"""Areas whose relative rounding may exceed this are not trusted: there the map is sampled."""


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
        device, together = chosen_device(self.device), processes()
        seed = int(sequence(self.seed, "sobol").generate_state(1)[0])
        sobol = torch.quasirandom.SobolEngine(source.dim, scramble=True, seed=seed)
        task, dual_potential, gap = begin(Task.of(source, target, self.memory, device), target, sobol)
        if problem.start is not None and problem.start.brenier is not None:
            dual_potential = torch.from_numpy(problem.start.brenier.dual_potential / task.frame.unit).to(task.sites)
        trace: list[float] = []
        done, most = 0, self.steps * (2**self.rounds - 1)
        for round_index in range(self.rounds):
            dual_potential, taken = ascend(
                task,
                dual_potential.to(task.sites),
                sobol,
                rate=self.rate * gap / 2**round_index,
                steps=self.steps * 2**round_index,
                batch=self.batch,
                together=together,
                deadline=problem.deadline,
                tell=lambda step, before=done: problem.tell(before + step, most),  # type: ignore[misc]
            )
            done += taken
            potential = Brenier.of_framed(source, target, dual_potential.cpu().double().numpy(), self.memory)
            audit = self._audit(potential, round_index, together, device)
            trace.append(audit.chi2[0])
            if audit.chi2[2] <= self.tolerance or together.any(time.monotonic() > problem.deadline):
                break
        return self._result(potential, audit, trace, done, (together, device))

    def _audit(self, potential: Brenier, round_index: int, together: Processes, device: torch.device) -> "_Audit":
        """Return what the map's cells hold: exactly in the plane from a polygon, elsewhere by fresh points."""
        target = potential.target
        exactly = _exact_audit(potential)
        if exactly is not None:
            return exactly
        seen = observe(
            potential.source,
            target,
            potential.frame,
            potential.framed,
            seed=self.seed,
            name=f"audit-{round_index}",
            samples=max(10_000, self.audit * len(target.points)),
            memory=self.memory,
            processes=together,
            device=device,
        )
        return _Audit(chi2(seen.counts, target.masses), seen)

    def _result(
        self, potential: Brenier, audit: "_Audit", trace: list[float], done: int, where: tuple[Processes, torch.device]
    ) -> TransportResult:
        value, _, high = audit.chi2
        certificate, cost, error = _certified(potential, audit, self, done, where)
        converged = high <= self.tolerance
        relation = "≤" if converged else "is still above"
        advice = (
            "" if converged else f" after {counted(len(trace), 'round')}: raise rounds, steps, batch or the time limit"
        )
        return TransportResult(
            method="semidiscrete-stochastic",
            cost=cost,
            certificate=certificate,
            iterations=done,
            seconds=0.0,
            converged=converged,
            reason=f"χ² = {value:.3g}, below {high:.3g} at {LEVEL:.0%}, {relation} {self.tolerance:g}{advice}",
            target_potential=potential.weights,
            map=potential.map,
            map_kind=CELLS,
            brenier=potential,
            details={"chi2_by_round": trace, "dual_error": error},
        )


@dataclass(frozen=True, eq=False)
class _Audit:
    """χ² of the map's cells with its interval, and the samples it comes from; None where the cells are exact."""

    chi2: tuple[float, float, float]
    seen: Observed | None
    rounding: float = 0.0


def _exact_audit(potential: Brenier) -> _Audit | None:
    """Return the audit by exact areas; None elsewhere, and where rounding leaves them in doubt."""
    if potential.domain is None or potential.target.dim != 2:
        return None
    domain, target = potential.framed_domain, potential.target.masses
    edges = potential.walls(domain)
    shares = masses(potential.sites, potential.framed_weights, domain, edges)
    moved, _ = rounding(potential, domain, edges, shares)
    if moved > DOUBT:
        return None
    value = float((shares**2 / target).sum()) - 1
    return _Audit((value, value, value), None, moved)


def _certified(
    potential: Brenier,
    audit: _Audit,
    solver: SemidiscreteStochastic,
    done: int,
    where: tuple[Processes, torch.device],
) -> tuple[Certificate, float, float]:
    """Return the certificate, the dual value and its standard error.

    The upper bound takes 20 samples per target, but at most an eighth of those of the iteration.
    """
    if audit.seen is None:
        certificate = exact(potential, potential.framed_domain, audit.rounding)
        return certificate, float(certificate.lower or 0.0), 0.0
    samples = max(10_000, min(PER_TARGET * len(potential.target.points), done * solver.batch // 8))
    upper, _ = sampled_upper(
        potential, seed=solver.seed, name="upper", processes=where[0], device=where[1], samples=samples
    )
    certificate = statistical(potential, audit.seen, upper)
    return certificate, apart(potential) + audit.seen.dual, audit.seen.dual_error
