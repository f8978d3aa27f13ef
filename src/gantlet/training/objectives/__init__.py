"""One adversarial objective a file: both players' losses beside their equations."""

from gantlet.core.registry import Registry

OBJECTIVES = Registry("objective", __name__)
