"""One family of generator and discriminator a file."""

from gantlet.registry import Registry

NETWORKS = Registry("network", __name__)
CONDITIONING = Registry("conditioning", __name__)
ALTERATIONS = Registry("alteration", __name__)
"""Techniques and objectives that change the generator: a saved run needs them to build its generator again."""
