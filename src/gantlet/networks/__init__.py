"""One family of generator and discriminator a file."""

from gantlet.registry import Registry

NETWORKS = Registry("network", __name__)
CONDITIONING = Registry("conditioning", __name__)
ALTERATIONS = Registry("alteration", __name__)
"""Techniques that change the generator's layers: a saved run needs them to build its generator again."""
