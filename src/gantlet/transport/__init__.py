"""Optimal transport: one solver a file."""

from gantlet.registry import Registry

SOLVERS = Registry("solver", __name__)
