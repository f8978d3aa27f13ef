"""One claim of a paper a file, as an experiment that anyone can run."""

from gantlet.core.registry import Registry

LABS = Registry("lab", __name__)
