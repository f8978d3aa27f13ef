"""One metric per file: a pure function of statistics beside its paper, its convention and its interval."""

from gantlet.core.registry import Registry

METRICS = Registry("metric", __name__)
