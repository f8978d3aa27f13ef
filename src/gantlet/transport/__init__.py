"""Optimal transport: one call, one solver per file, and a certificate with every result."""

from gantlet.transport.barycentre import barycentre
from gantlet.transport.coupling import Coupling
from gantlet.transport.critic_audit import audit
from gantlet.transport.differentiable import differentiable_cost
from gantlet.transport.minibatch_coupling import MinibatchCoupling
from gantlet.transport.solver import SOLVERS
from gantlet.transport.solving import solve

__all__ = ["SOLVERS", "Coupling", "MinibatchCoupling", "audit", "barycentre", "differentiable_cost", "solve"]
