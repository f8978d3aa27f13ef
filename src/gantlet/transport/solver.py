"""Transport solvers: what each of them promises, and their registry."""

from typing import Protocol, runtime_checkable

from gantlet.core.interfaces.metadata import SolverMetadata
from gantlet.core.registry import Registry
from gantlet.transport.problem import Problem
from gantlet.transport.result import TransportResult


@runtime_checkable
class Solver(Protocol):
    """A frozen dataclass whose fields are the solver's options; calling it solves one problem."""

    def __call__(self, problem: Problem) -> TransportResult:
        """Return map or plan, dual potentials and certificate; raises ConfigError for what it does not support."""


SOLVERS = Registry("solver", "gantlet.transport", metadata=SolverMetadata, protocols=(Solver,), group="solvers")
