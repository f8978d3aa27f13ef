"""One call for every transport problem."""

import dataclasses
import math
import time
from typing import Any

from gantlet.core.calls import called
from gantlet.core.errors import ConfigError
from gantlet.core.specs import parse_spec
from gantlet.transport.costs import cost_of
from gantlet.transport.problem import Progress, problem
from gantlet.transport.result import TransportResult
from gantlet.transport.solver import SOLVERS


@called
def solve(
    source: Any,
    target: Any,
    cost: Any = "quadratic",
    method: str = "exact",
    *,
    source_masses: Any = None,
    target_masses: Any = None,
    time_limit: float | int = math.inf,
    start: TransportResult | None = None,
    progress: Progress | None = None,
) -> TransportResult:
    """Solve one transport problem by one of the registered solvers.

    min over plans P with the two marginals of Σ P_ij c(x_i, y_j)
    Args: source: points [n, d] or a distribution (`continuous`); target: points [m, d], or a distribution
    for the gaussian solver; cost: quadratic |x − y|², euclidean |x − y|, cosine, ``minkowski[p=1]``, a function of two tensors [k, d] and
    [l, d] with values [k, l], or a matrix [n, m] (then source and target may be None); method: a spec,
    ``sliced[directions=500]``; masses [n], [m]: > 0 with sum 1, None for uniform; time_limit: seconds after which an iterative
    solver returns the best it has, with its certificate and converged False; start: an earlier result for nearly the same
    targets, in their order, from which iterative solvers begin; progress(done, total): called with the steps done and the
    most there may be.
    Returns: `TransportResult`. Raises: UnknownName, ShapeError, NonFiniteError, DataError, ConfigError (a cost or option
    that the solver does not support), TooFewSamples. Convention: the quadratic cost is W₂², without ½.
    Source: Peyré & Cuturi 2019, arXiv:1803.00567.
    """
    name, chosen = parse_spec(method)[0], cost_of(cost)
    costs = SOLVERS.entry(name).meta.costs
    if chosen.name not in costs:
        raise ConfigError(f"solver {name!r} takes the cost {' or '.join(costs)}; got {chosen.name!r}")
    solver = SOLVERS.build(method)
    if not time_limit > 0:
        raise ConfigError(f"expected a time_limit > 0 in seconds; got {time_limit}")
    clock = time.perf_counter()
    posed = problem(
        source,
        target,
        chosen,
        source_masses=source_masses,
        target_masses=target_masses,
        deadline=time.monotonic() + time_limit,
        start=start,
        progress=progress,
    )
    return dataclasses.replace(solver(posed), seconds=time.perf_counter() - clock)
