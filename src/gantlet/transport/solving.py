"""One call for every transport problem."""

import dataclasses
import time
from typing import Any

from gantlet.core.errors import ConfigError
from gantlet.core.specs import parse_spec
from gantlet.transport.problem import problem
from gantlet.transport.result import TransportResult
from gantlet.transport.solver import SOLVERS


def solve(
    source: Any,
    target: Any,
    cost: str = "quadratic",
    method: str = "exact",
    *,
    source_masses: Any = None,
    target_masses: Any = None,
) -> TransportResult:
    """Solve one transport problem by one of the registered solvers.

    min over plans P with the two marginals of Σ P_ij c(x_i, y_j)
    Args: source: points [n, d] or a distribution (`continuous`); target: points [m, d], or a distribution
    for the gaussian solver; cost: quadratic |x − y|² or euclidean |x − y|; method: a spec, ``sliced[directions=500]``; masses [n], [m]: > 0
    with sum 1, None for uniform.
    Returns: `TransportResult`. Raises: UnknownName, ShapeError, NonFiniteError, DataError, ConfigError (a cost or option
    that the solver does not support), TooFewSamples. Convention: the quadratic cost is W₂², without ½.
    Source: Peyré & Cuturi 2019, arXiv:1803.00567.
    """
    name = parse_spec(method)[0]
    costs = SOLVERS.entry(name).meta.costs
    if cost not in costs:
        raise ConfigError(f"solver {name!r} takes the cost {' or '.join(costs)}; got {cost!r}")
    solver = SOLVERS.build(method)
    posed = problem(source, target, cost, source_masses, target_masses)
    start = time.perf_counter()
    return dataclasses.replace(solver(posed), seconds=time.perf_counter() - start)
