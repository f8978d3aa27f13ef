"""One metric a file: a pure function of statistics beside its paper, its convention and its interval."""

from gantlet.registry import Registry

METRICS = Registry("metric", __name__)
