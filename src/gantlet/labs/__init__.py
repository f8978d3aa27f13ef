"""One claim of a paper per file, as an experiment that anyone can run."""

from gantlet.core.interfaces.metadata import LabMetadata
from gantlet.core.registry import Registry
from gantlet.labs.lab import Lab

LABS = Registry("lab", __name__, metadata=LabMetadata, protocols=(Lab,), group="labs")
