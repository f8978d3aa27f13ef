"""One adversarial objective per file: both players' losses beside their equations."""

from gantlet.core.registry import Metadata, Registry

OBJECTIVES = Registry("objective", __name__, metadata=Metadata, group="objectives")
