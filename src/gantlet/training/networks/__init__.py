"""One family of generator and discriminator a file."""

from gantlet.core.registry import Registry

NETWORKS = Registry("network", __name__)
CONDITIONING = Registry("conditioning", __name__)
